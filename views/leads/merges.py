"""`/leads/duplicates`: two leads that look like one person."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import InvalidInput
from services import leads as room
from views.leads.blueprint import blueprint, flash_with_undo, typed


@blueprint.get("/duplicates")
@requires("leads.read")
def duplicates() -> str:
    """Pairs to look at, and what was merged lately."""
    tenant_id, session = current_principal().tenant_id, db.session()
    return render_template(
        "leads/duplicates.html",
        pairs=room.likely_duplicates(session, tenant_id),
        merges=room.recent_merges(session, tenant_id),
    )


@blueprint.post("/duplicates/merge")
@requires("leads.edit")
def merge_duplicates() -> BaseResponse:
    """Make two people one."""
    who, session = current_principal(), db.session()
    kept, gone = typed("kept"), typed("gone")
    if not (kept.isascii() and kept.isdigit() and gone.isascii() and gone.isdigit()):
        raise InvalidInput(_("Escolha duas pessoas diferentes."))
    made = room.merge_leads(session, who.tenant_id, int(kept), int(gone), actor=who.user_id, now=utcnow())
    session.commit()
    flash_with_undo(_("As duas viraram uma pessoa só."), url_for("leads.undo_merge", merge_id=made.id))
    return redirect(url_for("leads.duplicates"), 303)


@blueprint.post("/duplicates/<int:merge_id>/undo")
@requires("leads.edit")
def undo_merge(merge_id: int) -> BaseResponse:
    """Two people again."""
    who, session = current_principal(), db.session()
    room.undo_merge(session, who.tenant_id, merge_id, actor=who.user_id, now=utcnow())
    session.commit()
    flash(_("Pronto: são duas pessoas de novo."), "success")
    return redirect(url_for("leads.duplicates"), 303)
