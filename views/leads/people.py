"""`/leads/people`: everybody, and what a list's page shares with it: search, filters, segments, files out."""

from typing import Any, Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.db import db, make_session_factory
from core.errors import InvalidInput, NotFound
from services import leads as room
from views.leads import words
from views.leads.blueprint import CSV, XLSX, blueprint, download, typed

PEOPLE_A_PAGE: Final = 30
MENU: Final = 60
"""Cities and categories that a field proposes; any other can be typed."""


@blueprint.get("/people")
@requires("leads.read")
def people() -> str:
    """All leads of the account."""
    return render_template("leads/people.html", **people_context(room.LeadFilter.of(request.args)))


@blueprint.get("/people/export")
@requires("leads.export")
def export_people() -> Response:
    """Whom the filter finds, as CSV or XLSX."""
    return people_file(room.LeadFilter.of(request.args), "leads")


@blueprint.post("/segments")
@requires("leads.edit")
def save_segment() -> BaseResponse:
    """Keep the filter of the page under a name."""
    who, session = current_principal(), db.session()
    asked = room.LeadFilter.of(request.form)
    try:
        found = room.save_segment(session, who.tenant_id, typed("name"), asked, actor=who.user_id)
        session.commit()
    except InvalidInput as refusal:
        session.rollback()
        flash(refusal.first_sentence, "danger")
        return redirect(url_for("leads.people", **asked.asked()), 303)
    flash(_("Segmento “%(name)s” salvo.", name=found.name), "success")
    return redirect(url_for("leads.people", **asked.asked()), 303)


@blueprint.post("/segments/<int:segment_id>/delete")
@requires("leads.edit")
def delete_segment(segment_id: int) -> BaseResponse:
    """The filter goes, the people stay."""
    who, session = current_principal(), db.session()
    room.delete_segment(session, who.tenant_id, segment_id, actor=who.user_id)
    session.commit()
    flash(_("Segmento apagado. As pessoas continuam."), "success")
    return redirect(url_for("leads.people"), 303)


@blueprint.post("/people/list")
@requires("leads.edit")
def list_from_filter() -> BaseResponse:
    """Everybody the filter finds becomes a list, for a campaign."""
    who, session = current_principal(), db.session()
    asked = room.LeadFilter.of(request.form)
    try:
        deed = room.list_from_filter(session, who.tenant_id, typed("list_name"), asked, actor=who.user_id)
        session.commit()
    except InvalidInput as refusal:
        session.rollback()
        flash(refusal.first_sentence, "danger")
        return redirect(url_for("leads.people", **asked.asked()), 303)
    return redirect(url_for("leads.show_deed", deed_id=deed.id), 303)


def people_context(asked: room.LeadFilter) -> dict[str, Any]:
    """What `_people.html` needs."""
    tenant_id, session = current_principal().tenant_id, db.session()
    count, cursor = None, request.args.get("cursor")
    if cursor:
        page = room.page_of_people(session, tenant_id, asked, limit=PEOPLE_A_PAGE, cursor=cursor)
    else:
        page, count = room.first_page(session, tenant_id, asked, limit=PEOPLE_A_PAGE)
    ids = [lead.id for lead in page.items]
    segments = room.all_segments(session, tenant_id)
    return {
        "asked": asked,
        "page": page,
        "count": count,
        "stopped": room.stopped_among(session, tenant_id, page.items),
        "tags": room.tags_of(session, tenant_id, ids),
        "lists": room.all_lists(session, tenant_id),
        "segments": segments,
        "active_segment": next((one.id for one in segments if room.LeadFilter.of(one.filter) == asked), None),
        "cities": room.values_of(session, tenant_id, "city", most=MENU),
        "categories": room.values_of(session, tenant_id, "category", most=MENU),
        "all_tags": room.values_of(session, tenant_id, "tag", most=MENU),
        "words": words,
    }


def people_file(asked: room.LeadFilter, name: str) -> Response:
    """A streamed file of whom a filter finds; NotFound for a format there is none of."""
    tenant_id, session = current_principal().tenant_id, db.session()
    wanted = request.args.get("format", "csv")
    if wanted not in ("csv", "xlsx"):
        raise NotFound
    extras = room.extra_names(session, tenant_id, asked.list_id)
    rows = room.export_people(make_session_factory(db.engine), tenant_id, asked, extras)
    if wanted == "xlsx":
        return download(room.as_xlsx(rows), XLSX, f"{name}.xlsx")
    return download(room.as_csv(rows), CSV, f"{name}.csv")
