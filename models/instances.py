"""WhatsApp numbers and the inbox of what their providers tell us."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import Transitions, state_column


class InstanceStatus(StrEnum):
    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    PAUSED = "paused"
    BANNED = "banned"


class InboxStatus(StrEnum):
    PENDING = "pending"
    APPLIED = "applied"
    IGNORED = "ignored"
    UNMATCHED = "unmatched"
    UNREADABLE = "unreadable"


INSTANCE_TRANSITIONS: Transitions[InstanceStatus] = {
    InstanceStatus.DISCONNECTED: frozenset({InstanceStatus.CONNECTING, InstanceStatus.CONNECTED}),
    InstanceStatus.CONNECTING: frozenset({InstanceStatus.CONNECTED, InstanceStatus.DISCONNECTED}),
    InstanceStatus.CONNECTED: frozenset(
        {InstanceStatus.DISCONNECTED, InstanceStatus.PAUSED, InstanceStatus.BANNED, InstanceStatus.CONNECTING}
    ),
    InstanceStatus.PAUSED: frozenset({InstanceStatus.CONNECTED, InstanceStatus.DISCONNECTED, InstanceStatus.BANNED}),
    InstanceStatus.BANNED: frozenset({InstanceStatus.CONNECTING, InstanceStatus.DISCONNECTED}),
}


class Instance(TenantOwned, Created, Base):
    """A WhatsApp number at a provider. `next_allowed_at` is the pace, kept by the database so that any number of
    daemons agree; `held_until` stops it after unclear answers; `leased_by` is the daemon that has a message of it in
    flight; credentials are sealed by `core.crypto`."""

    __tablename__ = "instances"
    __table_args__ = (
        CheckConstraint("min_interval_ms <= max_interval_ms", name="interval_order"),
        CheckConstraint("health_score BETWEEN 0 AND 100", name="health_range"),
        Index("ix_instances_status", "status", postgresql_where=text("deleted_at IS NULL")),
    )

    name: Mapped[str] = mapped_column(String(80))
    connector: Mapped[str] = mapped_column(String(24))
    base_url: Mapped[str] = mapped_column(String(300))
    instance_key: Mapped[str] = mapped_column(String(120))
    sealed_credentials: Mapped[str]
    webhook_token_hash: Mapped[str] = mapped_column(String(64))
    sealed_webhook_token: Mapped[str]
    status: Mapped[InstanceStatus] = mapped_column(state_column(InstanceStatus), server_default="disconnected")
    status_reason: Mapped[str] = mapped_column(server_default="")
    phone: Mapped[str | None] = mapped_column(String(20))
    min_interval_ms: Mapped[int] = mapped_column(Integer)
    max_interval_ms: Mapped[int] = mapped_column(Integer)
    daily_cap: Mapped[int | None] = mapped_column(Integer)
    warm_up: Mapped[bool] = mapped_column(server_default=text("true"))
    check_numbers: Mapped[bool] = mapped_column(server_default=text("true"))
    is_sandbox: Mapped[bool] = mapped_column(server_default=text("false"))
    next_allowed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    held_until: Mapped[datetime | None]
    leased_by: Mapped[UUID | None]
    leased_until: Mapped[datetime | None]
    usage_day: Mapped[date | None]
    reserved_today: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    sent_today: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    delivered_today: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    read_today: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    failed_today: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    health_score: Mapped[float] = mapped_column(Numeric(4, 1, asdecimal=False), server_default=text("100"))
    consecutive_errors: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    consecutive_unclear: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    last_success_at: Mapped[datetime | None]
    last_health_update: Mapped[datetime | None]
    health_last_reset: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(server_default="")
    deleted_at: Mapped[datetime | None]


class WebhookDelivery(TenantOwned, Base):
    """A provider's call as it came, stored before it is answered; the engine applies it in batches, in any order."""

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "instance_id"], ["instances.tenant_id", "instances.id"], ondelete="CASCADE"),
        Index("ix_webhook_inbox_due", "due_at", postgresql_where=text("status = 'pending'")),
    )

    instance_id: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[InboxStatus] = mapped_column(state_column(InboxStatus), server_default="pending")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    problem: Mapped[str | None]
    applied_at: Mapped[datetime | None]
