"""Webhooks applied through the inbox, in every order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from core.tenancy import system_scope
from models.campaigns import CampaignContact
from services.sending import Engine
from services.sending.receipts import apply_inbox
from services.sending.watch.recovery import recover
from tests.services.sending.scene import Scene, phones
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
SENT, DELIVERED, READ, FAILED = 2, 3, 4, 0


@pytest.fixture
def sent(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> tuple[int, int]:
    """A campaign of eight whose messages the provider took -> (number, campaign)."""
    number = scene.add_number(sandbox_now.mega_url, instance_key="demo-receipts")
    campaign = scene.add_campaign([number], phones(8))
    drive(scene, lambda: scene.campaign(campaign).status == "completed")
    return number, campaign


def test_receipts_move_messages_forwards_and_count(scene: Scene, sent: tuple[int, int]) -> None:
    number, campaign = sent
    rows = sorted(scene.contacts(campaign).values(), key=lambda row: row.id)
    scene.add_inbox(number, *(ack(row, DELIVERED) for row in rows[:5]), *(ack(row, READ) for row in rows[:2]))
    scene.add_inbox(number, ack(rows[7], FAILED))

    apply(scene)

    counts = scene.counts(campaign)
    assert (counts["sent"], counts["delivered"], counts["read"], counts["failed"]) == (7, 5, 2, 1)
    figures = scene.number(number)
    assert (figures.delivered_today, figures.read_today, figures.failed_today, figures.sent_today) == (5, 2, 1, 7)
    assert figures.health_score == pytest.approx(100 + 2.5 + 2 - 10, abs=5)
    after = scene.contacts(campaign)
    assert after[rows[0].phone].read_at and after[rows[0].phone].delivered_at
    assert "message_read" in {one.log_type for one in scene.logs(campaign)}
    assert inbox(scene) == {"applied"}


def test_duplicated_and_shuffled_receipts_end_the_same(scene: Scene, sent: tuple[int, int]) -> None:
    number, campaign = sent
    rows = list(scene.contacts(campaign).values())
    bodies = [ack(row, status) for row in rows for status in (SENT, DELIVERED, READ)] * 10
    Random(5).shuffle(bodies)
    for start in range(0, len(bodies), 60):
        scene.add_inbox(number, *bodies[start : start + 60])
        apply(scene)

    counts = scene.counts(campaign)
    assert (counts["sent"], counts["delivered"], counts["read"]) == (8, 8, 8)
    assert scene.number(number).read_today == 8


def test_delivered_after_failed_was_delivered(scene: Scene, sent: tuple[int, int]) -> None:
    number, campaign = sent
    row = next(iter(scene.contacts(campaign).values()))
    for status in (FAILED, DELIVERED, FAILED):
        scene.add_inbox(number, ack(row, status))
        apply(scene)

    assert scene.contacts(campaign)[row.phone].status == "delivered"
    assert scene.counts(campaign)["failed"] == 0


def test_a_receipt_before_the_settle_waits_for_it(scene: Scene, sent: tuple[int, int]) -> None:
    number, campaign = sent
    row = next(iter(scene.contacts(campaign).values()))
    early = ack(row, DELIVERED)
    scene.run_sql("UPDATE campaign_contacts SET provider_message_id = 'later' WHERE id = :id", id=row.id)
    scene.add_inbox(number, early)
    apply(scene)
    assert inbox(scene) == {"pending"}

    scene.run_sql(
        "UPDATE campaign_contacts SET provider_message_id = :name WHERE id = :id", id=row.id, name=early["key"]["id"]
    )
    apply(scene, later=5)

    assert scene.contacts(campaign)[row.phone].status == "delivered"
    assert inbox(scene) == {"applied"}


def test_news_of_nobodys_message_is_given_up_after_ten_minutes(scene: Scene, sent: tuple[int, int]) -> None:
    number, campaign = sent
    scene.add_inbox(number, acknowledgement("5511977770001", "3EB0FORGED", DELIVERED))
    apply(scene)
    assert inbox(scene) == {"pending"}

    apply(scene, later=700)

    assert inbox(scene) == {"unmatched"}
    assert scene.counts(campaign)["delivered"] == 0


def test_bodies_that_cant_be_read_are_kept_and_flagged(scene: Scene, sent: tuple[int, int]) -> None:
    number, _ = sent
    scene.run_sql(
        "INSERT INTO webhook_inbox (tenant_id, instance_id, body) VALUES (:tenant_id, :number, :body)",
        number=number,
        body=b"\xff<html>",
    )
    scene.add_inbox(number, {"messageType": "something new"})
    apply(scene)
    assert inbox(scene) == {"unreadable", "ignored"}


def test_an_interrupted_message_is_confirmed_by_its_echo(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number, campaign, row = interrupted(scene, sandbox_now, drive)
    scene.add_inbox(number, echo(row.phone, "3EB0OTHER", "outra coisa"), echo(row.phone, "3EB0ECHO", row.rendered_text))

    apply(scene, later=6)

    after = scene.contacts(campaign)[row.phone]
    assert (after.status, after.provider_message_id) == ("sent", "3EB0ECHO")
    counts = scene.counts(campaign)
    assert (counts["sent"], counts["unconfirmed"]) == (1, 0)


def test_an_interrupted_message_is_confirmed_by_a_receipt_of_its_recipient(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number, campaign, row = interrupted(scene, sandbox_now, drive)
    short_form = row.phone[:4] + row.phone[5:]
    scene.add_inbox(number, acknowledgement(short_form, "3EB0RECEIPT", DELIVERED))

    apply(scene)
    assert scene.contacts(campaign)[row.phone].status == "unconfirmed"
    apply(scene, later=6)

    after = scene.contacts(campaign)[row.phone]
    assert (after.status, after.provider_message_id) == ("delivered", "3EB0RECEIPT")


def test_a_reply_counts_once_for_the_latest_campaign(scene: Scene, sent: tuple[int, int]) -> None:
    number, campaign = sent
    row = next(iter(scene.contacts(campaign).values()))
    scene.add_inbox(number, inbound(row.phone, "A1", "Quanto custa?"), inbound(row.phone, "A2", "Alô?"))
    apply(scene)
    scene.add_inbox(number, inbound(row.phone, "A1", "Quanto custa?"))
    apply(scene)

    assert scene.counts(campaign)["replied"] == 1
    assert scene.contacts(campaign)[row.phone].replied_at is not None
    assert scene.run_sql("SELECT count(*) FROM suppressions WHERE tenant_id = :tenant_id")[0][0] == 0


def test_who_tells_whatsapp_itself_to_stop_is_suppressed(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(sandbox_now.url + "/cloud/v23.0", connector="cloud_api", instance_key="200000000000002")
    said = [{"wa_id": "5511977770001", "value": "stop"}, {"wa_id": "5511977770002", "value": "resume"}]
    template = {"event": "PAUSED", "message_template_name": "oferta"}
    changes = [
        {"field": "user_preferences", "value": {"user_preferences": said}},
        {"field": "message_template_status_update", "value": template},
    ]
    scene.add_inbox(number, {"entry": [{"id": "1", "changes": changes}]})
    apply(scene)

    rows = scene.run_sql("SELECT phone, reason, source FROM suppressions WHERE tenant_id = :tenant_id")
    assert [tuple(row) for row in rows] == [("5511977770001", "opt_out", "whatsapp")]
    assert inbox(scene) == {"applied"}


def test_sair_suppresses_at_once_for_the_whole_tenant(scene: Scene, sent: tuple[int, int], drive: Drive) -> None:
    number, campaign = sent
    row = next(iter(scene.contacts(campaign).values()))
    scene.add_inbox(number, inbound(row.phone, "A1", "Sair!"))
    apply(scene)
    second = scene.add_campaign([number], [row.phone])

    drive(scene, lambda: scene.campaign(second).status == "completed")

    assert scene.contacts(second)[row.phone].reason == "opt_out"
    assert "contact_removed" in {one.log_type for one in scene.logs(campaign)}


def test_a_lost_connection_stops_the_number_and_a_new_one_brings_it_back(scene: Scene, sent: tuple[int, int]) -> None:
    number, _ = sent
    running = scene.add_campaign([number], phones(1, ddd=47))
    scene.add_inbox(number, connection("phone_disconnected"))
    apply(scene)
    assert scene.number(number).status == "disconnected"
    assert "QR code" in scene.number(number).status_reason

    scene.add_inbox(number, connection("phone_connected"))
    apply(scene)
    assert scene.number(number).status == "connected"
    assert {"instance_paused", "instance_resumed"} <= {one.log_type for one in scene.logs(running)}


def test_a_number_that_its_receipts_made_ill_stops_and_its_campaigns_tell_why(
    scene: Scene, sent: tuple[int, int]
) -> None:
    number, campaign = sent
    running = scene.add_campaign([number], phones(1, ddd=47))
    scene.run_sql("UPDATE instances SET health_score = 55 WHERE tenant_id = :tenant_id")
    scene.add_inbox(number, ack(next(iter(scene.contacts(campaign).values())), FAILED))
    apply(scene)

    assert scene.number(number).status == "paused"
    assert {"health_issue", "instance_paused"} <= {one.log_type for one in scene.logs(running)}


def test_a_paused_number_stays_paused_when_it_connects(scene: Scene, sent: tuple[int, int]) -> None:
    number, _ = sent
    scene.run_sql("UPDATE instances SET status = 'paused' WHERE tenant_id = :tenant_id")
    scene.add_inbox(number, connection("phone_connected"))
    apply(scene)
    assert scene.number(number).status == "paused"


def test_a_message_under_way_when_its_daemon_died_is_unconfirmed_however_long_ago(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], phones(2))
    scene.run_sql(
        "UPDATE campaign_contacts SET status = 'sending', lease_until = now() - interval '40 days',"
        " instance_id = :number, claimed_day = current_date WHERE tenant_id = :tenant_id",
        number=number,
    )
    scene.run_sql("UPDATE campaign_counts SET pending = 0, sending = 2 WHERE tenant_id = :tenant_id")

    with system_scope("test"), scene.factory.begin() as session:
        assert recover(session, datetime.now(UTC)) == 2

    assert scene.counts(campaign)["unconfirmed"] == 2


def apply(scene: Scene, *, later: float = 0) -> None:
    with system_scope("test"), scene.factory.begin() as session:
        while apply_inbox(session, datetime.now(UTC) + timedelta(seconds=later)):
            pass


def inbox(scene: Scene) -> set[str]:
    return {row[0] for row in scene.run_sql("SELECT status FROM webhook_inbox WHERE tenant_id = :tenant_id")}


def interrupted(scene: Scene, provider: SandboxProcess, drive: Drive) -> tuple[int, int, CampaignContact]:
    """A message the provider took without answering."""
    provider.control("mega", silent=1.0, hang_ms=200)
    number = scene.add_number(provider.mega_url)
    campaign = scene.add_campaign([number], phones(1))
    drive(scene, lambda: scene.counts(campaign)["unconfirmed"] == 1)
    return number, campaign, next(iter(scene.contacts(campaign).values()))


def ack(row: CampaignContact, status: int) -> dict[str, Any]:
    return acknowledgement(row.phone, str(row.provider_message_id), status)


def acknowledgement(phone: str, message_id: str, status: int) -> dict[str, Any]:
    key = {"remoteJid": f"{phone}@s.whatsapp.net", "fromMe": True, "id": message_id}
    return {"messageType": "message.ack", "key": key, "update": {"status": status}}


def echo(phone: str, message_id: str, text: str | None) -> dict[str, Any]:
    return inbound(phone, message_id, text or "") | {
        "key": {"remoteJid": f"{phone}@s.whatsapp.net", "fromMe": True, "id": message_id}
    }


def inbound(phone: str, message_id: str, text: str) -> dict[str, Any]:
    key = {"remoteJid": f"{phone}@s.whatsapp.net", "fromMe": False, "id": message_id}
    return {"messageType": "conversation", "key": key, "message": {"conversation": text}, "pushName": "Contato"}


def connection(what: str) -> dict[str, Any]:
    return {"messageType": "connection_update", "message": what, "jid": "5511900000099@s.whatsapp.net"}
