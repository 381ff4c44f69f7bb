"""The leads of a list: reading them, leaving it and coming back."""

from collections.abc import Sequence

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.leads import Lead, LeadList, LeadListMember
from services.audit import record_audit
from services.leads.lists import list_of
from services.leads.refusals import LeadNotFound


def leads_by_id(session: Session, tenant_id: int, ids: Sequence[int]) -> list[Lead]:
    """These leads, by id upwards."""
    return list(session.scalars(select(Lead).where(Lead.tenant_id == tenant_id, Lead.id.in_(ids)).order_by(Lead.id)))


def leads_in_list(tenant_id: int, list_id: int) -> Select[Lead]:
    """The statement all readers of a list share."""
    return (
        select(Lead)
        .join(
            LeadListMember,
            (LeadListMember.tenant_id == Lead.tenant_id) & (LeadListMember.lead_id == Lead.id),
        )
        .where(Lead.tenant_id == tenant_id, LeadListMember.tenant_id == tenant_id, LeadListMember.list_id == list_id)
    )


def remove_from_list(session: Session, tenant_id: int, list_id: int, lead_id: int, *, actor: int | None) -> Lead:
    """Take one person out of a list; they stay a lead. LeadNotFound when they aren't in it."""
    lead = _lead_of(session, tenant_id, lead_id)
    list_of(session, tenant_id, list_id)
    gone = session.execute(
        delete(LeadListMember)
        .where(
            LeadListMember.tenant_id == tenant_id,
            LeadListMember.list_id == list_id,
            LeadListMember.lead_id == lead_id,
        )
        .returning(LeadListMember.lead_id)
    ).scalar()
    if gone is None:
        raise LeadNotFound
    _shift_count(session, tenant_id, list_id, -1)
    record_audit(
        session, tenant_id, "leads.remove_from_list", actor_user_id=actor, target=("lead", lead_id), list=list_id
    )
    return lead


def put_in_list(session: Session, tenant_id: int, list_id: int, lead_id: int, *, actor: int | None) -> Lead:
    """Put one person into a list; being there already is fine."""
    lead = _lead_of(session, tenant_id, lead_id)
    list_of(session, tenant_id, list_id)
    came = session.execute(
        insert(LeadListMember)
        .values(tenant_id=tenant_id, list_id=list_id, lead_id=lead_id)
        .on_conflict_do_nothing()
        .returning(LeadListMember.lead_id)
    ).scalar()
    if came is not None:
        _shift_count(session, tenant_id, list_id, 1)
        record_audit(
            session, tenant_id, "leads.put_in_list", actor_user_id=actor, target=("lead", lead_id), list=list_id
        )
    return lead


def _lead_of(session: Session, tenant_id: int, lead_id: int) -> Lead:
    found = session.execute(select(Lead).where(Lead.tenant_id == tenant_id, Lead.id == lead_id)).scalar_one_or_none()
    if found is None:
        raise LeadNotFound
    return found


def _shift_count(session: Session, tenant_id: int, list_id: int, delta: int) -> None:
    session.execute(
        update(LeadList)
        .where(LeadList.tenant_id == tenant_id, LeadList.id == list_id)
        .values(lead_count=LeadList.lead_count + delta)
    )
