"""What Meta calls in: the handshake, the signature, and what one POST may carry, which is many entries of many
changes of many messages and statuses (reference, section 4.6)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any, Final

from connectors.reading import at, dict_at, header, is_true, list_at, moment_at, text_at
from connectors.whatsapp.cloud_codes import later_refusal_of
from connectors.whatsapp.cloud_templates import status_of
from connectors.whatsapp.words import (
    ConnectionChange,
    ConnectionStatus,
    Inbound,
    MediaKind,
    MediaRef,
    PreferenceChange,
    Receipt,
    ReceiptStatus,
    TemplateChange,
    WebhookEvent,
)

STATUSES: Final = {
    "sent": ReceiptStatus.SENT,
    "delivered": ReceiptStatus.DELIVERED,
    "read": ReceiptStatus.READ,
    "played": ReceiptStatus.READ,
    "failed": ReceiptStatus.FAILED,
}
ACCOUNT_EVENTS: Final = {
    "DISABLED_UPDATE": ConnectionStatus.BANNED,
    "ACCOUNT_DELETED": ConnectionStatus.DISCONNECTED,
    "ACCOUNT_OFFBOARDED": ConnectionStatus.DISCONNECTED,
    # Restrictions and violations leave some numbers working: the status call decides.
    "ACCOUNT_RESTRICTION": ConnectionStatus.UNKNOWN,
    "ACCOUNT_VIOLATION": ConnectionStatus.UNKNOWN,
    "ACCOUNT_RECONNECTED": ConnectionStatus.UNKNOWN,
}
_MEDIA: Final = {
    "image": MediaKind.IMAGE,
    "video": MediaKind.VIDEO,
    "audio": MediaKind.AUDIO,
    "document": MediaKind.DOCUMENT,
    "sticker": MediaKind.STICKER,
}
_SILENT: Final = frozenset({"reaction", "system", "revoke", "edit", "ephemeral", "request_welcome"})
_TEXT_PATHS: Final = (
    ("text", "body"),
    ("button", "text"),
    ("interactive", "button_reply", "title"),
    ("interactive", "list_reply", "title"),
    ("image", "caption"),
    ("video", "caption"),
    ("document", "caption"),
)


def webhook_challenge(secret: str, query: Mapping[str, str]) -> str | None:
    """What to answer, as plain text, to Meta's GET on a webhook's address; None for 403. `secret` is the one
    `set_webhook` was given."""
    shown = query.get("hub.verify_token", "").encode("utf-8", "replace")
    if not secret or query.get("hub.mode") != "subscribe" or not hmac.compare_digest(secret.encode(), shown):
        return None
    return query.get("hub.challenge", "")


def is_signed(app_secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """`X-Hub-Signature-256` over the bytes as received."""
    shown = header(headers, "X-Hub-Signature-256").strip().encode("utf-8", "replace")
    expected = "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    return bool(app_secret) and hmac.compare_digest(expected.encode(), shown)


def events_of(body: Any) -> Iterator[WebhookEvent]:
    """Everything in the parsed body, in its order."""
    for entry in list_at(body, "entry"):
        for change in list_at(entry, "changes"):
            yield from _change(text_at(change, "field"), dict_at(change, "value"), text_at(entry, "id"))


def _change(field: str, value: dict[str, Any], account_id: str) -> Iterator[WebhookEvent]:
    number = text_at(value, "metadata", "phone_number_id")
    if field == "messages":
        yield from _received(value, number)
        yield from _receipts(value, number)
    elif field in {"smb_message_echoes", "message_echoes"}:
        yield from _echoes(value, number)
    elif field == "user_preferences":
        yield from _preferences(value, number)
    elif field == "message_template_status_update":
        yield from _template(value, account_id)
    elif field == "account_update":
        said = text_at(value, "event")
        if said in ACCOUNT_EVENTS:
            yield ConnectionChange(ACCOUNT_EVENTS[said], "", said)


def _received(value: dict[str, Any], number: str) -> Iterator[Inbound]:
    names = {text_at(c, "wa_id") or text_at(c, "user_id"): text_at(c, "profile", "name") for c in _contacts(value)}
    for one in list_at(value, "messages"):
        phone = text_at(one, "from")
        chat_id = phone or text_at(one, "from_user_id")
        if _is_worded(one) and chat_id:
            yield _message(one, chat_id, names.get(chat_id, ""), number)


def _echoes(value: dict[str, Any], number: str) -> Iterator[Inbound]:
    """What was typed on the phone of a number that is also used in the Business app."""
    for one in list_at(value, "message_echoes"):
        if _is_worded(one) and text_at(one, "to"):
            yield _message(one, text_at(one, "to"), "", number, is_echo=True)


def _contacts(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in list_at(value, "contacts") if isinstance(one, dict))


def _is_worded(one: Any) -> bool:
    return bool(text_at(one, "id")) and text_at(one, "type") not in _SILENT


def _message(one: Any, chat_id: str, name: str, number: str, *, is_echo: bool = False) -> Inbound:
    return Inbound(
        _digits(chat_id),
        chat_id,
        text_at(one, "id"),
        next((found for path in _TEXT_PATHS if (found := text_at(one, *path))), ""),
        name,
        _media(one),
        moment_at(one, "timestamp"),
        is_echo,
        text_at(one, "context", "id"),
        number,
    )


def _digits(address: str) -> str:
    is_phone = address.isascii() and address.isdecimal() and len(address) <= 15
    return address if is_phone else ""


def _media(one: Any) -> MediaRef | None:
    kind = _MEDIA.get(text_at(one, "type"))
    part = {} if kind is None else dict_at(one, kind.value)
    if kind is None or not part:
        return None
    if kind is MediaKind.AUDIO and is_true(at(part, "voice")):
        kind = MediaKind.VOICE
    return MediaRef(kind, text_at(part, "mime_type"), text_at(part, "filename"), "", {"id": text_at(part, "id")})


def _receipts(value: dict[str, Any], number: str) -> Iterator[Receipt]:
    for one in list_at(value, "statuses"):
        status, message_id = STATUSES.get(text_at(one, "status")), text_at(one, "id")
        if status is None or not message_id:
            continue
        failed = status is ReceiptStatus.FAILED
        yield Receipt(
            message_id,
            status,
            moment_at(one, "timestamp"),
            later_refusal_of(at(one, "errors", 0)) if failed else None,
            text_at(one, "recipient_id"),
            text_at(one, "biz_opaque_callback_data"),
            number,
        )


def _preferences(value: dict[str, Any], number: str) -> Iterator[PreferenceChange]:
    for one in list_at(value, "user_preferences"):
        said, phone = text_at(one, "value").lower(), _digits(text_at(one, "wa_id"))
        if said in {"stop", "resume"} and phone and text_at(one, "category") in {"", "marketing_messages"}:
            yield PreferenceChange(phone, said == "resume", moment_at(one, "timestamp"), number)


def _template(value: dict[str, Any], account_id: str) -> Iterator[TemplateChange]:
    name = text_at(value, "message_template_name")
    if name:
        yield TemplateChange(
            name,
            text_at(value, "message_template_language"),
            status_of(text_at(value, "event")),
            text_at(value, "reason"),
            text_at(value, "message_template_id"),
            account_id,
        )
