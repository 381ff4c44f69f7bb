"""The inbox read into our words: what each stored call says, and what is known about its events so far."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog

from connectors.whatsapp import (
    ConnectionChange,
    Inbound,
    PreferenceChange,
    Receipt,
    ReceiptStatus,
    TemplateChange,
    UnknownConnector,
    WebhookEvent,
    connector,
)
from core.phone import key_of
from models.instances import InboxStatus
from services.sending.tuning import EARLY_RECEIPT

log = structlog.get_logger()
FIRST_WAIT_SECONDS = 1.0
BELIEVED = timedelta(days=1)
"""A provider's clock further from ours than this is wrong, and nothing happens after we hear of it."""


class Call(NamedTuple):
    """A stored call of a provider."""

    tenant_id: int
    call_id: int
    instance_id: int
    connector: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


class News(NamedTuple):
    """What a receipt, or an echo of our own message, says about a message. `text` is known from echoes only."""

    tenant_id: int
    instance_id: int
    message_id: str
    status: ReceiptStatus
    at: datetime
    received_at: datetime
    phone_key: str
    text: str | None = None
    reason: str | None = None
    error: str | None = None

    @property
    def key(self) -> tuple[int, int, str]:
        return self.tenant_id, self.instance_id, self.message_id


class Reply(NamedTuple):
    """A message of a person to one of our numbers. Behind a hidden id `phone` is "" until `hidden.py` has asked around;
    what nobody could tell is then the id itself."""

    tenant_id: int
    instance_id: int
    phone: str
    phone_key: str
    name: str
    text: str
    at: datetime
    message_id: str
    chat_id: str = ""
    reply_to: str = ""
    media: Mapping[str, Any] | None = None

    @property
    def person(self) -> tuple[int, str]:
        return self.tenant_id, self.phone_key

    @property
    def is_hidden(self) -> bool:
        """Nobody knows whose message it is."""
        return "@" in self.phone or not self.phone


class Change(NamedTuple):
    tenant_id: int
    instance_id: int
    change: ConnectionChange


@dataclass(slots=True)
class Gathered:
    """Everything a batch of calls says; `of_call` keeps which news came with which call, `leaving` the people (tenant
    and phone) who told WhatsApp itself that they want no offers."""

    news: list[News] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    changes: dict[tuple[int, int], Change] = field(default_factory=dict)
    leaving: list[tuple[int, str]] = field(default_factory=list)
    of_call: dict[int, list[News]] = field(default_factory=dict)
    verdicts: dict[int, tuple[InboxStatus, str | None]] = field(default_factory=dict)


def gather(calls: Sequence[Call]) -> Gathered:
    """Read every call. One that can't be read is filed as such and stops nobody else."""
    found = Gathered()
    for call in calls:
        events = _events(call)
        if not events:
            found.verdicts[call.call_id] = _without_events(call.body)
            continue
        found.verdicts[call.call_id] = (InboxStatus.APPLIED, None)
        found.of_call[call.call_id] = []
        for event in events:
            _sort_in(found, call, event)
    return found


def _events(call: Call) -> list[WebhookEvent]:
    try:
        return connector(call.connector).read_webhook(call.headers, bytes(call.body))
    except UnknownConnector:
        return []
    except Exception:
        log.exception("webhook_not_read", call_id=call.call_id, connector=call.connector)
        return []


def _without_events(body: bytes) -> tuple[InboxStatus, str | None]:
    try:
        json.loads(bytes(body))
    except ValueError:
        return InboxStatus.UNREADABLE, "not JSON"
    return InboxStatus.IGNORED, None


def _sort_in(found: Gathered, call: Call, event: WebhookEvent) -> None:
    news: News | None = None
    if isinstance(event, Receipt):
        news = _of_receipt(call, event)
    elif isinstance(event, ConnectionChange):
        found.changes[call.tenant_id, call.instance_id] = Change(call.tenant_id, call.instance_id, event)
    elif isinstance(event, PreferenceChange):
        found.leaving += [] if event.wants_offers else [(call.tenant_id, event.phone)]
    elif isinstance(event, TemplateChange):
        return
    elif event.is_echo:
        news = _of_echo(call, event)
    else:
        found.replies.append(_of_inbound(call, event))
    if news is not None:
        found.news.append(news)
        found.of_call[call.call_id].append(news)


def _of_receipt(call: Call, event: Receipt) -> News:
    reason = event.error.code.value if event.error else None
    error = event.error.message if event.error else None
    return News(
        call.tenant_id,
        call.instance_id,
        event.provider_message_id,
        event.status,
        _moment(event.at, call),
        call.received_at,
        key_of(event.recipient_id.partition("@")[0].partition(":")[0]),
        None,
        reason,
        error,
    )


def _of_echo(call: Call, event: Inbound) -> News:
    return News(
        call.tenant_id,
        call.instance_id,
        event.provider_message_id,
        ReceiptStatus.SENT,
        _moment(event.at, call),
        call.received_at,
        key_of(event.phone),
        event.text,
    )


def _of_inbound(call: Call, event: Inbound) -> Reply:
    return Reply(
        call.tenant_id,
        call.instance_id,
        event.phone,
        key_of(event.phone),
        event.name,
        event.text,
        _moment(event.at, call),
        event.provider_message_id,
        event.chat_id,
        event.reply_to,
        asdict(event.media) if event.media else None,
    )


def _moment(said: datetime | None, call: Call) -> datetime:
    is_likely = said is not None and call.received_at - BELIEVED <= said <= call.received_at
    return said if said is not None and is_likely else call.received_at


def wait_or_give_up(call: Call, now: datetime) -> tuple[InboxStatus, float]:
    """For a call with news of a message nobody knows: wait (longer each time, for its settle may still come), then
    let it be: it was somebody's own message from the phone, or forged."""
    age = now - call.received_at
    if age > EARLY_RECEIPT:
        return InboxStatus.UNMATCHED, 0.0
    return InboxStatus.PENDING, max(FIRST_WAIT_SECONDS, age.total_seconds() / 2)


def call_of(row: Any) -> Call:
    """A row of TAKE_INBOX."""
    return Call(*row)
