"""`/api/leads`: segments, deeds on many people, merging two that are one."""

from typing import Any

from api.common import Blueprint, page_of
from api.leads_people_schemas import (
    DeedSchema,
    LikenessesSchema,
    MergeSchema,
    NewDeed,
    NewMerge,
    NewSegment,
    SegmentSchema,
)
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import Forbidden
from models.leads_people import LeadDeed, LeadMerge, LeadSegment
from services import leads as room

blueprint = Blueprint("leads_deeds_api", __name__, url_prefix="/api/leads", description="Leads: muitas pessoas")


@blueprint.get("/segments")
@blueprint.response(200, page_of(SegmentSchema))
@requires("leads.read")
def get_segments() -> dict[str, Any]:
    """Every saved filter, by name; there are at most 50."""
    return {"items": room.all_segments(db.session(), current_principal().tenant_id), "next_cursor": None}


@blueprint.post("/segments")
@blueprint.arguments(NewSegment)
@blueprint.response(201, SegmentSchema)
@requires("leads.edit")
def save_segment(said: dict[str, Any]) -> LeadSegment:
    """Keep a filter under a name."""
    who, session = current_principal(), db.session()
    asked = room.LeadFilter.strictly(said["filter"])
    made = room.save_segment(session, who.tenant_id, said["name"], asked, actor=who.user_id)
    session.commit()
    return made


@blueprint.delete("/segments/<int:segment_id>")
@blueprint.response(204)
@requires("leads.edit")
def delete_segment(segment_id: int) -> None:
    """The filter goes, the people stay."""
    who, session = current_principal(), db.session()
    room.delete_segment(session, who.tenant_id, segment_id, actor=who.user_id)
    session.commit()


@blueprint.post("/deeds")
@blueprint.arguments(NewDeed)
@blueprint.response(200, DeedSchema)
@blueprint.alt_response(202, schema=DeedSchema)
@requires("leads.edit")
def do_deed(said: dict[str, Any]) -> dict[str, Any] | tuple[LeadDeed, int]:
    """On these people now, or on everybody a filter finds: then 202, and `GET .../deeds/{id}` says how far it is."""
    who, session = current_principal(), db.session()
    if said["action"] == "delete" and not who.can("leads.delete"):
        raise Forbidden
    deed = room.Deed(said["action"], said["tag"], said["list_id"], said["from_list_id"])
    if "filter" in said:
        asked = room.LeadFilter.strictly(said["filter"])
        made = room.start_deed(session, who.tenant_id, deed, asked, actor=who.user_id)
        session.commit()
        return made, 202
    done = room.do_deed(session, who.tenant_id, deed, said["ids"], actor=who.user_id)
    session.commit()
    seen = {"seen": len(said["ids"]), "done": done}
    return {"id": None, "action": deed.action, "status": "finished", "finished_at": utcnow(), **seen}


@blueprint.get("/deeds/<int:deed_id>")
@blueprint.response(200, DeedSchema)
@requires("leads.read")
def get_deed(deed_id: int) -> LeadDeed:
    """How far it is."""
    return room.deed_of(db.session(), current_principal().tenant_id, deed_id)


@blueprint.get("/duplicates")
@blueprint.response(200, LikenessesSchema)
@requires("leads.read")
def get_duplicates() -> dict[str, Any]:
    """Some pairs that look like one person, 50 at most."""
    return {"items": room.likely_duplicates(db.session(), current_principal().tenant_id)}


@blueprint.post("/duplicates/merge")
@blueprint.arguments(NewMerge)
@blueprint.response(200, MergeSchema)
@requires("leads.edit")
def merge(said: dict[str, int]) -> LeadMerge:
    """Make two people one."""
    who, session = current_principal(), db.session()
    made = room.merge_leads(session, who.tenant_id, said["kept_id"], said["gone_id"], actor=who.user_id, now=utcnow())
    session.commit()
    return made


@blueprint.post("/duplicates/<int:merge_id>/undo")
@blueprint.response(200, MergeSchema)
@requires("leads.edit")
def undo_merge(merge_id: int) -> LeadMerge:
    """Two people again."""
    who, session = current_principal(), db.session()
    found = room.undo_merge(session, who.tenant_id, merge_id, actor=who.user_id, now=utcnow())
    session.commit()
    return found
