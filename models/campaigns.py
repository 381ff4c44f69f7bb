"""Campaigns, their messages, and the ledger of recipients that is also the sender's queue."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
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


class CampaignStatus(StrEnum):
    """waiting_quota and waiting_window are running campaigns that can't send right now and go on by themselves."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    HELD = "held"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING_QUOTA = "waiting_quota"
    WAITING_WINDOW = "waiting_window"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class RotationMode(StrEnum):
    ROUND_ROBIN = "round_robin"
    BALANCED = "balanced"
    INTELLIGENT = "intelligent"


class ContactStatus(StrEnum):
    """The recipient's states (architecture section 5); `unconfirmed` = may have arrived, never sent again by itself."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    SUPPRESSED = "suppressed"
    INVALID = "invalid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class LogType(StrEnum):
    CREATED = "created"
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    INSTANCE_SELECTED = "instance_selected"
    INSTANCE_PAUSED = "instance_paused"
    INSTANCE_RESUMED = "instance_resumed"
    MESSAGE_SENT = "message_sent"
    MESSAGE_DELIVERED = "message_delivered"
    MESSAGE_READ = "message_read"
    MESSAGE_FAILED = "message_failed"
    ROTATION_CHANGED = "rotation_changed"
    CONTACT_ADDED = "contact_added"
    CONTACT_REMOVED = "contact_removed"
    LIMIT_REACHED = "limit_reached"
    HEALTH_ISSUE = "health_issue"
    ERROR = "error"


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


ACTIVE = frozenset({CampaignStatus.RUNNING, CampaignStatus.WAITING_QUOTA, CampaignStatus.WAITING_WINDOW})

CAMPAIGN_TRANSITIONS: Transitions[CampaignStatus] = {
    CampaignStatus.DRAFT: frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING}),
    CampaignStatus.SCHEDULED: frozenset(
        {CampaignStatus.RUNNING, CampaignStatus.HELD, CampaignStatus.PAUSED, CampaignStatus.CANCELLED}
    ),
    CampaignStatus.HELD: frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.CANCELLED}),
    CampaignStatus.RUNNING: frozenset(
        {
            CampaignStatus.PAUSED,
            CampaignStatus.WAITING_QUOTA,
            CampaignStatus.WAITING_WINDOW,
            CampaignStatus.COMPLETED,
            CampaignStatus.CANCELLED,
        }
    ),
    CampaignStatus.WAITING_QUOTA: frozenset(
        {CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.COMPLETED, CampaignStatus.CANCELLED}
    ),
    CampaignStatus.WAITING_WINDOW: frozenset(
        {CampaignStatus.RUNNING, CampaignStatus.PAUSED, CampaignStatus.COMPLETED, CampaignStatus.CANCELLED}
    ),
    CampaignStatus.PAUSED: frozenset({CampaignStatus.RUNNING, CampaignStatus.SCHEDULED, CampaignStatus.CANCELLED}),
    CampaignStatus.COMPLETED: frozenset({CampaignStatus.RUNNING}),
}

CONTACT_TRANSITIONS: Transitions[ContactStatus] = {
    ContactStatus.PENDING: frozenset(
        {
            ContactStatus.SENDING,
            ContactStatus.SUPPRESSED,
            ContactStatus.INVALID,
            ContactStatus.CANCELLED,
            ContactStatus.EXPIRED,
        }
    ),
    ContactStatus.SENDING: frozenset(
        {
            ContactStatus.SENT,
            ContactStatus.FAILED,
            ContactStatus.UNCONFIRMED,
            ContactStatus.PENDING,
            ContactStatus.INVALID,
        }
    ),
    ContactStatus.SENT: frozenset({ContactStatus.DELIVERED, ContactStatus.READ, ContactStatus.FAILED}),
    ContactStatus.DELIVERED: frozenset({ContactStatus.READ}),
    ContactStatus.UNCONFIRMED: frozenset(
        {
            ContactStatus.SENT,
            ContactStatus.DELIVERED,
            ContactStatus.READ,
            ContactStatus.FAILED,
            ContactStatus.PENDING,
        }
    ),
    # A provider that says "failed" and then "delivered" has delivered: receipts come in any order.
    ContactStatus.FAILED: frozenset({ContactStatus.PENDING, ContactStatus.DELIVERED, ContactStatus.READ}),
}


class Campaign(TenantOwned, Created, Base):
    """`window` None = any hour; `next_send_at` says when a waiting campaign goes on; `pause_reason` says why.

    A follow-up has a `parent_id`: its people come from the step before, `after_days` after their message; all sent to
    up to `arrived_until` were looked at. `alarm_*`: the counters when a person last resumed it, for the rates since.
    """

    __tablename__ = "campaigns"
    __table_args__ = (
        Index("ix_campaigns_tenant_id_created_at", "tenant_id", "created_at"),
        Index(
            "ix_campaigns_live",
            "status",
            "schedule_at",
            postgresql_where=text("status IN ('running','waiting_quota','waiting_window','scheduled')"),
        ),
        Index("ix_campaigns_parent", "tenant_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
    )

    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(server_default="")
    status: Mapped[CampaignStatus] = mapped_column(state_column(CampaignStatus), server_default="draft")
    pause_reason: Mapped[str] = mapped_column(server_default="")
    rotation_mode: Mapped[RotationMode] = mapped_column(state_column(RotationMode), server_default="round_robin")
    interval_min_ms: Mapped[int | None] = mapped_column(Integer)
    interval_max_ms: Mapped[int | None] = mapped_column(Integer)
    daily_limit: Mapped[int | None] = mapped_column(Integer)
    schedule_at: Mapped[datetime | None]
    window: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    repeat_guard_days: Mapped[int | None] = mapped_column(SmallInteger)
    exit_line: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    variable_fallbacks: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    leave_out_incomplete: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    closed_deals: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    next_send_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    parent_id: Mapped[int | None]
    step: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    after_days: Mapped[int | None] = mapped_column(SmallInteger)
    stop_on_reply: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    arrived_until: Mapped[datetime | None]
    alarm_sent: Mapped[int] = mapped_column(server_default=text("0"))
    alarm_opted_out: Mapped[int] = mapped_column(server_default=text("0"))
    alarm_invalid: Mapped[int] = mapped_column(server_default=text("0"))


class CampaignCounts(Base):
    """The truth about a campaign in one narrow row, changed by delta in the transaction that changes the rows.
    `sent` counts every message the provider took, delivered and read ones included; `delivered` includes read.
    `total = pending + sending + sent + failed + unconfirmed + suppressed + invalid + cancelled + expired`.
    """

    __tablename__ = "campaign_counts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"], ondelete="CASCADE"),
        CheckConstraint(
            "total = pending + sending + sent + failed + unconfirmed + suppressed + invalid + cancelled + expired",
            name="identity",
        ),
        CheckConstraint("pending >= 0 AND sending >= 0 AND sent >= delivered AND delivered >= read", name="sane"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    total: Mapped[int] = mapped_column(server_default=text("0"))
    pending: Mapped[int] = mapped_column(server_default=text("0"))
    sending: Mapped[int] = mapped_column(server_default=text("0"))
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    delivered: Mapped[int] = mapped_column(server_default=text("0"))
    read: Mapped[int] = mapped_column(server_default=text("0"))
    failed: Mapped[int] = mapped_column(server_default=text("0"))
    unconfirmed: Mapped[int] = mapped_column(server_default=text("0"))
    suppressed: Mapped[int] = mapped_column(server_default=text("0"))
    invalid: Mapped[int] = mapped_column(server_default=text("0"))
    cancelled: Mapped[int] = mapped_column(server_default=text("0"))
    expired: Mapped[int] = mapped_column(server_default=text("0"))
    replied: Mapped[int] = mapped_column(server_default=text("0"))
    opted_out: Mapped[int] = mapped_column(server_default=text("0"))


class CampaignMessage(TenantOwned, Base):
    """One variation of the text. Rotated over the recipients by a hash of campaign and phone."""

    __tablename__ = "campaign_messages"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"], ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "campaign_id", "position"),
    )

    campaign_id: Mapped[int]
    position: Mapped[int] = mapped_column(SmallInteger)
    content: Mapped[str]
    media_id: Mapped[int | None]
    template: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class CampaignInstance(Base):
    """The numbers a campaign may use."""

    __tablename__ = "campaign_instances"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "instance_id"], ["instances.tenant_id", "instances.id"], ondelete="CASCADE"),
        Index("ix_campaign_instances_tenant_id_instance_id", "tenant_id", "instance_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(primary_key=True)


class CampaignList(Base):
    """The lists the audience is frozen from at launch."""

    __tablename__ = "campaign_lists"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "list_id"], ["lead_lists.tenant_id", "lead_lists.id"], ondelete="CASCADE"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(primary_key=True)


class CampaignContact(Base):
    """One recipient of one campaign: the ledger row, and the queue. Unique by (tenant, campaign, phone), so a
    second launch can't add anybody twice. `claim_id`, `lease_until` belong to the daemon that holds the row. `zone` is
    where the person lives (`core.zones`), `recipient_id` the address WhatsApp confirmed for the phone."""

    __tablename__ = "campaign_contacts"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"], ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "campaign_id", "id"),
        Index(
            "ix_campaign_contacts_turn",
            "tenant_id",
            "campaign_id",
            "zone",
            "next_attempt_at",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index("ix_campaign_contacts_lease", "lease_until", postgresql_where=text("status = 'sending'")),
        Index(
            "ix_campaign_contacts_provider_message",
            "tenant_id",
            "instance_id",
            "provider_message_id",
            postgresql_where=text("provider_message_id IS NOT NULL"),
        ),
        Index("ix_campaign_contacts_phone_key", "tenant_id", "phone_key"),
        Index("ix_campaign_contacts_reply", "tenant_id", "phone_key", postgresql_where=text("replied_at IS NOT NULL")),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(String(20), primary_key=True)
    id: Mapped[int] = mapped_column(Identity())
    phone_key: Mapped[str] = mapped_column(String(20))
    lead_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(200), server_default="")
    variables: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    status: Mapped[ContactStatus] = mapped_column(state_column(ContactStatus), server_default="pending")
    reason: Mapped[str | None] = mapped_column(String(40))
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claim_id: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    claimed_day: Mapped[date | None]
    instance_id: Mapped[int | None]
    message_id: Mapped[int | None]
    rendered_text: Mapped[str | None]
    provider_message_id: Mapped[str | None] = mapped_column(String(120))
    error: Mapped[str | None]
    queued_at: Mapped[datetime] = mapped_column(server_default=func.now())
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    zone: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    recipient_id: Mapped[str | None] = mapped_column(String(80))
    checked_at: Mapped[datetime | None]
    deal_at: Mapped[datetime | None]


class CampaignDay(Base):
    """What happened on one of the tenant's days, by campaign and instance (0 = none): the dashboards' rollup."""

    __tablename__ = "campaign_days"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "campaign_id"], ["campaigns.tenant_id", "campaigns.id"], ondelete="CASCADE"),
        Index("ix_campaign_days_tenant_id_day", "tenant_id", "day"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    instance_id: Mapped[int] = mapped_column(primary_key=True)
    claimed: Mapped[int] = mapped_column(server_default=text("0"))
    sent: Mapped[int] = mapped_column(server_default=text("0"))
    delivered: Mapped[int] = mapped_column(server_default=text("0"))
    read: Mapped[int] = mapped_column(server_default=text("0"))
    failed: Mapped[int] = mapped_column(server_default=text("0"))
    replied: Mapped[int] = mapped_column(server_default=text("0"))


class CampaignLog(Base):
    """The append-only story of a campaign, partitioned by month. Ids and numbers only, never a name, a phone or a
    text: the page joins them in. The database refuses to change or delete a row."""

    __tablename__ = "campaign_logs"
    __table_args__ = (
        Index("ix_campaign_logs_campaign", "tenant_id", "campaign_id", "id"),
        Index(
            "ix_campaign_logs_grave",
            "tenant_id",
            "campaign_id",
            "id",
            postgresql_where=text("severity IN ('error','critical')"),
        ),
        {"postgresql_partition_by": "RANGE (created_at)"},
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(primary_key=True, server_default=func.now())
    campaign_id: Mapped[int]
    log_type: Mapped[LogType] = mapped_column(state_column(LogType))
    severity: Mapped[Severity] = mapped_column(state_column(Severity), server_default="info")
    message: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    request_data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    response_data: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    http_status: Mapped[int | None] = mapped_column(SmallInteger)
    campaign_progress: Mapped[float | None]
    instance_health_score: Mapped[float | None]
    instance_id: Mapped[int | None]
    contact_id: Mapped[int | None]
    created_by: Mapped[int | None]
