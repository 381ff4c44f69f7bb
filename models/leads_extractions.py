"""Extractions: leads found on Google Maps by Apify, the accounts that pay for them, and what Apify charges."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import Transitions, state_column


class ExtractionStatus(StrEnum):
    """What the API calls queued covers `starting`, what it calls running covers `saving`."""

    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    SAVING = "saving"
    FINISHED = "finished"
    FAILED = "failed"
    ABORTED = "aborted"


EXTRACTION_TRANSITIONS: Transitions[ExtractionStatus] = {
    ExtractionStatus.QUEUED: frozenset({ExtractionStatus.STARTING, ExtractionStatus.FAILED, ExtractionStatus.ABORTED}),
    # Back to the queue when Apify surely took nothing; whoever stopped it meanwhile has stopped it.
    ExtractionStatus.STARTING: frozenset(
        {ExtractionStatus.QUEUED, ExtractionStatus.RUNNING, ExtractionStatus.FAILED, ExtractionStatus.ABORTED}
    ),
    ExtractionStatus.RUNNING: frozenset({ExtractionStatus.SAVING, ExtractionStatus.FAILED}),
    ExtractionStatus.SAVING: frozenset({ExtractionStatus.FINISHED, ExtractionStatus.FAILED, ExtractionStatus.ABORTED}),
    # Paid places that could not be saved are saved once there is room; a run we lost sight of is looked at again.
    ExtractionStatus.FAILED: frozenset({ExtractionStatus.SAVING, ExtractionStatus.RUNNING}),
}


class Extraction(TenantOwned, Created, Base):
    """One search and the run that serves it. `claims` counts who took it up: an older holder can't move it any more.
    `next_check_at` is when somebody should look again (and the lease of whoever looks now); None = never. Places are
    written by an import of their own (`import_id`). `found` counts places, `without_phone` those nobody can write to.
    Costs are millionths of a dollar, None = not known. `run_status` is Apify's word for how the run ended."""

    __tablename__ = "extractions"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["lead_imports.tenant_id", "lead_imports.id"]),
        Index("ix_extractions_next_check_at", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
    )

    source: Mapped[str] = mapped_column(String(24), server_default="google_maps")
    search: Mapped[str] = mapped_column(String(120))
    location: Mapped[str] = mapped_column(String(120))
    max_items: Mapped[int]
    list_name: Mapped[str] = mapped_column(String(120))
    actor: Mapped[str] = mapped_column(String(80))
    is_platform_token: Mapped[bool] = mapped_column(server_default=text("false"))
    max_cost_usd_micros: Mapped[int]
    sealed_webhook_token: Mapped[str]
    status: Mapped[ExtractionStatus] = mapped_column(state_column(ExtractionStatus), server_default="queued")
    run_id: Mapped[str] = mapped_column(String(64), server_default="")
    run_status: Mapped[str] = mapped_column(String(24), server_default="")
    dataset_id: Mapped[str] = mapped_column(String(64), server_default="")
    import_id: Mapped[int | None]
    found: Mapped[int] = mapped_column(server_default=text("0"))
    saved: Mapped[int] = mapped_column(server_default=text("0"))
    without_phone: Mapped[int] = mapped_column(server_default=text("0"))
    cost_usd_micros: Mapped[int | None]
    failure: Mapped[str | None]
    failure_code: Mapped[str | None] = mapped_column(String(40))
    claims: Mapped[int] = mapped_column(server_default=text("0"))
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    next_check_at: Mapped[datetime | None]
    abort_requested_at: Mapped[datetime | None]
    starting_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_by: Mapped[int | None]


class ExtractionCall(TenantOwned, Base):
    """What Apify told us, as it came. Only a hint: the run is read again with our own token."""

    __tablename__ = "extraction_calls"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "extraction_id"], ["extractions.tenant_id", "extractions.id"], ondelete="CASCADE"
        ),
        Index("ix_extraction_calls_tenant_id_extraction_id", "tenant_id", "extraction_id"),
    )

    extraction_id: Mapped[int]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    body: Mapped[bytes] = mapped_column(LargeBinary)
    event: Mapped[str] = mapped_column(String(64), server_default="")
    is_readable: Mapped[bool] = mapped_column(server_default=text("true"))


class ExtractionAccount(Created, Base):
    """The tenant's own Apify account: its token sealed, its last letters to recognise it by. `base_url` "" = Apify's
    own address (another one outside production only)."""

    __tablename__ = "extraction_accounts"

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    sealed_token: Mapped[str]
    token_end: Mapped[str] = mapped_column(String(4))
    base_url: Mapped[str] = mapped_column(String(300), server_default="")
    username: Mapped[str] = mapped_column(String(80), server_default="")
    checked_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(server_default="")


class ExtractionPrice(Base):
    """What an actor charges for 1,000 places from a day on, in millionths of a dollar, and who says so. A platform
    table."""

    __tablename__ = "extraction_prices"

    actor: Mapped[str] = mapped_column(String(80), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    usd_micros_per_thousand: Mapped[int]
    usd_micros_per_start: Mapped[int] = mapped_column(server_default=text("0"))
    source: Mapped[str] = mapped_column(String(200))
