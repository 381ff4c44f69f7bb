"""Two leads that are one person: proposed, made one, made two again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from models.leads import Lead, LeadListMember
from models.leads_people import LeadMerge
from services.audit import record_audit
from services.leads.keeping import sql
from services.leads.keeping.person import lead_of, take_out
from services.leads.keeping.tags import set_tags, tags_of
from services.leads.locks import try_lock_leads
from services.leads.merging import rows_of

MOST_PROPOSED: Final = 50
_WORDS: Final = ("name", "email", "city", "category")
_PERMISSION: Final = ("legal_basis", "consent_source", "consent_at", "consent_proof")
_COLUMNS: Final = (*_WORDS, *_PERMISSION, "id", "phone", "phone_key", "place_id", "extra", "source", "import_id")


class MergeNotFound(NotFound):
    """No such merge, or it was undone already."""

    code = "merge_not_found"
    message = "Esta união não existe ou já foi desfeita."


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two leads and why they look like one: the same `email`, or the same `name` in the same city."""

    reason: str
    first: Lead
    second: Lead


def likely_duplicates(session: Session, tenant_id: int) -> list[Likeness]:
    """Some pairs, MOST_PROPOSED at most. Reads every lead of the tenant: seconds for a million."""
    rows = session.execute(sql.LIKELY_DUPLICATES, {"tenant": tenant_id, "most": MOST_PROPOSED}).all()
    ids = {one for row in rows for one in row.ids}
    leads = {
        lead.id: lead for lead in session.scalars(select(Lead).where(Lead.tenant_id == tenant_id, Lead.id.in_(ids)))
    }
    return [Likeness(row.reason, leads[row.ids[0]], leads[row.ids[1]]) for row in rows]


def merge_leads(
    session: Session, tenant_id: int, kept_id: int, gone_id: int, *, actor: int | None, now: datetime
) -> LeadMerge:
    """`gone` becomes part of `kept`: what `kept` lacks is filled, lists and tags come along, the other phone is kept
    as a further column. A campaign writes to the kept phone alone. InvalidInput for one and the same lead."""
    if kept_id == gone_id:
        raise InvalidInput("Escolha duas pessoas diferentes.")
    try_lock_leads(session, tenant_id)
    kept, gone = lead_of(session, tenant_id, kept_id), lead_of(session, tenant_id, gone_id)
    made = LeadMerge(
        tenant_id=tenant_id,
        kept_id=kept_id,
        kept_before=_remembered(session, kept),
        gone=_remembered(session, gone),
        merged_by=actor,
    )
    session.add(made)
    for name in _WORDS:
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.extra = {**gone.extra, **kept.extra, _free_column(kept.extra): gone.phone}
    kept.updated_at = now
    lists, tags = made.gone["lists"], made.gone["tags"]
    session.flush()
    take_out(session, tenant_id, [gone_id])
    _join(session, tenant_id, kept_id, lists)
    set_tags(session, tenant_id, kept_id, [*tags, *made.kept_before["tags"]])
    record_audit(session, tenant_id, "leads.merge", actor_user_id=actor, target=("lead", kept_id), gone=gone_id)
    return made


def recent_merges(session: Session, tenant_id: int) -> Sequence[LeadMerge]:
    """The last ones that can still be taken back."""
    return session.scalars(
        select(LeadMerge)
        .where(LeadMerge.tenant_id == tenant_id, LeadMerge.undone_at.is_(None))
        .order_by(LeadMerge.id.desc())
        .limit(20)
    ).all()


def undo_merge(session: Session, tenant_id: int, merge_id: int, *, actor: int | None, now: datetime) -> LeadMerge:
    """Two people again, each as they were. MergeNotFound; Conflict when the gone number came back by another way."""
    found = session.execute(
        select(LeadMerge).where(
            LeadMerge.tenant_id == tenant_id, LeadMerge.id == merge_id, LeadMerge.undone_at.is_(None)
        )
    ).scalar_one_or_none()
    if found is None:
        raise MergeNotFound
    try_lock_leads(session, tenant_id)
    kept = lead_of(session, tenant_id, found.kept_id)
    _bring_back(session, tenant_id, found.gone)
    before = found.kept_before
    for name in (*_WORDS, "extra"):
        setattr(kept, name, before[name])
    kept.updated_at = now
    session.flush()
    _leave(session, tenant_id, kept.id, sorted(set(found.gone["lists"]) - set(before["lists"])))
    set_tags(session, tenant_id, kept.id, before["tags"])
    session.execute(
        update(LeadMerge).where(LeadMerge.tenant_id == tenant_id, LeadMerge.id == merge_id).values(undone_at=now)
    )
    record_audit(session, tenant_id, "leads.undo_merge", actor_user_id=actor, target=("lead", kept.id))
    return found


def _remembered(session: Session, lead: Lead) -> dict[str, Any]:
    lists = session.scalars(
        select(LeadListMember.list_id).where(
            LeadListMember.tenant_id == lead.tenant_id, LeadListMember.lead_id == lead.id
        )
    )
    tags = tags_of(session, lead.tenant_id, [lead.id]).get(lead.id, [])
    said = {name: getattr(lead, name) for name in _COLUMNS}
    said["consent_at"] = lead.consent_at and lead.consent_at.isoformat()
    return said | {"lists": sorted(lists), "tags": tags}


def _bring_back(session: Session, tenant_id: int, gone: dict[str, Any]) -> None:
    try:
        with session.begin_nested():
            columns = {name: gone[name] for name in _COLUMNS if name in gone}
            session.execute(insert(Lead).values(tenant_id=tenant_id, **columns))
    except IntegrityError as problem:
        raise Conflict("O outro número já voltou aos seus leads, então não dá mais para desfazer.") from problem
    _join(session, tenant_id, gone["id"], gone["lists"])
    set_tags(session, tenant_id, gone["id"], gone["tags"])


def _join(session: Session, tenant_id: int, lead_id: int, lists: Sequence[int]) -> None:
    for list_id in lists:
        values = {"tenant": tenant_id, "list": list_id, "ids": [lead_id]}
        session.execute(sql.SHIFT_COUNT, values | {"by": rows_of(session, sql.JOIN_LIST, values)})


def _leave(session: Session, tenant_id: int, lead_id: int, lists: Sequence[int]) -> None:
    for list_id in lists:
        values = {"tenant": tenant_id, "list": list_id, "ids": [lead_id]}
        session.execute(sql.SHIFT_COUNT, values | {"by": -rows_of(session, sql.LEAVE_LIST, values)})


def _free_column(extra: dict[str, str]) -> str:
    """`telefone_2`, or the next number that is free."""
    number = 2
    while f"telefone_{number}" in extra:
        number += 1
    return f"telefone_{number}"
