"""One batch of the inbox, one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from models.campaigns import ContactStatus, LogType, Severity
from models.instances import InboxStatus
from services.sending.arrays import plain, texts
from services.sending.counters import Deltas
from services.sending.logbook import write_logs
from services.sending.numbers import HEALTH_PER_DELIVERED, HEALTH_PER_READ, Numbers
from services.sending.outcomes import HEALTH_PER_FAILURE
from services.sending.receipts import sql
from services.sending.receipts.direct import Direct, apply_to_directs, named_directs
from services.sending.receipts.forward import count_changes, furthest
from services.sending.receipts.gather import Call, Gathered, News, call_of, gather, wait_or_give_up
from services.sending.receipts.people import apply_changes, stopped_by_health
from services.sending.receipts.replies import apply_replies
from services.sending.settle import suppress_people
from services.sending.telling import changed_by_receipts
from services.sending.tuning import NAMELESS_AFTER
from services.sending.words import LogLine

MOST_CALLS: Final = 500
KEPT: Final = timedelta(days=7)

MessageKey = tuple[int, int, str]


class Message(NamedTuple):
    """A locked ledger row that news speak of."""

    tenant_id: int
    campaign_id: int
    contact_id: int
    instance_id: int
    message_id: str
    status: ContactStatus
    day: Any


class Move(NamedTuple):
    message: Message
    target: ContactStatus
    news: Sequence[News]

    @property
    def last(self) -> News:
        """The news that decided: the one whose status the message now has, else the latest."""
        return next((one for one in self.news if one.status.value == self.target.value), self.news[-1])


def apply_inbox(session: Session, now: datetime, *, only: int | None = None) -> int:
    """Apply up to 500 due calls, or `only` one of them. Returns how many were taken; the caller commits and asks
    again while it was many."""
    taken = session.execute(sql.TAKE_INBOX, {"now": now, "most": MOST_CALLS, "only": only})
    calls = [call_of(row) for row in taken]
    if not calls:
        return 0
    found = gather(calls)
    messages, directs = _find_messages(session, found.news, now)
    moves = _decide(messages, found.news)
    deltas, numbers = Deltas(), Numbers()
    _write_moves(session, moves)
    lines = [line for move in moves for line in _account(move, deltas, numbers)]
    for key in {(one.tenant_id, one.instance_id) for one in found.news}:
        numbers.of(key, now.date()).is_acked = True
    known = {key: message.status for key, message in messages.items()}
    others = [one for one in found.news if one.key not in known]
    known |= apply_to_directs(session, directs, others, numbers=numbers, now=now)
    lines += apply_replies(session, found.replies, deltas, now)
    if found.leaving:
        suppress_people(session, found.leaving, source="whatsapp")
    after = numbers.write(session, now)
    lines += stopped_by_health(session, numbers, after, now)
    lines += changed_by_receipts(session, {key: after[key[1]] for key in numbers.news if key[1] in after}, now)
    lines += apply_changes(session, list(found.changes.values()), now)
    deltas.write(session)
    # When it was heard: the month of a provider's clock may have no partition, and would stop everybody's receipts.
    write_logs(session, [line._replace(at=now) for line in lines])
    _file(session, calls, found, known, now)
    return len(calls)


def due_calls(session: Session, now: datetime) -> list[int]:
    """The ids of up to 500 due calls."""
    return list(session.scalars(sql.DUE_INBOX, {"now": now, "most": MOST_CALLS}))


def set_aside(session: Session, call_id: int, *, problem: str, now: datetime) -> None:
    """Put a call that can't be applied out of everybody's way, to be tried again later; given up after a day."""
    session.execute(sql.SET_ASIDE, {"id": call_id, "problem": problem, "now": now})


def forget_calls(session: Session, now: datetime) -> int:
    """Remove calls that were dealt with more than a week ago, 5,000 at a time. Returns how many. What they said stands
    in the ledger; the bodies hold people's words and are kept no longer than a mistake takes to be noticed."""
    removed: int = session.execute(sql.FORGET_CALLS, {"oldest": now - KEPT}).rowcount  # type: ignore[attr-defined]
    return removed


def _find_messages(
    session: Session, news: Sequence[News], now: datetime
) -> tuple[dict[MessageKey, Message], dict[MessageKey, Direct]]:
    """The ledger rows, by the provider's id, and the direct messages; then, for open outcomes that nobody named, the
    rows by recipient: an id that names a direct message is nobody else's."""
    keys = sorted({one.key for one in news})
    if not keys:
        return {}, {}
    columns = {
        "tenants": plain(key[0] for key in keys),
        "instances": plain(key[1] for key in keys),
        "message_ids": texts(key[2] for key in keys),
    }
    rows = session.execute(sql.MESSAGES_BY_ID, columns)
    found = {(row[0], row[3], row[4]): _message(*row) for row in rows}
    directs = named_directs(session, [key for key in keys if key not in found])
    known = found.keys() | directs.keys()
    nameless = [one for one in news if one.key not in known and one.phone_key and _may_be_nameless(one, now)]
    return found | _by_recipient(session, nameless), directs


def _message(*row: Any) -> Message:
    return Message(row[0], row[1], row[2], row[3], row[4], ContactStatus(row[5]), row[6])


def _may_be_nameless(news: News, now: datetime) -> bool:
    return now - news.received_at >= NAMELESS_AFTER


def _by_recipient(session: Session, news: Sequence[News]) -> dict[MessageKey, Message]:
    """An unconfirmed message has no id of the provider's. An echo is recognised by number, recipient and text; a
    receipt by number and recipient alone. Each row is given to one id only."""
    wanted = {one.key: one for one in news}
    if not wanted:
        return {}
    listed = list(wanted.values())
    columns = {
        "places": plain(range(len(listed))),
        "tenants": plain(one.tenant_id for one in listed),
        "instances": plain(one.instance_id for one in listed),
        "keys": texts(one.phone_key for one in listed),
        "message_ids": texts(one.message_id for one in listed),
        "bodies": texts(one.text for one in listed),
        "received": texts(one.received_at.isoformat() for one in listed),
    }
    found: dict[MessageKey, Message] = {}
    taken: set[int] = set()
    for place, *row in session.execute(sql.UNCONFIRMED_BY_PHONE, columns):
        if row[2] not in taken:
            taken.add(row[2])
            found[listed[place].key] = _message(*row)
    return found


def _decide(messages: Mapping[MessageKey, Message], news: Sequence[News]) -> list[Move]:
    by_message: dict[MessageKey, list[News]] = defaultdict(list)
    for one in news:
        if one.key in messages:
            by_message[one.key].append(one)
    moves = []
    for key, its_news in by_message.items():
        message = messages[key]
        target = furthest(message.status, (one.status for one in its_news))
        if target is not message.status:
            moves.append(Move(message, target, its_news))
    return moves


def _write_moves(session: Session, moves: Sequence[Move]) -> None:
    if not moves:
        return
    columns = {
        "tenants": plain(one.message.tenant_id for one in moves),
        "campaigns": plain(one.message.campaign_id for one in moves),
        "contacts": plain(one.message.contact_id for one in moves),
        "statuses": plain(one.target.value for one in moves),
        "message_ids": texts(one.message.message_id for one in moves),
        "reasons": texts(one.last.reason for one in moves),
        "errors": texts(one.last.error for one in moves),
        "moments": texts(one.last.at.isoformat() for one in moves),
        "delivered": texts(min(news.at for news in one.news).isoformat() for one in moves),
    }
    session.execute(sql.MOVE_MESSAGES, columns)


def _account(move: Move, deltas: Deltas, numbers: Numbers) -> list[LogLine]:
    """Counters, the number's figures and the story of one move."""
    message = move.message
    changes = count_changes(message.status, move.target)
    states = deltas.counts[message.tenant_id, message.campaign_id]
    figures = deltas.days[message.tenant_id, message.campaign_id, message.day, message.instance_id]
    for name, change in changes.items():
        states[name] += change
        if name in figures:
            figures[name] += change
    number = numbers.of((message.tenant_id, message.instance_id), message.day)
    number.sent += changes.get("sent", 0)
    number.delivered += changes.get("delivered", 0)
    number.read += changes.get("read", 0)
    number.failed += changes.get("failed", 0)
    number.tries += max(0, changes.get("failed", 0))
    number.bad += max(0, changes.get("failed", 0))
    number.unclear += changes.get("unconfirmed", 0)
    number.health += (
        HEALTH_PER_DELIVERED * changes.get("delivered", 0)
        + HEALTH_PER_READ * changes.get("read", 0)
        + HEALTH_PER_FAILURE * max(0, changes.get("failed", 0))
    )
    return [_line(move, kind, severity, text) for name, kind, severity, text in _HEADLINES if changes.get(name, 0) > 0]


_HEADLINES: Final = (
    ("delivered", LogType.MESSAGE_DELIVERED, Severity.INFO, "Mensagem entregue."),
    ("read", LogType.MESSAGE_READ, Severity.INFO, "Mensagem lida."),
    ("failed", LogType.MESSAGE_FAILED, Severity.ERROR, "O WhatsApp avisou que a mensagem não foi entregue."),
)


def _line(move: Move, log_type: LogType, severity: Severity, text: str) -> LogLine:
    message, news = move.message, move.last
    details = {"reason": news.reason} if log_type is LogType.MESSAGE_FAILED else {}
    who = (message.tenant_id, message.campaign_id, news.at)
    return LogLine(*who, log_type, severity, text, details, message.instance_id, message.contact_id)


def _file(
    session: Session,
    calls: Sequence[Call],
    found: Gathered,
    known: Mapping[MessageKey, ContactStatus],
    now: datetime,
) -> None:
    """Say of each call what became of it; one with news of an unknown message waits."""
    verdicts: list[tuple[InboxStatus, str | None, float]] = []
    for call in calls:
        status, problem = found.verdicts[call.call_id]
        wait = 0.0
        if any(_is_open(known.get(one.key)) for one in found.of_call.get(call.call_id, ())):
            status, wait = wait_or_give_up(call, now)
        verdicts.append((status, problem, wait))
    columns = {
        "tenants": plain(call.tenant_id for call in calls),
        "ids": plain(call.call_id for call in calls),
        "statuses": plain(status.value for status, _, _ in verdicts),
        "problems": texts(problem for _, problem, _ in verdicts),
        "waits": plain(wait for _, _, wait in verdicts),
        "now": now,
    }
    session.execute(sql.FILE_INBOX, columns)


def _is_open(status: ContactStatus | None) -> bool:
    """Nobody's yet, or its message is still being settled."""
    return status is None or status is ContactStatus.SENDING
