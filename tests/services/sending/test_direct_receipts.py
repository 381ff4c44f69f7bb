"""Receipts and echoes of direct messages: forwards only, by id or by recipient and text, in no campaign's figures."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.tenancy import system_scope
from services.sending import Engine
from services.sending.receipts import apply_inbox
from tests.services.sending.directs import direct, queue
from tests.services.sending.scene import Scene, phones
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
DELIVERED, READ, FAILED = 3, 4, 0
(ANA,) = phones(1, ddd=21)


@pytest.fixture
def answered(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> tuple[int, int]:
    """An answer the provider took -> (number, message)."""
    number = scene.add_number(sandbox_now.mega_url, health_score=80)
    answer = queue(scene, number, ANA)
    drive(scene, lambda: direct(scene, answer).status == "sent")
    return number, answer


def test_they_move_it_forwards_in_any_order_and_count_nowhere_else(scene: Scene, answered: tuple[int, int]) -> None:
    number, answer = answered
    message_id = direct(scene, answer).provider_message_id
    scene.add_inbox(number, ack(message_id, READ))
    apply(scene)
    scene.add_inbox(number, ack(message_id, DELIVERED), ack(message_id, READ))
    apply(scene)

    row = direct(scene, answer)
    assert row.status == "read"
    assert row.delivered_at and row.read_at
    after = scene.number(number)
    assert (after.delivered_today, after.read_today, after.sent_today, after.health_score) == (0, 0, 0, 80)
    assert inbox_states(scene) == {"applied"}


def test_a_failure_told_later_lowers_the_numbers_health_once(scene: Scene, answered: tuple[int, int]) -> None:
    number, answer = answered
    message_id = direct(scene, answer).provider_message_id
    for _ in range(2):
        scene.add_inbox(number, ack(message_id, FAILED))
        apply(scene)

    assert direct(scene, answer).status == "failed"
    assert direct(scene, answer).failed_at
    after = scene.number(number)
    assert (after.health_score, after.failed_today) == (70, 0)


def test_an_echo_settles_an_unconfirmed_one_by_recipient_and_text(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    first, second = queue(scene, number, ANA, "Primeira"), queue(scene, number, ANA, "Segunda")
    unconfirmed(scene, first, second)
    scene.run_sql(
        "UPDATE direct_messages SET claimed_at = now() - interval '3 minutes'"
        " WHERE tenant_id = :tenant_id AND id = :one",
        one=first,
    )
    scene.add_inbox(number, echo("id-1", "Primeira"), echo("id-x", "Nunca dita"))
    age_inbox(scene)

    apply(scene)

    assert (direct(scene, first).status, direct(scene, first).provider_message_id) == ("sent", "id-1")
    assert direct(scene, second).status == "unconfirmed"


def test_a_receipt_for_an_unknown_id_is_the_newest_open_messages_of_either_kind(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], [ANA])
    answer = queue(scene, number, ANA)
    scene.run_sql(
        "UPDATE campaign_contacts SET status = 'unconfirmed', instance_id = :number, rendered_text = 'x',"
        " claimed_at = now() - interval '2 minutes', claimed_day = current_date WHERE tenant_id = :tenant_id",
        number=number,
    )
    scene.run_sql(
        "UPDATE campaign_counts SET pending = 0, unconfirmed = 1 WHERE tenant_id = :tenant_id AND campaign_id = :one",
        one=campaign,
    )
    unconfirmed(scene, answer)
    scene.add_inbox(number, ack("id-9", DELIVERED))
    age_inbox(scene)

    apply(scene)

    assert (direct(scene, answer).status, direct(scene, answer).provider_message_id) == ("delivered", "id-9")
    assert scene.counts(campaign)["unconfirmed"] == 1
    scene.add_inbox(number, ack("id-9", READ), ack("id-8", DELIVERED))
    age_inbox(scene)

    apply(scene)

    assert direct(scene, answer).status == "read"
    assert scene.counts(campaign)["delivered"] == 1


def test_one_that_comes_before_its_settle_waits(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    answer = queue(scene, number, ANA)
    scene.run_sql("UPDATE direct_messages SET status = 'sending', claimed_at = now() WHERE tenant_id = :tenant_id")
    scene.add_inbox(number, ack("id-1", DELIVERED))

    apply(scene)
    assert inbox_states(scene) == {"pending"}

    scene.run_sql(
        "UPDATE direct_messages SET status = 'sent', provider_message_id = 'id-1' WHERE tenant_id = :tenant_id"
    )
    scene.run_sql("UPDATE webhook_inbox SET due_at = now() WHERE tenant_id = :tenant_id")
    apply(scene)
    assert direct(scene, answer).status == "delivered"
    assert inbox_states(scene) == {"applied"}


def test_another_tenants_message_of_the_same_id_is_left_alone(scene: Scene, answered: tuple[int, int]) -> None:
    _, answer = answered
    stranger = Scene.open(scene.factory)
    other = stranger.add_number("http://127.0.0.1:9")
    stranger.add_inbox(other, ack(direct(scene, answer).provider_message_id, READ))

    apply(scene)

    assert direct(scene, answer).status == "sent"


def ack(message_id: str | None, status: int) -> dict[str, Any]:
    key = {"remoteJid": f"{ANA}@s.whatsapp.net", "fromMe": True, "id": message_id}
    return {"messageType": "message.ack", "key": key, "update": {"status": status}}


def echo(message_id: str, text: str) -> dict[str, Any]:
    key = {"remoteJid": f"{ANA}@s.whatsapp.net", "fromMe": True, "id": message_id}
    return {"messageType": "conversation", "key": key, "message": {"conversation": text}}


def unconfirmed(scene: Scene, *directs: int) -> None:
    scene.run_sql(
        "UPDATE direct_messages SET status = 'unconfirmed', claimed_at = now() - interval '1 minute'"
        " WHERE tenant_id = :tenant_id AND id = ANY(:ids)",
        ids=list(directs),
    )


def age_inbox(scene: Scene) -> None:
    """As if these calls had waited for a settle that never came."""
    scene.run_sql("UPDATE webhook_inbox SET received_at = now() - interval '10 s' WHERE status = 'pending'"
                  " AND tenant_id = :tenant_id")  # fmt: skip


def inbox_states(scene: Scene) -> set[str]:
    return {row[0] for row in scene.run_sql("SELECT status FROM webhook_inbox WHERE tenant_id = :tenant_id")}


def apply(scene: Scene) -> None:
    with system_scope("test"), scene.factory.begin() as session:
        apply_inbox(session, datetime.now(UTC) + timedelta(milliseconds=1))
