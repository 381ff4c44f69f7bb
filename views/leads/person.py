"""One lead: looked at, added by hand, changed, left alone, deleted."""

from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from services import leads as room
from views.leads import words
from views.leads.blueprint import Page, basis_words, blueprint, or_form_again, typed

ID: Final = "/people/<int(max=9223372036854775807):lead_id>"
COLUMN: Final = "extra:"


@blueprint.get("/people/new")
@requires("leads.edit")
def new_person() -> str:
    """The form for one more."""
    return _new_page({})


@blueprint.post("/people/new")
@requires("leads.edit")
def add_person() -> Page:
    """One person by hand."""
    return or_form_again(_add, _new_page)


@blueprint.get(ID)
@requires("leads.read")
def person(lead_id: int) -> str:
    """Who this is and what happened with them."""
    return _page(lead_id, {})


@blueprint.post(ID)
@requires("leads.edit")
def change_person(lead_id: int) -> Page:
    """Say something else of them."""
    return or_form_again(lambda: _change(lead_id), lambda errors: _page(lead_id, errors))


@blueprint.post(f"{ID}/suppress")
@requires("leads.edit")
def suppress_person(lead_id: int) -> BaseResponse:
    """Never write to this person again."""
    who, session = current_principal(), db.session()
    room.suppress_lead(session, who.tenant_id, lead_id, actor=who.user_id)
    session.commit()
    flash(_("Pronto: este contato não recebe mais nada."), "success")
    return redirect(url_for("leads.person", lead_id=lead_id), 303)


@blueprint.post(f"{ID}/unsuppress")
@requires("leads.delete")
def unsuppress_person(lead_id: int) -> BaseResponse:
    """Let this person be written to again."""
    who, session = current_principal(), db.session()
    room.unsuppress_lead(session, who.tenant_id, lead_id, actor=who.user_id)
    session.commit()
    flash(_("Este contato pode voltar a receber mensagens."), "success")
    return redirect(url_for("leads.person", lead_id=lead_id), 303)


@blueprint.post(f"{ID}/delete")
@requires("leads.delete")
def delete_person(lead_id: int) -> BaseResponse:
    """Take them out of the account."""
    who, session = current_principal(), db.session()
    gone = room.delete_lead(session, who.tenant_id, lead_id, actor=who.user_id)
    text = _("%(who)s foi apagado dos seus leads.", who=gone.name or gone.phone)
    session.commit()
    flash(text, "success")
    return redirect(url_for("leads.people"), 303)


def _add() -> BaseResponse:
    who, session = current_principal(), db.session()
    lead = room.add_lead(
        session, who.tenant_id, typed("phone"), typed("legal_basis"), _said(), actor=who.user_id, now=utcnow()
    )
    chosen = typed("list_id")
    if chosen.isascii() and chosen.isdigit():
        room.put_in_list(session, who.tenant_id, int(chosen), lead.id, actor=who.user_id)
    session.commit()
    flash(_("%(who)s entrou nos seus leads.", who=lead.name or lead.phone), "success")
    return redirect(url_for("leads.person", lead_id=lead.id), 303)


def _change(lead_id: int) -> BaseResponse:
    who, session = current_principal(), db.session()
    room.change_lead(session, who.tenant_id, lead_id, _said(), actor=who.user_id, now=utcnow())
    session.commit()
    flash(_("Alterações salvas."), "success")
    return redirect(url_for("leads.person", lead_id=lead_id), 303)


def _said() -> room.PersonInput:
    """The form; a column left empty goes, one new column may come."""
    extra = {name.removeprefix(COLUMN): value for name, value in request.form.items() if name.startswith(COLUMN)}
    if typed("new_name").strip():
        extra[typed("new_name")] = typed("new_value")
    return room.PersonInput(
        typed("name"), typed("email"), typed("city"), typed("category"), extra, request.form.get("tags")
    )


def _new_page(errors: dict[str, str]) -> str:
    tenant_id, session = current_principal().tenant_id, db.session()
    return render_template(
        "leads/person_new.html",
        errors=errors,
        values=request.form,
        lists=room.all_lists(session, tenant_id),
        bases=basis_words(),
        words=words,
    )


def _page(lead_id: int, errors: dict[str, str]) -> str:
    tenant_id, session = current_principal().tenant_id, db.session()
    lead = room.lead_of(session, tenant_id, lead_id)
    history = room.history_of(session, lead)
    tags = room.tags_of(session, tenant_id, [lead_id]).get(lead_id, [])
    return render_template(
        "leads/person.html",
        lead=lead,
        history=history,
        events=words.events(history),
        tags=tags,
        lists=room.lists_of_lead(session, tenant_id, lead_id),
        is_suppressed=bool(room.stopped_among(session, tenant_id, [lead])),
        errors=errors,
        values=request.form if errors else _values(lead, tags),
        words=words,
    )


def _values(lead: Any, tags: list[str]) -> dict[str, str]:
    own = {name: getattr(lead, name) for name in ("name", "email", "city", "category")}
    return own | {COLUMN + name: value for name, value in lead.extra.items()} | {"tags": ", ".join(tags)}
