"""A licence as a pure fold over the stored events of its key (issue: licences).

Every event is a dated statement; the fold sorts them by (`occurred_at`, `event_id`), drops repeats and reads the
licence off the whole list, so any order of arrival and any number of repeats give the same licence.

1. A payment (PURCHASE_APPROVED, or PURCHASE_COMPLETE where the approval was missed) counts once per transaction, at
   its first statement. A later COMPLETE of the same transaction changes no date and takes back no cancellation.
2. The paid date is what the last of {payment, UPDATE_SUBSCRIPTION_CHARGE_DATE, SUBSCRIPTION_CANCELLATION} said.
   SWITCH_PLAN changes the plan alone: its date was not paid for. A purchase that isn't a subscription has no end.
3. Access lasts 7 days beyond the paid date, or beyond the first PURCHASE_DELAYED since the last payment where that is
   later. A cancelled subscription ends at the paid date: nobody waits for a payment any more.
4. PURCHASE_REFUNDED and PURCHASE_CHARGEBACK end the licence when they name its last transaction (or none). A refund of
   an earlier cycle doesn't take back what was paid since; a new payment after a refund opens the licence again.
5. PURCHASE_PROTEST flags the licence until the next statement of a payment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

GRACE: Final = timedelta(days=7)
CYCLE_WHEN_UNSAID: Final = timedelta(days=31)
"""A subscription's payment without a date of the next charge: a month, rounded up in the customer's favour."""


class EventName(StrEnum):
    """The events a licence hears; Hotmart's others are stored and answered alike."""

    APPROVED = "PURCHASE_APPROVED"
    COMPLETE = "PURCHASE_COMPLETE"
    DELAYED = "PURCHASE_DELAYED"
    PROTEST = "PURCHASE_PROTEST"
    REFUNDED = "PURCHASE_REFUNDED"
    CHARGEBACK = "PURCHASE_CHARGEBACK"
    CANCELLATION = "SUBSCRIPTION_CANCELLATION"
    SWITCH_PLAN = "SWITCH_PLAN"
    CHARGE_DATE = "UPDATE_SUBSCRIPTION_CHARGE_DATE"


PAYMENTS: Final = frozenset({EventName.APPROVED, EventName.COMPLETE})
END_REASONS: Final = {EventName.REFUNDED: "refunded", EventName.CHARGEBACK: "chargeback"}


@dataclass(frozen=True, slots=True)
class LicenceEvent:
    """One event about one licence key. `next_charge_at` is None where the event doesn't say; `offers` are the codes a
    plan can be recognised by, most telling first (SWITCH_PLAN: those of the new plan)."""

    event_id: str
    occurred_at: datetime
    name: EventName
    transaction: str = ""
    is_subscription: bool = False
    next_charge_at: datetime | None = None
    product_id: str = ""
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LicenceState:
    """The licence. `paid_until` is None where `has_no_end`; `live_until` adds the grace; `ended_at` closes it."""

    starts_at: datetime
    product_id: str
    offers: tuple[str, ...]
    has_no_end: bool
    paid_until: datetime | None
    grace_until: datetime | None
    is_cancelled: bool
    is_disputed: bool
    ended_at: datetime | None
    end_reason: str | None
    last_event_at: datetime


def fold_licence(events: Iterable[LicenceEvent]) -> LicenceState | None:
    """The licence these events of one key make; None while nothing was paid."""
    ordered = _ordered(events)
    payments = _first_payments(ordered)
    if not payments:
        return None
    last_payment = payments[-1]
    since = ordered[ordered.index(last_payment) + 1 :]
    is_subscription = any(event.is_subscription for event in ordered)
    cancellation = next((event for event in since if event.name is EventName.CANCELLATION), None)
    paid_until = _paid_until(last_payment, since) if is_subscription else None
    ending = _ending(ordered, last_payment.transaction)
    offering = next((event for event in reversed(since) if event.name is EventName.SWITCH_PLAN), last_payment)
    return LicenceState(
        starts_at=payments[0].occurred_at,
        product_id=offering.product_id or last_payment.product_id,
        offers=offering.offers,
        has_no_end=not is_subscription,
        paid_until=paid_until,
        grace_until=None if cancellation or paid_until is None else _grace_until(paid_until, since),
        is_cancelled=cancellation is not None,
        is_disputed=_is_disputed(ordered),
        ended_at=ending.occurred_at if ending else None,
        end_reason=END_REASONS[ending.name] if ending else None,
        last_event_at=ordered[-1].occurred_at,
    )


def _ordered(events: Iterable[LicenceEvent]) -> list[LicenceEvent]:
    once = {event.event_id: event for event in events}
    return sorted(once.values(), key=lambda event: (event.occurred_at, event.event_id))


def _first_payments(ordered: Sequence[LicenceEvent]) -> list[LicenceEvent]:
    """The first statement of each transaction's payment, in order."""
    firsts: dict[str, LicenceEvent] = {}
    for event in ordered:
        if event.name in PAYMENTS:
            firsts.setdefault(event.transaction, event)
    return list(firsts.values())


def _paid_until(payment: LicenceEvent, since: Sequence[LicenceEvent]) -> datetime:
    moving = (EventName.CHARGE_DATE, EventName.CANCELLATION)
    said = [event.next_charge_at for event in since if event.name in moving and event.next_charge_at]
    return said[-1] if said else payment.next_charge_at or payment.occurred_at + CYCLE_WHEN_UNSAID


def _grace_until(paid_until: datetime, since: Sequence[LicenceEvent]) -> datetime:
    late = next((event.occurred_at for event in since if event.name is EventName.DELAYED), paid_until)
    return max(paid_until, late) + GRACE


def _ending(ordered: Sequence[LicenceEvent], transaction: str) -> LicenceEvent | None:
    """The first refund or chargeback of this transaction; one that names none means the one paid before it."""
    named = (event for event in ordered if event.name in END_REASONS and event.transaction in {transaction, ""})
    first_paid = next(event for event in ordered if event.name in PAYMENTS and event.transaction == transaction)
    return next((event for event in named if event.transaction or event.occurred_at >= first_paid.occurred_at), None)


def _is_disputed(ordered: Sequence[LicenceEvent]) -> bool:
    flags = [event.name for event in ordered if event.name in PAYMENTS or event.name is EventName.PROTEST]
    return flags[-1] is EventName.PROTEST
