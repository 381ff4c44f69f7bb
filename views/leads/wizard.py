"""The import's stops for a person: what its columns are, and walking away from it. `imports` shows the rest of it."""

from collections.abc import Sequence
from typing import Final

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from models.leads import ImportStatus, LeadImport
from models.states import NotAllowedNow
from services import leads as room
from views.leads.blueprint import Page, blueprint, or_form_again
from views.leads.reading_words import reading_words

STEPS: Final = {
    ImportStatus.UPLOADED: 1,
    ImportStatus.MAPPING: 2,
    ImportStatus.CHECKING: 3,
    ImportStatus.READY: 3,
    ImportStatus.WRITING: 4,
    ImportStatus.FINISHED: 4,
}
FEW_COLUMNS: Final = 100
"""From here on what we ignore isn't asked about: exports of other programs have thousands of columns."""
MOST_SHOWN: Final = 300


@blueprint.get("/imports/<int:import_id>/columns")
@requires("leads.import")
def import_columns(import_id: int) -> str | BaseResponse:
    """Each column with some of its values and what we take it for."""
    found = room.import_of(db.session(), current_principal().tenant_id, import_id)
    if found.status not in room.WAITING:
        return redirect(url_for("leads.show_import", import_id=import_id), 303)
    return _columns_page(found, {})


@blueprint.post("/imports/<int:import_id>/columns")
@requires("leads.import")
def choose_columns(import_id: int) -> Page:
    """Check the file with these columns."""
    who, session = current_principal(), db.session()
    found = room.import_of(session, who.tenant_id, import_id)

    def act() -> BaseResponse:
        said = _said(request.form, room.choices_from(found.choices))
        room.choose_columns(session, found, said, actor=who.user_id, now=utcnow())
        session.commit()
        return redirect(url_for("leads.show_import", import_id=import_id), 303)

    if found.status not in room.WAITING:
        flash(_("As colunas desta importação já foram ditas."), "warning")
        return redirect(url_for("leads.show_import", import_id=import_id), 303)
    return or_form_again(act, lambda errors: _columns_page(room.import_of(session, who.tenant_id, import_id), errors))


@blueprint.post("/imports/<int:import_id>/discard")
@requires("leads.import")
def discard(import_id: int) -> Response | BaseResponse:
    """Forget an import of which nothing was written, and its file."""
    who, session = current_principal(), db.session()
    try:
        file_key = room.discard_import(session, who.tenant_id, import_id, actor=who.user_id)
    except NotAllowedNow as refusal:
        session.rollback()
        flash(refusal.message, "warning")
        return redirect(url_for("leads.show_import", import_id=import_id), 303)
    session.commit()
    room.discard_upload(file_key)
    flash(_("Importação descartada. Nada foi gravado e o arquivo foi apagado."), "success")
    return redirect(url_for("leads.import_page"), 303)


def step_of(found: LeadImport) -> int:
    """Which of the four steps to show as the present one; 0 for an import that nobody walks through."""
    return STEPS.get(found.status, 0) if found.is_guided else 0


def kind_words() -> dict[str, str]:
    """What a column may be, in the order of the choice."""
    words = {
        "phone": _("Telefone"),
        "phone2": _("Segundo telefone"),
        "whatsapp_link": _("Link do WhatsApp"),
        "name": _("Nome"),
        "email": _("E-mail"),
        "city": _("Cidade"),
        "category": _("Categoria"),
        "status": _("Seleção (1 = entra)"),
        "variable": _("Variável da mensagem"),
        "ignore": _("Ignorar"),
    }
    return {kind: words[kind] for kind in room.KINDS}


def _said(form: MultiDict[str, str], kept: Sequence[room.Choice]) -> list[room.Choice]:
    """What the form says of each column; one it doesn't show stays as it was."""
    return [
        room.Choice(form.get(f"column-{at}", one.kind), form.get(f"name-{at}", one.name))
        for at, one in enumerate(kept, 1)
    ]


def _columns_page(found: LeadImport, errors: dict[str, str]) -> str:
    headers = found.layout.get("headers", [])
    kept = room.choices_from(found.choices)
    typed = _said(request.form, kept) if request.method == "POST" else kept
    samples = [*found.samples, *([[]] * (len(kept) - len(found.samples)))]
    columns = [
        {"at": at, "header": header, "samples": some, "choice": one}
        for at, (header, some, one) in enumerate(zip(headers, samples, typed, strict=False), 1)
    ]
    shown = [one for one, before in zip(columns, kept, strict=True) if _is_shown(before, len(kept))][:MOST_SHOWN]
    return render_template(
        "leads/import_columns.html",
        found=found,
        columns=shown,
        left_out=len(columns) - len(shown),
        kinds=list(kind_words().items()),
        errors=errors,
        reading=reading_words(found),
        has_number=room.has_number(typed),
    )


def _is_shown(kept: room.Choice, count: int) -> bool:
    return count <= FEW_COLUMNS or kept.kind != "ignore"
