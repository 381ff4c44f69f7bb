"""`/campaigns/new`, `/campaigns/{id}/edit`, and the check page before sending."""

from functools import partial
from typing import Any, BinaryIO, cast

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import InvalidInput
from core.outside import call_outside_in_pages
from models.campaigns import Campaign
from models.media import MediaFile
from services import campaigns as room
from services.instances import apply_templates, prepare_templates, templates_of
from services.media import ACCEPTED, keep_file, stored_files
from views.campaigns.blueprint import ID, blueprint, page_of
from views.campaigns.forms import Problems, Typed, typed_from, typed_in, understood
from views.campaigns.steps import changed_steps
from views.campaigns.variations import (
    keep_only_wanted,
    official_numbers,
    press_button,
    take_files,
    template_choices,
)

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
    if (page := _while_writing(typed)) is not None:
        return page
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
    if (page := _while_writing(typed, campaign_id)) is not None:
        return page
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
    return render_template("campaigns/_draft_preview.html", bubbles=_bubbles(typed), typed=typed, files=_files(typed))


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
        trial=room.trial_of(session, tenant_id, campaign_id, current_principal().user_id),
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
    choices = room.choices_of(session, tenant_id)
    official = official_numbers(choices.instances)
    rows = templates_of(session, tenant_id, [one.id for one in official]) if official else ()
    templates = template_choices(rows, typed.messages)
    keep_only_wanted(typed.messages, templates)
    return render_template(
        "campaigns/form.html",
        typed=typed,
        errors=errors,
        campaign=campaign,
        choices=choices,
        variables=[*room.BUILT_IN[:3], *room.columns_of_tenant(session, tenant_id)][:24],
        bubbles=_bubbles(typed),
        files=_files(typed),
        official=official,
        template_choices=templates,
        accepted=ACCEPTED,
        max_messages=room.MAX_MESSAGES,
        max_steps=room.MAX_FOLLOW_UPS,
        max_after_days=room.MAX_AFTER_DAYS,
    )


def _bubbles(typed: Typed) -> list[Any]:
    lists = [int(one) for one in typed.lists if one.isdecimal() and len(one) <= 18]
    texts = [one.text for one in typed.messages[: room.MAX_MESSAGES]]
    return room.draft_preview(db.session(), current_principal().tenant_id, texts, lists)


def _files(typed: Typed) -> dict[int, MediaFile]:
    wanted = {one.media_id for one in typed.messages if one.media_id is not None}
    return stored_files(db.session(), current_principal().tenant_id, wanted)


def _while_writing(typed: Typed, campaign_id: int | None = None) -> Page | None:
    """Keep the files that came; then the form again when a button in it was pressed, or a file can't be sent. None:
    the campaign is to be saved."""
    session, who = db.session(), current_principal()
    errors: Problems = {}
    try:
        if take_files(typed.messages, request.files, _keep):
            session.commit()
        if "refresh_templates" in request.form:
            _refresh_templates(who.tenant_id)
    except InvalidInput as refusal:
        session.rollback()
        errors["messages"] = refusal.message
    is_button = (
        changed_steps(typed.steps, request.form)
        or press_button(typed.messages, request.form)
        or "refresh_templates" in request.form
    )
    if not is_button and not errors:
        return None
    campaign = None if campaign_id is None else room.campaign_of(session, who.tenant_id, campaign_id)
    return (_form(typed, errors, campaign), 422) if errors else _form(typed, errors, campaign)


def _keep(file: FileStorage) -> MediaFile:
    who = current_principal()
    return keep_file(db.session(), who.tenant_id, cast(BinaryIO, file.stream), file.filename or "", actor=who.user_id)


def _refresh_templates(tenant_id: int) -> None:
    """Ask the provider of every official number."""
    session, now = db.session(), utcnow()
    for one in [one.id for one in official_numbers(room.choices_of(session, tenant_id).instances)]:
        call_outside_in_pages(
            session,
            partial(prepare_templates, tenant_id=tenant_id, instance_id=one),
            partial(apply_templates, tenant_id=tenant_id, instance_id=one, now=now),
        )


def _zone(session: Session) -> str:
    return room.zone_of_tenant(session, current_principal().tenant_id)


def _refuse(problems: Problems) -> None:
    if problems:
        raise InvalidInput


def _told(refusal: InvalidInput) -> Problems:
    return {name: " ".join(sentences) for name, sentences in refusal.fields.items()}
