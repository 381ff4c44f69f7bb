"""`/`, `/terms`, `/privacy`."""

from flask import render_template
from flask.typing import ResponseReturnValue

from core.db import db
from services.accounts import public_plans
from views.public import blueprint


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """What it is and what it costs."""
    return render_template("public/home.html", plans=public_plans(db.session()))


@blueprint.get("/terms")
def terms() -> ResponseReturnValue:
    """What both sides may expect."""
    return render_template("public/terms.html")


@blueprint.get("/privacy")
def privacy() -> ResponseReturnValue:
    """Which personal data is kept, why, and how to have it erased."""
    return render_template("public/privacy.html")
