"""`/leads/suppressions`: who must not be written to."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.db import db, make_session_factory
from core.formats import number
from core.paging import Page as ItemPage
from models.leads import Suppression
from services import leads as room
from views.leads.blueprint import CSV, Page, blueprint, download, or_form_again, typed, uploaded


@blueprint.get("/suppressions")
@requires("leads.read")
def suppressions() -> str:
    """The list, with a form for one more and one for a file."""
    return _page({})


@blueprint.post("/suppressions")
@requires("leads.edit")
def suppress() -> Page:
    """Never write to this person again."""
    return or_form_again(_suppress, _page)


@blueprint.post("/suppressions/import")
@requires("leads.edit")
def import_suppressions() -> Page:
    """Leave alone everybody in a file."""
    return or_form_again(_import, _page)


@blueprint.get("/suppressions/export")
@requires("leads.export")
def export_suppressions() -> Response:
    """The list as a file."""
    rows = room.suppression_rows(make_session_factory(db.engine), current_principal().tenant_id)
    return download(room.as_csv(rows), CSV, "nao-perturbe.csv")


@blueprint.post("/suppressions/<int:suppression_id>/delete")
@requires("leads.delete")
def remove_suppression(suppression_id: int) -> BaseResponse:
    """Let this person be written to again."""
    who, session = current_principal(), db.session()
    room.remove_suppression(session, who.tenant_id, suppression_id, actor=who.user_id)
    session.commit()
    flash(_("Este contato pode voltar a receber mensagens."), "success")
    return redirect(url_for("leads.suppressions"), 303)


def _suppress() -> BaseResponse:
    who, session = current_principal(), db.session()
    done = room.suppress_typed(session, who.tenant_id, typed("phone"), reason=typed("reason"), actor=who.user_id)
    session.commit()
    flash(_words_of(done), "success" if done.added else "info")
    return redirect(url_for("leads.suppressions"), 303)


def _words_of(done: room.Suppressed) -> str:
    if not done.added:
        return str(ngettext("Este contato já estava na lista.", "Estes contatos já estavam na lista.", done.already))
    words = [
        ngettext(
            "Pronto: este contato não recebe mais nada.",
            "Pronto: %(num)s contatos não recebem mais nada.",
            done.added,
        )
    ]
    if done.already:
        words.append(ngettext("%(num)s já estava na lista.", "%(num)s já estavam na lista.", done.already))
    return " ".join(words)


def _import() -> BaseResponse:
    who, session = current_principal(), db.session()
    stream, filename = uploaded()
    done = room.import_suppressions(session, who.tenant_id, stream, filename, reason=typed("reason"), actor=who.user_id)
    session.commit()
    text = _(
        "%(added)s contatos entraram, %(already)s já estavam ou se repetiam, %(invalid)s linhas sem telefone nem "
        "e-mail válido.",
        added=number(done.added),
        already=number(done.already),
        invalid=number(done.invalid),
    )
    flash(text, "success")
    return redirect(url_for("leads.suppressions"), 303)


def _page(errors: dict[str, str]) -> str:
    tenant_id, session = current_principal().tenant_id, db.session()
    query = request.args.get("q", "")
    page: ItemPage[Suppression] = room.page_of_suppressions(
        session, tenant_id, query=query, cursor=request.args.get("cursor")
    )
    return render_template(
        "leads/suppressions.html",
        page=page,
        query=query,
        errors=errors,
        values=request.form,
        total=room.count_suppressions(session, tenant_id),
    )
