"""What stands beside a lead: tags, saved filters, deeds on many people, merged people, and the search's own tables."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import Transitions, state_column


class DeedStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"


DEED_TRANSITIONS: Transitions[DeedStatus] = {
    DeedStatus.WAITING: frozenset({DeedStatus.RUNNING, DeedStatus.FINISHED}),
    # A killed worker's deed goes on behind the last person it committed.
    DeedStatus.RUNNING: frozenset({DeedStatus.RUNNING, DeedStatus.FINISHED}),
}


class LeadBlock(Base):
    """The searchable words of the 32 leads whose ids begin at `block * 32`: a copy, made again from the leads."""

    __tablename__ = "lead_blocks"

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[str] = mapped_column(Text)


class LeadGram(Base):
    """In which of the 1,024 blocks of a segment three letters occur. May name too many blocks, never too few."""

    __tablename__ = "lead_grams"

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    gram: Mapped[str] = mapped_column(String(3, collation="C"), primary_key=True)
    segment: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    blocks: Mapped[bytes] = mapped_column(LargeBinary)


class LeadStaleBlock(Base):
    """A mark that leads of a block have changed since it was made; set by triggers, whoever writes."""

    __tablename__ = "lead_stale_blocks"

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True)
    block: Mapped[int]


class LeadTag(Base):
    """A word a person puts on leads."""

    __tablename__ = "lead_tags"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "lead_id"], ["leads.tenant_id", "leads.id"], ondelete="CASCADE"),
        Index("ix_lead_tags_tenant_id_lead_id", "tenant_id", "lead_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)
    lead_id: Mapped[int] = mapped_column(primary_key=True)


class LeadSegment(TenantOwned, Created, Base):
    """A filter saved under a name; who is in it is asked anew each time."""

    __tablename__ = "lead_segments"
    __table_args__ = (UniqueConstraint("tenant_id", "name"),)

    name: Mapped[str] = mapped_column(String(60))
    filter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_by: Mapped[int | None]


class LeadDeed(TenantOwned, Created, Base):
    """One action on everybody a filter finds, done by a worker from the first id upwards. `after_id` is the last
    person looked at, `last_id` the newest lead when it was asked for: who comes later is not meant."""

    __tablename__ = "lead_deeds"
    __table_args__ = (Index("ix_lead_deeds_open", "tenant_id", "id", postgresql_where=text("status <> 'finished'")),)

    action: Mapped[str] = mapped_column(String(24))
    tag: Mapped[str] = mapped_column(String(40), server_default="")
    list_id: Mapped[int | None]
    from_list_id: Mapped[int | None]
    filter: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[DeedStatus] = mapped_column(state_column(DeedStatus), server_default="waiting")
    after_id: Mapped[int] = mapped_column(server_default=text("0"))
    last_id: Mapped[int] = mapped_column(server_default=text("0"))
    first_id: Mapped[int] = mapped_column(server_default=text("0"))
    seen: Mapped[int] = mapped_column(server_default=text("0"))
    done: Mapped[int] = mapped_column(server_default=text("0"))
    created_by: Mapped[int | None]
    finished_at: Mapped[datetime | None]


class LeadMerge(TenantOwned, Created, Base):
    """Two leads made one: everything the undo needs to make them two again."""

    __tablename__ = "lead_merges"

    kept_id: Mapped[int]
    kept_before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    gone: Mapped[dict[str, Any]] = mapped_column(JSONB)
    merged_by: Mapped[int | None]
    undone_at: Mapped[datetime | None]
