"""`/leads/extractions`: what to look for and where, what it will cost, how far it is, what came of it."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from connectors.apify import GOOGLE_MAPS_ACTOR
from core.access import current_principal, requires
from core.clock import utcnow
from core.config import get_settings
from core.db import db
from core.errors import AppError
from core.formats import number
from models.leads import LeadImport
from models.leads_extractions import Extraction
from services import leads
from services.leads import extraction as room
from views.fragments import live_fragment
from views.leads.blueprint import Page, blueprint, or_form_again, typed
from views.leads.extraction_words import dollars

FIRST_MOST: Final = "200"


@blueprint.get("/extractions")
@requires("leads.read")
def extractions() -> str:
    """Every extraction, the newest first."""
    tenant_id, session = current_principal().tenant_id, db.session()
    return render_template(
        "leads/extractions.html",
        page=room.page_of_extractions(session, tenant_id, limit=30, cursor=request.args.get("cursor")),
        has_account=room.has_account(session, tenant_id, room.platform_of(get_settings())),
        shown_status=room.shown_status,
        dollars=dollars,
    )


@blueprint.get("/extractions/new")
@requires("leads.import")
def new_extraction() -> str:
    """The form; with everything said (`?search=&location=&max_items=`) also the estimate and the button that begins."""
    return _form({})


@blueprint.post("/extractions")
@requires("leads.import")
def create_extraction() -> Page:
    """Begin; a refusal brings the form back with everything typed."""
    return or_form_again(_create, _form)


@blueprint.get("/extractions/<int:extraction_id>")
@requires("leads.read")
def show_extraction(extraction_id: int) -> str:
    """Progress, then the result."""
    return render_template("leads/extraction.html", **_facts(extraction_id))


@blueprint.get("/extractions/<int:extraction_id>/live")
@requires("leads.read")
def live_extraction(extraction_id: int) -> BaseResponse:
    """The block that keeps itself fresh while something may still happen."""
    return live_fragment("leads/_extraction.html", **_facts(extraction_id))


@blueprint.post("/extractions/<int:extraction_id>/abort")
@requires("leads.import")
def abort_extraction(extraction_id: int) -> BaseResponse:
    """Stop it; what was found is saved."""
    who, session = current_principal(), db.session()
    return _deed(
        extraction_id,
        lambda: room.abort_extraction(session, who.tenant_id, extraction_id, actor=who.user_id, now=utcnow()),
    )


@blueprint.post("/extractions/<int:extraction_id>/retry")
@requires("leads.import")
def retry_extraction(extraction_id: int) -> BaseResponse:
    """Save again what was found, without a new search."""
    who, session = current_principal(), db.session()
    return _deed(
        extraction_id,
        lambda: room.retry_extraction(session, who.tenant_id, extraction_id, actor=who.user_id, now=utcnow()),
    )


@blueprint.post("/extractions/<int:extraction_id>/delete")
@requires("leads.delete")
def delete_extraction(extraction_id: int) -> BaseResponse:
    """Forget it, with the people it brought where that is asked for."""
    who, session = current_principal(), db.session()
    with_leads = request.form.get("with_leads") == "1"
    try:
        done = room.delete_extraction(session, who.tenant_id, extraction_id, with_leads=with_leads, actor=who.user_id)
    except AppError as refusal:
        return _refused(refusal, extraction_id)
    session.commit()
    if done is None:
        flash(_("Extração apagada. Os leads que ela trouxe ficaram."), "success")
    else:
        removed = ngettext("%(num)s lead saiu da conta.", "%(num)s leads saíram da conta.", done.removed)
        flash(_("Extração apagada.") + " " + removed, "success")
    return redirect(url_for("leads.extractions"), 303)


def _deed(extraction_id: int, act: Any) -> BaseResponse:
    try:
        act()
    except AppError as refusal:
        return _refused(refusal, extraction_id)
    db.session().commit()
    return redirect(url_for("leads.show_extraction", extraction_id=extraction_id), 303)


def _refused(refusal: AppError, extraction_id: int) -> BaseResponse:
    if refusal.http_status == 404:
        raise refusal
    db.session.rollback()
    flash(refusal.message, "warning")
    return redirect(url_for("leads.show_extraction", extraction_id=extraction_id), 303)


def _create() -> BaseResponse:
    who, session = current_principal(), db.session()
    new = room.NewExtraction(
        search=typed("search"),
        location=typed("location"),
        max_items=_whole(typed("max_items")),
        list_name=typed("list_name"),
        max_cost_usd_micros=_micros(typed("max_cost")),
    )
    made = room.create_extraction(
        session, who.tenant_id, new, platform=room.platform_of(get_settings()), actor=who.user_id, now=utcnow()
    )
    extraction_id = made.id
    session.commit()
    return redirect(url_for("leads.show_extraction", extraction_id=extraction_id), 303)


def _form(errors: dict[str, str]) -> str:
    who, session, now = current_principal(), db.session(), utcnow()
    values = (request.form if request.method == "POST" else request.args).to_dict()
    values.setdefault("max_items", FIRST_MOST)
    if "file" in errors:  # a refusal that belongs to no field (`or_form_again` puts it there)
        errors[""] = errors.pop("file")
    most = _whole(values["max_items"])
    is_complete = bool(values.get("search", "").strip() and values.get("location", "").strip())
    is_sensible = 1 <= most <= room.MAX_ITEMS
    estimate = None
    if is_complete and is_sensible:
        estimate = room.estimate_for(session, who.tenant_id, actor=GOOGLE_MAPS_ACTOR, max_items=most, today=now.date())
    elif is_complete and not errors:
        errors = {"max_items": _("Escolha de 1 a %(most)s lugares.", most=number(room.MAX_ITEMS))}
    platform = room.platform_of(get_settings())
    own = room.own_account(session, who.tenant_id)
    return render_template(
        "leads/extraction_new.html",
        errors=errors,
        values=values,
        most=most,
        max_items=room.MAX_ITEMS,
        estimate=estimate,
        free=room.free_places(session, who.tenant_id, now),
        has_account=own is not None or platform.account is not None,
        is_sandbox=own is None and not platform.token and bool(platform.sandbox_url),
        dollars=dollars,
    )


def _facts(extraction_id: int) -> dict[str, Any]:
    tenant_id, session = current_principal().tenant_id, db.session()
    found = room.extraction_of(session, tenant_id, extraction_id)
    imported = leads.import_of(session, tenant_id, found.import_id) if found.import_id else None
    return {
        "found": found,
        "status": room.shown_status(found),
        "is_moving": room.is_moving(found),
        "can_retry": room.can_retry(found),
        "is_stopping": room.is_moving(found) and found.abort_requested_at is not None,
        "imported": imported,
        "list_id": _list_id(found, imported),
        "dollars": dollars,
    }


def _list_id(found: Extraction, imported: LeadImport | None) -> int | None:
    return imported.list_id if imported is not None and found.saved else None


def _whole(text: str) -> int:
    """0 for what is no number: refused like one out of bounds."""
    digits = text.strip().replace(".", "")
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 9 else 0


def _micros(text: str) -> int | None:
    """Dollars as typed -> millionths; None for an empty field, 0 (out of bounds) for what is no amount."""
    if not text.strip():
        return None
    try:
        amount = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return 0
    return int(amount * 1_000_000) if amount.is_finite() and 0 <= amount < 10_000 else 0
