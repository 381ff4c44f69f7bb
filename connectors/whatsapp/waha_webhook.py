"""What WAHA calls in, and the forms its four engines give to ids (reference, sections 3.2 and 3.3)."""

from __future__ import annotations

from typing import Any, Final

from connectors.reading import at, dict_at, is_true, moment_at, text_at
from connectors.whatsapp.baileys import is_person, phone_of, text_of, unwrapped
from connectors.whatsapp.words import (
    ConnectionChange,
    ConnectionStatus,
    Inbound,
    MediaKind,
    MediaRef,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    WebhookEvent,
    refuse,
)

# A session that shows a QR has lost its phone: a person must act, so it counts as disconnected.
SESSIONS: Final = {
    "WORKING": ConnectionStatus.CONNECTED,
    "STARTING": ConnectionStatus.CONNECTING,
    "SCAN_QR_CODE": ConnectionStatus.DISCONNECTED,
    "PASSKEY_REQUIRED": ConnectionStatus.DISCONNECTED,
    "PASSKEY_CONFIRMATION_REQUIRED": ConnectionStatus.DISCONNECTED,
    "STOPPED": ConnectionStatus.DISCONNECTED,
    "FAILED": ConnectionStatus.DISCONNECTED,
}
ACKS: Final = {
    "-1": ReceiptStatus.FAILED,
    "ERROR": ReceiptStatus.FAILED,
    "1": ReceiptStatus.SENT,
    "SERVER": ReceiptStatus.SENT,
    "2": ReceiptStatus.DELIVERED,
    "DEVICE": ReceiptStatus.DELIVERED,
    "3": ReceiptStatus.READ,
    "READ": ReceiptStatus.READ,
    "4": ReceiptStatus.READ,
    "PLAYED": ReceiptStatus.READ,
}


def bare_id(message_id: str) -> str:
    """The id WhatsApp knows: the last part, the third where a group's author follows."""
    parts = message_id.split("_")
    return parts[2] if len(parts) > 2 and parts[0] in {"true", "false"} else parts[-1]


def chat_of(message_id: str) -> str:
    """The other party, which the long form names."""
    parts = message_id.split("_")
    return parts[1] if len(parts) > 2 and parts[0] in {"true", "false"} else ""


def event_of(body: Any) -> WebhookEvent | None:
    """What the parsed envelope tells, None when it says nothing."""
    kind, payload = text_at(body, "event"), dict_at(body, "payload")
    session = text_at(body, "session")
    if kind in {"message", "message.any"}:
        return _inbound(payload, session)
    if kind == "message.ack":
        return _receipt(payload, session)
    if kind == "session.status":
        said = text_at(payload, "status").upper()
        status = SESSIONS.get(said, ConnectionStatus.UNKNOWN)
        return ConnectionChange(status, phone_of(text_at(body, "me", "id")), said, session)
    return None


def _inbound(payload: dict[str, Any], session: str) -> Inbound | None:
    message_id = text_at(payload, "id") or text_at(payload, "id", "_serialized")
    is_echo = is_true(at(payload, "fromMe"))
    chat_id = chat_of(message_id) or text_at(payload, "to" if is_echo else "from") or text_at(payload, "from")
    media = _media(payload)
    # Some events of the NOWEB engine have a null body and the text in the raw message only.
    text = text_at(payload, "body") or text_of(unwrapped(dict_at(payload, "_data", "message")))
    if not bare_id(message_id) or not is_person(chat_id) or not (text or media or _says_something(payload)):
        return None
    return Inbound(
        phone_of(chat_id) or phone_of(text_at(payload, "_data", "key", "remoteJidAlt")),
        chat_id,
        bare_id(message_id),
        text,
        "" if is_echo else _name(payload),
        media,
        moment_at(payload, "timestamp"),
        is_echo,
        bare_id(text_at(payload, "replyTo", "id")),
        session,
    )


def _says_something(payload: dict[str, Any]) -> bool:
    """A place or a contact card has neither body nor file, but a person sent it."""
    return any(payload.get(name) for name in ("location", "vCards"))


def _name(payload: dict[str, Any]) -> str:
    """Not in the documented payload: each engine keeps it in its raw data."""
    paths = (("notifyName",), ("pushName",), ("Info", "PushName"))
    return next((found for path in paths if (found := text_at(payload, "_data", *path))), "")


def _media(payload: dict[str, Any]) -> MediaRef | None:
    media = dict_at(payload, "media")
    if not is_true(at(payload, "hasMedia")) and not text_at(media, "url"):
        return None
    mime, name = text_at(media, "mimetype"), text_at(media, "filename")
    return MediaRef(_kind_of(mime, name), mime, name, text_at(media, "url"))


def _kind_of(mime: str, file_name: str) -> MediaKind:
    """A voice note is an Ogg file nobody named, a sticker a WebP; the payload doesn't say it otherwise."""
    base = mime.partition(";")[0].strip()
    if base == "image/webp":
        return MediaKind.STICKER
    if base == "audio/ogg" and not file_name:
        return MediaKind.VOICE
    kinds = {"image": MediaKind.IMAGE, "video": MediaKind.VIDEO, "audio": MediaKind.AUDIO}
    return kinds.get(base.partition("/")[0], MediaKind.DOCUMENT)


def _receipt(payload: dict[str, Any], session: str) -> Receipt | None:
    message_id = text_at(payload, "id") or text_at(payload, "id", "_serialized")
    status = ACKS.get(text_at(payload, "ack")) or ACKS.get(text_at(payload, "ackName").upper())
    if not bare_id(message_id) or status is None or at(payload, "fromMe") is False:
        return None
    failed = status is ReceiptStatus.FAILED
    return Receipt(
        bare_id(message_id),
        status,
        None,
        refuse(RefusalCode.PROVIDER_ERROR, "ack_error") if failed else None,
        recipient_id=chat_of(message_id) or text_at(payload, "from"),
        instance_key=session,
    )
