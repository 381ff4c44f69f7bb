"""The warm-up's days and caps, and the floors of plans: pure first, then where they hold."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from core.errors import InvalidInput
from core.tenancy import system_scope, tenant_scope
from models.instances import Instance, InstanceStatus
from services import instances
from services.instances import Stage, cap_on_day, warm_up_day, warm_up_on
from services.instances.calls import set_status
from tests.support import campaigns as people
from tests.support import world
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

Factory = sessionmaker[Session]
SP = "America/Sao_Paulo"
STAGES = (Stage(1, 20), Stage(4, 40), Stage(8, 80), Stage(31, None))
NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("day", "cap"), [(1, 20), (3, 20), (4, 40), (7, 40), (8, 80), (30, 80), (31, None), (400, None)]
)
def test_each_day_has_the_cap_of_its_stage(day: int, cap: int | None) -> None:
    assert cap_on_day(STAGES, day) == cap
    assert cap_on_day(tuple(reversed(STAGES)), day) == cap


def test_without_a_stage_nothing_limits() -> None:
    assert cap_on_day((), 1) is None
    assert cap_on_day((Stage(5, 10),), 4) is None
    assert warm_up_on((), 1) is None


@given(st.integers(0, 400), st.integers(0, 86_399))
def test_days_are_counted_in_the_tenants_zone_from_one(days: int, second: int) -> None:
    first = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
    assert warm_up_day(first, first + timedelta(days=days, seconds=second), SP) == days + 1


def test_before_any_connection_and_with_a_wrong_clock_it_is_the_first_day() -> None:
    assert warm_up_day(None, NOW, SP) == 1
    assert warm_up_day(NOW + timedelta(days=3), NOW, SP) == 1
    late_evening = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert warm_up_day(late_evening, late_evening + timedelta(hours=3), SP) == 2


def test_where_a_number_stands() -> None:
    stand = warm_up_on(STAGES, 3)
    assert stand is not None and (stand.day, stand.days, stand.cap) == (3, 30, 20)
    assert stand.share == pytest.approx(2 / 30)
    endless = warm_up_on((Stage(1, 10), Stage(9, 50)), 20)
    assert endless is not None and (endless.days, endless.cap, endless.share) == (20, 50, 0.95)


@pytest.fixture
def floors(factory: Factory) -> Iterator[Factory]:
    """A plan of 45 s whose WAHA numbers need 90 s and whose official ones 3 s."""
    with system_scope("test"), factory.begin() as session:
        session.execute(text("UPDATE plans SET pace_floor_ms = 45000 WHERE slug = 'pro'"))
        instances.set_pace_floor(session, "pro", "waha", 90_000)
        instances.set_pace_floor(session, "pro", "cloud_api", 3_000)
    yield factory
    with system_scope("test"), factory.begin() as session:
        session.execute(text("DELETE FROM pace_floors"))


@pytest.mark.parametrize(
    ("connector", "is_sandbox", "floor"),
    [
        ("waha", False, 90_000),
        ("mega_api", False, 45_000),
        ("cloud_api", False, 3_000),
        ("waha", True, 0),
        ("some_new_one", False, 45_000),
    ],
)
def test_a_floor_is_the_tables_else_the_plans(floors: Factory, connector: str, is_sandbox: bool, floor: int) -> None:
    tenant = world.make_tenant(floors, plan="pro")
    with tenant_scope(tenant.id), floors() as session:
        assert instances.pace_floor_of(session, tenant.id, connector, NOW, is_sandbox=is_sandbox) == floor


def test_a_number_below_its_floor_is_refused_and_so_is_a_campaign(floors: Factory) -> None:
    tenant = world.make_tenant(floors, plan="pro")
    new = instances.NewInstance("Recepção", "waha", "https://waha.example.com", "loja", {"api_key": "k"}, 60_000)
    with tenant_scope(tenant.id), floors() as session:
        with pytest.raises(InvalidInput) as refusal:
            instances.create_instance(session, tenant.id, new, actor=None, now=NOW)
        assert "90 segundos" in refusal.value.fields["min_interval_ms"][0]
        made = instances.create_instance(session, tenant.id, replace(new, min_interval_ms=90_000), actor=None, now=NOW)
        with pytest.raises(InvalidInput):
            instances.update_instance(session, tenant.id, made.id, {"min_interval_ms": 80_000}, actor=None, now=NOW)
        with pytest.raises(InvalidInput) as refused:
            people.add_campaign(session, tenant.id, instances=[made.id], interval_min_ms=60_000)
        assert "90 segundos" in refused.value.fields["interval_min_ms"][0]
        mega = people.add_number(session, tenant.id)
        assert people.add_campaign(session, tenant.id, instances=[mega], interval_min_ms=60_000).id
        with pytest.raises(InvalidInput):
            people.add_campaign(session, tenant.id, instances=[mega], interval_min_ms=44_000)


def test_a_first_connection_is_noted_once(factory: Factory) -> None:
    tenant = world.make_tenant(factory)
    with tenant_scope(tenant.id), factory() as session:
        number = people.add_number(session, tenant.id, status="disconnected")
        set_status(session, tenant.id, number, InstanceStatus("connecting"))
        assert connected_at(session, tenant.id, number) is None
        set_status(session, tenant.id, number, InstanceStatus("connected"))
        first = connected_at(session, tenant.id, number)
        assert first is not None
        session.execute(text("UPDATE instances SET first_connected_at = now() - interval '9 days'"))
        set_status(session, tenant.id, number, InstanceStatus("disconnected"))
        set_status(session, tenant.id, number, InstanceStatus("connected"))
        again = connected_at(session, tenant.id, number)
        assert again is not None and again < first


def test_page_and_api_say_where_the_warm_up_stands(
    factory: Factory, tenant: TenantHandle, make_tenant: Callable[..., TenantHandle], sign_in: Callable[..., PageClient]
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        number = connected(session, tenant.id, "mega_api", {"token": "t"})
        official = connected(session, tenant.id, "cloud_api", {"access_token": "a", "app_secret": "s", "waba_id": "1"})
    client = sign_in(tenant)
    page = client.get(f"/instances/{number}").text
    assert "Aquecimento: dia 3 de 30, até 20 hoje" in page
    assert "Aquecimento: dia 3 de 30, até 20 hoje" in client.get("/instances").text
    assert "Aquecimento" not in client.get(f"/instances/{official}").text
    said = client.get(f"/api/instances/{number}").json
    assert (said["warm_up_day"], said["warm_up_days"], said["effective_daily_cap"]) == (3, 30, 20)
    assert client.get(f"/api/instances/{official}").json["warm_up_day"] is None
    assert sign_in(make_tenant()).get(f"/instances/{number}").status_code == 404


def test_the_operator_lists_and_changes_stages_and_floors(app: Flask, factory: Factory) -> None:
    def run(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=["plans", *arguments])

    def stages(result: Result) -> dict[int, int | None]:
        assert result.exit_code == 0, result.output
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        return {line["from_day"]: line["daily_cap"] for line in lines}

    before = stages(run("warm-up"))
    assert before[1] == 20 and before[31] is None
    assert stages(run("warm-up", "2", "25")) == before | {2: 25}
    assert stages(run("warm-up", "2", "none"))[2] is None
    assert stages(run("warm-up", "2", "--remove")) == before
    assert run("warm-up", "2").exit_code == 2
    assert run("warm-up", "2", "0").exit_code == 1
    assert json.loads(run("floor", "pro", "waha", "60000").stdout)["floor_ms"] == 60_000
    assert run("floor", "nenhum", "waha", "1").exit_code == 1
    assert run("floor", "pro", "telepatia", "1").exit_code == 1
    with system_scope("test"), factory.begin() as session:
        session.execute(text("DELETE FROM pace_floors"))


def connected_at(session: Session, tenant_id: int, number: int) -> datetime | None:
    session.expire_all()
    return session.get_one(Instance, (tenant_id, number)).first_connected_at


def connected(session: Session, tenant_id: int, connector: str, credentials: dict[str, str]) -> int:
    """A number of the third day."""
    new = instances.NewInstance("Loja", connector, "https://x.example.com", "123", credentials, daily_cap=500)
    made = instances.create_instance(session, tenant_id, new, actor=None, now=NOW)
    made.status, made.first_connected_at = InstanceStatus.CONNECTED, NOW - timedelta(days=2)
    session.flush()
    return made.id
