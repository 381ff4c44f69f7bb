"""Lists: sets of leads with a name. Deleting one can be taken back for some minutes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.paging import DEFAULT_LIMIT, Page, fetch_page
from models.leads import Lead, LeadList, LeadListMember
from services.audit import record_audit
from services.leads import sql
from services.leads.forgetting import hash_suppressions
from services.leads.limits import LIST_PURGE_MINUTES
from services.leads.locks import lock_leads
from services.leads.refusals import ListNotFound


def list_of(session: Session, tenant_id: int, list_id: int) -> LeadList:
    """One live list; ListNotFound for a deleted one or a stranger's."""
    found = session.execute(
        select(LeadList).where(LeadList.tenant_id == tenant_id, LeadList.id == list_id, LeadList.deleted_at.is_(None))
    ).scalar_one_or_none()
    if found is None:
        raise ListNotFound
    return found


def page_of_lists(
    session: Session, tenant_id: int, *, query: str = "", limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[LeadList]:
    """Live lists, the newest first; `query` looks in the name."""
    statement = select(LeadList).where(LeadList.tenant_id == tenant_id, LeadList.deleted_at.is_(None))
    if query.strip():
        statement = statement.where(LeadList.name.icontains(query.strip(), autoescape=True))
    return fetch_page(session, statement, [LeadList.id], limit=limit, cursor=cursor)


def all_lists(session: Session, tenant_id: int) -> Sequence[LeadList]:
    """Every live list by name, for a menu."""
    return session.scalars(
        select(LeadList).where(LeadList.tenant_id == tenant_id, LeadList.deleted_at.is_(None)).order_by(LeadList.name)
    ).all()


def count_leads(session: Session, tenant_id: int) -> int:
    """Leads of the tenant, whatever lists they are in."""
    return session.scalar(select(func.count()).select_from(Lead).where(Lead.tenant_id == tenant_id)) or 0


def delete_list(
    session: Session, tenant_id: int, list_id: int, *, with_leads: bool, actor: int | None, now: datetime
) -> LeadList:
    """Take a list off the pages now; its members go for good after LIST_PURGE_MINUTES, and `with_leads` the people
    who are in no other list go with them. Until then `restore_list` takes it back."""
    found = list_of(session, tenant_id, list_id)
    session.execute(
        update(LeadList)
        .where(LeadList.tenant_id == tenant_id, LeadList.id == list_id, LeadList.deleted_at.is_(None))
        .values(deleted_at=now, purge_after=now + timedelta(minutes=LIST_PURGE_MINUTES), deletes_leads=with_leads)
    )
    record_audit(
        session,
        tenant_id,
        "leads.delete_list",
        actor_user_id=actor,
        target=("list", list_id),
        leads=found.lead_count,
        with_leads=with_leads,
    )
    return found


def restore_list(session: Session, tenant_id: int, list_id: int, *, actor: int | None) -> LeadList:
    """Bring a deleted list back. ListNotFound once its members are gone, Conflict when its name is in use again."""
    try:
        with session.begin_nested():
            moved = session.execute(
                update(LeadList)
                .where(
                    LeadList.tenant_id == tenant_id,
                    LeadList.id == list_id,
                    LeadList.deleted_at.is_not(None),
                    LeadList.purge_after.is_not(None),
                )
                .values(deleted_at=None, purge_after=None, deletes_leads=False)
                .returning(LeadList.id)
            ).scalar()
    except IntegrityError as problem:
        raise Conflict("Já há outra lista com este nome. Renomeie-a ou apague-a antes.") from problem
    if moved is None:
        raise ListNotFound("Esta lista já foi apagada de vez.")
    record_audit(session, tenant_id, "leads.restore_list", actor_user_id=actor, target=("list", list_id))
    return list_of(session, tenant_id, list_id)


def lists_to_purge(session: Session, *, now: datetime) -> list[tuple[int, int]]:
    """Deleted lists whose time to be taken back is over -> (tenant, list). For the clock, in system scope."""
    rows = session.execute(select(LeadList.tenant_id, LeadList.id).where(LeadList.purge_after <= now))
    return [(row.tenant_id, row.id) for row in rows]


def purge_list(session: Session, tenant_id: int, list_id: int, *, now: datetime) -> bool:
    """Remove a deleted list's members, and its people where that was asked: of those who must not be written to a
    hash stays. False when it was restored meanwhile. The row itself stays, since campaigns of the past name it."""
    with_leads = session.execute(
        update(LeadList)
        .where(LeadList.tenant_id == tenant_id, LeadList.id == list_id, LeadList.purge_after <= now)
        .values(purge_after=None, lead_count=0)
        .returning(LeadList.deletes_leads)
    ).scalar()
    if with_leads is None:
        return False
    if with_leads:
        lock_leads(session, tenant_id)
        session.execute(sql.TUNE)
        left_alone = session.scalars(sql.PURGE_LEADS, {"tenant": tenant_id, "list": list_id}).all()
        hash_suppressions(session, tenant_id, left_alone)
    session.execute(
        delete(LeadListMember).where(LeadListMember.tenant_id == tenant_id, LeadListMember.list_id == list_id)
    )
    return True
