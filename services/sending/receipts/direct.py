"""Receipts and echoes of direct messages: the same rules as for campaigns', by the provider's id, else (for what is
unconfirmed) by number, recipient and text. Nothing of them counts in a campaign or in a number's day; a failure lowers
the number's health as any other does."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from connectors.whatsapp import RefusalCode
from models.campaigns import ContactStatus
from services.sending.arrays import plain, texts
from services.sending.numbers import Numbers
from services.sending.outcomes import HEALTH_PER_FAILURE
from services.sending.receipts import sql
from services.sending.receipts.forward import furthest
from services.sending.receipts.gather import News
from services.sending.tuning import NAMELESS_AFTER

MessageKey = tuple[int, int, str]


class Direct(NamedTuple):
    """A locked direct message that news speak of. Its states are a recipient's."""

    tenant_id: int
    direct_id: int
    instance_id: int
    message_id: str
    status: ContactStatus


class _Move(NamedTuple):
    message: Direct
    target: ContactStatus
    last: News
    first_at: datetime


def named_directs(session: Session, keys: Sequence[MessageKey]) -> dict[MessageKey, Direct]:
    """The messages these ids of the provider name, locked."""
    if not keys:
        return {}
    columns = {
        "tenants": plain(key[0] for key in keys),
        "instances": plain(key[1] for key in keys),
        "message_ids": texts(key[2] for key in keys),
    }
    rows = session.execute(sql.DIRECTS_BY_ID, columns)
    return {(row[0], row[2], row[3]): Direct._make((*row[:4], ContactStatus(row[4]))) for row in rows}


def apply_to_directs(
    session: Session, named: Mapping[MessageKey, Direct], news: Sequence[News], *, numbers: Numbers, now: datetime
) -> dict[MessageKey, ContactStatus]:
    """Move what these news (no campaign's) speak of; the state each message had before, by the provider's id.
    Call it when `numbers` holds the campaigns' figures already: which day they belong to is theirs to say."""
    nameless = {
        one.key: one
        for one in news
        if one.key not in named and one.phone_key and now - one.received_at >= NAMELESS_AFTER
    }
    found = {**named, **_by_recipient(session, list(nameless.values()))}
    moves = _decide(found, news)
    _write(session, moves)
    for move in moves:
        if move.target is ContactStatus.FAILED and move.last.reason != RefusalCode.WINDOW_CLOSED.value:
            key = (move.message.tenant_id, move.message.instance_id)
            numbers.of(key, now.date()).health += HEALTH_PER_FAILURE
    return {key: message.status for key, message in found.items()}


def _by_recipient(session: Session, news: Sequence[News]) -> dict[MessageKey, Direct]:
    if not news:
        return {}
    columns = {
        "places": plain(range(len(news))),
        "tenants": plain(one.tenant_id for one in news),
        "instances": plain(one.instance_id for one in news),
        "keys": texts(one.phone_key for one in news),
        "message_ids": texts(one.message_id for one in news),
        "bodies": texts(one.text for one in news),
        "received": texts(one.received_at.isoformat() for one in news),
    }
    found: dict[MessageKey, Direct] = {}
    taken: set[int] = set()
    for place, *row, status in session.execute(sql.UNCONFIRMED_DIRECTS_BY_PHONE, columns):
        if row[1] not in taken:
            taken.add(row[1])
            found[news[place].key] = Direct._make((*row, ContactStatus(status)))
    return found


def _decide(found: Mapping[MessageKey, Direct], news: Sequence[News]) -> list[_Move]:
    by_message: dict[MessageKey, list[News]] = defaultdict(list)
    for one in news:
        if one.key in found:
            by_message[one.key].append(one)
    moves = []
    for key, its_news in by_message.items():
        message = found[key]
        target = furthest(message.status, (one.status for one in its_news))
        if target is not message.status:
            last = next((one for one in its_news if one.status.value == target.value), its_news[-1])
            moves.append(_Move(message, target, last, min(one.at for one in its_news)))
    return moves


def _write(session: Session, moves: Sequence[_Move]) -> None:
    if not moves:
        return
    columns = {
        "tenants": plain(one.message.tenant_id for one in moves),
        "ids": plain(one.message.direct_id for one in moves),
        "statuses": plain(one.target.value for one in moves),
        "message_ids": texts(one.message.message_id for one in moves),
        "reasons": texts(one.last.reason for one in moves),
        "errors": texts(one.last.error for one in moves),
        "moments": texts(one.last.at.isoformat() for one in moves),
        "delivered": texts(one.first_at.isoformat() for one in moves),
    }
    session.execute(sql.MOVE_DIRECTS, columns)
