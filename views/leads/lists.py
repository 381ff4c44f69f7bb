"""`/leads`: lists, the people of one, files out."""

from dataclasses import replace

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from services import leads as room
from services.accounts import entitlement_of
from views.leads.blueprint import blueprint, flash_with_undo
from views.leads.people import people_context, people_file


@blueprint.get("")
@requires("leads.read")
def index() -> str:
    """Lists with their counts, and the last imports."""
    tenant_id, session = current_principal().tenant_id, db.session()
    query = request.args.get("q", "")
    return render_template(
        "leads/index.html",
        page=room.page_of_lists(session, tenant_id, query=query, cursor=request.args.get("cursor")),
        query=query,
        lead_count=room.count_leads(session, tenant_id),
        max_leads=entitlement_of(session, tenant_id, utcnow()).max_leads,
        suppression_count=room.count_suppressions(session, tenant_id),
        imports=room.recent_imports(session, tenant_id),
    )


@blueprint.get("/lists/<int:list_id>")
@requires("leads.read")
def show_list(list_id: int) -> str:
    """The people of a list."""
    found = room.list_of(db.session(), current_principal().tenant_id, list_id)
    asked = replace(room.LeadFilter.of(request.args), list_id=list_id)
    return render_template("leads/list.html", list=found, **people_context(asked))


@blueprint.post("/lists/<int:list_id>/delete")
@requires("leads.delete")
def delete_list(list_id: int) -> BaseResponse:
    """Delete, with a way back for some minutes."""
    who, session = current_principal(), db.session()
    with_leads = request.form.get("with_leads") == "1"
    gone = room.delete_list(session, who.tenant_id, list_id, with_leads=with_leads, actor=who.user_id, now=utcnow())
    text = _("Lista “%(name)s” apagada.", name=gone.name)
    session.commit()
    flash_with_undo(text, url_for("leads.restore_list", list_id=list_id))
    return redirect(url_for("leads.index"), 303)


@blueprint.post("/lists/<int:list_id>/restore")
@requires("leads.delete")
def restore_list(list_id: int) -> BaseResponse:
    """Take the deletion back."""
    who, session = current_principal(), db.session()
    room.restore_list(session, who.tenant_id, list_id, actor=who.user_id)
    session.commit()
    flash(_("A lista voltou."), "success")
    return redirect(url_for("leads.show_list", list_id=list_id), 303)


@blueprint.post("/lists/<int:list_id>/leads/<int:lead_id>/remove")
@requires("leads.edit")
def remove_lead(list_id: int, lead_id: int) -> BaseResponse:
    """Take one person out of the list."""
    who, session = current_principal(), db.session()
    lead = room.remove_from_list(session, who.tenant_id, list_id, lead_id, actor=who.user_id)
    text = _("%(who)s saiu da lista.", who=lead.name or lead.phone)
    session.commit()
    flash_with_undo(text, url_for("leads.put_back", list_id=list_id, lead_id=lead_id))
    return redirect(url_for("leads.show_list", list_id=list_id), 303)


@blueprint.post("/lists/<int:list_id>/leads/<int:lead_id>/put-back")
@requires("leads.edit")
def put_back(list_id: int, lead_id: int) -> BaseResponse:
    """Put the person back."""
    who, session = current_principal(), db.session()
    room.put_in_list(session, who.tenant_id, list_id, lead_id, actor=who.user_id)
    session.commit()
    flash(ngettext("%(num)s pessoa voltou à lista.", "%(num)s pessoas voltaram à lista.", 1), "success")
    return redirect(url_for("leads.show_list", list_id=list_id), 303)


@blueprint.get("/lists/<int:list_id>/export")
@requires("leads.export")
def export(list_id: int) -> Response:
    """The list, or those of it whom the filter finds, as CSV or XLSX."""
    return people_file(replace(room.LeadFilter.of(request.args), list_id=list_id), f"leads-{list_id}")
