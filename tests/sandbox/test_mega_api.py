"""The Mega API dialect against the reference: every call the product makes, and every refusal."""

import base64

import pytest

from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import WebhookReceiver, eventually

PHONE = "5511900000001"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def waiting(sandbox: SandboxProcess) -> MegaClient:
    return MegaClient(sandbox.mega_url, "megastart-loja")


def test_a_text_is_answered_with_the_id_in_the_key(mega: MegaClient, sandbox: SandboxProcess) -> None:
    answer = mega.send(PHONE)
    body = answer.json()
    assert answer.status_code == 200
    assert body["error"] is False
    assert body["messageData"]["key"]["remoteJid"] == f"{PHONE}@s.whatsapp.net"
    assert body["messageData"]["key"]["fromMe"] is True
    assert body["messageData"]["key"]["id"] == sandbox.ledger("mega")[0]["provider_message_id"]


def test_bare_digits_are_as_good_as_a_jid(mega: MegaClient, sandbox: SandboxProcess) -> None:
    body = {"messageData": {"to": PHONE, "text": "Olá"}}
    assert mega.call("POST", "/rest/sendMessage/{key}/text", json=body).status_code == 200
    assert sandbox.ledger("mega")[0]["to"] == PHONE


def test_media_by_address_keeps_caption_and_address(mega: MegaClient, sandbox: SandboxProcess) -> None:
    answer = mega.send_media(
        "mediaUrl",
        PHONE,
        url="https://cdn.example.com/catalogo.pdf",
        fileName="catalogo.pdf",
        type="document",
        caption="Nosso catálogo",
        mimeType="application/pdf",
    )
    entry = sandbox.ledger("mega")[0]
    assert answer.json()["messageData"]["key"]["id"] == entry["provider_message_id"]
    assert (entry["kind"], entry["text"]) == ("document", "Nosso catálogo")
    assert entry["media"] == "https://cdn.example.com/catalogo.pdf"


def test_media_inline_keeps_size_and_hash_only(mega: MegaClient, sandbox: SandboxProcess) -> None:
    data = "data:image/png;base64," + base64.b64encode(PNG).decode()
    answer = mega.send_media("mediaBase64", PHONE, base64=data, fileName="a.png", type="image", caption="")
    assert answer.status_code == 200
    assert sandbox.ledger("mega")[0]["media"].startswith("image/png 8 bytes sha256:4c4b6a3be1314ab8")


@pytest.mark.parametrize(
    "fields",
    [
        {"base64": "not a data url", "type": "image"},
        {"base64": "data:image/png;base64,%%%%", "type": "image"},
        {"base64": "data:image/png;base64,AAAA", "type": "spreadsheet"},
    ],
)
def test_bad_media_is_refused_and_not_in_the_ledger(
    mega: MegaClient, sandbox: SandboxProcess, fields: dict[str, str]
) -> None:
    answer = mega.send_media("mediaBase64", PHONE, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, True)
    assert sandbox.ledger("mega") == []


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[]",
        "{}",
        '{"messageData": {"to": "5511900000001"}}',
        '{"messageData": {"to": ["5511900000001"], "text": "a"}}',
        '{"messageData": {"to": "120363000000000000@g.us", "text": "a"}}',
        '{"messageData": {"to": "12", "text": "a"}}',
    ],
)
def test_nonsense_is_a_400_in_the_providers_shape(mega: MegaClient, body: str) -> None:
    answer = mega.call("POST", "/rest/sendMessage/{key}/text", data=body)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert answer.json()["message"]


def test_the_first_token_must_match_afterwards(mega: MegaClient, sandbox: SandboxProcess) -> None:
    assert mega.status().status_code == 200
    stranger = MegaClient(sandbox.mega_url, mega.key, token="outro")
    assert (stranger.status().status_code, stranger.status().json()["error"]) == (401, True)
    assert stranger.send(PHONE).status_code == 401
    assert sandbox.ledger("mega") == []


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}])
def test_no_token_is_a_401(mega: MegaClient, header: dict[str, str]) -> None:
    mega.headers = header
    assert mega.status().status_code == 401


def test_an_unknown_call_is_a_404_in_the_providers_shape(mega: MegaClient) -> None:
    answer = mega.call("POST", "/rest/sendMessage/{key}/textToMany", json={})
    assert (answer.status_code, answer.json()["error"]) == (404, True)


def test_a_demo_instance_is_connected_at_once_and_names_its_user(mega: MegaClient) -> None:
    instance = mega.status().json()["instance"]
    assert (instance["key"], instance["status"]) == ("demo-loja", "connected")
    assert instance["user"]["id"].endswith(":3@s.whatsapp.net")


def test_a_new_instance_waits_and_has_no_user(waiting: MegaClient) -> None:
    assert waiting.status().json()["instance"] == {"key": "megastart-loja", "status": "disconnected"}


def test_a_disconnected_instance_takes_no_message(waiting: MegaClient, sandbox: SandboxProcess) -> None:
    assert waiting.send(PHONE).status_code == 403
    assert waiting.check(PHONE).status_code == 403
    assert sandbox.summary("mega")["accepted"] == 0


def test_the_qr_code_is_a_png_until_it_is_read(waiting: MegaClient, sandbox: SandboxProcess) -> None:
    qr = waiting.call("GET", "/rest/instance/qrcode_base64/{key}").json()["qrcode"]
    assert base64.b64decode(qr.removeprefix("data:image/png;base64,")).startswith(PNG)
    assert 'src="data:image/png' in waiting.call("GET", "/rest/instance/qrcode/{key}").text

    sandbox.post(f"/sandbox/instances/{waiting.key}/connect").raise_for_status()
    again = waiting.call("GET", "/rest/instance/qrcode_base64/{key}").json()
    assert again["error"] is True
    assert "logged in" in again["message"]
    assert waiting.status().json()["instance"]["status"] == "connected"


def test_the_pairing_code_has_two_groups(waiting: MegaClient) -> None:
    answer = waiting.call("GET", "/rest/instance/pairingCode/{key}", params={"phoneNumber": PHONE})
    first, second = answer.json()["pairingCode"].split("-")
    assert (len(first), len(second)) == (4, 4)


def test_reading_the_code_and_logging_out_are_told_by_webhook(
    waiting: MegaClient, sandbox: SandboxProcess, receiver: WebhookReceiver
) -> None:
    waiting.set_webhook(f"{receiver.url}/h")
    sandbox.post(f"/sandbox/instances/{waiting.key}/connect").raise_for_status()
    assert eventually(lambda: len(receiver.received) == 1)
    assert waiting.call("DELETE", "/rest/instance/{key}/logout").json()["error"] is False
    assert eventually(lambda: len(receiver.received) == 2)
    changes = receiver.of_type("connection_update")
    assert [change["message"] for change in changes] == ["phone_connected", "phone_disconnected"]
    assert {change["instance_key"] for change in changes} == {waiting.key}


def test_a_restart_keeps_the_connection(mega: MegaClient) -> None:
    assert mega.call("DELETE", "/rest/instance/{key}/restart").json()["error"] is False
    assert mega.status().json()["instance"]["status"] == "connected"


def test_a_number_check_gives_the_jid(mega: MegaClient, sandbox: SandboxProcess) -> None:
    assert mega.check(PHONE).json() == {"exists": True, "jid": f"{PHONE}@s.whatsapp.net"}
    assert sandbox.summary("mega")["calls"]["/rest/instance/isOnWhatsApp/{key}"] == 1


def test_an_old_account_is_known_without_its_ninth_digit(mega: MegaClient) -> None:
    assert mega.check("5531987650009").json()["jid"] == "553187650009@s.whatsapp.net"
    assert mega.check("553187650009").json()["jid"] == "553187650009@s.whatsapp.net"


def test_the_webhook_can_be_set_read_and_switched_off(mega: MegaClient) -> None:
    mega.set_webhook("https://leads.example.com/h/1?token=a")
    expected = {"webhookUrl": "https://leads.example.com/h/1?token=a", "webhookEnabled": True}
    assert mega.call("GET", "/rest/webhook/{key}").json()["messageData"] == expected
    mega.set_webhook("", enabled=False)
    assert mega.call("GET", "/rest/webhook/{key}").json()["messageData"]["webhookEnabled"] is False
    assert mega.set_webhook("ftp://example.com").status_code == 400


def test_presence_takes_the_known_options_only(mega: MegaClient) -> None:
    path = "/rest/chat/{key}/presenceUpdateChat"
    assert mega.call("POST", path, json={"to": PHONE, "option": "composing"}).json()["error"] is False
    assert mega.call("POST", path, json={"to": PHONE, "option": "dancing"}).status_code == 400
