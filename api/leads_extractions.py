"""`/api/leads/extractions`: leads from Google Maps (contract 3.1)."""

from typing import Any

import marshmallow as ma

from api.common import Blueprint, PageArgs, Schema, StrictSchema, page_of
from core.access import current_principal, requires
from core.clock import utcnow
from core.config import get_settings
from core.db import db
from core.paging import Page
from models.leads_extractions import Extraction
from services import leads
from services.leads import extraction as room

blueprint = Blueprint(
    "leads_extractions_api", __name__, url_prefix="/api/leads/extractions", description="Extração do Google Maps"
)


class ExtractionArgs(StrictSchema):
    """What to look for, where, and how many places at most. `max_cost_usd_micros` is where Apify stops; a quarter more
    than the estimate when left out."""

    source = ma.fields.String(load_default="google_maps", validate=ma.validate.OneOf(["google_maps"]))
    search = ma.fields.String(required=True)
    location = ma.fields.String(required=True)
    max_items = ma.fields.Integer(required=True)
    list_name = ma.fields.String(load_default="")
    max_cost_usd_micros = ma.fields.Integer(load_default=None, allow_none=True)


class DeleteExtractionArgs(StrictSchema):
    """`?with_leads=true` also removes the people it brought who are in no other list."""

    with_leads = ma.fields.Boolean(load_default=False)


class ProblemSchema(Schema):
    """What went wrong, and what to do."""

    code = ma.fields.String()
    message = ma.fields.String()


class ExtractionSchema(Schema):
    """`status` is queued, running, finished, failed or aborted; `stage` says more exactly where it is. `found` counts
    places, `saved` the leads they became; costs are millionths of a dollar, null while Apify hasn't said."""

    id = ma.fields.Integer(required=True)
    status = ma.fields.Function(room.shown_status, required=True)
    stage = ma.fields.String(attribute="status")
    source = ma.fields.String()
    search = ma.fields.String()
    location = ma.fields.String()
    max_items = ma.fields.Integer()
    found = ma.fields.Integer()
    saved = ma.fields.Integer()
    without_phone = ma.fields.Integer()
    cost_usd_micros = ma.fields.Integer(allow_none=True)
    max_cost_usd_micros = ma.fields.Integer()
    list_id = ma.fields.Function(lambda one: _list_id(one))
    list_name = ma.fields.String()
    import_id = ma.fields.Integer(allow_none=True)
    problem = ma.fields.Function(
        lambda one: {"code": one.failure_code, "message": one.failure} if one.failure else None
    )
    created_at = ma.fields.AwareDateTime()
    finished_at = ma.fields.AwareDateTime(allow_none=True)


@blueprint.post("")
@blueprint.arguments(ExtractionArgs)
@blueprint.response(202, ExtractionSchema)
@requires("leads.import")
def create_extraction(said: dict[str, Any]) -> Extraction:
    """Begin a search; a worker follows it and saves what it finds."""
    who, session = current_principal(), db.session()
    said.pop("source")
    made = room.create_extraction(
        session,
        who.tenant_id,
        room.NewExtraction(**said),
        platform=room.platform_of(get_settings()),
        actor=who.user_id,
        now=utcnow(),
    )
    session.commit()
    return made


@blueprint.get("")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, page_of(ExtractionSchema))
@requires("leads.read")
def get_extractions(page: dict[str, Any]) -> Page[Extraction]:
    """Every extraction, the newest first."""
    return room.page_of_extractions(db.session(), current_principal().tenant_id, **page)


@blueprint.get("/<int:extraction_id>")
@blueprint.response(200, ExtractionSchema)
@requires("leads.read")
def get_extraction(extraction_id: int) -> Extraction:
    """How far it is, and what came of it."""
    return room.extraction_of(db.session(), current_principal().tenant_id, extraction_id)


@blueprint.post("/<int:extraction_id>/abort")
@blueprint.response(202, ExtractionSchema)
@requires("leads.import")
def abort_extraction(extraction_id: int) -> Extraction:
    """Stop it; what was found is saved. 409 when it has ended or is being saved."""
    who, session = current_principal(), db.session()
    found = room.abort_extraction(session, who.tenant_id, extraction_id, actor=who.user_id, now=utcnow())
    session.commit()
    return found


@blueprint.post("/<int:extraction_id>/retry")
@blueprint.response(202, ExtractionSchema)
@requires("leads.import")
def retry_extraction(extraction_id: int) -> Extraction:
    """Save again what a failed one found, without a new search."""
    who, session = current_principal(), db.session()
    found = room.retry_extraction(session, who.tenant_id, extraction_id, actor=who.user_id, now=utcnow())
    session.commit()
    return found


@blueprint.delete("/<int:extraction_id>")
@blueprint.arguments(DeleteExtractionArgs, location="query")
@blueprint.response(204)
@requires("leads.delete")
def delete_extraction(args: dict[str, bool], extraction_id: int) -> None:
    """Forget one that has ended; 409 while it runs."""
    who, session = current_principal(), db.session()
    room.delete_extraction(session, who.tenant_id, extraction_id, actor=who.user_id, **args)
    session.commit()


def _list_id(found: Extraction) -> int | None:
    """The list its import wrote into, once it has."""
    if found.import_id is None:
        return None
    return leads.import_of(db.session(), found.tenant_id, found.import_id).list_id
