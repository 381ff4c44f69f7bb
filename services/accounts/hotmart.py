"""Hotmart's events: stored raw first, applied later, in any order and any number of times, always the same result.

1. `store_hotmart_event`: the webhook writes the body as it came. A second delivery of an event changes nothing.
2. `apply_hotmart_event` (job): find the licence's key, gather every stored event of that key, fold them
   (`licence_fold`), and write the licence the fold says. Nothing is ever added to or taken from a licence, so nothing
   can be applied twice.
3. A payment for a key nobody has: the buyer's e-mail finds the tenant, or a new one is made with its owner.

One transaction-level advisory lock lets one event be applied at a time: two payments of one new buyer must not make
two tenants. An application takes about 10 ms and a shop sells less often than that.
"""

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.hotmart import HotmartEvent, Unreadable, read_event
from core.events import emit
from core.queue import enqueue_after_commit
from models.accounts import HotmartEvent as StoredEvent
from models.accounts import HotmartEventStatus, Licence, LicenceSource
from services.accounts.creation import create_tenant, welcome_owner
from services.accounts.directory import EMAIL, LICENCE, DirectoryEntry, find_here, register_in_directory
from services.accounts.emails import BadEmail, checked_email
from services.accounts.entitlement import entitlement_of
from services.accounts.events import LicenceChanged
from services.accounts.licence_fold import EventName, LicenceEvent, LicenceState, fold_licence
from services.accounts.plans import plan_bought
from services.audit import record_audit

JOB: Final = "jobs.accounts.apply_hotmart_event"
HEARD: Final = frozenset(name.value for name in EventName)
LOCK: Final = 0x484F544D
OPEN: Final = (HotmartEventStatus.STORED, HotmartEventStatus.FAILED)
NO_EMAIL: Final = "O evento não traz um e-mail válido de quem comprou."
UNMAPPED: Final = "O produto {product} (oferta {offer}) não está ligado a um plano: flask plans map."


def store_hotmart_event(session: Session, body: bytes) -> int | None:
    """Write the raw body and leave a job; None when this event is stored already. As the system.

    A body that can't be read is kept and flagged: its event may be needed to set things right by hand.
    """
    event = read_event(body)
    values: dict[str, object] = {"body": body}
    if isinstance(event, Unreadable):
        digest = hashlib.sha256(body).hexdigest()
        values |= {
            "event_id": f"unreadable:{digest}",
            "status": HotmartEventStatus.UNREADABLE,
            "problem": event.message,
        }
    else:
        values |= {
            "event_id": event.event_id[:80],
            "event_name": event.event[:60],
            "licence_key": licence_key(event),
            "occurred_at": event.created_at,
        }
    statement = insert(StoredEvent).values(values).on_conflict_do_nothing(index_elements=[StoredEvent.event_id])
    stored_id: int | None = session.scalar(statement.returning(StoredEvent.id))
    if stored_id is not None and not isinstance(event, Unreadable):
        enqueue_after_commit(session, JOB, stored_id)
    return stored_id


def licence_key(event: HotmartEvent) -> str | None:
    """What one licence's events share: the subscriber's code, else the transaction."""
    return (event.subscriber_code or event.transaction)[:80] or None


def apply_hotmart_event(session: Session, stored_id: int, now: datetime) -> HotmartEventStatus | None:
    """Bring the event's licence up to date with all that is stored; None when there is nothing to do. As the system."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    stored = session.scalars(
        select(StoredEvent).where(StoredEvent.id == stored_id, StoredEvent.status != HotmartEventStatus.UNREADABLE)
    ).one_or_none()
    event = read_event(stored.body) if stored else None
    if stored is None or event is None or isinstance(event, Unreadable):
        return None
    status, problem = _apply(session, event, now)
    session.execute(
        update(StoredEvent).where(StoredEvent.id == stored_id).values(status=status, problem=problem, handled_at=now)
    )
    return status


def note_failure(session: Session, stored_id: int, problem: str) -> None:
    """Remember why an event could not be applied; the clock's sweep tries it again."""
    session.execute(
        update(StoredEvent)
        .where(StoredEvent.id == stored_id, StoredEvent.status.in_(OPEN))
        .values(status=HotmartEventStatus.FAILED, problem=problem[:500], handled_at=func.now())
    )


def open_hotmart_events(session: Session, stored_before: datetime, *, limit: int = 200) -> list[int]:
    """Events stored before that moment and not applied yet, those never tried first, so that two hundred hopeless ones
    don't stand before a new customer: for the clock's sweep. As the system."""
    return list(
        session.scalars(
            select(StoredEvent.id)
            .where(StoredEvent.status.in_(OPEN), StoredEvent.received_at < stored_before)
            .order_by(StoredEvent.handled_at.nulls_first(), StoredEvent.id)
            .limit(limit)
        )
    )


def replay_unmapped_events(session: Session) -> int:
    """Leave a job for every event that waits for its product to be mapped. Returns how many. As the system."""
    waiting = session.scalars(
        update(StoredEvent)
        .where(StoredEvent.status == HotmartEventStatus.UNMAPPED)
        .values(status=HotmartEventStatus.STORED, problem=None)
        .returning(StoredEvent.id)
    ).all()
    for stored_id in waiting:
        enqueue_after_commit(session, JOB, stored_id)
    return len(waiting)


def _apply(session: Session, event: HotmartEvent, now: datetime) -> tuple[HotmartEventStatus, str | None]:
    key = licence_key(event)
    if key is None or event.event not in HEARD:
        return HotmartEventStatus.IGNORED, None
    told = _events_of_key(session, key)
    state = fold_licence(licence_event for _, licence_event in told)
    if state is None:
        return HotmartEventStatus.APPLIED, None
    plan_slug = plan_bought(session, state.product_id, state.offers)
    if plan_slug is None:
        offer = ", ".join(state.offers) or "-"
        return HotmartEventStatus.UNMAPPED, UNMAPPED.format(product=state.product_id or "-", offer=offer)
    tenant_id = _tenant_of(session, key, [said for said, _ in told], now)
    if tenant_id is None:
        return HotmartEventStatus.FAILED, NO_EMAIL
    _write_licence(session, tenant_id, key, plan_slug, state=state, now=now)
    return HotmartEventStatus.APPLIED, None


def _events_of_key(session: Session, key: str) -> list[tuple[HotmartEvent, LicenceEvent]]:
    rows = session.execute(
        select(StoredEvent.event_id, StoredEvent.received_at, StoredEvent.body)
        .where(StoredEvent.licence_key == key)
        .order_by(StoredEvent.occurred_at, StoredEvent.event_id)
    )
    told = []
    for row in rows:
        event = read_event(row.body)
        if isinstance(event, HotmartEvent) and event.event in HEARD:
            told.append((event, as_licence_event(event, row.received_at)))
    return told


def as_licence_event(event: HotmartEvent, received_at: datetime) -> LicenceEvent:
    """What the fold needs of an event. One without a date counts from when it came."""
    plan = event.new_plan if event.event == EventName.SWITCH_PLAN and event.new_plan else event.plan
    from_plan = (plan.offer_code, plan.id) if plan else ()
    offer = () if event.event == EventName.SWITCH_PLAN else (event.offer_code,)
    return LicenceEvent(
        event_id=event.event_id,
        occurred_at=event.created_at or received_at,
        name=EventName(event.event),
        transaction=event.transaction,
        is_subscription=event.is_subscription,
        next_charge_at=event.date_next_charge,
        product_id=event.product_id,
        offers=tuple(dict.fromkeys(code for code in (*offer, *from_plan) if code)),
    )


def _tenant_of(session: Session, key: str, told: list[HotmartEvent], now: datetime) -> int | None:
    """The licence's tenant: by its key, by a buyer's e-mail, or a new one. None without a usable e-mail."""
    known = find_here(session, LICENCE, key)
    if known is not None:
        return known.tenant_id
    for event in told:
        found = _by_email(session, event)
        if found is not None:
            return found.tenant_id
    for event in told:
        try:
            made = create_tenant(session, name=event.buyer_name or event.buyer_email, email=event.buyer_email)
        except BadEmail:
            continue
        welcome_owner(session, made, now)
        return made.tenant_id
    return None


def _by_email(session: Session, event: HotmartEvent) -> DirectoryEntry | None:
    try:
        return find_here(session, EMAIL, checked_email(event.buyer_email))
    except BadEmail:
        return None


def _write_licence(
    session: Session, tenant_id: int, key: str, plan_slug: str, *, state: LicenceState, now: datetime
) -> None:
    values = {
        "plan_slug": plan_slug,
        "starts_at": state.starts_at,
        "paid_until": state.paid_until,
        "has_no_end": state.has_no_end,
        "grace_until": state.grace_until,
        "is_cancelled": state.is_cancelled,
        "is_disputed": state.is_disputed,
        "ended_at": state.ended_at,
        "end_reason": state.end_reason,
        "last_event_at": state.last_event_at,
    }
    # The DO UPDATE's condition makes a repeat change nothing at all, so it leaves no line in the audit trail either.
    changed = insert(Licence).values(
        tenant_id=tenant_id, source=LicenceSource.HOTMART, external_key=key, **values
    ).on_conflict_do_update(
        index_elements=[Licence.tenant_id, Licence.source, Licence.external_key],
        set_=values,
        where=or_(*(getattr(Licence, name).is_distinct_from(value) for name, value in values.items())),
    )  # fmt: skip
    licence_id = session.scalar(changed.returning(Licence.id))
    if licence_id is None:
        return
    register_in_directory(session, LICENCE, key, tenant_id=tenant_id, target_id=licence_id)
    record_audit(session, tenant_id, "accounts.licence_changed", target=("licence", licence_id), plan=plan_slug)
    entitlement = entitlement_of(session, tenant_id, now)
    emit(session, LicenceChanged(tenant_id, entitlement.is_live, entitlement.plan.slug, now))
