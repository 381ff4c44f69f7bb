"""`/campaigns`: the cards, searched, filtered, paged; fresh every 5 s while something runs."""

from typing import Any, Final

from flask import render_template, request
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.db import db
from services import campaigns as room
from views.campaigns import words
from views.campaigns.blueprint import blueprint
from views.fragments import live_fragment

CARDS_PER_PAGE: Final = 9
"""Twelve cards with their buttons come to 36 KB of HTML; a page of ours has 30 at most."""


@blueprint.get("")
@requires("campaigns.read")
def index() -> str:
    """The list."""
    session, tenant_id = db.session(), current_principal().tenant_id
    totals = room.totals_of(session, tenant_id)
    return render_template("campaigns/index.html", totals=totals, **_cards())


@blueprint.get("/live")
@requires("campaigns.read")
def live() -> Response:
    """The cards alone, for polling."""
    return live_fragment("campaigns/_cards.html", **_cards())


def _cards() -> dict[str, Any]:
    search, group = request.args.get("q", ""), request.args.get("status", "")
    cursor = request.args.get("cursor")
    page = room.cards_of(
        db.session(),
        current_principal().tenant_id,
        search=search,
        statuses=words.GROUPS.get(group, ()),
        limit=CARDS_PER_PAGE,
        cursor=cursor,
    )
    asked = {name: value for name, value in (("q", search), ("status", group), ("cursor", cursor)) if value}
    return {"page": page, "search": search, "group": group, "asked": asked}
