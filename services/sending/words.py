"""What the engine's parts say to each other: one message from its turn to its end. Frozen data only.

Tuples with names where there is one per message (a dataclass costs twice as much to make), dataclasses elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from connectors.whatsapp import SendOutcome
from core.http_messages import HttpAnswer
from models.campaigns import ContactStatus
from services.sending.turns import Turn


class Slot(NamedTuple):
    """A turn with the gap its number takes afterwards."""

    turn: Turn
    gap_ms: int


class Claimed(NamedTuple):
    """A message that stands as `sending` in the ledger, committed, with nothing of it sent yet. `template` is filled in
    and goes in place of text and file; `is_closed`: neither may go to this person now."""

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
    media_id: int | None = None
    template: Mapping[str, Any] | None = None
    is_closed: bool = False


class Answer(NamedTuple):
    """What came of a claimed message. `answer` is kept for the log of a failure."""

    claimed: Claimed
    outcome: SendOutcome
    at: datetime
    duration_ms: int
    answer: HttpAnswer | None = None
    request: Mapping[str, object] | None = None


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
