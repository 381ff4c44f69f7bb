"""Step 5: one transaction that writes down what became of a batch of claimed messages.

Safe to run again with the same batch when a commit's answer was lost: a row moves only from `sending` under the same
claim, and only rows that moved are counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from connectors.whatsapp import Sent
from core.phone import key_of
from models.campaigns import ContactStatus, LogType, Severity
from services.sending import sql
from services.sending.arrays import plain, texts
from services.sending.checks.remember import remember_addresses
from services.sending.counters import Deltas
from services.sending.logbook import line_of, write_logs
from services.sending.numbers import NumberNow, Numbers
from services.sending.pipe import defer, fetch
from services.sending.telling import Stopped, campaigns_paused, number_down
from services.sending.words import Answer, Claimed, LogLine, Ruling

SENDING: Final = ContactStatus.SENDING.value
UNCONFIRMED: Final = ContactStatus.UNCONFIRMED.value


@dataclass(frozen=True, slots=True)
class SettleOrder:
    """A batch of answers with their rulings. `idle` numbers have nothing in flight any more and give up their lease;
    `in_use` holds the numbers each campaign sends through, so that a number's coming in is one log line (within a
    rotation the choice alternates by design; each message's own line says why)."""

    batch: Sequence[tuple[Answer, Ruling]]
    now: datetime
    daemon_id: str
    idle: frozenset[int] = frozenset()
    in_use: dict[int, set[int]] = field(default_factory=dict)


def settle(session: Session, order: SettleOrder) -> dict[int, NumberNow]:
    """Write states, numbers, quota, counters and logs. Returns what the numbers are now."""
    moved = _move_contacts(session, order.batch, SENDING)
    late = [pair for pair in order.batch if pair[0].claimed.contact_id not in moved]
    late_moved = _move_contacts(session, [pair for pair in late if isinstance(pair[0].outcome, Sent)], UNCONFIRMED)
    deltas, numbers = Deltas(), Numbers()
    settled: list[tuple[Answer, Ruling]] = []
    for answer, ruling in order.batch:
        contact_id = answer.claimed.contact_id
        source, target = (
            (SENDING, moved[contact_id]) if contact_id in moved else (UNCONFIRMED, late_moved.get(contact_id))
        )
        if target is not None:
            _count(deltas, answer.claimed, ruling, source=source, target=target)
            settled.append((answer, ruling))
        _tell_number(numbers, answer, ruling if target is not None else None, order.idle)
    now_numbers = numbers.write(session, order.now, order.daemon_id)
    remember_addresses(session, _addresses(settled), order.now)
    number_down(session, _stopped_numbers(order, now_numbers), order.now)
    _stop_and_suppress(session, order, settled)
    deltas.write(session)
    write_logs(session, _story(order, settled, now_numbers))
    return now_numbers


def _move_contacts(session: Session, batch: Sequence[tuple[Answer, Ruling]], expected: str) -> dict[int, str]:
    """Contact -> its new status, for the rows that moved."""
    if not batch:
        return {}
    claims = [answer.claimed for answer, _ in batch]
    rulings = [ruling for _, ruling in batch]
    columns = {
        "tenants": plain(one.tenant_id for one in claims),
        "campaigns": plain(one.campaign_id for one in claims),
        "contacts": plain(one.contact_id for one in claims),
        "claims": plain(one.claim_id for one in claims),
        "statuses": plain(one.status.value for one in rulings),
        "reasons": texts(one.reason for one in rulings),
        "errors": texts(one.error for one in rulings),
        "provider_ids": texts(one.provider_message_id for one in rulings),
        "moments": texts(answer.at.isoformat() for answer, _ in batch),
        "retries": plain(one.retry_seconds for one in rulings),
        "attempts_back": plain(one.attempts_back for one in rulings),
        "expected": plain([expected] * len(batch)),
    }
    return dict(fetch(session, sql.SETTLE_CONTACTS, columns))


def _count(deltas: Deltas, claimed: Claimed, ruling: Ruling, *, source: str, target: str) -> None:
    key = (claimed.tenant_id, claimed.campaign_id)
    deltas.move(key, source, target)
    figures = deltas.days[*key, claimed.day, claimed.instance_id]
    figures["sent"] += int(target == ContactStatus.SENT)
    figures["failed"] += int(target in (ContactStatus.FAILED, ContactStatus.INVALID))
    if ruling.is_refunded:
        deltas.usage[claimed.tenant_id, claimed.day] -= 1
        deltas.days[*key, claimed.day, 0]["claimed"] -= 1


def _tell_number(numbers: Numbers, answer: Answer, ruling: Ruling | None, idle: frozenset[int]) -> None:
    claimed = answer.claimed
    news = numbers.of((claimed.tenant_id, claimed.instance_id), claimed.day)
    news.is_released = claimed.instance_id in idle
    if ruling is not None:
        news.hear(ruling, answer.duration_ms)


def _stop_and_suppress(session: Session, order: SettleOrder, settled: Sequence[tuple[Answer, Ruling]]) -> None:
    """What a refusal means beyond its own row: the campaign's template is bad, or the person asked the provider."""
    stopped = [(answer, ruling) for answer, ruling in settled if ruling.stops_campaign]
    if stopped:
        columns = {
            "tenants": plain(answer.claimed.tenant_id for answer, _ in stopped),
            "campaigns": plain(answer.claimed.campaign_id for answer, _ in stopped),
            "reasons": texts(ruling.error for _, ruling in stopped),
            "now": order.now,
        }
        rows = fetch(session, sql.STOP_CAMPAIGNS, columns)
        write_logs(session, [_stopped(order.now, *row) for row in rows])
        campaigns_paused(session, [(row[0], row[1], row[2]) for row in rows], order.now)
    people = [answer.claimed for answer, ruling in settled if ruling.suppresses]
    if people:
        suppress_people(session, [(one.tenant_id, one.phone) for one in people], source="provider")


def suppress_people(session: Session, people: Sequence[tuple[int, str]], *, source: str) -> None:
    """Tenant-wide, at once: the next claim sees it. Knowing somebody already is no error."""
    columns = {
        "tenants": plain(tenant_id for tenant_id, _ in people),
        "keys": texts(key_of(phone) for _, phone in people),
        "phones": texts(phone for _, phone in people),
        "reasons": plain("opt_out" for _ in people),
        "sources": plain(source for _ in people),
    }
    defer(session, sql.SUPPRESS_PEOPLE, columns)


def _addresses(settled: Sequence[tuple[Answer, Ruling]]) -> list[tuple[int, str, str]]:
    return [
        (answer.claimed.tenant_id, answer.claimed.phone, answer.outcome.recipient_id)
        for answer, _ in settled
        if isinstance(answer.outcome, Sent) and answer.outcome.recipient_id
    ]


def _stopped_numbers(order: SettleOrder, numbers: Mapping[int, NumberNow]) -> list[Stopped]:
    tenants = {answer.claimed.instance_id: answer.claimed.tenant_id for answer, _ in order.batch}
    return [
        Stopped(tenants[number], number, one.status, one.reason, one.health)
        for number, one in numbers.items()
        if one.has_stopped
    ]


def _stopped(now: datetime, tenant_id: int, campaign_id: int, reason: str) -> LogLine:
    return LogLine(tenant_id, campaign_id, now, LogType.PAUSED, Severity.CRITICAL, reason, {})


def _story(
    order: SettleOrder,
    settled: Sequence[tuple[Answer, Ruling]],
    numbers: Mapping[int, NumberNow],
) -> list[LogLine]:
    lines: list[LogLine] = []
    told: set[int] = set()
    for answer, ruling in settled:
        claimed = answer.claimed
        number = numbers.get(claimed.instance_id)
        in_use = order.in_use.setdefault(claimed.campaign_id, set())
        if claimed.instance_id not in in_use:
            in_use.add(claimed.instance_id)
            lines.append(_selected(answer))
        lines.append(line_of(answer, ruling, number.health if number else None))
        if number is not None and number.has_stopped and number.instance_id not in told:
            told.add(number.instance_id)
            in_use.discard(number.instance_id)
            lines += _number_stopped(claimed, ruling, number, order.now)
    return lines


def _selected(answer: Answer) -> LogLine:
    claimed = answer.claimed
    turn = claimed.slot.turn
    details = {"mode": turn.mode.value}
    text = "Um número começou a enviar nesta campanha."
    return LogLine(
        claimed.tenant_id,
        claimed.campaign_id,
        answer.at,
        LogType.INSTANCE_SELECTED,
        Severity.INFO,
        text,
        details,
        claimed.instance_id,
    )


def _number_stopped(claimed: Claimed, ruling: Ruling, number: NumberNow, now: datetime) -> list[LogLine]:
    """A number that stopped by itself: why, and (when its health did it) the health line before."""
    who = (claimed.tenant_id, claimed.campaign_id, now)
    paused = LogLine(
        *who,
        LogType.INSTANCE_PAUSED,
        Severity.CRITICAL,
        ruling.number_reason if ruling.number_status else "O número foi pausado porque sua saúde ficou crítica.",
        {"status": number.status},
        claimed.instance_id,
        health=number.health,
    )
    if ruling.number_status:
        return [paused]
    text = "A saúde do número ficou abaixo de 50."
    ill = LogLine(*who, LogType.HEALTH_ISSUE, Severity.WARNING, text, {}, claimed.instance_id, health=number.health)
    return [ill, paused]
