"""Whose message it is when WhatsApp hides the sender's phone behind an id of its own (`...@lid`)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from core.phone import key_of
from services.sending.arrays import plain, texts
from services.sending.receipts import sql
from services.sending.receipts.gather import Reply

SUFFIX: Final = "@lid"
MOST_CHARS: Final = 20


def name_hidden(session: Session, replies: Sequence[Reply]) -> list[Reply]:
    """The same messages, those of hidden people under their phone where we know it, else under the hidden id: they are
    kept for a person to read, and nobody is suppressed for them."""
    hidden = [(place, one) for place, one in enumerate(replies) if not one.phone]
    if not hidden:
        return list(replies)
    columns = {
        "places": plain(place for place, _ in hidden),
        "tenants": plain(one.tenant_id for _, one in hidden),
        "instances": plain(one.instance_id for _, one in hidden),
        "addresses": texts(_address(one) for _, one in hidden),
        "reply_tos": texts(one.reply_to or None for _, one in hidden),
    }
    phones: dict[int, str | None] = {row.place: row.phone for row in session.execute(sql.HIDDEN_PEOPLE, columns)}
    return [_named(one, phones.get(place)) if not one.phone else one for place, one in enumerate(replies)]


def _named(reply: Reply, phone: str | None) -> Reply:
    if phone:
        return reply._replace(phone=phone, phone_key=key_of(phone))
    name = _address(reply).removesuffix(SUFFIX)[: MOST_CHARS - len(SUFFIX)]
    return reply._replace(phone=name + SUFFIX, phone_key=name + SUFFIX)


def _address(reply: Reply) -> str:
    """The id without the device it was written on."""
    name, _, suffix = reply.chat_id.partition("@")
    return f"{name.partition(':')[0]}@{suffix}"
