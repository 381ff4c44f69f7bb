"""`/dashboard`: six figures, what to do next, the newest campaigns; fresh every 30 s."""

from typing import Any, Final

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.db import db
from services import campaigns as room
from views.fragments import live_fragment

RECENT: Final = 5

blueprint = Blueprint("dashboard", __name__, url_prefix="/dashboard")


@blueprint.get("")
@requires("dashboard.read")
def index() -> str:
    """The page people land on."""
    return render_template("dashboard/index.html", **_figures())


@blueprint.get("/live")
@requires("dashboard.read")
def live() -> Response:
    """Figures and recent campaigns alone, for polling."""
    return live_fragment("dashboard/_figures.html", **_figures())


def _figures() -> dict[str, Any]:
    session, tenant_id = db.session(), current_principal().tenant_id
    return {
        "figures": room.overview(session, tenant_id),
        "recent": room.cards_of(session, tenant_id, limit=RECENT).items,
        "steps": room.first_steps(session, tenant_id),
    }
