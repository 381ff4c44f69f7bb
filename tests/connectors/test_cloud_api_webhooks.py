"""What Meta tells us, from bytes: the handshake, the signature, and each kind of change."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.whatsapp import (
    Account,
    ConnectionChange,
    ConnectionStatus,
    Inbound,
    MediaKind,
    MediaRef,
    PreferenceChange,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    TemplateChange,
    TemplateStatus,
    connector,
    webhook_challenge,
)

CLOUD = connector("cloud_api")
METADATA = {"display_phone_number": "551133330000", "phone_number_id": "200000000000002"}


def body(field: str, *values: dict[str, Any]) -> bytes:
    changes = [{"field": field, "value": value} for value in values]
    entry = {"id": "100000000000001", "changes": changes}
    return json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()


def events(field: str, **value: Any) -> list[Any]:
    return list(CLOUD.read_webhook({}, body(field, {"metadata": METADATA, **value})))


def heard(**one: Any) -> Any:
    base = {"from": "553187654321", "id": "wamid.IN", "timestamp": "1790000200"}
    person = {"profile": {"name": "Maria"}, "wa_id": "553187654321"}
    found = events("messages", contacts=[person], messages=[base | one])
    assert len(found) <= 1
    return found[0] if found else None


def status(**one: Any) -> Any:
    base = {"id": "wamid.OUT", "timestamp": "1790000100", "recipient_id": "5511900000001"}
    found = events("messages", statuses=[base | one])
    return found[0] if found else None


def test_an_answer_of_a_person_arrives_whole() -> None:
    context = {"from": "551133330000", "id": "wamid.OUT"}
    assert heard(type="text", text={"body": "Quero saber o preco"}, context=context) == Inbound(
        phone="553187654321",
        chat_id="553187654321",
        provider_message_id="wamid.IN",
        text="Quero saber o preco",
        name="Maria",
        at=datetime.fromtimestamp(1790000200, UTC),
        reply_to="wamid.OUT",
        instance_key="200000000000002",
    )


@pytest.mark.parametrize(
    ("one", "text"),
    [
        ({"type": "button", "button": {"text": "QUERO", "payload": "Q"}}, "QUERO"),
        ({"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"title": "Sim"}}}, "Sim"),
        ({"type": "interactive", "interactive": {"type": "list_reply", "list_reply": {"title": "10h"}}}, "10h"),
        ({"type": "image", "image": {"id": "7", "caption": "foto"}}, "foto"),
        ({"type": "location", "location": {"latitude": 1}}, ""),
        ({"type": "unsupported", "errors": [{"code": 131051}]}, ""),
    ],
)
def test_text_is_found_wherever_it_is(one: dict[str, Any], text: str) -> None:
    assert heard(**one).text == text


@pytest.mark.parametrize("kind", ["reaction", "system", "revoke"])
def test_what_carries_no_words_is_ignored(kind: str) -> None:
    assert heard(type=kind) is None


@pytest.mark.parametrize(
    ("kind", "part", "expected"),
    [
        ("image", {"mime_type": "image/jpeg"}, MediaKind.IMAGE),
        ("video", {"mime_type": "video/mp4"}, MediaKind.VIDEO),
        ("audio", {"mime_type": "audio/mpeg"}, MediaKind.AUDIO),
        ("audio", {"mime_type": "audio/ogg", "voice": True}, MediaKind.VOICE),
        ("document", {"mime_type": "application/pdf", "filename": "a.pdf"}, MediaKind.DOCUMENT),
        ("sticker", {"mime_type": "image/webp"}, MediaKind.STICKER),
    ],
)
def test_a_received_file_is_known_by_its_id(kind: str, part: dict[str, Any], expected: MediaKind) -> None:
    one = heard(type=kind, **{kind: part | {"id": "77", "url": "https://not.used.example.com"}})
    assert one.media == MediaRef(expected, part["mime_type"], part.get("filename", ""), "", {"id": "77"})


def test_a_person_who_hides_the_number_has_an_address_and_no_phone() -> None:
    (one,) = events("messages", messages=[{"from_user_id": "BR.abc", "id": "wamid.A", "type": "text"}])
    assert (one.phone, one.chat_id) == ("", "BR.abc")
    assert events("messages", messages=[{"id": "wamid.A", "type": "text"}]) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("sent", ReceiptStatus.SENT),
        ("delivered", ReceiptStatus.DELIVERED),
        ("read", ReceiptStatus.READ),
        ("played", ReceiptStatus.READ),
    ],
)
def test_receipts_move_the_message(said: str, expected: ReceiptStatus) -> None:
    assert status(status=said, biz_opaque_callback_data="msg-1029") == Receipt(
        "wamid.OUT",
        expected,
        datetime.fromtimestamp(1790000100, UTC),
        None,
        "5511900000001",
        "msg-1029",
        "200000000000002",
    )


@pytest.mark.parametrize(
    ("code", "ours", "permanent"),
    [
        (131026, RefusalCode.NOT_ON_WHATSAPP, True),
        (131047, RefusalCode.WINDOW_CLOSED, True),
        (131050, RefusalCode.OPTED_OUT, True),
        (131049, RefusalCode.RECIPIENT_BLOCKED, True),
        (131042, RefusalCode.PAYMENT_REQUIRED, False),
        (999999, RefusalCode.PROVIDER_ERROR, False),
    ],
)
def test_a_failure_that_comes_later_says_why(code: int, ours: RefusalCode, permanent: bool) -> None:
    one = status(status="failed", errors=[{"code": code, "title": "x"}])
    assert one.status is ReceiptStatus.FAILED
    assert (one.error.code, one.error.permanent, one.error.provider_code) == (ours, permanent, str(code))


def test_a_failure_without_a_reason_is_a_failure() -> None:
    assert status(status="failed").error.provider_code == "failed"


@pytest.mark.parametrize("one", [{"status": "accepted"}, {"status": None}, {"status": "sent", "id": ""}])
def test_receipts_that_say_nothing_are_ignored(one: dict[str, Any]) -> None:
    assert status(**one) is None


def test_one_call_may_bring_many_changes_of_many_numbers() -> None:
    def one(number: str, *ids: str) -> dict[str, Any]:
        return {"metadata": {"phone_number_id": number}, "statuses": [{"id": i, "status": "read"} for i in ids]}

    found = CLOUD.read_webhook({}, body("messages", one("1", "a", "b"), one("2", "c")))
    receipts = [event for event in found if isinstance(event, Receipt)]
    assert [(event.provider_message_id, event.instance_key) for event in receipts] == [
        ("a", "1"),
        ("b", "1"),
        ("c", "2"),
    ]


def test_what_was_typed_on_the_phone_is_an_echo() -> None:
    echo = {"from": "551133330000", "to": "5511900000001", "id": "wamid.E", "type": "text", "text": {"body": "oi"}}
    (one,) = events("smb_message_echoes", message_echoes=[echo, echo | {"type": "revoke"}])
    assert (one.is_echo, one.phone, one.text, one.name) == (True, "5511900000001", "oi", "")


@pytest.mark.parametrize(("value", "wants"), [("stop", False), ("resume", True)])
def test_a_person_tells_whatsapp_what_they_want(value: str, wants: bool) -> None:
    one = {"wa_id": "5511900000001", "category": "marketing_messages", "value": value, "timestamp": 1790000300}
    assert events("user_preferences", user_preferences=[one, one | {"value": "?"}, one | {"category": "other"}]) == [
        PreferenceChange("5511900000001", wants, datetime.fromtimestamp(1790000300, UTC), "200000000000002")
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("APPROVED", TemplateStatus.APPROVED),
        ("REJECTED", TemplateStatus.REJECTED),
        ("PAUSED", TemplateStatus.PAUSED),
        ("DISABLED", TemplateStatus.DISABLED),
        ("PENDING", TemplateStatus.PENDING),
        ("SOMETHING_NEW", TemplateStatus.UNKNOWN),
    ],
)
def test_a_template_changes(said: str, expected: TemplateStatus) -> None:
    value = {
        "event": said,
        "message_template_id": 7,
        "message_template_name": "oferta",
        "message_template_language": "pt_BR",
        "reason": "NONE",
    }
    found = CLOUD.read_webhook({}, body("message_template_status_update", value))
    assert found == [TemplateChange("oferta", "pt_BR", expected, "NONE", "7", "100000000000001")]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("DISABLED_UPDATE", ConnectionStatus.BANNED),
        ("ACCOUNT_DELETED", ConnectionStatus.DISCONNECTED),
        ("ACCOUNT_OFFBOARDED", ConnectionStatus.DISCONNECTED),
        ("ACCOUNT_RESTRICTION", ConnectionStatus.UNKNOWN),
        ("ACCOUNT_VIOLATION", ConnectionStatus.UNKNOWN),
        ("ACCOUNT_RECONNECTED", ConnectionStatus.UNKNOWN),
    ],
)
def test_an_account_changes(said: str, expected: ConnectionStatus) -> None:
    assert events("account_update", event=said) == [ConnectionChange(expected, "", said)]


def test_other_fields_are_ignored() -> None:
    assert events("account_update", event="VERIFIED_ACCOUNT") == []
    assert events("message_template_quality_update", new_quality_score="RED") == []
    assert events("calls", calls=[{}]) == []


SECRET = "app-secret-exemplo"
SIGNED = b'{"object":"whatsapp_business_account","entry":[]}'
SIGNATURE = "sha256=62167438d8b687d3058f195140bcef27eaa8a7ba906511d0fe1638d98146b15d"


def test_metas_signature_is_believed_over_the_raw_bytes() -> None:
    account = Account("https://h.example.com", "2", {"app_secret": SECRET})
    verify = CLOUD.verify_webhook
    for name in ("X-Hub-Signature-256", "x-hub-signature-256"):
        assert verify(account, "t", {name: SIGNATURE}, "t", SIGNED)
    assert not verify(account, "t", {"x-hub-signature-256": SIGNATURE}, "t", SIGNED + b" ")
    assert not verify(account, "t", {"x-hub-signature-256": SIGNATURE.removeprefix("sha256=")}, "t", SIGNED)
    assert not verify(account, "t", {}, "t", SIGNED)
    other = Account("https://h.example.com", "2", {"app_secret": "outra"})
    assert not verify(other, "t", {"x-hub-signature-256": SIGNATURE}, "t", SIGNED)


def test_without_an_app_secret_nothing_is_believed() -> None:
    empty = "sha256=" + hmac.new(b"", SIGNED, hashlib.sha256).hexdigest()
    nobody = Account("https://h.example.com", "2", {})
    assert not CLOUD.verify_webhook(nobody, "t", {"x-hub-signature-256": empty}, "t", SIGNED)


def test_the_handshake_gives_the_challenge_back_to_those_who_know_the_token() -> None:
    query = {"hub.mode": "subscribe", "hub.verify_token": "segredo", "hub.challenge": "1158201444"}
    assert webhook_challenge("segredo", query) == "1158201444"
    assert webhook_challenge("outro", query) is None
    assert webhook_challenge("", query | {"hub.verify_token": ""}) is None
    assert webhook_challenge("segredo", query | {"hub.mode": "unsubscribe"}) is None
    assert webhook_challenge("segredo", {}) is None
    assert webhook_challenge("segredo", query | {"hub.verify_token": "segredé\ud800"}) is None
