"""Tenants, their people, plans, licences and the daily usage that limits are reserved in."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import state_column


class TenantStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class Role(StrEnum):
    """What a person may do is in `services.accounts.permissions`; the contract's section 4 is its source."""

    OWNER = "owner"
    MANAGER = "manager"
    OPERATOR = "operator"
    VIEWER = "viewer"


class TokenPurpose(StrEnum):
    CHOOSE_PASSWORD = "choose_password"
    RESET_PASSWORD = "reset_password"


class LicenceSource(StrEnum):
    HOTMART = "hotmart"
    MANUAL = "manual"
    DEMO = "demo"


class HotmartEventStatus(StrEnum):
    """stored -> applied | ignored | unmapped | failed; unreadable bodies stay as they came."""

    STORED = "stored"
    APPLIED = "applied"
    IGNORED = "ignored"
    UNMAPPED = "unmapped"
    FAILED = "failed"
    UNREADABLE = "unreadable"


class Tenant(Created, Base):
    """A customer's company. Its `id` is everybody else's `tenant_id`. `messages_per_person_week` is the frequency cap
    over all campaigns, None = none; `retention_months` without contact end a person's stay, None = never."""

    __tablename__ = "tenants"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))
    time_zone: Mapped[str] = mapped_column(String(64), server_default="America/Sao_Paulo")
    language: Mapped[str] = mapped_column(String(8), server_default="pt_BR")
    status: Mapped[TenantStatus] = mapped_column(state_column(TenantStatus), server_default="active")
    business_context: Mapped[str] = mapped_column(server_default="")
    messages_per_person_week: Mapped[int | None] = mapped_column(SmallInteger, server_default=text("2"))
    is_demo: Mapped[bool] = mapped_column(server_default=text("false"))
    retention_months: Mapped[int | None] = mapped_column(SmallInteger)
    needs_consent_proof: Mapped[bool] = mapped_column(server_default=text("false"))


class User(TenantOwned, Created, Base):
    """A person who signs in. `session_epoch` rises when the password changes, which ends older sessions."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("tenant_id", "email"),)

    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str | None]
    role: Mapped[Role] = mapped_column(state_column(Role))
    is_active: Mapped[bool] = mapped_column(server_default=text("true"))
    is_super_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    session_epoch: Mapped[int] = mapped_column(server_default=text("0"))
    last_sign_in_at: Mapped[datetime | None]


class OneTimeToken(TenantOwned, Created, Base):
    """A link that works once: only the SHA-256 of its secret is kept."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
        UniqueConstraint("tenant_id", "token_hash"),
    )

    user_id: Mapped[int]
    purpose: Mapped[TokenPurpose] = mapped_column(state_column(TokenPurpose))
    token_hash: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKey(TenantOwned, Created, Base):
    """A program's key: hashed, shown once, with scopes. Found through `directory(kind='api_key')`."""

    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.id"], ondelete="CASCADE"),
    )

    user_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(40)), server_default=text("'{}'"))
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Plan(Created, Base):
    """What a licence allows. A platform table: the same for all tenants."""

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint("daily_messages >= 0 AND max_instances >= 0 AND max_leads >= 0", name="limits_not_negative"),
    )

    slug: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    daily_messages: Mapped[int]
    max_instances: Mapped[int]
    max_leads: Mapped[int]
    pace_floor_ms: Mapped[int]
    ai_usd_micros_per_month: Mapped[int]
    price_centavos: Mapped[int]
    is_public: Mapped[bool] = mapped_column(server_default=text("true"))


class PlanMapping(Created, Base):
    """Hotmart product (and offer, '' = any) -> plan; product '*' = any product."""

    __tablename__ = "plan_mappings"

    product_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    offer_code: Mapped[str] = mapped_column(String(40), primary_key=True, server_default="")
    plan_slug: Mapped[str] = mapped_column(ForeignKey("plans.slug"))


class Licence(TenantOwned, Created, Base):
    """One purchase or subscription. Recomputed from all stored events of its key, so order and repeats of arrival
    never matter. `paid_until` None = no end (a one-off purchase)."""

    __tablename__ = "licences"
    __table_args__ = (UniqueConstraint("tenant_id", "source", "external_key"),)

    source: Mapped[LicenceSource] = mapped_column(state_column(LicenceSource))
    external_key: Mapped[str] = mapped_column(String(80))
    plan_slug: Mapped[str] = mapped_column(ForeignKey("plans.slug"))
    starts_at: Mapped[datetime]
    paid_until: Mapped[datetime | None]
    has_no_end: Mapped[bool] = mapped_column(server_default=text("false"))
    grace_until: Mapped[datetime | None]
    is_cancelled: Mapped[bool] = mapped_column(server_default=text("false"))
    is_disputed: Mapped[bool] = mapped_column(server_default=text("false"))
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(40))
    last_event_at: Mapped[datetime | None]


class HotmartEvent(Base):
    """The raw event as it came, stored before anything else. A platform table, visible to the system alone."""

    __tablename__ = "hotmart_events"
    __table_args__ = (
        UniqueConstraint("event_id"),
        Index("ix_hotmart_events_licence_key", "licence_key", "occurred_at"),
        Index("ix_hotmart_events_open", "id", postgresql_where=text("status IN ('stored', 'unmapped', 'failed')")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    event_id: Mapped[str | None] = mapped_column(String(80))
    event_name: Mapped[str] = mapped_column(String(60), server_default="")
    licence_key: Mapped[str | None] = mapped_column(String(80))
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    body: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[HotmartEventStatus] = mapped_column(state_column(HotmartEventStatus), server_default="stored")
    problem: Mapped[str | None]
    handled_at: Mapped[datetime | None]


class Directory(Base):
    """What must be found before the tenant is known: e-mails, webhook tokens, keys, slugs, licence keys."""

    __tablename__ = "directory"
    __table_args__ = (Index("ix_directory_tenant_id_kind_target_id", "tenant_id", "kind", "target_id"),)

    kind: Mapped[str] = mapped_column(String(24), primary_key=True)
    key: Mapped[str] = mapped_column(String(254), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"))
    target_id: Mapped[int]


class DailyUsage(Base):
    """Messages reserved on one of the tenant's days: raised by a conditional UPDATE inside the sender's claim, so
    the plan's limit is never passed, and lowered when a message surely was not sent."""

    __tablename__ = "daily_usage"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    messages_reserved: Mapped[int] = mapped_column(server_default=text("0"))


class IdempotencyKey(Created, Base):
    """An answer kept for 24 hours under the key a program gave; `status` None while it is being worked on."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None] = mapped_column(SmallInteger)
    body: Mapped[str] = mapped_column(server_default="")
