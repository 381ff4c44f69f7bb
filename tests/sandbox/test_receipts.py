"""Receipts and replies by webhook: shape, order, delays, misbehaviour, retries."""

import time
from typing import Any

from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually, free_port

PHONE = "5511900000001"


def acks(receiver: WebhookReceiver) -> list[int]:
    return [event["update"]["status"] for event in receiver.of_type("message.ack")]


def webhooks(sandbox: SandboxProcess) -> dict[str, Any]:
    shown: dict[str, Any] = sandbox.get("/sandbox/webhooks").json()
    return shown


def test_a_receipt_has_the_shape_of_the_reference(mega_with_webhook: MegaClient, receiver: WebhookReceiver) -> None:
    sent = mega_with_webhook.send(PHONE).json()["messageData"]["key"]
    assert eventually(lambda: len(acks(receiver)) == 3)
    first = receiver.of_type("message.ack")[0]
    assert first == {
        "instance_key": "demo-loja",
        "jid": first["jid"],
        "messageType": "message.ack",
        "key": {"remoteJid": f"{PHONE}@s.whatsapp.net", "fromMe": True, "id": sent["id"]},
        "update": {"status": 2},
    }
    assert receiver.received[0].path == "/webhooks/whatsapp/segredo"


def test_receipts_take_their_time(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control("mega", receipt_delay_ms=[0, 500, 500])
    began = time.monotonic()
    mega_with_webhook.send(PHONE)
    assert eventually(lambda: acks(receiver) == [2])
    assert eventually(lambda: acks(receiver) == [2, 3, 4])
    assert 0.35 < time.monotonic() - began < 3


def test_duplicated_receipts_come_three_times(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control("mega", duplicate=1)
    mega_with_webhook.send(PHONE)
    assert eventually(lambda: len(acks(receiver)) == 9)
    assert sorted(acks(receiver)) == [2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert sandbox.summary("mega")["accepted"] == 1


def test_reordered_receipts_are_never_in_order(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control("mega", reorder=1, seed=3)
    for _ in range(5):
        receiver.clear()
        mega_with_webhook.send(PHONE)
        assert eventually(lambda: len(acks(receiver)) == 3)
        assert acks(receiver) != [2, 3, 4]
        assert sorted(acks(receiver)) == [2, 3, 4]
    assert sandbox.ledger("mega")[-1]["status"] == 4


def test_contacts_reply_when_asked_to(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control("mega", reply_share=1)
    mega_with_webhook.send(PHONE)
    (event,) = eventually(lambda: receiver.of_type("conversation"))
    assert event["message"]["conversation"]


def test_a_person_replies_from_the_phones_page(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    mega_with_webhook.status()
    chat = f"/sandbox/phones/mega/demo-loja/{PHONE}"
    page = sandbox.post(f"{chat}/reply", data={"text": "Oi <b>gente</b>"})
    assert (page.status_code, page.url) == (200, sandbox.url + chat)
    assert "Oi &lt;b&gt;gente&lt;/b&gt;" in page.text
    (event,) = eventually(lambda: receiver.of_type("conversation"))
    assert event["message"] == {"conversation": "Oi <b>gente</b>"}


def test_a_refused_connection_is_tried_again_until_the_app_is_back(mega: MegaClient, sandbox: SandboxProcess) -> None:
    port = free_port()
    sandbox.control("mega", receipt_delay_ms=[0, 0, 0])
    mega.set_webhook(f"http://127.0.0.1:{port}/webhooks/whatsapp/segredo")
    mega.send(PHONE)
    time.sleep(0.1)
    late = WebhookReceiver(port)
    try:
        assert eventually(lambda: acks(late) == [2, 3, 4])
    finally:
        late.stop()
    delivered = [item for item in webhooks(sandbox)["items"] if str(port) in item["url"]]
    assert delivered[0]["attempts"] > 1
    assert all("segredo" not in item["url"] for item in delivered)


def test_an_error_answer_is_not_tried_again(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    receiver.status = 503
    mega_with_webhook.send(PHONE)
    assert eventually(lambda: len(acks(receiver)) == 3)
    time.sleep(0.5)
    assert acks(receiver) == [2, 3, 4]


def test_a_reset_lets_receipts_under_way_fall(
    mega_with_webhook: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    sandbox.control("mega", receipt_delay_ms=[0, 400, 400])
    mega_with_webhook.send(PHONE)
    assert eventually(lambda: acks(receiver) == [2])
    sandbox.reset()
    time.sleep(0.8)
    assert acks(receiver) == [2]
    assert mega_with_webhook.status().json()["instance"]["status"] == "connected"
