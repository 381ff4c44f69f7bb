"""An import taken back as one action, until a campaign has used its rows.

What comes back: the people it made are removed (unless another list holds them by now), the people it put into the
list leave it, and whoever it changed says again what they said before. Not taken back: a change to a person that
somebody made after the import; it is worth more than the undo, and the result says how many those are.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from models.leads import ImportStatus, LeadImport, LeadList, LeadListMember
from services.audit import record_audit
from services.leads import sql
from services.leads.imports import import_of
from services.leads.locks import try_lock_leads
from services.leads.merging import rows_of
from services.leads.places import restore_numbers
from services.leads.refusals import CannotUndo


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did, in people."""

    removed: int
    left_list: int
    restored: int
    kept_changes: int


def refuse_undo(session: Session, tenant_id: int, import_id: int) -> LeadImport:
    """The import if it may be undone; CannotUndo says why not."""
    found = import_of(session, tenant_id, import_id)
    if found.status is not ImportStatus.FINISHED:
        raise CannotUndo("Só uma importação concluída pode ser desfeita.")
    if session.scalar(select(LeadImport.id).where(*_newer(found)).limit(1)):
        raise CannotUndo("Há uma importação mais nova nesta lista. Desfaça a mais nova primeiro.")
    values = {"tenant": tenant_id, "import": import_id, "list": found.list_id}
    if session.execute(sql.USED_BY_CAMPAIGN, values).scalar():
        raise CannotUndo("Uma campanha já usou pessoas desta importação, então ela não pode mais ser desfeita.")
    return found


def can_undo(session: Session, tenant_id: int, import_id: int) -> bool:
    """Whether to show the button."""
    try:
        refuse_undo(session, tenant_id, import_id)
    except CannotUndo:
        return False
    return True


def request_undo(session: Session, tenant_id: int, import_id: int, *, now: datetime) -> LeadImport:
    """Note that a worker will undo a large import; the page says so until it has."""
    found = refuse_undo(session, tenant_id, import_id)
    found.undo_requested_at = now
    return found


def undo_import(session: Session, tenant_id: int, import_id: int, *, actor: int | None) -> Undone:
    """Take an import back, in the caller's transaction. CannotUndo when a campaign has used it, a newer import of
    the list stands on it, or it isn't finished; LeadsBusy while another import writes."""
    try_lock_leads(session, tenant_id)
    found = refuse_undo(session, tenant_id, import_id)
    moved = session.execute(
        update(LeadImport)
        .where(
            LeadImport.tenant_id == tenant_id,
            LeadImport.id == import_id,
            LeadImport.status == ImportStatus.FINISHED,
        )
        .values(status=ImportStatus.UNDONE)
        .returning(LeadImport.id)
    ).scalar()
    if moved is None:
        raise CannotUndo("Esta importação acabou de ser desfeita.")
    done = take_back(session, tenant_id, found)
    record_audit(
        session,
        tenant_id,
        "leads.undo_import",
        actor_user_id=actor,
        target=("import", import_id),
        removed=done.removed,
        restored=done.restored,
    )
    return done


def take_back(session: Session, tenant_id: int, found: LeadImport) -> Undone:
    """What an import did, undone in the caller's transaction; the tenant's leads are locked."""
    session.execute(sql.TUNE)
    values = {"tenant": tenant_id, "import": found.id, "list": found.list_id}
    changed = int(session.execute(sql.COUNT_CHANGED, values).scalar_one())
    restore_numbers(session, tenant_id, found.id)
    restored = rows_of(session, sql.RESTORE_CHANGED, values)
    left = rows_of(session, sql.LEAVE_LIST, values)
    removed = rows_of(session, sql.REMOVE_CREATED, values)
    session.execute(sql.FORGET_CHANGED, values)
    _shrink_list(session, tenant_id, found, left)
    return Undone(removed, left, restored, changed - restored)


def _shrink_list(session: Session, tenant_id: int, found: LeadImport, left: int) -> None:
    """The list's count, and the list itself when this import made it and nobody is in it."""
    remaining = session.scalar(
        select(func.count())
        .select_from(LeadListMember)
        .where(LeadListMember.tenant_id == tenant_id, LeadListMember.list_id == found.list_id)
    )
    values: dict[str, object] = {"lead_count": LeadList.lead_count - left}
    if found.is_new_list and not remaining:
        values["deleted_at"] = func.now()
    session.execute(
        update(LeadList).where(LeadList.tenant_id == tenant_id, LeadList.id == found.list_id).values(**values)
    )


def _newer(found: LeadImport) -> tuple[ColumnElement[bool], ...]:
    return (
        LeadImport.tenant_id == found.tenant_id,
        LeadImport.list_id == found.list_id,
        LeadImport.id != found.id,
        LeadImport.finished_at > found.finished_at,
        LeadImport.status == ImportStatus.FINISHED,
    )


def undo_requests(session: Session) -> list[tuple[int, int]]:
    """Undos that were asked for and not done -> (tenant, import). For the clock, in system scope."""
    rows = session.execute(
        select(LeadImport.tenant_id, LeadImport.id).where(
            LeadImport.undo_requested_at.is_not(None), LeadImport.status == ImportStatus.FINISHED
        )
    )
    return [(row.tenant_id, row.id) for row in rows]
