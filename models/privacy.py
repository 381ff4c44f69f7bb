"""Who is left alone by everybody, the platform's own secrets, and people who are to be forgotten."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import Transitions, state_column


class PlatformSuppression(Created, Base):
    """Somebody whom no tenant may write to. A platform table: read inside the sender's claim."""

    __tablename__ = "platform_suppressions"
    __table_args__ = (
        UniqueConstraint("phone_key"),
        UniqueConstraint("email"),
        CheckConstraint("phone_key IS NOT NULL OR email IS NOT NULL", name="somebody"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    phone_key: Mapped[str | None] = mapped_column(String(20))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(40))


class PlatformSecret(Created, Base):
    """A key that must outlive the ring of ENCRYPTION_KEYS: it is sealed with the ring and never replaced, only sealed
    again. A platform table."""

    __tablename__ = "platform_secrets"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[str]


class ErasureStatus(StrEnum):
    WAITING = "waiting"
    DONE = "done"


ERASURE_TRANSITIONS: Transitions[ErasureStatus] = {ErasureStatus.WAITING: frozenset({ErasureStatus.DONE})}


class PrivacyErasure(TenantOwned, Created, Base):
    """One person to be forgotten. Who it is stands sealed in `sealed_person` until it is done, then nowhere; `removed`
    counts what went, by table."""

    __tablename__ = "privacy_erasures"
    __table_args__ = (Index("ix_privacy_erasures_waiting", "created_at", postgresql_where=text("status = 'waiting'")),)

    status: Mapped[ErasureStatus] = mapped_column(state_column(ErasureStatus), server_default="waiting")
    sealed_person: Mapped[str | None]
    removed: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    created_by: Mapped[int | None]
    finished_at: Mapped[datetime | None]
