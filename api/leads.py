"""`/api/leads`: lists and suppressions (contract 3.1). The people are in `api.leads_people`."""

from typing import Any

import marshmallow as ma
from flask_smorest.fields import Upload

from api.common import Blueprint, PageArgs, Schema, StrictSchema, page_of
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.paging import Page
from models.leads import LeadList, Suppression
from services import leads as room

blueprint = Blueprint("leads_api", __name__, url_prefix="/api/leads", description="Leads, listas e não perturbe")


class SearchArgs(PageArgs):
    """`?q=` looks in names, e-mails and phones."""

    q = ma.fields.String(load_default="")


class ListSchema(Schema):
    """A named set of leads."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    lead_count = ma.fields.Integer(required=True)
    created_at = ma.fields.AwareDateTime()


class DeleteListArgs(StrictSchema):
    """`?with_leads=true` also removes the people who are in no other list."""

    with_leads = ma.fields.Boolean(load_default=False)


class SuppressionSchema(Schema):
    """Somebody who must not be written to; nothing is told of one who was forgotten (`is_hashed`)."""

    id = ma.fields.Integer(required=True)
    phone = ma.fields.String(allow_none=True)
    email = ma.fields.Function(lambda one: None if one.is_hashed else one.email)
    is_hashed = ma.fields.Boolean()
    reason = ma.fields.String()
    source = ma.fields.String()
    created_at = ma.fields.AwareDateTime()


class SuppressArgs(StrictSchema):
    """A phone (in any form) or an e-mail."""

    phone = ma.fields.String(load_default="")
    email = ma.fields.String(load_default="")
    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=40))


class BlockListFile(StrictSchema):
    """A CSV or XLSX with a column of phones."""

    file = Upload(required=True, error_messages={"required": "Envie o arquivo no campo file."})


class BlockListArgs(StrictSchema):
    """Why these people are left alone."""

    reason = ma.fields.String(load_default="", validate=ma.validate.Length(max=40))


class BlockListSchema(Schema):
    """What became of the rows."""

    total = ma.fields.Integer()
    added = ma.fields.Integer()
    already = ma.fields.Integer()
    invalid = ma.fields.Integer()


@blueprint.get("/lists")
@blueprint.arguments(SearchArgs, location="query")
@blueprint.response(200, page_of(ListSchema))
@requires("leads.read")
def get_lists(args: dict[str, Any]) -> Page[LeadList]:
    """Every list, the newest first."""
    query, page = args.pop("q"), args
    return room.page_of_lists(db.session(), current_principal().tenant_id, query=query, **page)


@blueprint.get("/lists/<int:list_id>")
@blueprint.response(200, ListSchema)
@requires("leads.read")
def get_list(list_id: int) -> LeadList:
    """One list."""
    return room.list_of(db.session(), current_principal().tenant_id, list_id)


@blueprint.delete("/lists/<int:list_id>")
@blueprint.arguments(DeleteListArgs, location="query")
@blueprint.response(204)
@requires("leads.delete")
def delete_list(args: dict[str, bool], list_id: int) -> None:
    """Delete a list."""
    who, session = current_principal(), db.session()
    room.delete_list(session, who.tenant_id, list_id, actor=who.user_id, now=utcnow(), **args)
    session.commit()


@blueprint.get("/suppressions")
@blueprint.arguments(SearchArgs, location="query")
@blueprint.response(200, page_of(SuppressionSchema))
@requires("leads.read")
def get_suppressions(args: dict[str, Any]) -> Page[Suppression]:
    """Who must not be written to, the newest first."""
    query, page = args.pop("q"), args
    return room.page_of_suppressions(db.session(), current_principal().tenant_id, query=query, **page)


@blueprint.post("/suppressions")
@blueprint.arguments(SuppressArgs)
@blueprint.response(201, SuppressionSchema)
@blueprint.alt_response(200, schema=SuppressionSchema)
@requires("leads.edit")
def suppress(said: dict[str, str]) -> Suppression | tuple[Suppression, int]:
    """Never write to this person again; 200 when they already were left alone."""
    who, session = current_principal(), db.session()
    found, is_new = room.suppress_entry(session, who.tenant_id, room.Entry(**said), actor=who.user_id)
    session.commit()
    return found if is_new else (found, 200)


@blueprint.delete("/suppressions/<int:suppression_id>")
@blueprint.response(204)
@requires("leads.delete")
def remove_suppression(suppression_id: int) -> None:
    """Let this person be written to again."""
    who, session = current_principal(), db.session()
    room.remove_suppression(session, who.tenant_id, suppression_id, actor=who.user_id)
    session.commit()


@blueprint.post("/suppressions/import")
@blueprint.arguments(BlockListArgs, location="form")
@blueprint.arguments(BlockListFile, location="files")
@blueprint.response(200, BlockListSchema)
@requires("leads.edit")
def import_suppressions(said: dict[str, str], files: dict[str, Any]) -> room.BlockListResult:
    """Leave alone everybody in a file."""
    who, session = current_principal(), db.session()
    file = files["file"]
    result = room.import_suppressions(
        session, who.tenant_id, file.stream, file.filename or "", reason=said["reason"], actor=who.user_id
    )
    session.commit()
    return result
