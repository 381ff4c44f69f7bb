"""Looking at conversations: the list, one of them, its messages with the state of ours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.paging import DEFAULT_LIMIT, Page, fetch_page
from models.inbox import Conversation, Direction, InboxMessage, Wish
from models.instances import DirectMessage, DirectStatus, Instance
from services.inbox.refusals import ConversationNotFound

HIDDEN: Final = "@lid"
MOST_COUNTED: Final = 100
MIN_DIGITS: Final = 3
_NOT_DIGIT: Final = re.compile(r"\D")


class Filter(StrEnum):
    """Which conversations a list shows."""

    ALL = ""
    UNREAD = "unread"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a conversation; `direct` is the engine's row of one of ours."""

    message: InboxMessage
    direct: DirectMessage | None

    @property
    def is_ours(self) -> bool:
        return self.message.direction is Direction.OUT

    @property
    def status(self) -> DirectStatus | None:
        """How far ours has come, None for theirs."""
        return self.direct.status if self.direct else None

    @property
    def error(self) -> str:
        """Why ours did not arrive, "" otherwise."""
        return (self.direct.error or "") if self.direct else ""

    @property
    def is_moving(self) -> bool:
        """Ours and on its way."""
        return self.status in (DirectStatus.PENDING, DirectStatus.SENDING)


def conversation_of(session: Session, tenant_id: int, conversation_id: int) -> Conversation:
    """This tenant's conversation; ConversationNotFound for a stranger's."""
    found = session.execute(
        select(Conversation).where(Conversation.tenant_id == tenant_id, Conversation.id == conversation_id)
    ).scalar_one_or_none()
    if found is None:
        raise ConversationNotFound
    return found


def page_of_conversations(
    session: Session,
    tenant_id: int,
    *,
    query: str = "",
    only: Filter = Filter.ALL,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Conversation]:
    """The latest first; `query` is part of a name, a phone or the last message."""
    statement = select(Conversation).where(Conversation.tenant_id == tenant_id)
    if only is Filter.MAYBE:
        statement = statement.where(Conversation.wish == Wish.MAYBE)
    if only is Filter.UNREAD:
        statement = statement.where(Conversation.unread_count > 0)
    if query.strip():
        statement = statement.where(_matches(query.strip()))
    keys = [Conversation.last_message_at, Conversation.id]
    return fetch_page(session, statement, keys, limit=limit, cursor=cursor)


def messages_of(
    session: Session, tenant_id: int, conversation_id: int, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Entry]:
    """A conversation's messages, the newest first."""
    conversation_of(session, tenant_id, conversation_id)
    statement = select(InboxMessage).where(
        InboxMessage.tenant_id == tenant_id, InboxMessage.conversation_id == conversation_id
    )
    page = fetch_page(session, statement, [InboxMessage.id], limit=limit, cursor=cursor)
    ours = _direct_messages(session, tenant_id, [one.direct_message_id for one in page.items if one.direct_message_id])
    return Page([Entry(one, ours.get(one.direct_message_id or 0)) for one in page.items], page.next_cursor)


def count_conversations(session: Session, tenant_id: int, only: Filter) -> int:
    """How many there are, a hundred at most: more needn't be told apart."""
    statement = select(Conversation.id).where(Conversation.tenant_id == tenant_id)
    if only is Filter.MAYBE:
        statement = statement.where(Conversation.wish == Wish.MAYBE)
    if only is Filter.UNREAD:
        statement = statement.where(Conversation.unread_count > 0)
    return session.scalar(select(func.count()).select_from(statement.limit(MOST_COUNTED).subquery())) or 0


def numbers_of(session: Session, tenant_id: int, conversations: Sequence[Conversation]) -> Mapping[int, Instance]:
    """Our numbers these conversations go through, removed ones too."""
    ids = {one.instance_id for one in conversations}
    rows = session.scalars(select(Instance).where(Instance.tenant_id == tenant_id, Instance.id.in_(ids)))
    return {one.id: one for one in rows}


def is_hidden(conversation: Conversation) -> bool:
    """WhatsApp tells no phone of this person."""
    return conversation.phone_key.endswith(HIDDEN)


def _direct_messages(session: Session, tenant_id: int, ids: Sequence[int]) -> dict[int, DirectMessage]:
    if not ids:
        return {}
    rows = session.scalars(select(DirectMessage).where(DirectMessage.tenant_id == tenant_id, DirectMessage.id.in_(ids)))
    return {one.id: one for one in rows}


def _matches(query: str) -> ColumnElement[bool]:
    digits = _NOT_DIGIT.sub("", query)
    if len(digits) >= MIN_DIGITS and not any(letter.isalpha() for letter in query):
        return Conversation.phone_key.contains(digits, autoescape=True)
    return or_(
        Conversation.name.icontains(query, autoescape=True), Conversation.last_text.icontains(query, autoescape=True)
    )
