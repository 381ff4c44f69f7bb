"""`/api/leads`: people, with the same search and filters as their page (contract 3.1); one of them; files out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response

from api.common import Blueprint, page_of
from api.leads_imports import download
from api.leads_people_schemas import (
    ChangeLead,
    CountSchema,
    FileArgs,
    FilterArgs,
    HistorySchema,
    ItemsSchema,
    LeadSchema,
    NewLead,
    PeopleArgs,
)
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db, make_session_factory
from models.leads import Lead
from services import leads as room

blueprint = Blueprint("leads_people_api", __name__, url_prefix="/api/leads", description="Leads: pessoas")
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LeadPage = page_of(LeadSchema)
ONE = "/<int(max=9223372036854775807):lead_id>"


@blueprint.get("")
@blueprint.arguments(PeopleArgs, location="query")
@blueprint.response(200, LeadPage)
@requires("leads.read")
def get_people(args: dict[str, Any]) -> dict[str, Any]:
    """Whom the filter finds, the newest first."""
    return _page(args, room.LeadFilter.strictly(args))


@blueprint.get("/lists/<int:list_id>/leads")
@blueprint.arguments(PeopleArgs, location="query")
@blueprint.response(200, LeadPage)
@requires("leads.read")
def get_leads(args: dict[str, Any], list_id: int) -> dict[str, Any]:
    """The people of a list, the newest first."""
    room.list_of(db.session(), current_principal().tenant_id, list_id)
    return _page(args, replace(room.LeadFilter.strictly(args), list_id=list_id))


@blueprint.get("/count")
@blueprint.arguments(FilterArgs, location="query")
@blueprint.response(200, CountSchema)
@requires("leads.read")
def count(args: dict[str, Any]) -> room.Count:
    """How many the filter finds: exact up to 5,000, with `q` up to 1,000."""
    return room.count_people(db.session(), current_principal().tenant_id, room.LeadFilter.strictly(args))


@blueprint.get("/export")
@blueprint.arguments(FileArgs, location="query")
@blueprint.response(200, content_type="application/octet-stream")
@requires("leads.export")
def export_people(args: dict[str, Any]) -> Response:
    """Whom the filter finds as a file, streamed."""
    return _file(args, room.LeadFilter.strictly(args), "leads")


@blueprint.get("/lists/<int:list_id>/export")
@blueprint.arguments(FileArgs, location="query")
@blueprint.response(200, content_type="application/octet-stream")
@requires("leads.export")
def export_list(args: dict[str, Any], list_id: int) -> Response:
    """The list, or those of it whom the filter finds, as a file, streamed."""
    return _file(args, replace(room.LeadFilter.strictly(args), list_id=list_id), f"leads-{list_id}")


@blueprint.get("/tags")
@blueprint.response(200, ItemsSchema)
@requires("leads.read")
def get_tags() -> dict[str, Any]:
    """Every tag in use, by name."""
    return {"items": room.values_of(db.session(), current_principal().tenant_id, "tag")}


@blueprint.post("")
@blueprint.arguments(NewLead)
@blueprint.response(201, LeadSchema)
@requires("leads.edit")
def add_lead(said: dict[str, Any]) -> Lead:
    """One more person; 409 when the number is a lead's already."""
    who, session = current_principal(), db.session()
    phone, basis, list_id = said.pop("phone"), said.pop("legal_basis"), said.pop("list_id")
    person = room.PersonInput(**_with_tags(said))
    made = room.add_lead(session, who.tenant_id, phone, basis, person, actor=who.user_id, now=utcnow(), source="api")
    if list_id is not None:
        room.put_in_list(session, who.tenant_id, list_id, made.id, actor=who.user_id)
    session.commit()
    return _shown([made])[0]


@blueprint.get(ONE)
@blueprint.response(200, LeadSchema)
@requires("leads.read")
def get_lead(lead_id: int) -> Lead:
    """One person."""
    return _shown([room.lead_of(db.session(), current_principal().tenant_id, lead_id)])[0]


@blueprint.patch(ONE)
@blueprint.arguments(ChangeLead)
@blueprint.response(200, LeadSchema)
@requires("leads.edit")
def change_lead(said: dict[str, Any], lead_id: int) -> Lead:
    """Say something else of a person; the phone stays."""
    who, session = current_principal(), db.session()
    lead = room.lead_of(session, who.tenant_id, lead_id)
    known = {name: getattr(lead, name) for name in ("name", "email", "city", "category", "extra")}
    person = room.PersonInput(**(known | _with_tags(said)))
    room.change_lead(session, who.tenant_id, lead_id, person, actor=who.user_id, now=utcnow())
    session.commit()
    return _shown([lead])[0]


@blueprint.delete(ONE)
@blueprint.response(204)
@requires("leads.delete")
def delete_lead(lead_id: int) -> None:
    """Take a person out of the account and of every list."""
    who, session = current_principal(), db.session()
    room.delete_lead(session, who.tenant_id, lead_id, actor=who.user_id)
    session.commit()


@blueprint.get(f"{ONE}/history")
@blueprint.response(200, HistorySchema)
@requires("leads.read")
def get_history(lead_id: int) -> room.History:
    """What campaigns sent and what was written back."""
    session = db.session()
    return room.history_of(session, room.lead_of(session, current_principal().tenant_id, lead_id))


@blueprint.post(f"{ONE}/suppress")
@blueprint.response(200, LeadSchema)
@requires("leads.edit")
def suppress_lead(lead_id: int) -> Lead:
    """Never write to this person again."""
    who, session = current_principal(), db.session()
    lead = room.suppress_lead(session, who.tenant_id, lead_id, actor=who.user_id)
    session.commit()
    return _shown([lead])[0]


@blueprint.post(f"{ONE}/unsuppress")
@blueprint.response(200, LeadSchema)
@requires("leads.delete")
def unsuppress_lead(lead_id: int) -> Lead:
    """Let this person be written to again."""
    who, session = current_principal(), db.session()
    lead = room.unsuppress_lead(session, who.tenant_id, lead_id, actor=who.user_id)
    session.commit()
    return _shown([lead])[0]


def _with_tags(said: dict[str, Any]) -> dict[str, Any]:
    return said | ({"tags": ",".join(said["tags"])} if "tags" in said else {})


def _page(args: dict[str, Any], asked: room.LeadFilter) -> dict[str, Any]:
    tenant_id, session = current_principal().tenant_id, db.session()
    found = room.page_of_people(session, tenant_id, asked, limit=args["limit"], cursor=args["cursor"])
    return {"items": _shown(found.items), "next_cursor": found.next_cursor}


def _shown(leads: Sequence[Lead]) -> Sequence[Lead]:
    """With their tags and whether they are left alone."""
    tenant_id, session = current_principal().tenant_id, db.session()
    stopped = room.stopped_among(session, tenant_id, leads)
    tags = room.tags_of(session, tenant_id, [lead.id for lead in leads])
    for lead in leads:
        lead.is_suppressed = lead.id in stopped  # type: ignore[attr-defined]
        lead.tags = tags.get(lead.id, [])  # type: ignore[attr-defined]
    return leads


def _file(args: dict[str, Any], asked: room.LeadFilter, name: str) -> Response:
    tenant_id, session = current_principal().tenant_id, db.session()
    extras = room.extra_names(session, tenant_id, asked.list_id)
    rows = room.export_people(make_session_factory(db.engine), tenant_id, asked, extras)
    if args["format"] == "xlsx":
        return download(room.as_xlsx(rows), XLSX, f"{name}.xlsx")
    return download(room.as_csv(rows), CSV, f"{name}.csv")
