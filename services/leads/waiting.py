"""Imports that wait for a person: listed, discarded, and forgotten when nobody comes back."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.leads import IMPORT_TRANSITIONS, ImportStatus, LeadImport
from models.states import NotAllowedNow, sources_of
from services.audit import record_audit
from services.leads import sql
from services.leads.imports import import_of

WAITING: Final = (ImportStatus.MAPPING, ImportStatus.READY)
ON_ITS_WAY: Final = (ImportStatus.UPLOADED, ImportStatus.CHECKING, *WAITING)
WAITING_DAYS: Final = 30
"""The file holds people's data; who hasn't answered in a month won't."""
SHOWN: Final = 20
ENDED: Final = (ImportStatus.FINISHED, ImportStatus.FAILED, ImportStatus.UNDONE, ImportStatus.DISCARDED)
FILES_A_SWEEP: Final = 1_000


def waiting_imports(session: Session, tenant_id: int) -> list[LeadImport]:
    """Those a person began and hasn't ended yet, the newest first: being looked at, waiting for columns or verdict."""
    return list(
        session.scalars(
            select(LeadImport)
            .where(
                LeadImport.tenant_id == tenant_id,
                LeadImport.status.in_(ON_ITS_WAY),
                LeadImport.is_auto_confirmed.is_(False),
            )
            .order_by(LeadImport.id.desc())
            .limit(SHOWN)
        )
    )


def discard_import(session: Session, tenant_id: int, import_id: int, *, actor: int | None) -> str:
    """End an import before anything was written -> its file's key, to be discarded after the commit. A worker that
    is at it notices and rolls back. NotAllowedNow once it is being written, ImportNotFound for a stranger's."""
    found = import_of(session, tenant_id, import_id)
    moved = session.execute(
        update(LeadImport)
        .where(
            LeadImport.tenant_id == tenant_id,
            LeadImport.id == import_id,
            LeadImport.status.in_(sources_of(IMPORT_TRANSITIONS, ImportStatus.DISCARDED)),
        )
        .values(status=ImportStatus.DISCARDED, samples=[], problems=[], waiting_since=None, heartbeat_at=None)
        .returning(LeadImport.id)
    ).scalar()
    if moved is None:
        raise NotAllowedNow("Só dá para descartar uma importação que ainda não começou a ser gravada.")
    session.execute(sql.FORGET_REJECTS, {"tenant": tenant_id, "import": import_id})
    record_audit(session, tenant_id, "leads.discard_import", actor_user_id=actor, target=("import", import_id))
    return found.file_key


def unanswered_imports(session: Session, *, now: datetime) -> list[tuple[int, int]]:
    """Imports that have waited for a person for WAITING_DAYS -> (tenant, import). For the clock, in system scope."""
    rows = session.execute(
        select(LeadImport.tenant_id, LeadImport.id).where(
            LeadImport.status.in_(WAITING), LeadImport.waiting_since < now - timedelta(days=WAITING_DAYS)
        )
    )
    return [(row.tenant_id, row.id) for row in rows]


def files_of_ended_imports(session: Session) -> list[tuple[int, int, str]]:
    """Ended imports not yet known to have no file -> (tenant, import, key). Whoever ends an import deletes its file
    after the commit and may die in between; people's data must not stay for that. For the clock, in system scope."""
    rows = session.execute(
        select(LeadImport.tenant_id, LeadImport.id, LeadImport.file_key)
        .where(LeadImport.status.in_(ENDED), LeadImport.file_key != "")
        .limit(FILES_A_SWEEP)
    )
    return [(row.tenant_id, row.id, row.file_key) for row in rows]


def note_file_gone(session: Session, tenant_id: int, import_id: int) -> None:
    """The file of an ended import is deleted."""
    session.execute(
        update(LeadImport)
        .where(LeadImport.tenant_id == tenant_id, LeadImport.id == import_id, LeadImport.status.in_(ENDED))
        .values(file_key="")
    )
