"""`/leads/import`: a file in, its progress, its verdict, what became of its rows, taking it back."""

import io
from typing import BinaryIO

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db, make_session_factory
from core.formats import number
from core.queue import IMPORTS, enqueue_after_commit
from models.leads import ImportStatus, LeadImport
from models.states import NotAllowedNow
from services import leads as room
from views.fragments import live_fragment
from views.leads.blueprint import CSV, Page, blueprint, download, or_form_again, typed, typed_permission, uploaded
from views.leads.reading_words import reading_words
from views.leads.wizard import kind_words, step_of


@blueprint.get("/import")
@requires("leads.import")
def import_page() -> str:
    """The form for a file."""
    return _form({})


@blueprint.post("/import")
@requires("leads.import")
def import_file() -> Page:
    """Receive, and go on to the columns; a file that is no spreadsheet brings the form back."""
    return or_form_again(_receive, _form)


@blueprint.get("/imports/<int:import_id>")
@requires("leads.read")
def show_import(import_id: int) -> str:
    """Progress, then the result."""
    return render_template("leads/import_show.html", **_facts(import_id))


@blueprint.get("/imports/<int:import_id>/live")
@requires("leads.read")
def live_import(import_id: int) -> BaseResponse:
    """The block that keeps itself fresh while the import moves."""
    return live_fragment("leads/_import.html", **_facts(import_id))


@blueprint.post("/imports/<int:import_id>/confirm")
@requires("leads.import")
def confirm(import_id: int) -> BaseResponse:
    """Write what the verdict shows."""
    who, session = current_principal(), db.session()
    try:
        room.confirm_import(session, who.tenant_id, import_id, actor=who.user_id)
        session.commit()
    except (NotAllowedNow, room.NothingToImport) as refusal:
        session.rollback()
        flash(refusal.message, "warning")
    return redirect(url_for("leads.show_import", import_id=import_id), 303)


@blueprint.post("/imports/<int:import_id>/undo")
@requires("leads.import")
def undo(import_id: int) -> BaseResponse:
    """Take the import back; a large one by a worker."""
    who, session = current_principal(), db.session()
    back = redirect(url_for("leads.show_import", import_id=import_id), 303)
    try:
        found = room.refuse_undo(session, who.tenant_id, import_id)
        if found.total > room.UNDO_IN_REQUEST_ROWS:
            room.request_undo(session, who.tenant_id, import_id, now=utcnow())
            ids = (who.tenant_id, import_id, who.user_id)
            enqueue_after_commit(session, "jobs.leads.undo_import", *ids, queue=IMPORTS)
        else:
            _say_undone(room.undo_import(session, who.tenant_id, import_id, actor=who.user_id))
        session.commit()
    except (room.CannotUndo, room.LeadsBusy) as refusal:
        session.rollback()
        flash(refusal.message, "warning")
    return back


@blueprint.get("/imports/<int:import_id>/rejects")
@requires("leads.read")
def rejects(import_id: int) -> Response:
    """The refused rows as a file to correct."""
    tenant_id = current_principal().tenant_id
    room.import_of(db.session(), tenant_id, import_id)
    rows = room.reject_rows(make_session_factory(db.engine), tenant_id, import_id)
    return download(room.as_csv(rows), CSV, f"recusados-{import_id}.csv")


def _receive() -> BaseResponse:
    who, session = current_principal(), db.session()
    stream, filename = _file_or_pasted()
    upload = room.receive_guided(stream, filename, tenant_id=who.tenant_id)
    try:
        chosen = typed("list_id")
        new = room.NewImport(
            upload=upload,
            legal_basis=typed("legal_basis"),
            list_name=typed("list_name"),
            list_id=int(chosen) if chosen.isdecimal() else None,
            is_guided=True,
            permission=typed_permission(),
        )
        import_id = room.create_import(session, who.tenant_id, new, actor=who.user_id, now=utcnow()).id
        session.commit()
    except BaseException:
        room.discard_upload(upload.file_key)
        raise
    page = "leads.import_columns" if upload.look else "leads.show_import"
    return redirect(url_for(page, import_id=import_id), 303)


def _file_or_pasted() -> tuple[BinaryIO, str]:
    """The file, or what was copied from a spreadsheet: programs put tabs between cells and quotes around line breaks,
    so it is a .tsv like any other."""
    if not _is_pasted():
        return uploaded()
    return io.BytesIO(typed("pasted").encode("utf-8", "replace")), _("colado da planilha.tsv")


def _is_pasted() -> bool:
    file = request.files.get("file")
    return bool(typed("pasted").strip()) and (file is None or not file.filename)


def _form(errors: dict[str, str]) -> str:
    tenant_id = current_principal().tenant_id
    lists = room.all_lists(db.session(), tenant_id)
    values = request.form if request.method == "POST" else request.args
    if "file" in errors and _is_pasted():
        errors["pasted"] = errors.pop("file")
    return render_template(
        "leads/import.html",
        errors=errors,
        values=values,
        lists=[(str(one.id), one.name) for one in lists],
        max_mb=room.MAX_FILE_BYTES // 1024**2,
        waiting=room.waiting_imports(db.session(), tenant_id),
        waiting_days=room.WAITING_DAYS,
    )


def _facts(import_id: int) -> dict[str, object]:
    tenant_id, session = current_principal().tenant_id, db.session()
    found = room.import_of(session, tenant_id, import_id)
    is_finished = found.status is ImportStatus.FINISHED
    return {
        "found": found,
        "progress": room.progress_of(found, utcnow()),
        "can_undo": is_finished and found.undo_requested_at is None and room.can_undo(session, tenant_id, import_id),
        "is_undoing": is_finished and found.undo_requested_at is not None,
        "reading": reading_words(found),
        "columns": _columns(found),
        "kind_words": kind_words(),
        "step": step_of(found),
    }


def _columns(found: LeadImport) -> list[tuple[str, str, str]]:
    """Header, what it became and the variable's name, in the file's own order."""
    headers = found.layout.get("headers", [])
    if found.choices:
        return [
            (header, one.kind, one.name) for header, one in zip(headers, room.choices_from(found.choices), strict=False)
        ]
    pairs = [(header, field) for field, header in found.layout.get("mapping", {}).items()]
    kinds = room.KINDS
    shown = [(header, field if field in kinds else "variable", field) for header, field in pairs]
    return sorted(shown, key=lambda column: headers.index(column[0]))


def _say_undone(done: room.Undone) -> None:
    text = _(
        "Importação desfeita: %(removed)s leads removidos, %(restored)s voltaram ao que eram.",
        removed=number(done.removed),
        restored=number(done.restored),
    )
    if done.kept_changes:
        text += " " + ngettext(
            "%(num)s foi alterado depois da importação e ficou como está.",
            "%(num)s foram alterados depois da importação e ficaram como estão.",
            done.kept_changes,
        )
    flash(text, "success")
