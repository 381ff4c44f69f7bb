"""The leads of a list: search, key-set paging, leaving and coming back."""

import re
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.paging import DEFAULT_LIMIT, Page, fetch_page
from models.leads import Lead, LeadList, LeadListMember
from services.audit import record_audit
from services.leads.lists import list_of
from services.leads.refusals import LeadNotFound

_ACCENTED, _BARE = "áàâãäéèêëíìîïóòôõöúùûüçñ", "aaaaaeeeeiiiiooooouuuucn"
_NOT_DIGIT = re.compile(r"\D")
MIN_DIGITS = 3


def page_of_leads(
    session: Session,
    tenant_id: int,
    list_id: int,
    *,
    query: str = "",
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Lead]:
    """A list's leads, the newest first. `query`: part of a name or e-mail (accents don't matter) or of a phone."""
    list_of(session, tenant_id, list_id)
    if query.strip():
        found = leads_in_list(tenant_id, list_id).where(matches(query.strip()))
        return fetch_page(session, found, [LeadListMember.lead_id], limit=limit, cursor=cursor)
    ids = fetch_page(session, members_of(tenant_id, list_id), [LeadListMember.lead_id], limit=limit, cursor=cursor)
    return Page(leads_by_id(session, tenant_id, ids.items)[::-1], ids.next_cursor)


def members_of(tenant_id: int, list_id: int) -> Select[int]:
    """The ids alone: one index holds them in order, so a page costs the same at any depth, whatever the planner
    believes about the leads."""
    return select(LeadListMember.lead_id).where(
        LeadListMember.tenant_id == tenant_id, LeadListMember.list_id == list_id
    )


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


def matches(query: str) -> ColumnElement[bool]:
    """Phone when the query is mostly digits, else name or e-mail."""
    digits = _NOT_DIGIT.sub("", query)
    if len(digits) >= MIN_DIGITS and not any(c.isalpha() for c in query):
        return Lead.phone.contains(digits, autoescape=True)
    wanted = query.lower().translate(str.maketrans(_ACCENTED, _BARE))
    bare_name = func.translate(func.lower(Lead.name), _ACCENTED, _BARE)
    return or_(bare_name.contains(wanted, autoescape=True), Lead.email.contains(query.lower(), autoescape=True))


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
