"""Cloud API from bytes: requests, answers, the code table, templates, files and the 24-hour window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.whatsapp import (
    RULES,
    Account,
    AlreadyConnected,
    ConnectionStatus,
    Done,
    FileAt,
    FileContent,
    InstanceState,
    Media,
    MediaKind,
    MediaRef,
    NotOffered,
    RefusalCode,
    RegisteredTemplate,
    Sent,
    Template,
    TemplatePage,
    TemplateStatus,
    Unclear,
    Uploaded,
    connector,
    may_write_freely,
)
from connectors.whatsapp.cloud_codes import CODES
from tests.connectors.bytes import NOT_REACHED, TIMED_OUT, line, payload, refused, response

CLOUD = connector("cloud_api")
CREDENTIALS = {"access_token": " EAA-1 ", "app_secret": "s", "waba_id": "100000000000001"}
ACCOUNT = Account("https://graph.facebook.com/v23.0/", "200000000000002", CREDENTIALS)
BASE = "https://graph.facebook.com/v23.0"
MESSAGES = f"POST {BASE}/200000000000002/messages"
TO = "5511900000001"
TAKEN = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": "5531987654321", "wa_id": "553187654321"}],
    "messages": [{"id": "wamid.HBgNEXEMPLO0001", "message_status": "accepted"}],
}


def error(status: int, code: int | None, **more: Any) -> Any:
    return response(status, {"error": {"message": "x", "type": "OAuthException", "code": code} | more})


def test_a_text_becomes_the_documented_request() -> None:
    request = CLOUD.send_text(ACCOUNT, TO, "Olá 😀", reference="msg-1029")
    assert line(request) == MESSAGES
    assert request.headers == {"Authorization": "Bearer EAA-1", "Content-Type": "application/json"}
    assert payload(request) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": TO,
        "type": "text",
        "text": {"body": "Olá 😀", "preview_url": False},
        "biz_opaque_callback_data": "msg-1029",
    }
    assert "biz_opaque_callback_data" not in payload(CLOUD.send_text(ACCOUNT, TO, "x"))


@pytest.mark.parametrize(
    ("media", "kind", "expected"),
    [
        (
            Media(MediaKind.IMAGE, "image/png", "a.png", url="https://x"),
            "image",
            {"link": "https://x", "caption": "Veja"},
        ),
        (
            Media(MediaKind.VIDEO, "video/mp4", "a.mp4", url="https://x"),
            "video",
            {"link": "https://x", "caption": "Veja"},
        ),
        (Media(MediaKind.AUDIO, "audio/mpeg", "a.mp3", url="https://x"), "audio", {"link": "https://x"}),
        (Media(MediaKind.VOICE, "audio/ogg", "a.ogg", url="https://x"), "audio", {"link": "https://x"}),
        (Media(MediaKind.STICKER, "image/webp", "a.webp", url="https://x"), "sticker", {"link": "https://x"}),
        (
            Media(MediaKind.DOCUMENT, "application/pdf", "a.pdf", provider_id="99", url="https://x"),
            "document",
            {"id": "99", "filename": "a.pdf", "caption": "Veja"},
        ),
    ],
)
def test_files_go_by_id_or_address(media: Media, kind: str, expected: dict[str, str]) -> None:
    sent = payload(CLOUD.send_media(ACCOUNT, TO, media, caption="Veja"))
    assert (sent["type"], sent[kind]) == (kind, expected)


def test_a_file_that_lies_nowhere_is_uploaded_first() -> None:
    photo = Media(MediaKind.IMAGE, "image/png", 'fachada"\r\n.png', content=b"\x89PNG\r\n--x--")
    with pytest.raises(NotOffered):
        CLOUD.send_media(ACCOUNT, TO, photo)
    request = CLOUD.upload(ACCOUNT, photo)
    assert request is not None
    assert line(request) == f"POST {BASE}/200000000000002/media"
    boundary = request.headers["Content-Type"].partition("boundary=")[2]
    parts = request.body.split(f"--{boundary}".encode())
    assert len(parts) == 5 and parts[-1] == b"--\r\n"
    assert b'name="messaging_product"\r\n\r\nwhatsapp' in parts[1]
    assert b'name="type"\r\n\r\nimage/png' in parts[2]
    assert b'filename="fachada.png"' in parts[3] and parts[3].endswith(b"\x89PNG\r\n--x--\r\n")
    assert request == CLOUD.upload(ACCOUNT, photo)
    assert CLOUD.read_upload(response(200, {"id": "99"})) == Uploaded("99")
    assert isinstance(CLOUD.read_upload(response(200, {})), Unclear)
    assert refused(CLOUD.read_upload(error(400, 131053))).code is RefusalCode.MEDIA_REJECTED
    assert refused(CLOUD.read_upload(NOT_REACHED)).code is RefusalCode.UNREACHABLE


def test_a_template_carries_its_parameters() -> None:
    photo = Media(MediaKind.IMAGE, "image/jpeg", "", url="https://cdn.example.com/oferta.jpg")
    template = Template("oferta", body=("Maria", "20%"), header_media=photo, url_suffixes=("", "abc"))
    sent = payload(CLOUD.send_template(ACCOUNT, TO, template, reference="m"))
    assert sent["type"] == "template"
    assert sent["template"] == {
        "name": "oferta",
        "language": {"code": "pt_BR"},
        "components": [
            {
                "type": "header",
                "parameters": [{"type": "image", "image": {"link": "https://cdn.example.com/oferta.jpg"}}],
            },
            {"type": "body", "parameters": [{"type": "text", "text": "Maria"}, {"type": "text", "text": "20%"}]},
            {"type": "button", "parameters": [{"type": "text", "text": "abc"}], "sub_type": "url", "index": "1"},
        ],
    }
    assert "components" not in payload(CLOUD.send_template(ACCOUNT, TO, Template("boas_vindas")))["template"]


def test_named_parameters_and_a_worded_header() -> None:
    template = Template("lembrete", body=("Maria",), body_names=("nome",), header_text="Oi")
    header, body = payload(CLOUD.send_template(ACCOUNT, TO, template))["template"]["components"]
    assert header == {"type": "header", "parameters": [{"type": "text", "text": "Oi"}]}
    assert body["parameters"] == [{"type": "text", "text": "Maria", "parameter_name": "nome"}]


def test_a_taken_message_has_an_id_and_the_real_address() -> None:
    assert CLOUD.read_send(response(200, TAKEN)) == Sent("wamid.HBgNEXEMPLO0001", "553187654321")
    held = {"messages": [{"id": "wamid.A", "message_status": "held_for_quality_assessment"}]}
    assert CLOUD.read_send(response(200, held)) == Sent("wamid.A", "")


R = RefusalCode
TABLE = {
    R.BAD_CREDENTIALS: (0, 190),
    R.PERMISSION_MISSING: (3, 10, 200, 299, 131005),
    R.RATE_LIMITED: (4, 80007, 130429, 133016),
    R.RECIPIENT_RATE_LIMITED: (131056,),
    R.RESTRICTED: (368, 131031, 131037, 131048),
    R.PAYMENT_REQUIRED: (131042,),
    R.NOT_REGISTERED: (131045, 133010),
    R.MAINTENANCE: (131057,),
    R.WEBHOOK_UNREACHABLE: (2200,),
    R.PROVIDER_ERROR: (1, 2, 131000, 131016),
    R.NOT_ON_WHATSAPP: (131026,),
    R.WINDOW_CLOSED: (131047,),
    R.OPTED_OUT: (131050,),
    R.RECIPIENT_BLOCKED: (130472, 130497, 131049),
    R.MEDIA_REJECTED: (131052, 131053),
    R.TEMPLATE_INVALID: (132000, 132001),
    R.TEMPLATE_PAUSED: (132015, 132016),
    R.TEMPLATE_LIMITED: (131064,),
    R.REJECTED: (33, 100, 131008, 131009, 131021, 131030, 131051, 131062, 131063, 132005, 132007, 132008, 132012),
}
ROWS = [(code, ours) for ours, codes in TABLE.items() for code in codes]


@pytest.mark.parametrize(("code", "ours"), ROWS)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_only_the_code_decides(code: int, ours: RefusalCode, status: int) -> None:
    outcome = refused(CLOUD.read_send(error(status, code)))
    assert (outcome.code, outcome.provider_code) == (ours, str(code))
    assert (outcome.permanent, outcome.pauses_instance) == (RULES[ours].permanent, RULES[ours].pauses_instance)
    assert outcome.stops_campaign is RULES[ours].stops_campaign


def test_the_table_covers_every_code_of_the_reference() -> None:
    rest = {132068, 132069, 135000, 137000}
    assert set(CODES) == {code for code, _ in ROWS} | set(range(200, 300)) | rest


@pytest.mark.parametrize(("code", "seconds"), [(4, 300), (80007, 300), (130429, 10), (131056, 60), (131057, 900)])
def test_a_limit_says_how_long_to_wait(code: int, seconds: float) -> None:
    assert refused(CLOUD.read_send(error(400, code))).retry_after_seconds == seconds
    told = response(429, {"error": {"code": code}}, retry_after="7")
    assert refused(CLOUD.read_send(told)).retry_after_seconds == 7.0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (error(400, 999999), R.REJECTED),
        (error(401, 999999), R.BAD_CREDENTIALS),
        (error(403, 999999), R.PERMISSION_MISSING),
        (error(429, None), R.RATE_LIMITED),
        (error(200, 999999), R.PROVIDER_ERROR),
        (response(404, b"<html>"), R.INSTANCE_NOT_FOUND),
        (response(301), R.WRONG_ADDRESS),
        (error(400, 131047, error_data="a plain string"), R.WINDOW_CLOSED),
        (NOT_REACHED, R.UNREACHABLE),
    ],
)
def test_without_a_known_code_the_status_speaks(answer: Any, code: RefusalCode) -> None:
    assert refused(CLOUD.read_send(answer)).code is code


@pytest.mark.parametrize(
    "answer",
    [
        response(500),
        response(503, b"<html>"),
        error(500, 999999),
        error(500, None),
        response(200),
        response(200, b"<html>"),
        response(200, {"messages": []}),
        response(200, {"messages": [{"id": ""}]}),
        response(200, TAKEN | {"error": {"code": 131000}}),
        response(400, TAKEN),
        TIMED_OUT,
    ],
)
def test_whatever_may_have_been_taken_is_unclear(answer: Any) -> None:
    assert isinstance(CLOUD.read_send(answer), Unclear)


def test_the_number_is_asked_for_its_state() -> None:
    request = CLOUD.status(ACCOUNT)
    assert line(request).startswith(f"GET {BASE}/200000000000002?fields=id,display_phone_number,verified_name")
    assert request.headers == {"Authorization": "Bearer EAA-1"}


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (None, ConnectionStatus.CONNECTED),
        ("CONNECTED", ConnectionStatus.CONNECTED),
        ("FLAGGED", ConnectionStatus.CONNECTED),
        ("RESTRICTED", ConnectionStatus.CONNECTED),
        ("BANNED", ConnectionStatus.BANNED),
        ("PENDING", ConnectionStatus.DISCONNECTED),
        ("OFFLINE", ConnectionStatus.DISCONNECTED),
        ("UNVERIFIED", ConnectionStatus.DISCONNECTED),
    ],
)
def test_the_state_of_a_number(said: str | None, status: ConnectionStatus) -> None:
    body = {"id": "2", "display_phone_number": "+55 11 3333-0000", "verified_name": "Loja", "status": said}
    answer = response(200, body)
    assert CLOUD.read_status(answer) == InstanceState(status, "551133330000", "Loja")
    assert (CLOUD.read_qr(answer) == AlreadyConnected()) is (status is ConnectionStatus.CONNECTED)


def test_a_state_that_fails_says_why() -> None:
    assert refused(CLOUD.read_status(error(401, 190))).code is R.BAD_CREDENTIALS
    assert refused(CLOUD.read_status(error(400, 100))).code is R.INSTANCE_NOT_FOUND
    assert isinstance(CLOUD.read_status(response(200, {})), Unclear)
    assert refused(CLOUD.read_qr(response(200, {"id": "2", "status": "PENDING"}))).code is R.NOT_REGISTERED
    assert refused(CLOUD.read_qr(response(200, {"id": "2", "status": "BANNED"}))).code is R.RESTRICTED


def test_what_it_does_not_offer_is_said_beforehand() -> None:
    info = CLOUD.info
    assert info.is_official and info.has_templates and info.uploads_files
    assert not (info.has_qr or info.has_pairing_code or info.has_number_check or info.can_restart)
    assert CLOUD.restart(ACCOUNT) is None
    for ask in (CLOUD.qr, lambda a: CLOUD.pairing_code(a, TO), lambda a: CLOUD.check_number(a, TO)):
        with pytest.raises(NotOffered):
            ask(ACCOUNT)


def test_the_app_is_subscribed_and_the_number_gets_its_own_address() -> None:
    override = {"override_callback_uri": "https://leads.example.com/w/abc", "verify_token": "abc"}
    request = CLOUD.create(ACCOUNT, url="https://leads.example.com/w/abc", secret="abc")
    assert line(request) == f"POST {BASE}/100000000000001/subscribed_apps"
    assert payload(request) == override
    assert payload(CLOUD.create(ACCOUNT)) == {}
    request = CLOUD.set_webhook(ACCOUNT, url="https://leads.example.com/w/abc", secret="abc")
    assert line(request) == f"POST {BASE}/200000000000002"
    assert payload(request) == {"webhook_configuration": override}
    assert payload(CLOUD.logout(ACCOUNT)) == {"webhook_configuration": {"override_callback_uri": ""}}
    for read in (CLOUD.read_create, CLOUD.read_set_webhook, CLOUD.read_logout):
        assert read(response(200, {"success": True})) == Done()
        assert isinstance(read(response(200, {"success": False})), Unclear)
        assert refused(read(error(400, 2200))).code is R.WEBHOOK_UNREACHABLE
        assert refused(read(error(400, 100))).code is R.INSTANCE_NOT_FOUND


def test_templates_are_listed_in_pages() -> None:
    assert line(CLOUD.templates(ACCOUNT)) == f"GET {BASE}/100000000000001/message_templates?limit=100"
    assert line(CLOUD.templates(ACCOUNT, after="QVF=")).endswith("?limit=100&after=QVF%3D")
    components = [
        {"type": "HEADER", "format": "TEXT", "text": "Oi {{1}}"},
        {"type": "BODY", "text": "Olá {{1}}, {{ 2 }} e de novo {{1}}"},
        {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY"}, {"type": "URL", "url": "https://x/{{1}}"}]},
    ]
    row = {"id": "7", "name": "oferta", "language": "pt_BR", "status": "APPROVED", "category": "MARKETING"}
    paging = {"cursors": {"after": "QVF="}, "next": "https://graph/..."}
    body = {"data": [row | {"components": components}, {"id": "8"}, "x"], "paging": paging}
    oferta = RegisteredTemplate(
        "7",
        "oferta",
        "pt_BR",
        TemplateStatus.APPROVED,
        "MARKETING",
        "Olá {{1}}, {{ 2 }} e de novo {{1}}",
        ("1", "2"),
        "text",
        True,
        (1,),
    )
    assert CLOUD.read_templates(response(200, body)) == TemplatePage((oferta,), "QVF=")
    last = {"data": [], "paging": {"cursors": {"after": "QVF="}}}
    assert CLOUD.read_templates(response(200, last)) == TemplatePage(())
    assert refused(CLOUD.read_templates(error(400, 100))).code is R.INSTANCE_NOT_FOUND


def test_a_received_file_is_one_call_further() -> None:
    first = CLOUD.download(ACCOUNT, MediaRef(MediaKind.IMAGE, keys={"id": "77"}))
    assert line(first) == f"GET {BASE}/77"
    where = {"id": "77", "url": "https://lookaside.fbsbx.com/f?x=1", "mime_type": "image/png", "sha256": "a"}
    assert CLOUD.read_download(response(200, where, content_type="application/json")) == FileAt(where["url"])
    second = CLOUD.download(ACCOUNT, MediaRef(MediaKind.IMAGE, url=where["url"]))
    assert (second.url, second.headers) == (where["url"], {"Authorization": "Bearer EAA-1"})
    assert CLOUD.read_download(response(200, b"PNG", content_type="image/png")) == FileContent(b"PNG", "image/png")
    document = response(200, b'{"a": 1}', content_type="application/json; charset=utf-8")
    assert CLOUD.read_download(document) == FileContent(b'{"a": 1}', "application/json")
    assert refused(CLOUD.read_download(error(400, 131052))).code is R.MEDIA_REJECTED
    assert refused(CLOUD.read_download(response(404))).code is R.MEDIA_REJECTED


@pytest.mark.parametrize("url", ["https://evil.example.com/f", "https://fbsbx.com.evil.example/f"])
def test_the_token_goes_to_meta_only(url: str) -> None:
    assert CLOUD.download(ACCOUNT, MediaRef(MediaKind.IMAGE, url=url)).headers == {}


def test_free_text_may_go_within_24_hours_of_a_persons_message() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    day = timedelta(hours=24)
    assert may_write_freely(CLOUD.info, now - day + timedelta(seconds=1), now)
    assert not may_write_freely(CLOUD.info, now - day, now)
    assert not may_write_freely(CLOUD.info, None, now)
    assert may_write_freely(connector("waha").info, None, now)
