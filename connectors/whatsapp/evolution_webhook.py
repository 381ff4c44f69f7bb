"""What Evolution API calls in: the envelope and the five events we subscribe to (reference, section 2.4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from connectors.reading import at, text_at
from connectors.whatsapp.baileys import ACKS, inbound_of, phone_of
from connectors.whatsapp.words import (
    ConnectionChange,
    ConnectionStatus,
    Inbound,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    WebhookEvent,
    refuse,
)

CONNECTIONS: Final = {
    "open": ConnectionStatus.CONNECTED,
    "connecting": ConnectionStatus.CONNECTING,
    "close": ConnectionStatus.DISCONNECTED,
    "closed": ConnectionStatus.DISCONNECTED,
    "refused": ConnectionStatus.DISCONNECTED,
}
# WhatsApp's own reasons for an end it doesn't come back from; 402 and 406 by analogy, unconfirmed by the vendor.
_BANNING_REASONS: Final = frozenset({"402", "403", "406"})
_API_KEY: Final = re.compile(rb'("apikey"\s*:\s*")(?:[^"\\]|\\.)*"')


def without_api_key(body: bytes) -> bytes:
    """The envelope with the server's own key emptied; text that merely quotes the word keeps its escapes."""
    return _API_KEY.sub(rb'\1"', body)


def events_of(body: Any) -> Iterator[WebhookEvent | None]:
    """What the parsed envelope tells, None for what says nothing."""
    kind = text_at(body, "event").lower().replace("_", ".").replace("-", ".")
    instance = text_at(body, "instance")
    data = at(body, "data")
    for one in data if isinstance(data, list) else [data]:
        if not isinstance(one, dict):
            continue
        if kind in {"messages.upsert", "send.message"}:
            yield _inbound(one, instance)
        elif kind == "messages.update":
            yield _receipt(one, instance)
        elif kind in {"connection.update", "status.instance", "logout.instance", "remove.instance"}:
            yield _connection_change(kind, one, instance)


def _inbound(one: dict[str, Any], instance: str) -> Inbound | None:
    found = inbound_of(one, instance)
    if found is None or found.media is None:
        return found
    keys = {"id": found.provider_message_id, "remoteJid": found.chat_id}
    return replace(found, media=replace(found.media, keys=keys))


def _receipt(one: dict[str, Any], instance: str) -> Receipt | None:
    message_id = text_at(one, "keyId") or text_at(one, "key", "id")
    status = ACKS.get(text_at(one, "status").upper())
    if not message_id or status is None or at(one, "fromMe") is False:
        return None
    failed = status is ReceiptStatus.FAILED
    error = refuse(RefusalCode.PROVIDER_ERROR, "ack_error") if failed else None
    address = text_at(one, "remoteJid") or text_at(one, "key", "remoteJid")
    return Receipt(message_id, status, None, error, recipient_id=address, instance_key=instance)


def _connection_change(kind: str, one: dict[str, Any], instance: str) -> ConnectionChange:
    state = text_at(one, "state") or text_at(one, "status")
    reason = text_at(one, "statusReason") or text_at(one, "disconnectionReasonCode")
    status = CONNECTIONS.get(state, ConnectionStatus.UNKNOWN)
    if kind in {"logout.instance", "remove.instance"}:
        status = ConnectionStatus.DISCONNECTED
    if status is ConnectionStatus.DISCONNECTED and reason in _BANNING_REASONS:
        status = ConnectionStatus.BANNED
    return ConnectionChange(status, phone_of(text_at(one, "wuid")), reason or state or kind, instance)
