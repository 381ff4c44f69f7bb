"""The room's blueprint and what its pages share."""

from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, cast

from flask import Blueprint, Response, flash, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal
from core.db import db
from core.errors import AppError, InvalidInput
from services.leads import FileRefused, Permission, needs_consent_proof, read_permission

blueprint = Blueprint("leads", __name__, url_prefix="/leads")
Page = str | BaseResponse | tuple[str, int]
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.context_processor
def _context() -> dict[str, Any]:
    return {"nav_active": "leads", "basis_words": basis_words, "needs_consent_proof": _needs_consent_proof}


def _needs_consent_proof() -> bool:
    return needs_consent_proof(db.session(), current_principal().tenant_id)


def basis_words() -> list[tuple[str, str, str]]:
    """The legal bases in words a shop owner understands: value, label, what it means."""
    return [
        (
            "customer",
            _("São meus clientes"),
            _("Já compraram, marcaram ou pediram orçamento, e a mensagem tem a ver com isso."),
        ),
        (
            "consent",
            _("Pediram para receber mensagens"),
            _("Deixaram o número num formulário, no caixa ou numa conversa, sabendo que eu escreveria."),
        ),
        (
            "legitimate_interest",
            _("É um contato de negócios que faz sentido"),
            _("Não me conhecem ainda, mas o assunto é do trabalho deles. Cada mensagem diz como sair."),
        ),
    ]


def download(chunks: Iterator[str] | Iterator[bytes], mimetype: str, filename: str) -> Response:
    """A streamed attachment; the request's own transaction is let go first."""
    db.session.remove()
    response = Response(chunks, content_type=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def or_form_again(act: Callable[[], BaseResponse], form: Callable[[dict[str, str]], str]) -> Page:
    """What `act` answers; a refusal shows the form again with a sentence beside each field (`""` = above all)."""
    try:
        return act()
    except AppError as refusal:
        if refusal.http_status in {401, 403, 404}:
            raise
        db.session.rollback()
        errors = {name: told[0] for name, told in refusal.fields.items()}
        if not errors:
            errors = {"": refusal.message} if isinstance(refusal, InvalidInput) else {"file": refusal.message}
        return form(errors), refusal.http_status


def typed(name: str) -> str:
    """A form field as typed."""
    return request.form.get(name, "")


def typed_permission() -> Permission:
    """What the fields of `leads/_basis.html` say; InvalidInput for a date that is none."""
    return read_permission(typed("consent_source"), typed("consent_at"), typed("consent_proof"))


def uploaded() -> tuple[BinaryIO, str]:
    """The form's file and its name; FileRefused when none was chosen."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise FileRefused(_("Escolha um arquivo CSV ou XLSX."), code="file_missing")
    return cast(BinaryIO, file.stream), file.filename


def flash_with_undo(text: str, undo_url: str) -> None:
    """A toast whose button takes the deed back."""
    flash({"text": text, "undo_url": undo_url}, "success")  # type: ignore[arg-type]
