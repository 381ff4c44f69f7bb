"""What people write back: counted for the campaign they answer, told to whoever listens, their wishes done at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from core.events import emit
from models.campaigns import LogType, Severity
from models.inbox import Wish
from services.instances import GOODBYE, WELCOME_BACK, Arrived, Confirmation, MessagesArrived, queue_confirmations
from services.sending import sql as sending_sql
from services.sending.arrays import plain, texts
from services.sending.counters import Deltas
from services.sending.opt_out import wish_of
from services.sending.receipts import sql
from services.sending.receipts.gather import Reply
from services.sending.receipts.hidden import name_hidden
from services.sending.words import LogLine

SOURCE: Final = "reply"
LEFT: Final = "A pessoa pediu para não receber mais mensagens."
ANSWERED: Final = "A pessoa respondeu; a continuação não será enviada."

Person = tuple[int, str]


@dataclass(slots=True)
class Wishes:
    """Of the people of a batch: the last sure wish of each that is news, and whom the campaign has counted already."""

    leaving: dict[Person, Reply] = field(default_factory=dict)
    returning: dict[Person, Reply] = field(default_factory=dict)
    counted: set[Person] = field(default_factory=set)


def apply_replies(session: Session, replies: Sequence[Reply], deltas: Deltas, now: datetime) -> list[LogLine]:
    """The person's latest campaign message counts as answered, once, and its later steps stop; "SAIR" and its like
    suppress at once, "VOLTAR" undoes that; each is confirmed once, however often the provider tells it."""
    if not replies:
        return []
    told = [(one, wish_of(one.text)) for one in name_hidden(session, replies)]
    latest = _mark_replied(session, [one for one, _ in told if not one.is_hidden], deltas)
    wishes = _new_wishes(session, told, latest)
    emit(session, MessagesArrived([_arrived(one, wish, latest.get(one.person)) for one, wish in told]))
    lines = _stop_follow_ups(session, latest.values(), deltas, now)
    lines += _let_go(session, wishes, latest, deltas, now)
    _take_back(session, wishes.returning)
    return lines


def _mark_replied(session: Session, replies: Sequence[Reply], deltas: Deltas) -> dict[Person, Any]:
    """Person -> the row of the latest campaign that wrote to them."""
    first: dict[Person, Reply] = {}
    for reply in sorted(replies, key=lambda one: one.at):
        first.setdefault(reply.person, reply)
    if not first:
        return {}
    columns = {
        "tenants": plain(one.tenant_id for one in first.values()),
        "keys": texts(one.phone_key for one in first.values()),
        "moments": texts(one.at.isoformat() for one in first.values()),
    }
    rows = session.execute(sql.MARK_REPLIED, columns).all()
    for row in rows:
        if row.is_first:
            deltas.counts[row.tenant_id, row.campaign_id]["replied"] += 1
            deltas.days[row.tenant_id, row.campaign_id, row.claimed_day, row.instance_id]["replied"] += 1
    return {(row.tenant_id, row.phone_key): row for row in rows}


def _new_wishes(session: Session, told: Sequence[tuple[Reply, Wish]], latest: Mapping[Person, Any]) -> Wishes:
    """Before the inbox hears of them, so that what it knows is what was told before."""
    sure = [(one, wish) for one, wish in told if wish in (Wish.LEAVE, Wish.RETURN) and not one.is_hidden]
    wishes = Wishes()
    if not sure:
        return wishes
    campaigns = [latest[one.person].campaign_id if one.person in latest else None for one, _ in sure]
    columns = {
        "places": plain(range(len(sure))),
        "tenants": plain(one.tenant_id for one, _ in sure),
        "instances": plain(one.instance_id for one, _ in sure),
        "keys": texts(one.phone_key for one, _ in sure),
        "message_ids": texts(one.message_id for one, _ in sure),
        "moments": texts(one.at.isoformat() for one, _ in sure),
        "campaigns": plain(campaigns),
    }
    heard = {row.place: row for row in session.execute(sql.WISHES_HEARD, columns)}
    for place, (reply, wish) in sorted(enumerate(sure), key=lambda one: one[1][0].at):
        known = heard.get(place)
        if known is not None and known.is_counted:
            wishes.counted.add(reply.person)
        if known is None or not (known.is_known or known.is_outdated):
            wanted, other = (wishes.leaving, wishes.returning)[:: 1 if wish is Wish.LEAVE else -1]
            wanted[reply.person] = reply
            other.pop(reply.person, None)
    return wishes


def _arrived(reply: Reply, wish: Wish, answered: Any) -> Arrived:
    is_unsure = reply.is_hidden and wish is Wish.LEAVE
    return Arrived(
        tenant_id=reply.tenant_id,
        instance_id=reply.instance_id,
        phone=reply.phone,
        phone_key=reply.phone_key,
        name=reply.name,
        text=reply.text,
        at=reply.at,
        provider_message_id=reply.message_id,
        # Whom to suppress isn't known: a person may find out.
        wish=Wish.MAYBE if is_unsure else wish,
        media=reply.media,
        campaign_id=answered.campaign_id if answered is not None else None,
    )


def _stop_follow_ups(session: Session, answered: Iterable[Any], deltas: Deltas, now: datetime) -> list[LogLine]:
    rows = [row for row in answered if row.has_follow_ups]
    if not rows:
        return []
    columns = {
        "tenants": plain(row.tenant_id for row in rows),
        "campaigns": plain(row.campaign_id for row in rows),
        "keys": texts(row.phone_key for row in rows),
    }
    stopped = session.execute(sql.STOP_FOLLOW_UPS, columns).all()
    for row in stopped:
        deltas.move((row.tenant_id, row.campaign_id), "pending", "cancelled")
    return [_removed(row, now, ANSWERED, "replied") for row in stopped]


def _let_go(
    session: Session, wishes: Wishes, latest: Mapping[Person, Any], deltas: Deltas, now: datetime
) -> list[LogLine]:
    """Suppress who asks for it and, where that is news, count, confirm and tell it."""
    if not wishes.leaving:
        return []
    people = list(wishes.leaving.values())
    columns = {
        "tenants": plain(one.tenant_id for one in people),
        "keys": texts(one.phone_key for one in people),
        "phones": texts(one.phone for one in people),
        "reasons": plain("opt_out" for _ in people),
        "sources": plain(SOURCE for _ in people),
    }
    gone = [(row.tenant_id, row.phone_key) for row in session.execute(sending_sql.SUPPRESS_PEOPLE, columns)]
    _confirm(session, [wishes.leaving[person] for person in gone], GOODBYE)
    lines = []
    for person in gone:
        answered = latest.get(person)
        if answered is not None:
            deltas.counts[answered.tenant_id, answered.campaign_id]["opted_out"] += int(person not in wishes.counted)
            lines.append(_removed(answered, now, LEFT, "opt_out"))
    return lines


def _take_back(session: Session, returning: Mapping[Person, Reply]) -> None:
    if not returning:
        return
    columns = {
        "tenants": plain(tenant_id for tenant_id, _ in returning),
        "keys": texts(phone_key for _, phone_key in returning),
    }
    back = [(row.tenant_id, row.phone_key) for row in session.execute(sql.FORGIVE_PEOPLE, columns)]
    _confirm(session, [returning[person] for person in back], WELCOME_BACK)


def _confirm(session: Session, replies: Sequence[Reply], text: str) -> None:
    """From the number they wrote to, to the very address they wrote from."""
    queue_confirmations(session, [Confirmation(one.tenant_id, one.instance_id, one.phone, text) for one in replies])


def _removed(row: Any, now: datetime, message: str, reason: str) -> LogLine:
    who = (row.tenant_id, row.campaign_id, now)
    instance_id = getattr(row, "instance_id", None)
    return LogLine(*who, LogType.CONTACT_REMOVED, Severity.INFO, message, {"reason": reason}, instance_id, row.id)
