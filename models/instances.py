"""WhatsApp numbers and the inbox of what their providers tell us."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    REAL,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    UniqueConstraint,
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
    flight; credentials are sealed by `core.crypto`. `unacked_*` are the messages WhatsApp has not acknowledged in a
    row; `ill_since` is when its health paused it; the `smoothed_*` figures are what `intelligent` weighs it by;
    `next_check_at` is when it may next ask whether a phone has WhatsApp."""

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
    first_connected_at: Mapped[datetime | None]
    unacked_since: Mapped[datetime | None]
    unacked_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    ill_since: Mapped[datetime | None]
    recovered_on: Mapped[date | None]
    smoothed_count: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    smoothed_latency_ms: Mapped[float] = mapped_column(REAL, server_default=text("0"))
    smoothed_failures: Mapped[float] = mapped_column(REAL, server_default=text("0"))
    smoothed_acks: Mapped[float] = mapped_column(REAL, server_default=text("1"))
    next_check_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class WebhookDelivery(TenantOwned, Base):
    """A provider's call as it came, stored before it is answered; the engine applies it in batches, in any order."""

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "instance_id"], ["instances.tenant_id", "instances.id"], ondelete="CASCADE"),
        Index("ix_webhook_inbox_due", "due_at", postgresql_where=text("status = 'pending'")),
        Index("ix_webhook_inbox_applied_at", "applied_at", postgresql_where=text("applied_at IS NOT NULL")),
    )

    instance_id: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    headers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[InboxStatus] = mapped_column(state_column(InboxStatus), server_default="pending")
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    problem: Mapped[str | None]
    applied_at: Mapped[datetime | None]


class DirectKind(StrEnum):
    """Why a message goes to one person outside a campaign."""

    ANSWER = "answer"
    CONFIRMATION = "confirmation"
    TEST = "test"


class DirectStatus(StrEnum):
    """As a recipient's of a campaign; `unconfirmed` = may have arrived, never sent again by itself."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


DIRECT_TRANSITIONS: Transitions[DirectStatus] = {
    DirectStatus.PENDING: frozenset({DirectStatus.SENDING, DirectStatus.FAILED}),
    DirectStatus.SENDING: frozenset(
        {DirectStatus.SENT, DirectStatus.PENDING, DirectStatus.FAILED, DirectStatus.UNCONFIRMED}
    ),
    DirectStatus.SENT: frozenset({DirectStatus.DELIVERED, DirectStatus.READ, DirectStatus.FAILED}),
    DirectStatus.DELIVERED: frozenset({DirectStatus.READ}),
    DirectStatus.UNCONFIRMED: frozenset(
        {DirectStatus.SENT, DirectStatus.DELIVERED, DirectStatus.READ, DirectStatus.FAILED}
    ),
    DirectStatus.FAILED: frozenset({DirectStatus.DELIVERED, DirectStatus.READ}),
}


class DirectMessage(TenantOwned, Created, Base):
    """One message to one person, ahead of every campaign: an answer, a confirmation, a test. Exempt from gap and
    quota, never from disconnection; only a confirmation goes to somebody who asked to be left alone."""

    __tablename__ = "direct_messages"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "instance_id"], ["instances.tenant_id", "instances.id"], ondelete="CASCADE"),
        Index("ix_direct_messages_due", "next_attempt_at", postgresql_where=text("status = 'pending'")),
        Index("ix_direct_messages_lease", "lease_until", postgresql_where=text("status = 'sending'")),
        Index(
            "ix_direct_messages_provider_message",
            "tenant_id",
            "instance_id",
            "provider_message_id",
            postgresql_where=text("provider_message_id IS NOT NULL"),
        ),
        Index(
            "ix_direct_messages_open",
            "tenant_id",
            "phone_key",
            postgresql_where=text("status IN ('sending', 'unconfirmed')"),
        ),
        Index(
            "ix_direct_messages_form_key",
            "tenant_id",
            "conversation_id",
            "form_key",
            postgresql_where=text("form_key IS NOT NULL"),
        ),
        Index("ix_direct_messages_tests", "tenant_id", "created_by", "id", postgresql_where=text("kind = 'test'")),
    )

    instance_id: Mapped[int]
    phone: Mapped[str] = mapped_column(String(20))
    phone_key: Mapped[str] = mapped_column(String(20))
    kind: Mapped[DirectKind] = mapped_column(state_column(DirectKind))
    body: Mapped[str]
    media_id: Mapped[int | None]
    template: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    conversation_id: Mapped[int | None]
    campaign_id: Mapped[int | None]
    status: Mapped[DirectStatus] = mapped_column(state_column(DirectStatus), server_default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claim_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    claimed_at: Mapped[datetime | None]
    provider_message_id: Mapped[str | None] = mapped_column(String(120))
    reason: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    form_key: Mapped[str | None] = mapped_column(String(36))


class NumberCheck(Base):
    """What a provider said when asked whether a phone has WhatsApp, and under which address: kept per tenant."""

    __tablename__ = "number_checks"
    __table_args__ = (
        Index("ix_number_checks_none", "tenant_id", "phone_key", postgresql_where=text("NOT has_whatsapp")),
        Index("ix_number_checks_recipient", "tenant_id", "recipient_id", postgresql_where=text("recipient_id <> ''")),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    phone_key: Mapped[str] = mapped_column(String(20), primary_key=True)
    has_whatsapp: Mapped[bool]
    recipient_id: Mapped[str] = mapped_column(String(80), server_default="")
    checked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WarmUpStage(Base):
    """How much a new unofficial number may send a day from its `from_day`-th connected day on (1 = the first). Past
    the last stage only the number's own cap counts. A platform table."""

    __tablename__ = "warm_up_stages"

    from_day: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    daily_cap: Mapped[int | None] = mapped_column(Integer)


class PaceFloor(Base):
    """The shortest gap of a connector's numbers under a plan, where it isn't the plan's own. A platform table."""

    __tablename__ = "pace_floors"

    plan_slug: Mapped[str] = mapped_column(String(40), primary_key=True)
    connector: Mapped[str] = mapped_column(String(24), primary_key=True)
    floor_ms: Mapped[int] = mapped_column(Integer)


class MessagePrice(Base):
    """What Meta charges for one message of a category to a country (its ISO code; `*` = any other), from a day on:
    millionths of the currency. A platform table."""

    __tablename__ = "message_prices"

    category: Mapped[str] = mapped_column(String(24), primary_key=True)
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), server_default="USD")
    price_micros: Mapped[int]


class ApprovedTemplate(TenantOwned, Base):
    """A template of an official number's account as its provider last listed it. `fields` is what its body asks for
    ("1", "2" or names), `header` "", "text", "image", "video" or "document", `url_buttons` the indexes of the buttons
    that want an ending."""

    __tablename__ = "approved_templates"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "instance_id"], ["instances.tenant_id", "instances.id"], ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "instance_id", "name", "language"),
    )

    instance_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(24))
    category: Mapped[str] = mapped_column(String(24), server_default="")
    body: Mapped[str] = mapped_column(server_default="")
    fields: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")
    header: Mapped[str] = mapped_column(String(24), server_default="")
    has_header_field: Mapped[bool] = mapped_column(server_default=text("false"))
    url_buttons: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    fetched_at: Mapped[datetime] = mapped_column(server_default=func.now())
