"""Evolution API from bytes: each row of the reference's tables, and what each answer means for the sender."""

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
    NotOffered,
    NumberCheck,
    PairingCode,
    QrCode,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    Sent,
    Template,
    Unclear,
    connector,
)
from core.http_messages import HttpRequest
from tests.connectors.bytes import NOT_REACHED, TIMED_OUT, line, payload, refused, response

EVOLUTION = connector("evolution")
ACCOUNT = Account("https://evo.example.com/", "loja sp", {"api_key": " k-1 \n"})
BASE = "https://evo.example.com"
SENT = {
    "key": {"remoteJid": "5511900000001@s.whatsapp.net", "fromMe": True, "id": "BAE5EXEMPLO000001"},
    "status": "PENDING",
    "messageType": "conversation",
}
PNG = b"\x89PNG\r\n\x1a\n"
PNG_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()


def error(status: int, *messages: Any) -> Any:
    return response(status, {"status": status, "error": "Bad Request", "response": {"message": list(messages)}})


def test_a_text_becomes_the_documented_request() -> None:
    request = EVOLUTION.send_text(ACCOUNT, "5511900000001", "Olá Maria 😀")
    assert line(request) == f"POST {BASE}/message/sendText/loja%20sp"
    assert request.headers == {"apikey": "k-1", "Content-Type": "application/json"}
    assert payload(request) == {"number": "5511900000001", "text": "Olá Maria 😀", "linkPreview": False}


def test_a_confirmed_address_is_used_as_it_is() -> None:
    request = EVOLUTION.send_text(ACCOUNT, "553187654321@s.whatsapp.net", "oi")
    assert payload(request)["number"] == "553187654321@s.whatsapp.net"


def test_files_go_by_address_or_inline_and_voice_has_its_own_call() -> None:
    document = Media(MediaKind.DOCUMENT, "application/pdf", "catalogo.pdf", url="https://cdn.example.com/c.pdf")
    request = EVOLUTION.send_media(ACCOUNT, "5511900000001", document, caption="Nosso catalogo")
    assert line(request) == f"POST {BASE}/message/sendMedia/loja%20sp"
    assert payload(request) == {
        "number": "5511900000001",
        "mediatype": "document",
        "mimetype": "application/pdf",
        "fileName": "catalogo.pdf",
        "caption": "Nosso catalogo",
        "media": "https://cdn.example.com/c.pdf",
    }
    voice = Media(MediaKind.VOICE, "audio/ogg", "voz.ogg", content=b"OggS")
    request = EVOLUTION.send_media(ACCOUNT, "5511900000001", voice)
    assert line(request) == f"POST {BASE}/message/sendWhatsAppAudio/loja%20sp"
    assert payload(request) == {"number": "5511900000001", "audio": "T2dnUw=="}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (EVOLUTION.status(ACCOUNT), "GET /instance/connectionState/loja%20sp"),
        (EVOLUTION.qr(ACCOUNT), "GET /instance/connect/loja%20sp"),
        (EVOLUTION.pairing_code(ACCOUNT, "5511900000099"), "GET /instance/connect/loja%20sp?number=5511900000099"),
        (EVOLUTION.logout(ACCOUNT), "DELETE /instance/logout/loja%20sp"),
        (EVOLUTION.restart(ACCOUNT), "POST /instance/restart/loja%20sp"),
        (EVOLUTION.check_number(ACCOUNT, "5511900000001"), "POST /chat/whatsappNumbers/loja%20sp"),
    ],
)
def test_the_other_calls(request_: HttpRequest, expected: str) -> None:
    method, _, path = expected.partition(" ")
    assert line(request_) == f"{method} {BASE}{path}"


def test_an_instance_is_made_with_its_webhook() -> None:
    request = EVOLUTION.create(ACCOUNT, url="https://leads.example.com/w/abc", secret="abc")
    assert line(request) == f"POST {BASE}/instance/create"
    made = payload(request)
    assert (made["instanceName"], made["integration"]) == ("loja sp", "WHATSAPP-BAILEYS")
    assert made["webhook"]["headers"] == {"X-Leads-Secret": "abc"}
    assert EVOLUTION.read_create(response(201, {"instance": {}, "hash": "T"})) == Done()
    assert EVOLUTION.read_create(error(403, 'This name "loja sp" is already in use.')) == Done()
    assert refused(EVOLUTION.read_create(error(401, "Unauthorized"))).code is RefusalCode.BAD_CREDENTIALS


def test_the_webhook_carries_our_secret_in_a_header() -> None:
    request = EVOLUTION.set_webhook(ACCOUNT, url="https://leads.example.com/w/abc", secret="abc")
    assert line(request) == f"POST {BASE}/webhook/set/loja%20sp"
    webhook = payload(request)["webhook"]
    assert webhook["url"] == "https://leads.example.com/w/abc"
    assert (webhook["enabled"], webhook["byEvents"], webhook["base64"]) == (True, False, False)
    assert set(webhook["events"]) >= {"MESSAGES_UPSERT", "MESSAGES_UPDATE", "SEND_MESSAGE", "CONNECTION_UPDATE"}
    assert EVOLUTION.read_set_webhook(response(201, webhook)) == Done()


def test_templates_are_not_offered() -> None:
    with pytest.raises(NotOffered):
        EVOLUTION.send_template(ACCOUNT, "5511900000001", Template("x"))
    assert EVOLUTION.upload(ACCOUNT, Media(MediaKind.IMAGE, "image/png", "a.png")) is None


def test_a_taken_message_has_an_id_and_the_real_address() -> None:
    assert EVOLUTION.read_send(response(201, SENT)) == Sent("BAE5EXEMPLO000001", "5511900000001@s.whatsapp.net")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error(400, {"jid": "551100000000@s.whatsapp.net", "exists": False}), RefusalCode.NOT_ON_WHATSAPP),
        (error(400, 'instance requires property "number"'), RefusalCode.REJECTED),
        (error(400, ['instance requires property "text"']), RefusalCode.REJECTED),
        (error(400, "Owned media must be a url or base64"), RefusalCode.MEDIA_REJECTED),
        (error(400, "Error: Connection Closed"), RefusalCode.INSTANCE_DISCONNECTED),
        (error(401, "Unauthorized"), RefusalCode.BAD_CREDENTIALS),
        (response(401), RefusalCode.BAD_CREDENTIALS),
        (error(403, "Forbidden"), RefusalCode.BAD_CREDENTIALS),
        (error(404, 'The "loja" instance does not exist'), RefusalCode.INSTANCE_NOT_FOUND),
        (response(402), RefusalCode.PAYMENT_REQUIRED),
        (response(413), RefusalCode.MEDIA_REJECTED),
        (response(429), RefusalCode.RATE_LIMITED),
        (response(301), RefusalCode.WRONG_ADDRESS),
        (response(200, {"error": True, "message": "not connected"}), RefusalCode.INSTANCE_DISCONNECTED),
        (response(200, {"error": True, "message": "?"}), RefusalCode.PROVIDER_ERROR),
        (NOT_REACHED, RefusalCode.UNREACHABLE),
    ],
)
def test_what_was_surely_not_taken_is_refused(answer: Any, code: RefusalCode) -> None:
    outcome = refused(EVOLUTION.read_send(answer))
    assert (outcome.code, outcome.permanent) == (code, RULES[code].permanent)
    assert outcome.pauses_instance is RULES[code].pauses_instance


@pytest.mark.parametrize(
    "answer",
    [
        error(400, "PrismaClientKnownRequestError: the database is gone"),
        error(400),
        error(400, "Timed Out"),
        response(400, b"<html>"),
        error(500, "Internal"),
        response(502, b"<html>"),
        response(408),
        response(201),
        response(201, b"<html>"),
        response(201, {"key": {"id": ""}}),
        response(201, {"key": {"id": None}, "status": "PENDING"}),
        response(200, SENT | {"error": True}),
        response(400, SENT),
        TIMED_OUT,
    ],
)
def test_whatever_may_have_been_taken_is_unclear(answer: Any) -> None:
    assert isinstance(EVOLUTION.read_send(answer), Unclear)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"instance": {"instanceName": "loja", "state": "open"}}, InstanceState(ConnectionStatus.CONNECTED)),
        ({"instance": {"state": "connecting"}}, InstanceState(ConnectionStatus.CONNECTING)),
        ({"instance": {"state": "close"}}, InstanceState(ConnectionStatus.DISCONNECTED)),
        ({"instance": {"state": "refused"}}, InstanceState(ConnectionStatus.DISCONNECTED)),
        (
            [{"connectionStatus": "open", "ownerJid": "5511900000099:1@s.whatsapp.net", "profileName": "Loja"}],
            InstanceState(ConnectionStatus.CONNECTED, "5511900000099", "Loja"),
        ),
    ],
)
def test_the_state_of_an_instance(body: Any, state: InstanceState) -> None:
    assert EVOLUTION.read_status(response(200, body)) == state


def test_a_code_is_an_image_a_word_or_not_needed() -> None:
    read = EVOLUTION.read_qr
    assert read(response(200, {"pairingCode": None, "code": "2@", "base64": PNG_URL, "count": 1})) == QrCode(PNG)
    assert read(response(200, {"pairingCode": "ABCD1234", "base64": PNG_URL})) == PairingCode("ABCD1234")
    assert read(response(201, {"instance": {}, "qrcode": {"base64": PNG_URL}})) == QrCode(PNG)
    assert read(response(200, {"instance": {"instanceName": "loja", "state": "open"}})) == AlreadyConnected()
    assert isinstance(read(response(200, {"count": 0})), Unclear)
    assert refused(read(response(200, {"error": True, "message": "x"}))).code is RefusalCode.PROVIDER_ERROR
    assert refused(read(error(404, "nope"))).code is RefusalCode.INSTANCE_NOT_FOUND


def test_a_number_check_answers_about_the_number_only() -> None:
    read = EVOLUTION.read_check
    found = [{"jid": "553188880002@s.whatsapp.net", "exists": True, "number": "5531988880002"}]
    assert read(response(200, found)) == NumberCheck(True, "553188880002@s.whatsapp.net")
    assert read(response(200, [found[0] | {"exists": False}])) == NumberCheck(False)
    assert isinstance(read(response(200, [])), Unclear)
    bad = response(400, {"status": 400, "error": True, "message": 'instance requires property "numbers"'})
    assert refused(read(bad)).code is RefusalCode.INSTANCE_DISCONNECTED
    assert refused(read(response(429))).code is RefusalCode.RATE_LIMITED


def test_logging_out_twice_is_no_error() -> None:
    assert EVOLUTION.read_logout(response(200, {"status": "SUCCESS", "error": False})) == Done()
    assert EVOLUTION.read_logout(error(400, 'The "loja" instance is not connected')) == Done()
    assert refused(EVOLUTION.read_logout(error(401, "Unauthorized"))).code is RefusalCode.BAD_CREDENTIALS


def test_a_received_file_is_asked_for_by_its_message() -> None:
    media = MediaRef(MediaKind.IMAGE, keys={"id": "3A00", "remoteJid": "5511900000001@s.whatsapp.net"})
    request = EVOLUTION.download(ACCOUNT, media)
    assert line(request) == f"POST {BASE}/chat/getBase64FromMediaMessage/loja%20sp"
    assert payload(request)["message"]["key"]["id"] == "3A00"
    answer = response(201, {"mimetype": "image/png", "base64": base64.b64encode(PNG).decode()})
    assert EVOLUTION.read_download(answer) == FileContent(PNG, "image/png")
    assert isinstance(EVOLUTION.read_download(response(201, {})), Unclear)


def events(event: str, data: Any) -> list[Any]:
    body = {"event": event, "instance": "loja sp", "data": data, "sender": "5511900000099@s.whatsapp.net"}
    return list(EVOLUTION.read_webhook({}, json.dumps(body).encode()))


UPSERT = {
    "key": {"remoteJid": "5511900000001@s.whatsapp.net", "fromMe": False, "id": "3A00EXEMPLO0002"},
    "pushName": "Maria",
    "message": {"conversation": "Quero saber o preco"},
    "messageTimestamp": 1790000050,
}
UPDATE = {"keyId": "BAE5", "remoteJid": "5511900000001@s.whatsapp.net", "fromMe": True, "messageId": "cm1"}


def test_an_answer_of_a_person_arrives_whole() -> None:
    expected = Inbound(
        phone="5511900000001",
        chat_id="5511900000001@s.whatsapp.net",
        provider_message_id="3A00EXEMPLO0002",
        text="Quero saber o preco",
        name="Maria",
        at=datetime.fromtimestamp(1790000050, UTC),
        instance_key="loja sp",
    )
    assert events("messages.upsert", UPSERT) == [expected]
    assert events("MESSAGES_UPSERT", [UPSERT, UPSERT]) == [expected, expected]


def test_a_hidden_sender_is_known_by_the_other_address() -> None:
    key = {"remoteJid": "99@lid", "remoteJidAlt": "5511900000001@s.whatsapp.net", "addressingMode": "lid", "id": "A"}
    (one,) = events("messages.upsert", UPSERT | {"key": key})
    assert (one.phone, one.chat_id) == ("5511900000001", "99@lid")


def test_a_reply_and_a_file_keep_their_keys() -> None:
    image = {"caption": "foto", "mimetype": "image/jpeg", "url": "https://x", "contextInfo": {"stanzaId": "BAE5"}}
    (one,) = events("messages.upsert", UPSERT | {"message": {"imageMessage": image}})
    assert (one.text, one.reply_to, one.media.kind) == ("foto", "BAE5", MediaKind.IMAGE)
    assert one.media.keys == {"id": "3A00EXEMPLO0002", "remoteJid": "5511900000001@s.whatsapp.net"}


@pytest.mark.parametrize("event", ["send.message", "messages.upsert"])
def test_our_own_messages_are_echoes(event: str) -> None:
    (one,) = events(event, UPSERT | {"key": UPSERT["key"] | {"fromMe": True}})  # type: ignore[operator]
    assert (one.is_echo, one.phone, one.name) == (True, "5511900000001", "")


@pytest.mark.parametrize("jid", ["1203@g.us", "status@broadcast", "1@newsletter", ""])
def test_groups_and_channels_are_ignored(jid: str) -> None:
    assert events("messages.upsert", UPSERT | {"key": {"remoteJid": jid, "id": "A"}}) == []


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("ERROR", ReceiptStatus.FAILED),
        ("SERVER_ACK", ReceiptStatus.SENT),
        ("DELIVERY_ACK", ReceiptStatus.DELIVERED),
        ("READ", ReceiptStatus.READ),
        ("PLAYED", ReceiptStatus.READ),
    ],
)
def test_receipts_move_the_message(status: str, expected: ReceiptStatus) -> None:
    (one,) = events("messages.update", UPDATE | {"status": status})
    assert isinstance(one, Receipt)
    assert (one.provider_message_id, one.status, one.instance_key) == ("BAE5", expected, "loja sp")
    assert (one.error is not None) is (expected is ReceiptStatus.FAILED)


@pytest.mark.parametrize(
    "data",
    [
        UPDATE | {"status": "PENDING"},
        UPDATE | {"status": "DELETED"},
        UPDATE | {"status": "READ", "fromMe": False},
        UPDATE | {"status": "READ", "keyId": ""},
        {},
        None,
        "x",
    ],
)
def test_updates_that_say_nothing_are_ignored(data: Any) -> None:
    assert events("messages.update", data) == []


@pytest.mark.parametrize(
    ("event", "data", "status"),
    [
        ("connection.update", {"state": "open", "statusReason": 200}, ConnectionStatus.CONNECTED),
        ("connection.update", {"state": "connecting", "statusReason": 200}, ConnectionStatus.CONNECTING),
        ("connection.update", {"state": "close", "statusReason": 401}, ConnectionStatus.DISCONNECTED),
        ("connection.update", {"state": "close", "statusReason": 402}, ConnectionStatus.BANNED),
        ("connection.update", {"state": "close", "statusReason": 403}, ConnectionStatus.BANNED),
        ("connection.update", {"state": "close", "statusReason": 406}, ConnectionStatus.BANNED),
        ("connection.update", {"state": "close", "statusReason": 428}, ConnectionStatus.DISCONNECTED),
        ("connection.update", {"state": "refused"}, ConnectionStatus.DISCONNECTED),
        ("connection.update", {"state": "new word"}, ConnectionStatus.UNKNOWN),
        ("status.instance", {"status": "closed", "disconnectionReasonCode": 401}, ConnectionStatus.DISCONNECTED),
        ("status.instance", {"status": "closed", "disconnectionReasonCode": 403}, ConnectionStatus.BANNED),
        ("logout.instance", {"instance": "loja sp"}, ConnectionStatus.DISCONNECTED),
    ],
)
def test_connection_changes(event: str, data: dict[str, Any], status: ConnectionStatus) -> None:
    (one,) = events(event, data | {"wuid": "5511900000099@s.whatsapp.net"})
    assert isinstance(one, ConnectionChange)
    assert (one.status, one.phone, one.instance_key) == (status, "5511900000099", "loja sp")


def test_a_webhook_is_believed_for_its_header_and_its_instance() -> None:
    verify = EVOLUTION.verify_webhook
    body = json.dumps({"event": "messages.update", "instance": "loja sp", "data": {}}).encode()
    for name in ("X-Leads-Secret", "x-leads-secret"):
        assert verify(ACCOUNT, "segredo", {name: "segredo"}, "segredo", body)
    assert not verify(ACCOUNT, "segredo", {}, "segredo", body)
    assert not verify(ACCOUNT, "segredo", {"x-leads-secret": "outro"}, "segredo", body)
    assert not verify(ACCOUNT, "", {"x-leads-secret": ""}, "", body)
    assert not verify(Account("x", "other", {}), "segredo", {"x-leads-secret": "segredo"}, "segredo", body)
    assert verify(ACCOUNT, "segredo", {"x-leads-secret": "segredo"}, "segredo", b"not json: stored and flagged")


def test_the_servers_own_key_is_emptied_before_a_body_is_stored() -> None:
    body = b'{"event":"x","data":{"text":"diz \\"apikey\\":\\"nao\\""},"apikey" : "se\\"cret"}'
    stored = EVOLUTION.storable_webhook(body)
    assert b"cret" not in stored
    assert json.loads(stored) == json.loads(body) | {"apikey": ""}
    assert EVOLUTION.storable_webhook(b'{"apikey":null}') == b'{"apikey":null}'
