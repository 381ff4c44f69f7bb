"""Leads (one person per tenant), lists (sets of leads), imports, suppressions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import Transitions, state_column


class LegalBasis(StrEnum):
    """LGPD article 7: why this tenant may write to these people."""

    CONSENT = "consent"
    CUSTOMER = "customer"
    LEGITIMATE_INTEREST = "legitimate_interest"


class ImportStatus(StrEnum):
    UPLOADED = "uploaded"
    CHECKING = "checking"
    READY = "ready"
    WRITING = "writing"
    FINISHED = "finished"
    FAILED = "failed"
    UNDONE = "undone"


IMPORT_TRANSITIONS: Transitions[ImportStatus] = {
    ImportStatus.UPLOADED: frozenset({ImportStatus.CHECKING, ImportStatus.FAILED}),
    ImportStatus.CHECKING: frozenset({ImportStatus.READY, ImportStatus.FAILED, ImportStatus.UPLOADED}),
    ImportStatus.READY: frozenset({ImportStatus.WRITING, ImportStatus.CHECKING, ImportStatus.FAILED}),
    ImportStatus.WRITING: frozenset({ImportStatus.FINISHED, ImportStatus.FAILED, ImportStatus.READY}),
    ImportStatus.FINISHED: frozenset({ImportStatus.UNDONE}),
}


class Lead(TenantOwned, Created, Base):
    """A person. `phone_key` is the identity: both ninth-digit forms of a number share it (`core.phone`)."""

    __tablename__ = "leads"
    __table_args__ = (UniqueConstraint("tenant_id", "phone_key"),)

    phone: Mapped[str] = mapped_column(String(20))
    phone_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    email: Mapped[str] = mapped_column(String(254), server_default="")
    city: Mapped[str] = mapped_column(String(120), server_default="")
    category: Mapped[str] = mapped_column(String(120), server_default="")
    extra: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    source: Mapped[str] = mapped_column(String(24), server_default="import")
    legal_basis: Mapped[LegalBasis] = mapped_column(state_column(LegalBasis))
    import_id: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LeadList(TenantOwned, Created, Base):
    """A named set of leads. `lead_count` is changed by delta in the transaction that changes the members."""

    __tablename__ = "lead_lists"
    __table_args__ = (
        Index(
            "uq_lead_lists_tenant_id_name",
            "tenant_id",
            "name",
            unique=True,
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    name: Mapped[str] = mapped_column(String(120))
    lead_count: Mapped[int] = mapped_column(server_default=text("0"))
    deleted_at: Mapped[datetime | None]


class LeadListMember(Base):
    """A lead is in a list at most once."""

    __tablename__ = "lead_list_members"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "list_id"], ["lead_lists.tenant_id", "lead_lists.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["tenant_id", "lead_id"], ["leads.tenant_id", "leads.id"], ondelete="CASCADE"),
        Index("ix_lead_list_members_tenant_id_lead_id", "tenant_id", "lead_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int | None]


class LeadImport(TenantOwned, Created, Base):
    """One uploaded file on its way into a list. The counts add up to `total` (contract 3.1)."""

    __tablename__ = "lead_imports"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "list_id"], ["lead_lists.tenant_id", "lead_lists.id"]),
        Index(
            "ix_lead_imports_open", "heartbeat_at", postgresql_where=text("status IN ('uploaded','checking','writing')")
        ),
    )

    list_id: Mapped[int]
    status: Mapped[ImportStatus] = mapped_column(state_column(ImportStatus), server_default="uploaded")
    filename: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(200))
    file_bytes: Mapped[int]
    legal_basis: Mapped[LegalBasis] = mapped_column(state_column(LegalBasis))
    is_auto_confirmed: Mapped[bool] = mapped_column(server_default=text("true"))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    problems: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    rows_done: Mapped[int] = mapped_column(server_default=text("0"))
    rows_expected: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int] = mapped_column(server_default=text("0"))
    created: Mapped[int] = mapped_column(server_default=text("0"))
    updated: Mapped[int] = mapped_column(server_default=text("0"))
    duplicates: Mapped[int] = mapped_column(server_default=text("0"))
    invalid: Mapped[int] = mapped_column(server_default=text("0"))
    not_selected: Mapped[int] = mapped_column(server_default=text("0"))
    suppressed: Mapped[int] = mapped_column(server_default=text("0"))
    failure: Mapped[str | None]
    created_by: Mapped[int | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class LeadImportReject(Base):
    """A refused row, kept with its number in the person's own file, the reason and the row as it came."""

    __tablename__ = "lead_import_rejects"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "import_id"], ["lead_imports.tenant_id", "lead_imports.id"], ondelete="CASCADE"
        ),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(primary_key=True)
    row_number: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    value: Mapped[str]
    cells: Mapped[list[str]] = mapped_column(JSONB, server_default="[]")


class Suppression(TenantOwned, Created, Base):
    """Somebody who must not be written to, tenant-wide. Checked inside the sender's claim statement."""

    __tablename__ = "suppressions"
    __table_args__ = (UniqueConstraint("tenant_id", "phone_key"),)

    phone_key: Mapped[str] = mapped_column(String(20))
    phone: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40), server_default="manual")
