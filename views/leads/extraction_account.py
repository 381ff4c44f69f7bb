"""`/leads/extractions/account`: whose Apify token pays for extractions."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.config import get_settings
from core.db import db
from core.outside import call_outside
from services.leads import extraction as room
from views.leads.blueprint import Page, blueprint, or_form_again, typed
from views.leads.extraction_words import dollars


@blueprint.get("/extractions/account")
@requires("account.settings")
def extraction_account() -> str:
    """The token's last letters and what Apify said of it; the token itself never comes back."""
    return _page({})


@blueprint.post("/extractions/account")
@requires("account.settings")
def save_extraction_account() -> Page:
    """Keep a token, and try it at once."""
    return or_form_again(_save, _page)


@blueprint.post("/extractions/account/test")
@requires("account.settings")
def test_extraction_account() -> BaseResponse:
    """Ask Apify whose token it is and what is left of the month."""
    _try()
    return redirect(url_for("leads.extraction_account"), 303)


@blueprint.post("/extractions/account/delete")
@requires("account.settings")
def forget_extraction_account() -> BaseResponse:
    """Take the token away."""
    who, session = current_principal(), db.session()
    room.forget_account(session, who.tenant_id, actor=who.user_id)
    session.commit()
    flash(_("Token apagado."), "success")
    return redirect(url_for("leads.extraction_account"), 303)


def _save() -> BaseResponse:
    who, session = current_principal(), db.session()
    room.save_account(
        session,
        who.tenant_id,
        token=typed("token"),
        base_url=typed("base_url"),
        platform=room.platform_of(get_settings()),
        actor=who.user_id,
    )
    session.commit()
    _try()
    return redirect(url_for("leads.extraction_account"), 303)


def _try() -> None:
    """The two calls, and what they say as a toast."""
    tenant_id, session, now = current_principal().tenant_id, db.session(), utcnow()
    platform = room.platform_of(get_settings())
    try:
        problem = call_outside(
            session,
            lambda s: room.prepare_account_check(s, tenant_id, platform=platform),
            lambda s, answer: room.apply_account_check(s, tenant_id, answer, now=now),
        )
    except room.NoToken as refusal:
        flash(refusal.message, "warning")
        return
    if problem:
        flash(problem, "warning")
        return
    limits = call_outside(session, lambda s: room.prepare_limits(s, tenant_id, platform=platform), room.apply_limits)
    text = _("A Apify aceitou o token.")
    if limits is not None and limits.used_usd_micros is not None and limits.most_usd_micros is not None:
        used, most = dollars(limits.used_usd_micros), dollars(limits.most_usd_micros)
        text += " " + _("Uso deste mês: %(used)s de %(most)s.", used=used, most=most)
    flash(text, "success")


def _page(errors: dict[str, str]) -> str:
    session, platform = db.session(), room.platform_of(get_settings())
    own = room.own_account(session, current_principal().tenant_id)
    first = {"base_url": own.base_url if own else platform.sandbox_address}
    return render_template(
        "leads/extraction_account.html",
        own=own,
        errors=errors,
        values=first | request.form.to_dict(),
        may_choose_address=platform.may_choose_address,
        has_platform_token=bool(platform.token),
        has_sandbox=bool(platform.sandbox_url),
    )
