"""Who did what. The database refuses to change or delete a row."""

from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned


class AuditEvent(TenantOwned, Created, Base):
    """`action` is `room.verb` (accounts.sign_in); `details` holds ids and numbers, never a secret."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_tenant_id_created_at", "tenant_id", "created_at"),)

    action: Mapped[str] = mapped_column(String(60))
    actor_user_id: Mapped[int | None]
    target_type: Mapped[str | None] = mapped_column(String(40))
    target_id: Mapped[int | None]
    ip_address: Mapped[str | None] = mapped_column(String(45))
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
