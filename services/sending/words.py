"""What the engine's parts say to each other: one message from its turn to its end. Frozen data only.

Tuples with names where there is one per message (a dataclass costs twice as much to make), dataclasses elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from connectors.whatsapp import SendOutcome
from core.http_messages import HttpAnswer
from models.campaigns import ContactStatus
from services.sending.turns import Turn

CampaignKey = tuple[int, int]
"""Tenant and campaign."""


class Slot(NamedTuple):
    """A turn with the gap its number takes afterwards."""

    turn: Turn
    gap_ms: int

    @property
    def tenant_id(self) -> int:
        """Whose turn it is."""
        return self.turn.tenant_id


class Channel(Protocol):
    """A number as the way out needs it: where its provider is, and how it is known there."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def instance_id(self) -> int: ...
    @property
    def connector(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def instance_key(self) -> str: ...
    @property
    def sealed_credentials(self) -> str: ...


class Parcel(Protocol):
    """A claimed message of any lane, as the way out needs it. `recipient_id` is the address WhatsApp confirmed, ""
    when none; `reference` names the message at providers that give it back."""

    @property
    def tenant_id(self) -> int: ...
    @property
    def instance_id(self) -> int: ...
    @property
    def phone(self) -> str: ...
    @property
    def recipient_id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def media_id(self) -> int | None: ...
    @property
    def template(self) -> Mapping[str, Any] | None: ...
    @property
    def is_closed(self) -> bool: ...
    @property
    def attempt(self) -> int: ...
    @property
    def reference(self) -> str: ...


ParcelT = TypeVar("ParcelT", bound=Parcel)


class Claimed(NamedTuple):
    """A message that stands as `sending` in the ledger, committed, with nothing of it sent yet. `recipient_id` is the
    address WhatsApp confirmed for the phone, if any; `template` is filled in and goes in place of text and file;
    `is_closed`: neither may go to this person now."""

    tenant_id: int
    campaign_id: int
    contact_id: int
    instance_id: int
    message_id: int
    phone: str
    text: str
    attempt: int
    day: date
    claim_id: str
    slot: Slot
    recipient_id: str = ""
    media_id: int | None = None
    template: Mapping[str, Any] | None = None
    is_closed: bool = False

    @property
    def reference(self) -> str:
        """The ledger row."""
        return str(self.contact_id)


class AnswerTo(NamedTuple, Generic[ParcelT]):
    """What came of a claimed message. `answer` is kept for the log of a failure."""

    claimed: ParcelT
    outcome: SendOutcome
    at: datetime
    duration_ms: int
    answer: HttpAnswer | None = None
    request: Mapping[str, object] | None = None


Answer = AnswerTo[Claimed]


class Ruling(NamedTuple):
    """What the ledger and the number's row learn from an answer. Pure outcome of `outcomes.judge`."""

    status: ContactStatus
    reason: str | None = None
    error: str | None = None
    provider_message_id: str | None = None
    retry_seconds: int = 0
    attempts_back: int = 0
    is_refunded: bool = False
    suppresses: bool = False
    stops_campaign: bool = False
    number_sent: int = 0
    number_failed: int = 0
    number_errors: int = 0
    number_unclear: int = 0
    number_is_fine: bool = False
    hold_seconds: int = 0
    number_status: str = ""
    number_reason: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tenant may do today: the day in its own zone and the plan's messages for it."""

    day: date
    daily_messages: int


@dataclass(slots=True)
class ClaimReport:
    """What a claim found out, for the picture in memory. `refused` numbers could not be used now, `dry` campaigns
    had fewer due rows than turns, `spent` tenants and campaigns have nothing left of their day."""

    claimed: list[Claimed] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    dry: set[int] = field(default_factory=set)
    spent: set[int] = field(default_factory=set)


class LogLine(NamedTuple):
    """One row of a campaign's story: ids and numbers, never a name, a phone or a text."""

    tenant_id: int
    campaign_id: int
    at: datetime
    log_type: str
    severity: str
    message: str
    details: Mapping[str, Any]
    instance_id: int | None = None
    contact_id: int | None = None
    duration_ms: int | None = None
    http_status: int | None = None
    request: Mapping[str, object] | None = None
    response: Mapping[str, object] | None = None
    health: float | None = None
