"""The direct lane's claim and settle (`services.sending.lanes.Lane`): one message per number, no gap, no quota, no cap,
no window; never through a number that isn't connected, and to somebody who left only the confirmation of that."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from connectors.whatsapp import RefusalCode, Sent
from models.campaigns import ContactStatus
from models.instances import DirectStatus
from services.sending.arrays import plain, texts
from services.sending.direct import sql
from services.sending.direct.words import DirectClaimed, DirectNumber, DirectReport
from services.sending.lanes import ClaimStamp, SettleStamp
from services.sending.numbers import NumberNow, Numbers
from services.sending.outcomes import HEALTH_PER_FAILURE
from services.sending.pipe import defer, fetch
from services.sending.settle import suppress_people
from services.sending.telling import Stopped, tell_stopped
from services.sending.words import AnswerTo, Ruling

LEFT: Final = "Esta pessoa está na lista de não perturbe; nada foi enviado."
_OPEN: Final = plain([DirectStatus.SENDING.value])
_OPEN_OR_LATE: Final = plain([DirectStatus.SENDING.value, DirectStatus.UNCONFIRMED.value])
Judged = Sequence[tuple[AnswerTo[DirectClaimed], Ruling]]


class DirectLane:
    """Direct messages: `direct_messages` is their queue."""

    def claim(self, turns: Sequence[DirectNumber], stamp: ClaimStamp) -> Callable[[Session], DirectReport]:
        """Lock the numbers, pick the oldest message of each, write `sending` and the numbers' lease."""
        return partial(claim_directs, turns=turns, stamp=stamp)

    def settle(self, batch: Judged, stamp: SettleStamp) -> Callable[[Session], object]:
        """States, and what the numbers learn from them."""
        return partial(settle_directs, batch=batch, stamp=stamp)


def claim_directs(session: Session, turns: Sequence[DirectNumber], stamp: ClaimStamp) -> DirectReport:
    """Commit before sending anything. A person who wants nothing any more is told from the rest here."""
    report = DirectReport()
    columns = {
        "tenants": plain(one.tenant_id for one in turns),
        "instances": plain(one.instance_id for one in turns),
        "now": stamp.now,
        "daemon": stamp.daemon_id,
    }
    usable = fetch(session, sql.LOCK_NUMBERS, columns)
    if not usable:
        return report
    wanted = {
        "tenants": plain(row[0] for row in usable),
        "instances": plain(row[1] for row in usable),
        "well": plain(row[2] for row in usable),
        "now": stamp.now,
    }
    refused: list[tuple[int, int]] = []
    for *message, attempts, has_more, is_suppressed in fetch(session, sql.PICK, wanted):
        one = DirectClaimed._make((*message, attempts + 1, stamp.claim_id))
        if has_more:
            report.more.add(one.instance_id)
        if is_suppressed:
            refused.append((one.tenant_id, one.direct_id))
        else:
            report.claimed.append(one)
    _write_claim(session, report.claimed, refused, stamp)
    return report


def _write_claim(
    session: Session, claimed: Sequence[DirectClaimed], refused: Sequence[tuple[int, int]], stamp: ClaimStamp
) -> None:
    if refused:
        keys = {"tenants": plain(key[0] for key in refused), "ids": plain(key[1] for key in refused)}
        defer(session, sql.REFUSE, keys | {"now": stamp.now, "error": LEFT})
    if not claimed:
        return
    tenants: dict[str, Any] = {"tenants": plain(one.tenant_id for one in claimed), "lease": stamp.lease_until}
    rows = {"ids": plain(one.direct_id for one in claimed), "claim": stamp.claim_id, "now": stamp.now}
    numbers = {"instances": plain(one.instance_id for one in claimed), "daemon": stamp.daemon_id}
    defer(session, sql.MARK_SENDING, tenants | rows)
    defer(session, sql.LEASE_NUMBERS, tenants | numbers)


def settle_directs(session: Session, batch: Judged, stamp: SettleStamp) -> None:
    """Safe to run again with the same batch: only rows that move say something about their number."""
    ruled = [(answer, _ruling(ruling)) for answer, ruling in batch]
    moved = {row[0] for row in fetch(session, sql.SETTLE, _columns(ruled))}
    numbers = Numbers()
    why: dict[int, str] = {}
    for answer, ruling in ruled:
        one = answer.claimed
        news = numbers.of((one.tenant_id, one.instance_id), stamp.now.date())
        news.is_released = one.instance_id in stamp.idle
        if one.direct_id in moved:
            # Of the number's day nothing changes: those figures are the campaigns'. Its health is one.
            news.hear(ruling._replace(number_sent=0, number_failed=0, is_refunded=False))
            news.health += HEALTH_PER_FAILURE * ruling.number_failed
            why[one.instance_id] = ruling.number_reason if ruling.number_status else ""
    now_numbers = numbers.write(session, stamp.now, stamp.daemon_id)
    leaving = [
        (answer.claimed.tenant_id, answer.claimed.phone)
        for answer, ruling in ruled
        if ruling.suppresses and answer.claimed.direct_id in moved
    ]
    if leaving:
        suppress_people(session, leaving, source="provider")
    _tell_campaigns(session, numbers, now_numbers, why=why, now=stamp.now)


def _ruling(ruling: Ruling) -> Ruling:
    """As for a campaign's recipient, but: there is no `invalid`; a number that rests is not waited for, its message
    is; a closed window of 24 hours is the conversation's and not the number's fault."""
    if ruling.status is ContactStatus.INVALID:
        return ruling._replace(status=ContactStatus.FAILED)
    if ruling.status is ContactStatus.PENDING:
        return ruling._replace(retry_seconds=max(ruling.retry_seconds, ruling.hold_seconds))
    if ruling.reason == RefusalCode.WINDOW_CLOSED.value:
        return ruling._replace(number_failed=0, number_errors=0)
    return ruling


def _columns(ruled: Judged) -> dict[str, Any]:
    claims = [answer.claimed for answer, _ in ruled]
    rulings = [ruling for _, ruling in ruled]
    return {
        "tenants": plain(one.tenant_id for one in claims),
        "ids": plain(one.direct_id for one in claims),
        "claims": plain(one.claim_id for one in claims),
        "statuses": plain(one.status.value for one in rulings),
        "reasons": texts(one.reason for one in rulings),
        "errors": texts(one.error or (one.number_reason or None) for one in rulings),
        "provider_ids": texts(one.provider_message_id for one in rulings),
        "moments": texts(answer.at.isoformat() for answer, _ in ruled),
        "retries": plain(one.retry_seconds for one in rulings),
        "attempts_back": plain(one.attempts_back for one in rulings),
        "late": plain(isinstance(answer.outcome, Sent) for answer, _ in ruled),
        "open": _OPEN,
        "open_or_late": _OPEN_OR_LATE,
    }


def _tell_campaigns(
    session: Session, told: Numbers, after: Mapping[int, NumberNow], *, why: Mapping[int, str], now: datetime
) -> None:
    """A number that stopped is a line in the story of each campaign that sends through it, and a notice; one without
    a reason of its own fell ill."""
    found = [(tenant_id, number, after[number]) for tenant_id, number in told.news if number in after]
    stopped = [
        Stopped(tenant_id, number, one.status, one.reason, one.health)
        for tenant_id, number, one in found
        if one.has_stopped
    ]
    tell_stopped(session, [one for one in stopped if not why.get(one.instance_id)], now, is_ill=True)
    tell_stopped(session, [one for one in stopped if why.get(one.instance_id)], now)
