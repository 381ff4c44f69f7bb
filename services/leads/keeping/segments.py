"""Filters saved under a name, and a list made of those a filter finds."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from models.leads_people import LeadDeed, LeadSegment
from services.audit import record_audit
from services.leads.finding import LeadFilter
from services.leads.keeping.deeds import Deed, start_deed
from services.leads.limits import MAX_LIST_NAME
from services.leads.merging import find_or_make_list
from services.leads.text import clean, one_line

MAX_NAME: Final = 60
MOST_SEGMENTS: Final = 50


class SegmentNotFound(NotFound):
    """No such segment."""

    code = "segment_not_found"
    message = "Este segmento não existe ou foi apagado."


def all_segments(session: Session, tenant_id: int) -> Sequence[LeadSegment]:
    """By name."""
    return session.scalars(
        select(LeadSegment).where(LeadSegment.tenant_id == tenant_id).order_by(LeadSegment.name)
    ).all()


def segment_of(session: Session, tenant_id: int, segment_id: int) -> LeadSegment:
    """One of them; SegmentNotFound for a stranger's."""
    found = session.execute(
        select(LeadSegment).where(LeadSegment.tenant_id == tenant_id, LeadSegment.id == segment_id)
    ).scalar_one_or_none()
    if found is None:
        raise SegmentNotFound
    return found


def save_segment(session: Session, tenant_id: int, name: str, asked: LeadFilter, *, actor: int | None) -> LeadSegment:
    """Keep a filter; the same name again is the same segment, changed. InvalidInput."""
    name = one_line(clean(name))
    problems = {}
    if not name or len(name) > MAX_NAME:
        problems["name"] = [f"Dê um nome de até {MAX_NAME} letras."]
    if asked.is_empty:
        problems["filter"] = ["Escolha ao menos um filtro antes de salvar."]
    if len(all_segments(session, tenant_id)) >= MOST_SEGMENTS:
        problems["name"] = [f"Você já tem {MOST_SEGMENTS} segmentos. Apague um que não usa."]
    if problems:
        raise InvalidInput(fields=problems)
    made = session.scalar(
        insert(LeadSegment)
        .values(tenant_id=tenant_id, name=name, filter=asked.asked(), created_by=actor)
        .on_conflict_do_update(index_elements=["tenant_id", "name"], set_={"filter": asked.asked()})
        .returning(LeadSegment.id)
    )
    found = segment_of(session, tenant_id, made or 0)
    record_audit(session, tenant_id, "leads.save_segment", actor_user_id=actor, target=("segment", found.id))
    return found


def delete_segment(session: Session, tenant_id: int, segment_id: int, *, actor: int | None) -> None:
    """The filter goes, the people stay."""
    segment_of(session, tenant_id, segment_id)
    session.execute(delete(LeadSegment).where(LeadSegment.tenant_id == tenant_id, LeadSegment.id == segment_id))
    record_audit(session, tenant_id, "leads.delete_segment", actor_user_id=actor, target=("segment", segment_id))


def list_from_filter(session: Session, tenant_id: int, name: str, asked: LeadFilter, *, actor: int | None) -> LeadDeed:
    """Everybody the filter finds into the list of this name, made when there is none; a worker goes through them."""
    name = one_line(clean(name))
    if not name or len(name) > MAX_LIST_NAME:
        raise InvalidInput(fields={"list_name": [f"Dê um nome de até {MAX_LIST_NAME} letras à lista."]})
    list_id, _is_new = find_or_make_list(session, tenant_id, name)
    return start_deed(session, tenant_id, Deed("add_to_list", list_id=list_id), asked, actor=actor)
