"""WAHA from bytes: four engines' answers, its signature, and what each answer means for the sender."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.whatsapp import (
    RULES,
    Account,
    AlreadyConnected,
    ConnectionChange,
    ConnectionStatus,
    Done,
    FileContent,
    Inbound,
    InstanceState,
    Media,
    MediaKind,
    MediaRef,
    NumberCheck,
    PairingCode,
    QrCode,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    Sent,
    Unclear,
    connector,
)
from core.http_messages import HttpRequest
from tests.connectors.bytes import NOT_REACHED, TIMED_OUT, line, payload, refused, response

WAHA = connector("waha")
ACCOUNT = Account("https://waha.example.com/", "loja/sp", {"api_key": "k-1"})
BASE = "https://waha.example.com"
PNG = b"\x89PNG\r\n\x1a\n"
NOT_WORKING = {"error": "not as expected", "session": "loja", "status": "SCAN_QR_CODE", "expected": ["WORKING"]}


@pytest.mark.parametrize(
    ("to", "chat"),
    [
        ("5511900000001", "5511900000001@c.us"),
        ("553187654321@c.us", "553187654321@c.us"),
        ("5511900000001@s.whatsapp.net", "5511900000001@c.us"),
        ("99@lid", "99@lid"),
    ],
)
def test_a_text_becomes_the_documented_request(to: str, chat: str) -> None:
    request = WAHA.send_text(ACCOUNT, to, "Olá 😀")
    assert line(request) == f"POST {BASE}/api/sendText"
    assert request.headers == {"X-Api-Key": "k-1", "Content-Type": "application/json"}
    assert payload(request) == {"session": "loja/sp", "chatId": chat, "text": "Olá 😀", "linkPreview": False}


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (MediaKind.IMAGE, "sendImage"),
        (MediaKind.VIDEO, "sendVideo"),
        (MediaKind.AUDIO, "sendFile"),
        (MediaKind.DOCUMENT, "sendFile"),
        (MediaKind.VOICE, "sendVoice"),
    ],
)
def test_each_kind_of_file_has_its_call(kind: MediaKind, path: str) -> None:
    there = Media(kind, "x/y", "a.b", url="https://cdn.example.com/a")
    request = WAHA.send_media(ACCOUNT, "5511900000001", there, caption="Veja")
    assert line(request) == f"POST {BASE}/api/{path}"
    assert payload(request)["file"] == {"mimetype": "x/y", "filename": "a.b", "url": "https://cdn.example.com/a"}
    assert payload(request).get("caption") == (None if kind is MediaKind.VOICE else "Veja")
    inline = WAHA.send_media(ACCOUNT, "5511900000001", Media(kind, "x/y", "a.b", content=b"OggS"))
    assert payload(inline)["file"]["data"] == "T2dnUw=="


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (WAHA.status(ACCOUNT), "GET /api/sessions/loja%2Fsp"),
        (WAHA.qr(ACCOUNT), "GET /api/loja%2Fsp/auth/qr?format=image"),
        (WAHA.pairing_code(ACCOUNT, "5511900000099"), "POST /api/loja%2Fsp/auth/request-code"),
        (WAHA.restart(ACCOUNT), "POST /api/sessions/loja%2Fsp/restart"),
        (WAHA.logout(ACCOUNT), "POST /api/sessions/loja%2Fsp/logout"),
        (
            WAHA.check_number(ACCOUNT, "5531987654321"),
            "GET /api/contacts/check-exists?phone=5531987654321&session=loja%2Fsp",
        ),
    ],
)
def test_the_other_calls(request_: HttpRequest, expected: str) -> None:
    method, _, path = expected.partition(" ")
    assert line(request_) == f"{method} {BASE}{path}"


def test_a_session_is_made_and_told_where_to_call_with_a_key() -> None:
    made = WAHA.create(ACCOUNT, url="https://leads.example.com/w/abc", secret="abc")
    assert line(made) == f"POST {BASE}/api/sessions"
    assert (payload(made)["name"], payload(made)["start"]) == ("loja/sp", True)
    request = WAHA.set_webhook(ACCOUNT, url="https://leads.example.com/w/abc", secret="abc")
    assert line(request) == f"PUT {BASE}/api/sessions/loja%2Fsp"
    (webhook,) = payload(request)["config"]["webhooks"]
    assert (webhook["url"], webhook["hmac"]) == ("https://leads.example.com/w/abc", {"key": "abc"})
    assert webhook["events"] == ["message.any", "message.ack", "session.status"]
    assert payload(made)["config"] == payload(request)["config"]
    assert WAHA.read_create(response(201, {"name": "loja"})) == Done()
    assert WAHA.read_create(response(422, {"message": "Session 'loja' already exists."})) == Done()
    assert refused(WAHA.read_create(response(401, {}))).code is RefusalCode.BAD_CREDENTIALS


@pytest.mark.parametrize(
    ("body", "message_id", "address"),
    [
        ({"key": {"remoteJid": "55@s.whatsapp.net", "id": "3EB0"}}, "3EB0", "55@s.whatsapp.net"),
        ({"id": "true_5511900000001@c.us_3EB0"}, "3EB0", "5511900000001@c.us"),
        ({"id": {"_serialized": "true_5511900000001@c.us_3EB0"}}, "3EB0", "5511900000001@c.us"),
        ({"_data": {"id": {"_serialized": "true_55@c.us_3EB0"}}}, "3EB0", "55@c.us"),
        ({"_data": {"Info": {"ID": "3EB0"}}}, "3EB0", ""),
        ({"id": "true_1203@g.us_3EB0_5511@c.us"}, "3EB0", "1203@g.us"),
        ({"id": "3EB0"}, "3EB0", ""),
    ],
)
def test_each_engine_names_the_message_in_its_way(body: Any, message_id: str, address: str) -> None:
    assert WAHA.read_send(response(201, body)) == Sent(message_id, address)


def test_an_empty_201_was_taken_without_a_name() -> None:
    assert WAHA.read_send(response(201)) == Sent(None)
    assert isinstance(WAHA.read_send(response(200)), Unclear)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (response(400, {"message": "chatId must be a string", "statusCode": 400}), RefusalCode.REJECTED),
        (response(401, {"message": "Unauthorized", "statusCode": 401}), RefusalCode.BAD_CREDENTIALS),
        (response(403, {}), RefusalCode.BAD_CREDENTIALS),
        (response(404, {"message": "Session not found"}), RefusalCode.INSTANCE_NOT_FOUND),
        (response(413, {}), RefusalCode.MEDIA_REJECTED),
        (response(422, NOT_WORKING), RefusalCode.INSTANCE_DISCONNECTED),
        (response(422, NOT_WORKING | {"status": "FAILED"}), RefusalCode.INSTANCE_DISCONNECTED),
        (response(422, {"message": "the number is not on WhatsApp"}), RefusalCode.NOT_ON_WHATSAPP),
        (response(422, {"message": "?"}), RefusalCode.REJECTED),
        (response(429, {}), RefusalCode.RATE_LIMITED),
        (response(308), RefusalCode.WRONG_ADDRESS),
        (response(200, {"error": "?"}), RefusalCode.PROVIDER_ERROR),
        (NOT_REACHED, RefusalCode.UNREACHABLE),
    ],
)
def test_what_was_surely_not_taken_is_refused(answer: Any, code: RefusalCode) -> None:
    outcome = refused(WAHA.read_send(answer))
    assert (outcome.code, outcome.permanent) == (code, RULES[code].permanent)


@pytest.mark.parametrize(
    "answer",
    [
        response(500, {"statusCode": 500, "exception": {"message": "the number is not on WhatsApp"}}),
        response(502, b"<html>"),
        response(422, {"message": "timed out"}),
        response(201, b"<html>"),
        response(201, {}),
        response(201, {"id": ""}),
        response(201, {"id": ["A"]}),
        response(201, {"id": "true_5511900000001@c.us_"}),
        response(201, {"id": "3EB0", "error": "x"}),
        response(422, {"id": "3EB0"}),
        TIMED_OUT,
    ],
)
def test_whatever_may_have_been_taken_is_unclear(answer: Any) -> None:
    assert isinstance(WAHA.read_send(answer), Unclear)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("WORKING", ConnectionStatus.CONNECTED),
        ("STARTING", ConnectionStatus.CONNECTING),
        ("SCAN_QR_CODE", ConnectionStatus.DISCONNECTED),
        ("PASSKEY_REQUIRED", ConnectionStatus.DISCONNECTED),
        ("PASSKEY_CONFIRMATION_REQUIRED", ConnectionStatus.DISCONNECTED),
        ("STOPPED", ConnectionStatus.DISCONNECTED),
        ("FAILED", ConnectionStatus.DISCONNECTED),
    ],
)
def test_each_session_status_is_a_state_and_a_change(said: str, status: ConnectionStatus) -> None:
    me = {"id": "5511900000099@c.us", "pushName": "Loja"}
    state = WAHA.read_status(response(200, {"name": "loja", "status": said, "me": me}))
    assert state == InstanceState(status, "5511900000099", "Loja")
    assert events("session.status", {"status": said}) == [ConnectionChange(status, "", said, "loja/sp")]


def test_an_unknown_session_is_no_state() -> None:
    assert refused(WAHA.read_status(response(404, {}))).code is RefusalCode.INSTANCE_NOT_FOUND
    assert isinstance(WAHA.read_status(response(200, {})), Unclear)
    assert events("session.status", {"status": "NEW_WORD"})[0].status is ConnectionStatus.UNKNOWN


def test_a_code_is_an_image_a_word_or_not_needed() -> None:
    read = WAHA.read_qr
    encoded = base64.b64encode(PNG).decode()
    assert read(response(200, {"mimetype": "image/png", "data": encoded})) == QrCode(PNG)
    assert read(response(200, PNG)) == QrCode(PNG)
    assert read(response(201, {"code": "ABCD-ABCD"})) == PairingCode("ABCD-ABCD")
    assert read(response(422, NOT_WORKING | {"status": "WORKING"})) == AlreadyConnected()
    assert isinstance(read(response(422, NOT_WORKING | {"status": "STARTING"})), Unclear)
    asleep = refused(read(response(422, NOT_WORKING | {"status": "FAILED"})))
    assert (asleep.code, asleep.provider_code) == (RefusalCode.INSTANCE_DISCONNECTED, "session_failed")
    assert isinstance(read(response(200, {"data": "%%"})), Unclear)


def test_a_number_check_answers_about_the_number_only() -> None:
    read = WAHA.read_check
    found = {"numberExists": True, "chatId": "553187654321@c.us"}
    assert read(response(200, found)) == NumberCheck(True, "553187654321@c.us")
    assert read(response(200, {"numberExists": False})) == NumberCheck(False)
    assert isinstance(read(response(200, {})), Unclear)
    assert refused(read(response(422, {"message": "?"}))).code is RefusalCode.INSTANCE_DISCONNECTED
    assert isinstance(read(response(500)), Unclear)


def test_calls_that_answer_with_nothing_are_done() -> None:
    for read in (WAHA.read_logout, WAHA.read_restart, WAHA.read_set_webhook):
        assert read(response(201)) == Done()
        assert read(response(200, {"name": "loja"})) == Done()
    assert WAHA.read_logout(response(422, NOT_WORKING)) == Done()
    assert refused(WAHA.read_restart(response(422, NOT_WORKING))).code is RefusalCode.INSTANCE_DISCONNECTED


@pytest.mark.parametrize(
    ("url", "asked", "has_key"),
    [
        ("https://waha.example.com/api/files/a.png?x=1", "https://waha.example.com/api/files/a.png?x=1", True),
        ("http://localhost:3000/api/files/a.png", "https://waha.example.com/api/files/a.png", True),
        ("https://bucket.example.com/a.png?sig=s", "https://bucket.example.com/a.png?sig=s", False),
        ("https://waha.example.com.evil.example/x", "https://waha.example.com.evil.example/x", False),
    ],
)
def test_the_key_goes_to_the_customers_server_only(url: str, asked: str, has_key: bool) -> None:
    request = WAHA.download(ACCOUNT, MediaRef(MediaKind.IMAGE, url=url))
    assert request.url == asked
    assert ("X-Api-Key" in request.headers) is has_key


def test_a_received_file_is_its_bytes() -> None:
    assert WAHA.read_download(response(200, PNG, content_type="image/png; x")) == FileContent(PNG, "image/png")
    assert refused(WAHA.read_download(response(404))).code is RefusalCode.MEDIA_REJECTED
    assert isinstance(WAHA.read_download(response(200)), Unclear)


def events(event: str, content: Any) -> list[Any]:
    body = {"id": "evt_1", "event": event, "session": "loja/sp", "payload": content, "engine": "GOWS"}
    return list(WAHA.read_webhook({}, json.dumps(body).encode()))


MESSAGE = {
    "id": "false_5511900000001@c.us_3A00",
    "timestamp": 1790000200,
    "from": "5511900000001@c.us",
    "to": "5511900000099@c.us",
    "fromMe": False,
    "body": "Quero saber o preco",
    "hasMedia": False,
    "media": None,
}


@pytest.mark.parametrize("event", ["message", "message.any"])
def test_an_answer_of_a_person_arrives_whole(event: str) -> None:
    assert events(event, MESSAGE | {"_data": {"notifyName": "Maria"}, "replyTo": {"id": "true_55@c.us_3EB0"}}) == [
        Inbound(
            phone="5511900000001",
            chat_id="5511900000001@c.us",
            provider_message_id="3A00",
            text="Quero saber o preco",
            name="Maria",
            at=datetime.fromtimestamp(1790000200, UTC),
            reply_to="3EB0",
            instance_key="loja/sp",
        )
    ]


def test_our_own_messages_are_echoes_of_the_other_party() -> None:
    ours = MESSAGE | {"fromMe": True, "from": "5511900000099@c.us", "to": "5511900000001@c.us"}
    for message_id in ("true_5511900000001@c.us_3EB0", "3EB0"):
        (one,) = events("message.any", ours | {"id": message_id})
        assert (one.is_echo, one.phone, one.provider_message_id) == (True, "5511900000001", "3EB0")


@pytest.mark.parametrize(
    ("media", "kind"),
    [
        ({"mimetype": "image/jpeg"}, MediaKind.IMAGE),
        ({"mimetype": "image/webp"}, MediaKind.STICKER),
        ({"mimetype": "video/mp4"}, MediaKind.VIDEO),
        ({"mimetype": "audio/ogg; codecs=opus"}, MediaKind.VOICE),
        ({"mimetype": "audio/ogg", "filename": "musica.ogg"}, MediaKind.AUDIO),
        ({"mimetype": "application/pdf", "filename": "a.pdf"}, MediaKind.DOCUMENT),
        (None, MediaKind.DOCUMENT),
    ],
)
def test_a_file_is_what_its_type_says(media: Any, kind: MediaKind) -> None:
    (one,) = events("message", MESSAGE | {"body": None, "hasMedia": True, "media": media})
    assert (one.media.kind, one.text) == (kind, "")


def test_a_null_body_is_looked_for_in_the_raw_message() -> None:
    raw = {"message": {"extendedTextMessage": {"text": "oi"}}}
    assert [one.text for one in events("message", MESSAGE | {"body": None, "_data": raw})] == ["oi"]
    assert events("message", MESSAGE | {"body": None}) == []


@pytest.mark.parametrize("chat", ["1203@g.us", "status@broadcast", "1@newsletter"])
def test_groups_and_channels_are_ignored(chat: str) -> None:
    assert events("message", MESSAGE | {"id": f"false_{chat}_3A", "from": chat}) == []
    assert events("message", MESSAGE | {"id": "3A", "from": chat}) == []


def test_a_hidden_sender_has_an_address_and_no_phone() -> None:
    (one,) = events("message", MESSAGE | {"id": "false_99@lid_3A", "from": "99@lid"})
    assert (one.phone, one.chat_id) == ("", "99@lid")


ACK = {"id": "true_5511900000001@c.us_3EB0", "from": "5511900000001@c.us", "fromMe": True}


@pytest.mark.parametrize(
    ("ack", "name", "expected"),
    [
        (-1, "ERROR", ReceiptStatus.FAILED),
        (1, "SERVER", ReceiptStatus.SENT),
        (2, "DEVICE", ReceiptStatus.DELIVERED),
        (3, "READ", ReceiptStatus.READ),
        (4, "PLAYED", ReceiptStatus.READ),
    ],
)
def test_receipts_move_the_message(ack: int, name: str, expected: ReceiptStatus) -> None:
    for said in ({"ack": ack}, {"ackName": name}, {"ack": ack, "ackName": name}):
        (one,) = events("message.ack", ACK | said)
        assert isinstance(one, Receipt)
        assert (one.provider_message_id, one.status) == ("3EB0", expected)
        assert one.recipient_id == "5511900000001@c.us"
        assert (one.error is not None) is (expected is ReceiptStatus.FAILED)


@pytest.mark.parametrize("said", [{"ack": 0}, {"ack": 99}, {}, {"ack": 3, "fromMe": False}, {"ack": 3, "id": ""}])
def test_receipts_that_say_nothing_are_ignored(said: dict[str, Any]) -> None:
    assert events("message.ack", ACK | said) == []


@pytest.mark.parametrize(
    ("key", "body", "signature"),
    [
        (
            "my-secret-key",
            b'{"event":"message","session":"default","engine":"WEBJS"}',
            "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
            "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89",
        ),
        (
            "segredo-waha",
            b'{"event":"message","session":"leads","payload":{"id":"x"}}',
            "9cacd21c1c59f31f649d2af087882546ebc8c8e27091ab935dda24de932c6339"
            "1ffabdb770f683ddcbd449e4055c8804b1a8ceb3b23a07898412415654b9e892",
        ),
    ],
)
def test_the_vendors_signature_is_believed_over_the_raw_bytes(key: str, body: bytes, signature: str) -> None:
    session = json.loads(body)["session"]
    account = Account("https://h.example.com", session, {})
    for name in ("X-Webhook-Hmac", "x-webhook-hmac"):
        assert WAHA.verify_webhook(account, key, {name: signature}, "", body)
    assert not WAHA.verify_webhook(account, key, {"x-webhook-hmac": signature}, "", body + b" ")
    assert not WAHA.verify_webhook(account, "outra", {"x-webhook-hmac": signature}, "", body)
    assert not WAHA.verify_webhook(account, key, {}, key, body)
    assert not WAHA.verify_webhook(Account("x", "other", {}), key, {"x-webhook-hmac": signature}, "", body)
