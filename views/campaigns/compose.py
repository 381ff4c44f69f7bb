"""`/campaigns/new`, `/campaigns/{id}/edit`, and the check page before sending."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import InvalidInput
from models.campaigns import Campaign
from services import campaigns as room
from views.campaigns.blueprint import ID, blueprint, page_of
from views.campaigns.forms import Problems, Typed, typed_from, typed_in, understood
from views.campaigns.steps import changed_steps

Page = str | Response | tuple[str, int]


@blueprint.get("/new")
@requires("campaigns.edit")
def new() -> str:
    """An empty form, with the list that was asked for (`?list=`) and the only number already chosen."""
    choices = room.choices_of(db.session(), current_principal().tenant_id)
    typed = Typed(lists=request.args.getlist("list"))
    if len(choices.instances) == 1:
        typed.instances = [str(choices.instances[0].id)]
    return _form(typed, {})


@blueprint.post("/new")
@requires("campaigns.edit")
def create() -> Page:
    """Save a draft and go on to the check; or only add or take away a variation (works without JavaScript)."""
    who, session, typed = current_principal(), db.session(), typed_in(request.form)
    if _changed_variations(typed):
        return _form(typed, {})
    said, problems = understood(typed, _zone(session))
    try:
        made = room.create_campaign(session, who.tenant_id, room.CampaignInput(**said), actor=who.user_id, now=utcnow())
        _refuse(problems)
    except InvalidInput as refusal:
        session.rollback()
        return _form(typed, _told(refusal) | problems), 422
    campaign_id = made.id
    session.commit()
    return redirect(url_for("campaigns.check", campaign_id=campaign_id), 303)


@blueprint.get(f"{ID}/edit")
@requires("campaigns.edit")
def edit(campaign_id: int) -> Page:
    """The same form for a draft or a paused campaign; a follow-up's is its campaign's."""
    session = db.session()
    campaign = room.campaign_of(session, current_principal().tenant_id, campaign_id)
    if campaign.parent_id is not None:
        return redirect(url_for("campaigns.edit", campaign_id=campaign.parent_id), 303)
    if campaign.status not in room.EDITABLE:
        flash(_("Pause a campanha antes de mudar alguma coisa nela."), "warning")
        return redirect(page_of(campaign_id), 303)
    return _form(typed_from(room.input_of(session, campaign), _zone(session)), {}, campaign)


@blueprint.post(f"{ID}/edit")
@requires("campaigns.edit")
def update(campaign_id: int) -> Page:
    """Save the changes; a draft goes on to the check."""
    who, session, typed = current_principal(), db.session(), typed_in(request.form)
    campaign = room.campaign_of(session, who.tenant_id, campaign_id)
    if _changed_variations(typed):
        return _form(typed, {}, campaign)
    said, problems = understood(typed, _zone(session))
    try:
        campaign = room.update_campaign(session, who.tenant_id, campaign_id, said, actor=who.user_id, now=utcnow())
        _refuse(problems)
    except InvalidInput as refusal:
        session.rollback()
        campaign = room.campaign_of(session, who.tenant_id, campaign_id)
        return _form(typed, _told(refusal) | problems, campaign), 422
    has_started = campaign.started_at is not None
    session.commit()
    flash(_("Mudanças salvas."), "success")
    return redirect(page_of(campaign_id) if has_started else url_for("campaigns.check", campaign_id=campaign_id), 303)


@blueprint.post("/preview")
@requires("campaigns.edit")
def preview_draft() -> str:
    """The bubbles beside the form, while it is being written. Nothing is saved."""
    typed = typed_in(request.form)
    return render_template("campaigns/_draft_preview.html", bubbles=_bubbles(typed), typed=typed)


@blueprint.get(f"{ID}/check")
@requires("campaigns.read")
def check(campaign_id: int) -> Page:
    """What will happen if I press send."""
    session, tenant_id, now = db.session(), current_principal().tenant_id, utcnow()
    campaign = room.campaign_of(session, tenant_id, campaign_id)
    if campaign.started_at is not None or campaign.parent_id is not None:
        return redirect(page_of(campaign_id), 303)
    row = request.args.get("row", "1")
    return render_template(
        "campaigns/check.html",
        campaign=campaign,
        parts=room.parts_of(session, tenant_id, campaign_id),
        verdict=room.check_campaign(session, tenant_id, campaign_id, now),
        cost=room.expected_cost(session, tenant_id, campaign_id, now),
        steps=room.follow_ups_of(session, tenant_id, [campaign_id], now)[campaign_id],
        shown=room.preview(session, tenant_id, campaign_id, int(row) if row.isdecimal() and len(row) < 9 else 1, now),
    )


@blueprint.post(f"{ID}/check")
@requires("campaigns.edit")
def answer_empty(campaign_id: int) -> Response:
    """What people without a value get: another text, or nothing at all."""
    who, session = current_principal(), db.session()
    prefix = "fallback."
    given = {name.removeprefix(prefix): text for name, text in request.form.items() if name.startswith(prefix)}
    campaign = room.campaign_of(session, who.tenant_id, campaign_id)
    changes: dict[str, Any] = {
        "leave_out_incomplete": request.form.get("empty") == "leave_out",
        "fallbacks": {**campaign.variable_fallbacks, **given},
    }
    try:
        room.update_campaign(session, who.tenant_id, campaign_id, changes, actor=who.user_id, now=utcnow())
    except InvalidInput as refusal:
        session.rollback()
        flash(next(iter(_told(refusal).values()), refusal.message), "danger")
    else:
        session.commit()
        flash(_("Pronto: a conta abaixo já considera sua escolha."), "success")
    return redirect(url_for("campaigns.check", campaign_id=campaign_id), 303)


def _form(typed: Typed, errors: Problems, campaign: Campaign | None = None) -> str:
    session, tenant_id = db.session(), current_principal().tenant_id
    return render_template(
        "campaigns/form.html",
        typed=typed,
        errors=errors,
        campaign=campaign,
        choices=room.choices_of(session, tenant_id),
        variables=[*room.BUILT_IN[:3], *room.columns_of_tenant(session, tenant_id)][:24],
        bubbles=_bubbles(typed),
        max_messages=room.MAX_MESSAGES,
        max_steps=room.MAX_FOLLOW_UPS,
        max_after_days=room.MAX_AFTER_DAYS,
    )


def _bubbles(typed: Typed) -> list[Any]:
    lists = [int(one) for one in typed.lists if one.isdecimal() and len(one) <= 18]
    return room.draft_preview(db.session(), current_principal().tenant_id, typed.messages[: room.MAX_MESSAGES], lists)


def _changed_variations(typed: Typed) -> bool:
    """True when the button pressed was "add" or "remove" a variation or a step, which has then been done to `typed`."""
    if changed_steps(typed.steps, request.form):
        return True
    if "add_message" in request.form:
        typed.messages.append("")
        return True
    removed = request.form.get("remove_message", "")
    if removed.isdecimal() and len(removed) < 4:
        typed.messages = [text for at, text in enumerate(typed.messages) if at != int(removed)] or [""]
        return True
    return False


def _zone(session: Session) -> str:
    return room.zone_of_tenant(session, current_principal().tenant_id)


def _refuse(problems: Problems) -> None:
    if problems:
        raise InvalidInput


def _told(refusal: InvalidInput) -> Problems:
    return {name: " ".join(sentences) for name, sentences in refusal.fields.items()}
