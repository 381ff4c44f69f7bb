"""`/notices`: what happened while nobody looked; the bell in the frame leads here."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from services import outgoing as room

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.context_processor
def _context() -> dict[str, Any]:
    return {"nav_active": "notices"}


@blueprint.get("")
@requires("dashboard.read")
def index() -> str:
    """All notices, newest first."""
    page = room.notices_of(db.session(), current_principal().tenant_id, cursor=request.args.get("cursor"))
    return render_template("outgoing/notices.html", page=page)


@blueprint.post("/read")
@requires("dashboard.read")
def mark_read() -> Response:
    """Everything up to what this page showed counts as read."""
    session = db.session()
    room.mark_notices_read(session, current_principal().tenant_id, request.form.get("up_to", 0, int), utcnow())
    session.commit()
    return redirect(url_for("notices.index"), 303)
