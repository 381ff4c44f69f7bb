"""The campaigns' pages and what all their templates may call."""

from typing import Any, Final

from flask import Blueprint, request, url_for

from services.campaigns import EXIT_LINE
from views.campaigns import words

ID: Final = "/<int(max=9223372036854775807):campaign_id>"

blueprint = Blueprint("campaigns", __name__, url_prefix="/campaigns")


@blueprint.context_processor
def _context() -> dict[str, Any]:
    # In the language it is sent in, whatever the page's.
    return {"words": words, "exit_line": EXIT_LINE.strip()}


def came_from(default: str) -> str:
    """Where the form that was sent stands: one of our own lists or pages, else `default`."""
    wanted = request.form.get("next", "")
    is_ours = wanted.startswith(("/campaigns", "/dashboard")) and "//" not in wanted and "\\" not in wanted
    return wanted if is_ours else default


def page_of(campaign_id: int) -> str:
    """The campaign's own page."""
    return url_for("campaigns.show", campaign_id=campaign_id)
