"""A number from being added to sending a test, against the sandbox over HTTP."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.errors import InvalidInput, NotFound
from core.http import configure
from core.outside import call_outside
from core.tenancy import tenant_scope
from models.instances import Instance, InstanceStatus, WebhookDelivery
from models.leads import Suppression
from models.states import NotAllowedNow
from services import instances as room
from services.instances.change import TooManyInstances
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def local_providers() -> None:
    configure(allow_private_hosts=True)


def described(sandbox: SandboxProcess, key: str = "") -> room.NewInstance:
    return room.NewInstance(
        name="Recepção",
        connector="mega_api",
        base_url=sandbox.mega_url,
        instance_key=key or f"loja-{secrets.token_hex(4)}",
        credentials={"token": "token-da-loja"},
    )


def added(session: Session, tenant: TenantHandle, sandbox: SandboxProcess, *, key: str = "") -> int:
    made = room.create_instance(
        session, tenant.id, described(sandbox, key), actor=tenant.owner_id, now=NOW, sandbox_url=sandbox.url
    )
    session.commit()
    return made.id


def connect(session: Session, tenant: TenantHandle, instance_id: int) -> room.ConnectStep:
    return call_outside(
        session,
        lambda s: room.prepare_connect(s, tenant.id, instance_id),
        lambda s, answer: room.apply_connect(s, tenant.id, instance_id, answer),
    )


def refresh(session: Session, tenant: TenantHandle, instance_id: int) -> str:
    return call_outside(
        session,
        lambda s: room.prepare_refresh(s, tenant.id, instance_id),
        lambda s, answer: room.apply_refresh(s, tenant.id, instance_id, answer),
    )


def test_a_number_connects_by_qr_and_notices_it(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    key = f"loja-{secrets.token_hex(4)}"
    instance_id = added(session, tenant, sandbox, key=key)
    step = connect(session, tenant, instance_id)
    assert step.qr_png is not None
    assert step.qr_png.startswith(b"\x89PNG")
    assert room.instance_of(session, tenant.id, instance_id).status is InstanceStatus.CONNECTING
    sandbox.post(f"/sandbox/instances/{key}/connect").raise_for_status()
    assert connect(session, tenant, instance_id).is_connected
    assert refresh(session, tenant, instance_id) == ""
    instance = room.instance_of(session, tenant.id, instance_id)
    assert instance.status is InstanceStatus.CONNECTED
    assert instance.phone


def test_a_test_message_arrives_at_the_phone(session: Session, tenant: TenantHandle, sandbox: SandboxProcess) -> None:
    instance_id = added(session, tenant, sandbox, key=f"demo-{secrets.token_hex(4)}")
    refresh(session, tenant, instance_id)
    result = call_outside(
        session,
        lambda s: room.prepare_test(s, tenant.id, instance_id, phone="(11) 90000-1000", app_name="Leads"),
        lambda s, answer: room.apply_test(s, tenant.id, instance_id, answer),
    )
    assert result.is_sent
    assert [sent["to"] for sent in sandbox.ledger("mega") if sent.get("accepted")] == ["5511900001000"]


def test_a_wrong_token_is_told_in_words_and_kept_on_the_number(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    key = f"demo-{secrets.token_hex(4)}"
    first = added(session, tenant, sandbox, key=key)
    refresh(session, tenant, first)
    room.update_instance(session, tenant.id, first, {"credentials": {"token": "outro"}}, actor=None, now=NOW)
    assert "token" in refresh(session, tenant, first)
    assert "token" in room.instance_of(session, tenant.id, first).last_error


def test_a_provider_that_is_down_is_said_and_nothing_is_lost(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    new = replace(described(sandbox), base_url="http://127.0.0.1:9")
    made = room.create_instance(session, tenant.id, new, actor=None, now=NOW)
    session.commit()
    assert connect(session, tenant, made.id).problem.startswith("Não foi possível falar com o provedor")


def test_secrets_are_sealed_and_bound_to_their_row(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    instance_id = added(session, tenant, sandbox)
    instance = room.instance_of(session, tenant.id, instance_id)
    assert "token-da-loja" not in instance.sealed_credentials
    assert room.account_of(instance).credentials == {"token": "token-da-loja"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"base_url": "nada"}, "base_url"),
        ({"instance_key": ""}, "instance_key"),
        ({"credentials": {}}, "credentials.token"),
        ({"connector": "pombo"}, "connector"),
        ({"min_interval_ms": 90_000, "max_interval_ms": 50_000}, "max_interval_ms"),
        ({"min_interval_ms": 1_000}, "min_interval_ms"),
        ({"daily_cap": 0}, "daily_cap"),
        ({"daily_cap": 10**12}, "daily_cap"),
        ({"name": "x" * 81}, "name"),
        ({"name": "Loja\x00"}, "name"),
        ({"instance_key": "k" * 121}, "instance_key"),
        ({"base_url": "https://" + "h" * 300}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
    ],
)
def test_each_wrong_field_is_named(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess, change: dict[str, object], field: str
) -> None:
    new = replace(described(sandbox), **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refusal:
        room.create_instance(session, tenant.id, new, actor=None, now=NOW)
    assert field in refusal.value.fields


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x" * 81}, "name"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"daily_cap": -1}, "daily_cap"),
        ({"base_url": "https://api.example.com"}, "base_url"),
    ],
)
def test_an_edit_is_held_to_the_same_and_no_sandbox_number_becomes_a_real_one(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess, change: dict[str, object], field: str
) -> None:
    instance_id = added(session, tenant, sandbox)
    with pytest.raises(InvalidInput) as refusal:
        room.update_instance(session, tenant.id, instance_id, change, actor=None, now=NOW)
    assert field in refusal.value.fields
    session.rollback()
    room.update_instance(session, tenant.id, instance_id, {"name": " Balcão "}, actor=None, now=NOW)
    assert room.instance_of(session, tenant.id, instance_id).name == "Balcão"


def test_the_plan_says_how_many_numbers_there_may_be(
    factory: sessionmaker[Session], make_tenant: Callable[..., TenantHandle], sandbox: SandboxProcess
) -> None:
    small = make_tenant(plan="starter")
    with tenant_scope(small.id), factory() as session:
        added(session, small, sandbox)
        with pytest.raises(TooManyInstances, match="permite 1 número"):
            added(session, small, sandbox)


def test_pause_and_resume_move_only_where_the_table_allows(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    instance_id = added(session, tenant, sandbox, key=f"demo-{secrets.token_hex(4)}")
    with pytest.raises(NotAllowedNow):
        room.pause_instance(session, tenant.id, instance_id, actor=None)
    refresh(session, tenant, instance_id)
    room.pause_instance(session, tenant.id, instance_id, actor=None)
    refresh(session, tenant, instance_id)
    assert room.instance_of(session, tenant.id, instance_id).status is InstanceStatus.PAUSED
    room.resume_instance(session, tenant.id, instance_id, actor=None)
    session.expire_all()
    assert room.instance_of(session, tenant.id, instance_id).status is InstanceStatus.CONNECTED


def test_a_number_its_health_has_stopped_can_be_resumed(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    instance_id = added(session, tenant, sandbox)
    instance = room.instance_of(session, tenant.id, instance_id)
    instance.status, instance.health_score = InstanceStatus.PAUSED, 45
    session.flush()

    room.resume_instance(session, tenant.id, instance_id, actor=None)

    session.refresh(instance)
    assert room.is_healthy(instance)


def test_not_even_a_test_goes_to_who_asked_to_be_left_alone(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    instance_id = added(session, tenant, sandbox)
    room.instance_of(session, tenant.id, instance_id).status = InstanceStatus.CONNECTED
    session.add(Suppression(tenant_id=tenant.id, phone="5511900010001", phone_key="5511900010001", reason="opt_out"))
    session.flush()

    with pytest.raises(InvalidInput) as refusal:
        room.prepare_test(session, tenant.id, instance_id, phone="(11) 90001-0001", app_name="Leads")
    assert "phone" in refusal.value.fields


def test_a_stranger_and_a_removed_number_are_not_found(
    factory: sessionmaker[Session], session: Session, tenant: TenantHandle,
    make_tenant: Callable[..., TenantHandle], sandbox: SandboxProcess,
) -> None:  # fmt: skip
    instance_id = added(session, tenant, sandbox)
    stranger = make_tenant()
    with tenant_scope(stranger.id), factory() as theirs, pytest.raises(NotFound):
        room.instance_of(theirs, stranger.id, instance_id)
    room.delete_instance(session, tenant.id, instance_id, actor=None, now=NOW)
    session.commit()
    with pytest.raises(NotFound):
        room.instance_of(session, tenant.id, instance_id)


def test_a_providers_call_is_kept_only_with_the_right_secret(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    key = f"loja-{secrets.token_hex(4)}"
    instance_id = added(session, tenant, sandbox, key=key)
    instance = room.instance_of(session, tenant.id, instance_id)
    token = room.webhook_url(instance, "").rsplit("/", 1)[1]
    session.commit()
    assert room.find_webhook_owner(session, "errado") is None
    owner = room.find_webhook_owner(session, token)
    assert owner is not None
    body = b'{"instance_key": "%s", "messageType": "connection_update"}' % key.encode()
    assert room.store_webhook(session, owner, token, {"Content-Type": "application/json"}, body)
    assert not room.store_webhook(session, owner, token, {}, body.replace(key.encode(), b"outra"))
    stored = session.execute(select(WebhookDelivery).where(WebhookDelivery.tenant_id == tenant.id)).scalars().all()
    assert [(one.instance_id, one.body) for one in stored] == [(instance_id, body)]
    assert session.execute(select(Instance.id).where(Instance.tenant_id == tenant.id)).scalars().all() == [instance_id]


def test_stored_credentials_never_go_to_another_server(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    made = room.create_instance(session, tenant.id, described(sandbox), actor=None, now=NOW)
    session.commit()
    elsewhere = {"base_url": "https://outro.example.com"}
    with pytest.raises(InvalidInput, match="atenção") as refusal:
        room.update_instance(session, tenant.id, made.id, elsewhere, actor=None, now=NOW)
    assert "credencial" in refusal.value.fields["base_url"][0]
    again = elsewhere | {"credentials": {"token": "o-token-de-la"}}
    changed = room.update_instance(session, tenant.id, made.id, again, actor=None, now=NOW)
    assert room.account_of(changed).credentials == {"token": "o-token-de-la"}


def test_one_new_secret_of_several_does_not_take_the_others_to_another_server(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    secrets_of_meta = {"access_token": "a", "app_secret": "s", "waba_id": "1"}
    new = replace(
        described(sandbox, "200000000000002"),
        connector="cloud_api",
        base_url=sandbox.url + "/cloud/v23.0",
        credentials=secrets_of_meta,
    )
    made = room.create_instance(session, tenant.id, new, actor=None, now=NOW)
    session.commit()
    elsewhere: dict[str, object] = {"base_url": "https://outro.example.com", "credentials": {"waba_id": "2"}}
    with pytest.raises(InvalidInput) as refusal:
        room.update_instance(session, tenant.id, made.id, elsewhere, actor=None, now=NOW)
    assert "credencial" in refusal.value.fields["base_url"][0]
    here = room.update_instance(session, tenant.id, made.id, {"credentials": {"waba_id": "2"}}, actor=None, now=NOW)
    assert room.account_of(here).credentials == secrets_of_meta | {"waba_id": "2"}


def test_a_call_about_another_number_of_the_account_is_filed_there(
    session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    def added_number(key: str) -> Instance:
        new = replace(
            described(sandbox, key),
            connector="cloud_api",
            base_url=sandbox.url + "/cloud/v23.0",
            credentials={"access_token": "a", "app_secret": "s", "waba_id": "1"},
        )
        return room.create_instance(session, tenant.id, new, actor=None, now=NOW)

    first, second = added_number("1001"), added_number("1002")
    session.commit()
    token = room.webhook_url(first, "").rpartition("/")[2]
    owner = room.find_webhook_owner(session, token)
    assert owner is not None
    for number in ("1002", "9999"):
        value = {"metadata": {"phone_number_id": number}, "statuses": [{"id": "wamid.A", "status": "read"}]}
        body = json.dumps({"entry": [{"changes": [{"field": "messages", "value": value}]}]}).encode()
        signature = "sha256=" + hmac.new(b"s", body, hashlib.sha256).hexdigest()
        assert room.store_webhook(session, owner, token, {"X-Hub-Signature-256": signature}, body)
        assert not room.store_webhook(session, owner, token, {"X-Hub-Signature-256": "sha256=00"}, body)
    query = select(WebhookDelivery.instance_id).where(WebhookDelivery.tenant_id == tenant.id)
    assert session.scalars(query.order_by(WebhookDelivery.id)).all() == [second.id, first.id]
