"""Conversations: what people write back, our answers, and wishes to leave that a person judges."""

from services.inbox.answer import answer, mark_read, mark_unread, open_conversation, refuse_writing
from services.inbox.arrived import store_arrived, store_queued
from services.inbox.find import (
    Entry,
    Filter,
    conversation_of,
    count_conversations,
    is_hidden,
    messages_of,
    numbers_of,
    page_of_conversations,
)
from services.inbox.judge import judge
from services.inbox.refusals import (
    ConversationNotFound,
    MustNotWrite,
    NothingToJudge,
    NumberGone,
    UnknownPerson,
    WindowClosed,
)

__all__ = [
    "ConversationNotFound",
    "Entry",
    "Filter",
    "MustNotWrite",
    "NothingToJudge",
    "NumberGone",
    "UnknownPerson",
    "WindowClosed",
    "answer",
    "conversation_of",
    "count_conversations",
    "is_hidden",
    "judge",
    "mark_read",
    "mark_unread",
    "messages_of",
    "numbers_of",
    "open_conversation",
    "page_of_conversations",
    "refuse_writing",
    "store_arrived",
    "store_queued",
]
