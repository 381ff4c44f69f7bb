"""Campaigns that stop by themselves, and what people are told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tenancy import system_scope, tenant_scope
from services.campaigns import launch_campaign, resume_campaign
from services.sending import Engine
from services.sending.watch.alarms import Since, alarm, sound_alarms
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_daemon import run_daemon
from tests.support import campaigns as people
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
NOW = datetime.now(UTC)


def sounded(scene: Scene) -> int:
    with system_scope("test"), scene.factory.begin() as session:
        return sound_alarms(session, NOW)


def counted(scene: Scene, campaign: int, **columns: int) -> None:
    for name, value in columns.items():
        scene.run_sql(
            f"UPDATE campaign_counts SET {name} = {name} + :value, total = total + :in_total WHERE campaign_id = :id",
            value=value,
            in_total=value if name in ("sent", "invalid") else 0,
            id=campaign,
        )


def notices(scene: Scene) -> list[tuple[Any, ...]]:
    rows = scene.run_sql("SELECT kind, key, title, body, link FROM notices WHERE tenant_id = :tenant_id ORDER BY id")
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("since", "goes_off"),
    [
        (Since(49, 49, 0), False),
        (Since(50, 1, 0), False),
        (Since(50, 2, 0), True),
        (Since(100, 3, 0), False),
        (Since(100, 4, 0), True),
        (Since(80, 0, 20), False),
        (Since(79, 0, 21), True),
        (Since(0, 0, 49), False),
        (Since(0, 0, 50), True),
    ],
)
def test_an_alarm_goes_off_past_three_percent_leaving_or_twenty_percent_wrong_numbers(
    since: Since, goes_off: bool
) -> None:
    assert bool(alarm(since)) is goes_off


@given(st.integers(-5, 500), st.integers(-5, 500), st.integers(-5, 500))
def test_an_alarm_always_says_what_share_and_what_to_do(sent: int, opted_out: int, invalid: int) -> None:
    said = alarm(Since(sent, opted_out, invalid))
    assert not said or ("%" in said and "Confira" in said)


def test_a_campaign_people_leave_pauses_itself_and_goes_on_when_a_person_says_so(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], phones(2))
    quiet = scene.add_campaign([number], phones(2, ddd=21))
    counted(scene, campaign, sent=100, opted_out=4)
    counted(scene, quiet, sent=100, opted_out=3)

    assert sounded(scene) == 1

    row = scene.campaign(campaign)
    assert (row.status, "4,0%" in row.pause_reason) == ("paused", True)
    assert scene.campaign(quiet).status == "running"
    line = scene.logs(campaign)[-1]
    assert (line.log_type, line.severity, line.details) == (
        "paused",
        "critical",
        {"sent": 100, "opted_out": 4, "invalid": 0},
    )
    (kind, _, title, body, link) = notices(scene)[0]
    assert (kind, title, body, link) == (
        "campaign_paused",
        "A campanha “Campanha” parou sozinha",
        row.pause_reason,
        f"/campaigns/{campaign}",
    )

    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        resume_campaign(session, scene.tenant_id, campaign, actor=None, now=NOW)
    assert sounded(scene) == 0
    counted(scene, campaign, sent=49, opted_out=30)
    assert sounded(scene) == 0
    counted(scene, campaign, sent=1)
    assert sounded(scene) == 1


def test_who_was_invalid_from_the_start_sounds_no_alarm(scene: Scene) -> None:
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        number = people.add_number(session, scene.tenant_id)
        campaign = people.add_campaign(session, scene.tenant_id, instances=[number]).id
        frozen = launch_campaign(session, scene.tenant_id, campaign, actor=None, now=people.NOW)
    assert scene.campaign(campaign).alarm_invalid == frozen.invalid
    scene.run_sql("UPDATE campaigns SET alarm_invalid = 60 WHERE tenant_id = :tenant_id")
    counted(scene, campaign, invalid=60)
    assert sounded(scene) == 0
    counted(scene, campaign, invalid=50)
    assert sounded(scene) == 1


def test_the_daemon_sounds_alarms(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9", status="paused")
    campaign = scene.add_campaign([number], phones(2))
    counted(scene, campaign, invalid=50)
    run_daemon(scene, lambda: scene.campaign(campaign).status == "paused")


def test_the_end_of_a_campaign_and_of_the_days_quota_are_told(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    first = scene.add_campaign([number], phones(2))
    drive(scene, lambda: scene.campaign(first).status == "completed")
    scene.run_sql("UPDATE daily_usage SET messages_reserved = 1000000000 WHERE tenant_id = :tenant_id")
    others = [scene.add_campaign([number], phones(2, ddd=ddd)) for ddd in (21, 31)]

    drive(scene, lambda: all(scene.campaign(one).status == "waiting_quota" for one in others))

    told = notices(scene)
    assert [one[0] for one in told] == ["campaign_finished", "quota_reached"]
    assert told[0][3] == "Mensagens enviadas: 2."
    assert told[0][4] == f"/campaigns/{first}"


def test_a_number_that_is_down_is_told_once_a_day(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url, name="Recepção")
    for ddd in (11, 21):
        scene.add_campaign([number], ["55" + str(ddd) + "900000401"])
        drive(scene, lambda: scene.number(number).status == "paused")
        scene.run_sql("UPDATE instances SET status = 'connected' WHERE tenant_id = :tenant_id")

    (kind, key, title, body, link) = notices(scene)[0]
    assert len(notices(scene)) == 1
    assert (kind, title, link) == ("number_down", "O número “Recepção” foi pausado", f"/instances/{number}")
    assert "credencial" in body
    assert key.startswith(f"number_down:{number}:{(NOW - timedelta(hours=3)).year}")
