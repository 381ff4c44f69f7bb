"""Mega API from bytes: each row of the reference's tables, and what each answer means for the sender."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from connectors.whatsapp import (
    RULES,
    Account,
    AlreadyConnected,
    ConnectionStatus,
    Done,
    FileContent,
    InstanceState,
    Media,
    MediaKind,
    MediaRef,
    NotOffered,
    NumberCheck,
    PairingCode,
    QrCode,
    RefusalCode,
    Refused,
    Sent,
    Template,
    Unclear,
    UnknownConnector,
    connector,
    connector_infos,
    connector_names,
)
from core.http_messages import FailureKind, FailureReason, HttpFailure, HttpRequest, HttpResponse

MEGA = connector("mega_api")
ACCOUNT = Account("https://apistart01.example.com/", "megastart-exemplo01", {"token": " tok-1 \n"})
PNG = b"\x89PNG\r\n\x1a\n-image-"
OK = {
    "error": False,
    "message": "message sent",
    "messageData": {
        "key": {"remoteJid": "5511900000001@s.whatsapp.net", "fromMe": True, "id": "3EB0AA11BB22CC33DD44"},
        "status": "PENDING",
    },
}


def response(status: int, body: Any = None, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return HttpResponse(status, {k.replace("_", "-"): v for k, v in headers.items()}, raw)


def failure(kind: FailureKind, reason: FailureReason) -> HttpFailure:
    return HttpFailure(kind, reason)


def payload(request: HttpRequest) -> Any:
    return json.loads(request.body)


def refused(outcome: object) -> Refused:
    assert isinstance(outcome, Refused), outcome
    return outcome


def test_a_text_becomes_the_documented_request() -> None:
    request = MEGA.send_text(ACCOUNT, "5511900000001", "Olá Maria, tudo bem? 😀")
    assert (request.method, request.url) == (
        "POST",
        "https://apistart01.example.com/rest/sendMessage/megastart-exemplo01/text",
    )
    assert request.headers == {"Authorization": "Bearer tok-1", "Content-Type": "application/json"}
    assert payload(request) == {
        "messageData": {
            "to": "5511900000001@s.whatsapp.net",
            "text": "Olá Maria, tudo bem? 😀",
            "linkPreview": False,
        }
    }


def test_a_confirmed_address_is_used_as_it_is() -> None:
    request = MEGA.send_text(ACCOUNT, "553187654321@s.whatsapp.net", "oi")
    assert payload(request)["messageData"]["to"] == "553187654321@s.whatsapp.net"


def test_a_key_cannot_leave_its_place_in_the_path() -> None:
    request = MEGA.send_text(Account("https://h.example.com", "../x?y#z/ã", {}), "5511900000001", "oi")
    assert request.url == "https://h.example.com/rest/sendMessage/..%2Fx%3Fy%23z%2F%C3%A3/text"


def test_media_goes_by_url_or_inline() -> None:
    by_url = Media(MediaKind.DOCUMENT, "application/pdf", "catalogo.pdf", url="https://cdn.example.com/catalogo.pdf")
    request = MEGA.send_media(ACCOUNT, "5511900000001", by_url, caption="Nosso catalogo")
    assert request.url.endswith("/sendMessage/megastart-exemplo01/mediaUrl")
    assert payload(request)["messageData"] == {
        "to": "5511900000001@s.whatsapp.net",
        "url": "https://cdn.example.com/catalogo.pdf",
        "fileName": "catalogo.pdf",
        "type": "document",
        "caption": "Nosso catalogo",
        "mimeType": "application/pdf",
    }
    inline = Media(MediaKind.VOICE, "audio/ogg", "voz.ogg", content=b"OggS")
    request = MEGA.send_media(ACCOUNT, "5511900000001", inline)
    data = payload(request)["messageData"]
    assert request.url.endswith("/mediaBase64") and request.timeout_seconds > 15
    assert (data["type"], data["base64"]) == ("ptt", "data:audio/ogg;base64,T2dnUw==")


@pytest.mark.parametrize(
    ("request_", "method", "path"),
    [
        (MEGA.status(ACCOUNT), "GET", "instance/megastart-exemplo01"),
        (MEGA.qr(ACCOUNT), "GET", "instance/qrcode_base64/megastart-exemplo01"),
        (
            MEGA.pairing_code(ACCOUNT, "5511900000099"),
            "GET",
            "instance/pairingCode/megastart-exemplo01?phoneNumber=5511900000099",
        ),
        (
            MEGA.check_number(ACCOUNT, "5531987654321"),
            "GET",
            "instance/isOnWhatsApp/megastart-exemplo01?jid=5531987654321@s.whatsapp.net",
        ),
        (MEGA.logout(ACCOUNT), "DELETE", "instance/megastart-exemplo01/logout"),
    ],
)
def test_calls_without_a_body(request_: HttpRequest, method: str, path: str) -> None:
    assert (request_.method, request_.url) == (method, f"https://apistart01.example.com/rest/{path}")
    assert request_.headers == {"Authorization": "Bearer tok-1"}
    assert request_.body == b""


def test_the_webhook_is_set_with_its_url() -> None:
    request = MEGA.set_webhook(ACCOUNT, url="https://leads.example.com/webhooks/whatsapp/abc", secret="abc")
    assert request.url.endswith("/rest/webhook/megastart-exemplo01/configWebhook")
    assert payload(request) == {
        "messageData": {
            "webhookUrl": "https://leads.example.com/webhooks/whatsapp/abc",
            "webhookEnabled": True,
        }
    }
    assert MEGA.read_set_webhook(response(200, {"error": False})) == Done()
    assert isinstance(MEGA.read_set_webhook(response(200, {"error": True, "message": "x"})), Refused)


def test_what_it_does_not_offer_is_said_beforehand() -> None:
    assert not MEGA.info.has_templates and not MEGA.info.creates_instances
    assert MEGA.create(ACCOUNT) is None
    with pytest.raises(NotOffered):
        MEGA.send_template(ACCOUNT, "5511900000001", Template("oferta"))


def test_a_taken_message_has_an_id_and_the_real_address() -> None:
    assert MEGA.read_send(response(200, OK)) == Sent("3EB0AA11BB22CC33DD44", "5511900000001@s.whatsapp.net")
    assert MEGA.read_send(response(201, {"messageData": {"key": {"id": "A"}}})) == Sent("A", "")


@pytest.mark.parametrize(
    ("status", "code", "permanent", "pauses"),
    [
        (400, RefusalCode.REJECTED, True, False),
        (401, RefusalCode.BAD_CREDENTIALS, False, True),
        (402, RefusalCode.PAYMENT_REQUIRED, False, True),
        (403, RefusalCode.BAD_CREDENTIALS, False, True),
        (404, RefusalCode.INSTANCE_NOT_FOUND, False, True),
        (413, RefusalCode.MEDIA_REJECTED, True, False),
        (422, RefusalCode.REJECTED, True, False),
        (429, RefusalCode.RATE_LIMITED, False, False),
        (301, RefusalCode.WRONG_ADDRESS, False, True),
        (308, RefusalCode.WRONG_ADDRESS, False, True),
    ],
)
def test_each_refusing_status_says_what_to_do(status: int, code: RefusalCode, permanent: bool, pauses: bool) -> None:
    outcome = refused(MEGA.read_send(response(status, {"error": True, "message": "nope"})))
    assert (outcome.code, outcome.permanent, outcome.pauses_instance) == (code, permanent, pauses)
    assert outcome.provider_code == f"http_{status}"
    assert outcome.message == RULES[code].message


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"Retry_After": "999999999999"}, 86_400.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:27:30 GMT"}, 30.0),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-5"}, None),
        ({}, None),
    ],
)
def test_too_many_requests_carries_the_wait(headers: dict[str, str], seconds: float | None) -> None:
    outcome = refused(MEGA.read_send(response(429, {"error": True}, **headers)))
    assert outcome.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Instance not connected", RefusalCode.INSTANCE_DISCONNECTED),
        ("instância desconectada", RefusalCode.INSTANCE_DISCONNECTED),
        ("Connection Closed", RefusalCode.INSTANCE_DISCONNECTED),
        ("phone is not logged in, scan the QR", RefusalCode.INSTANCE_DISCONNECTED),
        ("instance not found", RefusalCode.INSTANCE_NOT_FOUND),
        ("Invalid token", RefusalCode.BAD_CREDENTIALS),
        ("Unauthorized", RefusalCode.BAD_CREDENTIALS),
        ("too many messages", RefusalCode.RATE_LIMITED),
        ("the number is not on WhatsApp", RefusalCode.NOT_ON_WHATSAPP),
        ("número não existe", RefusalCode.NOT_ON_WHATSAPP),
        ("invalid jid", RefusalCode.BAD_NUMBER),
        ("Failed to download media", RefusalCode.MEDIA_REJECTED),
        ("your number was banned", RefusalCode.RESTRICTED),
        ("something else happened", RefusalCode.PROVIDER_ERROR),
        ("", RefusalCode.PROVIDER_ERROR),
    ],
)
def test_an_error_body_with_status_200_is_a_refusal(words: str, code: RefusalCode) -> None:
    outcome = refused(MEGA.read_send(response(200, {"error": True, "message": words})))
    assert (outcome.code, outcome.provider_code) == (code, words)
    assert outcome.permanent is RULES[code].permanent


def test_an_unknown_error_is_not_final_but_an_unknown_400_is() -> None:
    assert not refused(MEGA.read_send(response(200, {"error": True, "message": "?"}))).permanent
    assert refused(MEGA.read_send(response(400, {"error": True, "message": "?"}))).permanent
    told = refused(MEGA.read_send(response(400, {"error": True, "message": "instance not connected"})))
    assert (told.code, told.permanent) == (RefusalCode.INSTANCE_DISCONNECTED, False)


@pytest.mark.parametrize(
    "answer",
    [
        response(200, b""),
        response(200, b"<html>ok</html>"),
        response(200, b"\xff\xfe\x00"),
        response(200, b"null"),
        response(200, b"[]"),
        response(200, b"{}"),
        response(200, b"[" * 100_000),
        response(200, b'{"messageData":{"key":{"id":1e99999999999999999999}}}'),
        response(200, {"error": False, "messageData": {"key": {"id": ""}}}),
        response(200, {"error": False, "messageData": {"key": {"id": None}}}),
        response(200, {"error": False, "messageData": {"key": {"id": ["A"]}}}),
        response(200, {"error": False, "messageData": "sent"}),
        response(200, {"error": True, "message": "Timed Out"}),
        response(400, {"error": True, "message": "request timeout"}),
        response(200, OK | {"error": True}),
        response(204, b""),
        response(302, b""),
        response(408, b""),
        response(500, {"error": True, "message": "internal"}),
        response(502, b"<html>bad gateway</html>"),
        response(503, {"error": True, "message": "instance not connected"}),
        response(600, b""),
        failure(FailureKind.UNCLEAR, FailureReason.TIMEOUT),
        failure(FailureKind.UNCLEAR, FailureReason.RESET),
        failure(FailureKind.UNCLEAR, FailureReason.BAD_RESPONSE),
    ],
)
def test_whatever_may_have_been_taken_is_unclear(answer: HttpResponse | HttpFailure) -> None:
    assert isinstance(MEGA.read_send(answer), Unclear)


@pytest.mark.parametrize("reason", [FailureReason.DNS, FailureReason.REFUSED, FailureReason.PRIVATE_ADDRESS])
def test_what_never_left_may_be_tried_again(reason: FailureReason) -> None:
    outcome = refused(MEGA.read_send(failure(FailureKind.NOT_SENT, reason)))
    assert (outcome.code, outcome.permanent, outcome.pauses_instance) == (
        RefusalCode.UNREACHABLE,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("body", "state"),
    [
        (
            {
                "error": False,
                "instance": {
                    "key": "megastart-exemplo01",
                    "status": "connected",
                    "user": {"id": "5511900000099:3@s.whatsapp.net", "name": "Loja Exemplo"},
                },
            },
            InstanceState(ConnectionStatus.CONNECTED, "5511900000099", "Loja Exemplo"),
        ),
        ([{"instance": {"status": "OPEN"}}], InstanceState(ConnectionStatus.CONNECTED)),
        ({"instance": {"status": "disconnected"}}, InstanceState(ConnectionStatus.DISCONNECTED)),
        ({"instance": {"status": "connecting"}}, InstanceState(ConnectionStatus.CONNECTING)),
        ({"instance": {"status": "whatever"}}, InstanceState(ConnectionStatus.DISCONNECTED)),
    ],
)
def test_the_state_of_an_instance(body: Any, state: InstanceState) -> None:
    assert MEGA.read_status(response(200, body)) == state


def test_a_status_call_that_fails_is_no_state() -> None:
    assert isinstance(MEGA.read_status(response(200, b"[]")), Unclear)
    assert isinstance(MEGA.read_status(response(500)), Unclear)
    assert refused(MEGA.read_status(response(401, {"error": True}))).code is RefusalCode.BAD_CREDENTIALS
    assert refused(MEGA.read_status(response(200, {"error": True, "message": "instance not found"}))).pauses_instance
    assert isinstance(MEGA.read_status(failure(FailureKind.UNCLEAR, FailureReason.TIMEOUT)), Unclear)


def test_a_qr_is_an_image_or_says_that_it_is_not_needed() -> None:
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert MEGA.read_qr(response(200, {"error": False, "qrcode": url})) == QrCode(PNG)
    assert MEGA.read_qr(response(200, {"pairingCode": "ABCD-1234"})) == PairingCode("ABCD-1234")
    for body in (
        {"error": True, "message": "User is already logged in"},
        {"error": True, "message": "phone connected"},
        {"error": False, "qrcode": "already connected"},
        {"error": True, "message": "Instância já está conectada"},
    ):
        assert MEGA.read_qr(response(200, body)) == AlreadyConnected()
        assert MEGA.read_qr(response(400, body)) == AlreadyConnected()
    for body in (
        {"error": True, "message": "instance not connected"},
        {"error": True, "message": "not logged in"},
    ):
        assert isinstance(MEGA.read_qr(response(200, body)), Refused)
    for raw in (
        b"",
        b"{}",
        {"qrcode": "data:image/png;base64,%%%"},
        {"qrcode": "data:image/png"},
        {"qrcode": 7},
    ):
        assert isinstance(MEGA.read_qr(response(200, raw)), Unclear)


def test_a_number_check_answers_about_the_number_only() -> None:
    found = {"exists": True, "jid": "553187654321@s.whatsapp.net"}
    assert MEGA.read_check(response(200, found)) == NumberCheck(True, "553187654321@s.whatsapp.net")
    assert MEGA.read_check(response(200, {"exists": False})) == NumberCheck(False)
    assert isinstance(MEGA.read_check(response(200, {})), Unclear)
    assert isinstance(MEGA.read_check(response(500)), Unclear)
    for answer in (
        response(200, {"error": True, "message": "number not exist"}),
        response(200, {"error": True}),
        response(400, {"error": True}),
    ):
        outcome = refused(MEGA.read_check(answer))
        assert (outcome.code, outcome.permanent) == (RefusalCode.INSTANCE_DISCONNECTED, False)
        assert outcome.pauses_instance
    limited = refused(MEGA.read_check(response(429)))
    assert (limited.code, limited.pauses_instance) == (RefusalCode.RATE_LIMITED, False)


def test_logging_out_twice_is_no_error() -> None:
    assert MEGA.read_logout(response(200, {"error": False})) == Done()
    assert MEGA.read_logout(response(200, {"error": True, "message": "not connected"})) == Done()
    assert refused(MEGA.read_logout(response(401))).code is RefusalCode.BAD_CREDENTIALS


def test_a_received_file_can_be_fetched() -> None:
    media = MediaRef(MediaKind.VOICE, "audio/ogg", keys={"mediaKey": "k", "directPath": "/v", "url": "u"})
    request = MEGA.download(ACCOUNT, media)
    assert request.url.endswith("/instance/downloadMediaMessage/megastart-exemplo01")
    assert payload(request)["messageKeys"]["messageType"] == "audio"
    data = {"error": False, "data": "data:audio/ogg; codecs=opus;base64,T2dnUw=="}
    assert MEGA.read_download(response(200, data)) == FileContent(b"OggS", "audio/ogg")
    assert isinstance(MEGA.read_download(response(200, {"error": False})), Unclear)
    assert isinstance(MEGA.read_download(response(404)), Refused)


def test_the_registry_names_what_forms_need() -> None:
    assert "mega_api" in connector_names()
    infos = {info.name: info for info in connector_infos()}
    assert [field.name for field in infos["mega_api"].fields] == ["token"]
    assert all(info.label and info.fields and info.instance_key_label for info in infos.values())
    with pytest.raises(UnknownConnector):
        connector("nobody")


def test_every_code_has_a_sentence_and_accounts_hide_their_credentials() -> None:
    assert set(RULES) == set(RefusalCode)
    assert all(rule.message.endswith((".", ")")) for rule in RULES.values())
    assert "tok-1" not in repr(ACCOUNT)
