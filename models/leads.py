"""Leads (one person per tenant), lists (sets of leads), imports, suppressions."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, func, text
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
    MAPPING = "mapping"
    READY = "ready"
    WRITING = "writing"
    FINISHED = "finished"
    FAILED = "failed"
    UNDONE = "undone"
    DISCARDED = "discarded"


IMPORT_TRANSITIONS: Transitions[ImportStatus] = {
    ImportStatus.UPLOADED: frozenset(
        {ImportStatus.CHECKING, ImportStatus.MAPPING, ImportStatus.FAILED, ImportStatus.DISCARDED}
    ),
    # A killed worker's import is taken up again in the state it was left in; what it had written was rolled back.
    ImportStatus.CHECKING: frozenset(
        {
            ImportStatus.CHECKING,
            ImportStatus.MAPPING,
            ImportStatus.READY,
            ImportStatus.WRITING,
            ImportStatus.FAILED,
            ImportStatus.DISCARDED,
        }
    ),
    # Waits for a person to say what the columns are; saying it again after the verdict checks the file again.
    ImportStatus.MAPPING: frozenset({ImportStatus.CHECKING, ImportStatus.DISCARDED}),
    ImportStatus.READY: frozenset(
        {ImportStatus.CHECKING, ImportStatus.WRITING, ImportStatus.FAILED, ImportStatus.DISCARDED}
    ),
    ImportStatus.WRITING: frozenset({ImportStatus.WRITING, ImportStatus.FINISHED, ImportStatus.FAILED}),
    ImportStatus.FINISHED: frozenset({ImportStatus.UNDONE}),
}


class Permitted:
    """Where the permission to write came from, when, and what proves it (a text or a link); '' and None = not said."""

    consent_source: Mapped[str] = mapped_column(String(200), server_default="")
    consent_at: Mapped[datetime | None]
    consent_proof: Mapped[str] = mapped_column(String(500), server_default="")


class Lead(TenantOwned, Permitted, Created, Base):
    """A person. `phone_key` is the identity: both ninth-digit forms of a number share it (`core.phone`). `place_id` is
    Google's for a business found on the map, "" for everybody else: it stays when the business changes its number."""

    __tablename__ = "leads"
    __table_args__ = (
        UniqueConstraint("tenant_id", "phone_key"),
        Index("ix_leads_tenant_id_place_id", "tenant_id", "place_id", postgresql_where=text("place_id <> ''")),
        Index("ix_leads_extracted", "tenant_id", "id", postgresql_where=text("source = 'extraction'")),
        Index("ix_leads_tenant_id_city", "tenant_id", "city", "id", postgresql_where=text("city <> ''")),
        Index("ix_leads_tenant_id_category", "tenant_id", "category", "id", postgresql_where=text("category <> ''")),
        Index("ix_leads_tenant_id_legal_basis", "tenant_id", "legal_basis", "id"),
        # A file's rows come by the million and need none: they are found at once by going through the leads.
        Index("ix_leads_not_imported", "tenant_id", "source", "id", postgresql_where=text("source <> 'import'")),
    )

    phone: Mapped[str] = mapped_column(String(20))
    phone_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200), server_default="")
    email: Mapped[str] = mapped_column(String(254), server_default="")
    city: Mapped[str] = mapped_column(String(120), server_default="")
    category: Mapped[str] = mapped_column(String(120), server_default="")
    extra: Mapped[dict[str, str]] = mapped_column(JSONB, server_default="{}")
    source: Mapped[str] = mapped_column(String(24), server_default="import")
    place_id: Mapped[str] = mapped_column(String(300), server_default="")
    legal_basis: Mapped[LegalBasis] = mapped_column(state_column(LegalBasis))
    import_id: Mapped[int | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LeadList(TenantOwned, Created, Base):
    """A named set of leads. `lead_count` is changed by delta in the transaction that changes the members.

    A deleted list keeps its members until `purge_after`, so that the deed can be taken back; `deletes_leads` says
    whether the people who are in no other list go with it.
    """

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
    purge_after: Mapped[datetime | None]
    deletes_leads: Mapped[bool] = mapped_column(server_default=text("false"))


class LeadListMember(Base):
    """A lead is in a list at most once.

    Without foreign keys on purpose: checking two a row took 60 % of writing a membership and a quarter of a whole
    import (measured, 300,000 rows). Lists are never removed, only emptied; whoever removes leads holds
    `services.leads.locks.lock_leads` and removes their memberships in the same transaction.
    """

    __tablename__ = "lead_list_members"
    __table_args__ = (Index("ix_lead_list_members_tenant_id_lead_id", "tenant_id", "lead_id"),)

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int | None]


class LeadImport(TenantOwned, Permitted, Created, Base):
    """One uploaded file on its way into a list. The counts add up to `total` (contract 3.1).

    `list_id` is empty until the first row is written into a list called `list_name`: a file that can't be read leaves
    no empty list behind. `attempts` is the claim and only grows: who holds an older one can't move the import any more;
    `attempts_before` is where it stood when a person last sent the import on. `layout` says how the file was understood
    (format, delimiter, encoding, sheet, header row, headers).

    A guided import stops twice for a person: for its columns and for its verdict. `choices` says what each column is,
    in the file's order, and `samples` shows some of its values; the samples are people's data and go when the import
    ends. `waiting_since` is set while it waits. `phase` is what the worker does now (reading or writing), for the
    figures of the progress.
    """

    __tablename__ = "lead_imports"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "list_id"], ["lead_lists.tenant_id", "lead_lists.id"]),
        Index(
            "ix_lead_imports_open", "heartbeat_at", postgresql_where=text("status IN ('uploaded','checking','writing')")
        ),
        Index(
            "ix_lead_imports_files",
            "tenant_id",
            "id",
            postgresql_where=text("file_key <> '' AND status IN ('finished','failed','undone','discarded')"),
        ),
        Index("ix_lead_imports_waiting", "waiting_since", postgresql_where=text("status IN ('mapping','ready')")),
    )

    list_id: Mapped[int | None]
    list_name: Mapped[str] = mapped_column(String(120), server_default="")
    is_new_list: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[ImportStatus] = mapped_column(state_column(ImportStatus), server_default="uploaded")
    filename: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str] = mapped_column(String(200))
    file_bytes: Mapped[int]
    source: Mapped[str] = mapped_column(String(24), server_default="import")
    legal_basis: Mapped[LegalBasis] = mapped_column(state_column(LegalBasis))
    is_auto_confirmed: Mapped[bool] = mapped_column(server_default=text("true"))
    mapping: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    layout: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    is_guided: Mapped[bool] = mapped_column(server_default=text("false"))
    choices: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default="[]")
    samples: Mapped[list[list[str]]] = mapped_column(JSONB, server_default="[]")
    waiting_since: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    attempts_before: Mapped[int] = mapped_column(server_default=text("0"))
    phase: Mapped[str] = mapped_column(String(8), server_default="")
    phase_started_at: Mapped[datetime | None]
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
    failure_code: Mapped[str | None] = mapped_column(String(40))
    undo_requested_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    heartbeat_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class ColumnMapping(Base):
    """What a person said the columns of a file are, for the next file with the same headers. `headers_key` is a hash of
    the headers, so that nothing of the file itself is kept."""

    __tablename__ = "column_mappings"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    headers_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    choices: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LeadImportChange(Base):
    """What a lead said before an import changed it, for the undo. Goes with the lead and with the import."""

    __tablename__ = "lead_import_changes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "import_id"], ["lead_imports.tenant_id", "lead_imports.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(["tenant_id", "lead_id"], ["leads.tenant_id", "leads.id"], ondelete="CASCADE"),
        Index("ix_lead_import_changes_tenant_id_lead_id", "tenant_id", "lead_id"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(primary_key=True)
    before: Mapped[dict[str, Any]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]


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
    """Somebody who must not be written to, tenant-wide: by phone (all forms of it) or by e-mail. Phones are checked
    inside the sender's claim statement.

    `is_hashed`: the person is forgotten and only known again by a keyed hash, which stands in `phone_key` or `email`
    (`services.leads.hashing`)."""

    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("tenant_id", "phone_key"),
        UniqueConstraint("tenant_id", "email"),
        CheckConstraint("phone_key IS NOT NULL OR email IS NOT NULL", name="somebody"),
        Index("ix_suppressions_hashed", "tenant_id", "id", postgresql_where=text("is_hashed")),
    )

    phone_key: Mapped[str | None] = mapped_column(String(20))
    phone: Mapped[str | None] = mapped_column(String(20))
    email: Mapped[str | None] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(40), server_default="manual")
    is_hashed: Mapped[bool] = mapped_column(server_default=text("false"))
