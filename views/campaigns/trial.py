"""The test send of the check page: one message to oneself."""

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import InvalidInput, TooManyRequests
from services import campaigns as room
from views.campaigns.blueprint import ID, blueprint
from views.fragments import live_fragment


@blueprint.post(f"{ID}/test")
@requires("campaigns.launch")
def send_test(campaign_id: int) -> Response:
    """Queue it and come back to the person that was shown; what became of it stands there."""
    who, session = current_principal(), db.session()
    number, row = request.form.get("instance_id", ""), _row()
    try:
        room.send_test(
            session,
            who.tenant_id,
            campaign_id,
            phone=request.form.get("phone", ""),
            instance_id=int(number) if number.isdecimal() and len(number) < 19 else None,
            row=row,
            now=utcnow(),
            actor=who.user_id,
        )
    except (InvalidInput, TooManyRequests) as refusal:
        session.rollback()
        flash(refusal.first_sentence, "danger")
    else:
        session.commit()
        flash(_("Teste na frente da fila. O resultado aparece abaixo."), "success")
    return redirect(url_for("campaigns.check", campaign_id=campaign_id, row=row, _anchor="teste"), 303)


@blueprint.get(f"{ID}/test")
@requires("campaigns.launch")
def test_result(campaign_id: int) -> Response:
    """What became of the last one, as a live block."""
    who, session = current_principal(), db.session()
    campaign = room.campaign_of(session, who.tenant_id, campaign_id)
    trial = room.trial_of(session, who.tenant_id, campaign_id, who.user_id)
    return live_fragment("campaigns/_trial.html", campaign=campaign, trial=trial)


def _row() -> int:
    said = request.form.get("row", "")
    return max(1, int(said)) if said.isdecimal() and len(said) < 9 else 1
