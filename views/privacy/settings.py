"""`/settings/privacy`: what is held on somebody, forgetting them, how long people are kept."""

import io

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import InvalidInput
from services import leads
from services import privacy as room
from views.privacy import blueprint

Page = str | BaseResponse | tuple[str, int]


@blueprint.get("/settings/privacy")
@requires("account.settings")
def settings() -> Page:
    """The settings; with `?person=` what is held on them."""
    return _show()


@blueprint.post("/settings/privacy")
@requires("account.settings")
def change_settings() -> Page:
    """How long people are kept, and whether a consent needs its proof."""
    who, session = current_principal(), db.session()
    try:
        months = _whole(request.form.get("retention_months", ""))
        room.keep_for(session, who.tenant_id, months, actor=who.user_id)
    except InvalidInput as refused:
        session.rollback()
        return _show({name: _(told[0]) for name, told in refused.fields.items()}), refused.http_status
    is_needed = bool(request.form.get("needs_consent_proof"))
    room.ask_for_proof(session, who.tenant_id, is_needed, actor=who.user_id)
    session.commit()
    flash(_("Regras guardadas."), "success")
    return redirect(url_for("privacy.settings"), 303)


@blueprint.post("/settings/privacy/export")
@requires("account.settings")
def export_person() -> Response:
    """Their file. By POST: a phone has no business in an address."""
    who, session = current_principal(), db.session()
    person = room.read_person(request.form.get("person", ""))
    content = room.export_person(session, who.tenant_id, person, actor=who.user_id, now=utcnow())
    session.commit()
    return send_file(io.BytesIO(content), "application/zip", as_attachment=True, download_name="dados-da-pessoa.zip")


@blueprint.post("/settings/privacy/person")
@requires("account.settings")
def look_up() -> Page:
    """What is held on somebody."""
    try:
        return _show(person=room.read_person(request.form.get("person", "")))
    except InvalidInput as refused:
        return _show({name: _(told[0]) for name, told in refused.fields.items()}), refused.http_status


@blueprint.post("/settings/privacy/erase")
@requires("account.settings")
def erase_person() -> Page:
    """Forget somebody. Who it was stays on no page."""
    who, session = current_principal(), db.session()
    try:
        person = room.read_person(request.form.get("person", ""))
    except InvalidInput as refused:
        return _show({name: _(told[0]) for name, told in refused.fields.items()}), refused.http_status
    erasure = room.request_erasure(session, who.tenant_id, person, actor=who.user_id)
    is_done = room.erase_soon(session, who.tenant_id, erasure, utcnow())
    session.commit()
    if is_done:
        flash(_("Pessoa apagada. Ela não recebe mais nada, mesmo que volte numa planilha."), "success")
    else:
        flash(_("Ela já não recebe mais nada. Os dados somem em instantes; acompanhe nos pedidos abaixo."), "info")
    return redirect(url_for("privacy.settings"), 303)


def _whole(typed: str) -> int | None:
    """What stands in the field; something that is no number is refused like one out of bounds."""
    typed = typed.strip()
    return None if not typed else int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 0


def _show(problems: dict[str, str] | None = None, *, person: room.Person | None = None) -> str:
    session, tenant_id = db.session(), current_principal().tenant_id
    months = room.retention_of(session, tenant_id)
    held = None if person is None else room.counted(room.holdings_of(session, tenant_id, person))
    return render_template(
        "privacy/settings.html",
        problems=problems or {},
        typed=request.form,
        held=held,
        months=months,
        stale=room.count_stale(session, tenant_id, months or 24, utcnow()),
        preview_months=months or 24,
        fewest=room.FEWEST_MONTHS,
        most=room.MOST_MONTHS,
        needs_proof=leads.needs_consent_proof(session, tenant_id),
        erasures=room.recent_erasures(session, tenant_id),
    )
