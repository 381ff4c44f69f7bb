"""What people write back: one conversation per person and number, and its messages."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import state_column


class Wish(StrEnum):
    """What a person asked for: `maybe` = a word of leaving inside a sentence, which a person of the team judges."""

    NONE = "none"
    MAYBE = "maybe"
    LEAVE = "leave"
    RETURN = "return"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


class Conversation(TenantOwned, Created, Base):
    """`last_inbound_at` opens the 24 hours in which free text may go to a person through the Cloud API."""

    __tablename__ = "conversations"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "instance_id"], ["instances.tenant_id", "instances.id"], ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "instance_id", "phone_key"),
        Index("ix_conversations_tenant_id_last_message_at", "tenant_id", "last_message_at", "id"),
        Index("ix_conversations_unread", "tenant_id", postgresql_where=text("unread_count > 0")),
        Index(
            "ix_conversations_maybe",
            "tenant_id",
            "last_message_at",
            "id",
            postgresql_where=text("wish = 'maybe'"),
        ),
    )

    instance_id: Mapped[int]
    phone: Mapped[str] = mapped_column(String(20))
    phone_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    lead_id: Mapped[int | None]
    wish: Mapped[Wish] = mapped_column(state_column(Wish), server_default="none")
    unread_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_text: Mapped[str] = mapped_column(String(300), server_default="")
    last_message_at: Mapped[datetime]
    last_inbound_at: Mapped[datetime | None]


class InboxMessage(TenantOwned, Created, Base):
    """One message of a conversation, in or out. `provider_message_id` makes a repeated webhook add nothing;
    `direct_message_id` is the engine's row of an answer of ours; `campaign_id` is what was answered."""

    __tablename__ = "inbox_messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "conversation_id"], ["conversations.tenant_id", "conversations.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("tenant_id", "conversation_id", "provider_message_id"),
        Index("ix_inbox_messages_conversation", "tenant_id", "conversation_id", "id"),
    )

    conversation_id: Mapped[int]
    direction: Mapped[Direction] = mapped_column(state_column(Direction))
    body: Mapped[str] = mapped_column(server_default="")
    media: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    wish: Mapped[Wish] = mapped_column(state_column(Wish), server_default="none")
    provider_message_id: Mapped[str | None] = mapped_column(String(120))
    direct_message_id: Mapped[int | None]
    campaign_id: Mapped[int | None]
    at: Mapped[datetime]
