"""`/api/leads/imports`: files in (contract 3.1)."""

import json
from collections.abc import Iterator
from typing import Any

import marshmallow as ma
from flask import Response
from flask_smorest.fields import Upload

from api.common import Blueprint, Schema, StrictSchema
from api.leads_import_stages import columns_of, stage_of
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db, make_session_factory
from core.errors import InvalidInput
from core.queue import IMPORTS, enqueue_after_commit
from models.leads import LeadImport
from services import leads as room

blueprint = Blueprint("leads_imports_api", __name__, url_prefix="/api/leads/imports", description="Importação de leads")
BAD_MAPPING = 'Mande um objeto JSON de campo para coluna, por exemplo {"phone": "Telefone"}.'


class ImportArgs(StrictSchema):
    """Where the people go (a new list's name or a list's id) and why they may be written to."""

    list_name = ma.fields.String(load_default="")
    list_id = ma.fields.Integer(load_default=None, allow_none=True)
    legal_basis = ma.fields.String(
        required=True,
        validate=ma.validate.OneOf(["consent", "customer", "legitimate_interest"]),
        error_messages={"required": "Diga por que você pode escrever para estas pessoas."},
    )
    consent_source = ma.fields.String(load_default="")
    consent_at = ma.fields.String(load_default="", metadata={"format": "date"})
    consent_proof = ma.fields.String(load_default="")
    mapping = ma.fields.String(load_default="{}")
    auto_confirm = ma.fields.Boolean(load_default=True)


class FileArgs(StrictSchema):
    """A CSV or XLSX."""

    file = Upload(required=True, error_messages={"required": "Envie o arquivo no campo file."})


class ExampleSchema(Schema):
    """A refused row, by its number and the column's name in the person's own file; a number for one beyond the
    header, empty where the whole row is meant."""

    row = ma.fields.Integer()
    column = ma.fields.String()
    value = ma.fields.String()


class ProblemSchema(Schema):
    """Refused rows that need the same repair."""

    code = ma.fields.String()
    count = ma.fields.Integer()
    message = ma.fields.String()
    examples = ma.fields.List(ma.fields.Nested(ExampleSchema))


class FailureSchema(Schema):
    """Why the import ended without leads, and what to do."""

    code = ma.fields.String()
    message = ma.fields.String()


class ImportSchema(Schema):
    """The six counts add up to `total`; `progress` is a percentage. `columns` are there once the file has been looked
    at, unless it was sent to be written at once."""

    id = ma.fields.Integer(required=True)
    status = ma.fields.String(required=True)
    stage = ma.fields.Function(stage_of)
    progress = ma.fields.Function(lambda one: room.progress_of(one, utcnow()).percent)
    rows_per_second = ma.fields.Function(lambda one: room.progress_of(one, utcnow()).rows_per_second)
    seconds_left = ma.fields.Function(lambda one: room.progress_of(one, utcnow()).seconds_left)
    total = ma.fields.Integer()
    created = ma.fields.Integer()
    updated = ma.fields.Integer()
    duplicates = ma.fields.Integer()
    invalid = ma.fields.Integer()
    not_selected = ma.fields.Integer()
    suppressed = ma.fields.Integer()
    list_id = ma.fields.Integer(allow_none=True)
    list_name = ma.fields.String()
    filename = ma.fields.String()
    legal_basis = ma.fields.String()
    consent_source = ma.fields.String()
    consent_at = ma.fields.AwareDateTime(allow_none=True)
    consent_proof = ma.fields.String()
    mapping = ma.fields.Function(lambda one: one.layout.get("mapping") or one.mapping)
    columns = ma.fields.Function(columns_of)
    problems = ma.fields.List(ma.fields.Nested(ProblemSchema))
    failure = ma.fields.Function(
        lambda one: {"code": one.failure_code, "message": one.failure} if one.failure else None
    )
    created_at = ma.fields.AwareDateTime()
    finished_at = ma.fields.AwareDateTime(allow_none=True)


class AcceptedSchema(Schema):
    """What to ask for."""

    id = ma.fields.Integer(required=True)
    status = ma.fields.String(required=True)


class UndoneSchema(AcceptedSchema):
    """What the undo did, in people; `kept_changes` were changed by somebody afterwards and stay as they are."""

    removed = ma.fields.Integer()
    left_list = ma.fields.Integer()
    restored = ma.fields.Integer()
    kept_changes = ma.fields.Integer()


@blueprint.post("")
@blueprint.arguments(ImportArgs, location="form")
@blueprint.arguments(FileArgs, location="files")
@blueprint.response(202, AcceptedSchema)
@requires("leads.import")
def create_import(said: dict[str, Any], files: dict[str, Any]) -> LeadImport:
    """Send a file; a worker reads and writes it. A file that is no spreadsheet is refused at once."""
    who, session = current_principal(), db.session()
    mapping = _mapping(said.pop("mapping"))
    file = files["file"]
    upload = room.receive_upload(file.stream, file.filename or "", tenant_id=who.tenant_id, mapping=mapping)
    try:
        told = [said.pop(name) for name in ("consent_source", "consent_at", "consent_proof")]
        new = room.NewImport(upload=upload, mapping=mapping, permission=room.read_permission(*told), **said)
        made = room.create_import(session, who.tenant_id, new, actor=who.user_id, now=utcnow())
        session.commit()
    except BaseException:
        room.discard_upload(upload.file_key)
        raise
    return made


@blueprint.get("/<int:import_id>")
@blueprint.response(200, ImportSchema)
@requires("leads.read")
def get_import(import_id: int) -> LeadImport:
    """How far it is, and what became of each row."""
    return _mine(import_id)


@blueprint.post("/<int:import_id>/confirm")
@blueprint.response(202, AcceptedSchema)
@requires("leads.import")
def confirm_import(import_id: int) -> LeadImport:
    """Write what the verdict shows (imports sent with `auto_confirm=false`)."""
    who, session = current_principal(), db.session()
    room.confirm_import(session, who.tenant_id, import_id, actor=who.user_id)
    session.commit()
    return _mine(import_id)


@blueprint.post("/<int:import_id>/undo")
@blueprint.response(200, UndoneSchema)
@requires("leads.import")
def undo_import(import_id: int) -> dict[str, Any] | tuple[dict[str, Any], int]:
    """Take the import back, until a campaign has used it. 202 for a large one, which a worker undoes."""
    who, session = current_principal(), db.session()
    found = room.refuse_undo(session, who.tenant_id, import_id)
    if found.total > room.UNDO_IN_REQUEST_ROWS:
        room.request_undo(session, who.tenant_id, import_id, now=utcnow())
        enqueue_after_commit(session, "jobs.leads.undo_import", who.tenant_id, import_id, who.user_id, queue=IMPORTS)
        session.commit()
        return {"id": import_id, "status": "finished"}, 202
    done = room.undo_import(session, who.tenant_id, import_id, actor=who.user_id)
    session.commit()
    return {
        "id": import_id,
        "status": "undone",
        "removed": done.removed,
        "left_list": done.left_list,
        "restored": done.restored,
        "kept_changes": done.kept_changes,
    }


@blueprint.get("/<int:import_id>/rejects")
@blueprint.response(200, content_type="text/csv")
@requires("leads.read")
def get_rejects(import_id: int) -> Response:
    """The refused rows as they came, with their number and what to repair."""
    found = _mine(import_id)
    rows = room.reject_rows(make_session_factory(db.engine), current_principal().tenant_id, found.id)
    return download(room.as_csv(rows), "text/csv; charset=utf-8", f"recusados-{found.id}.csv")


def download(chunks: Iterator[str] | Iterator[bytes], mimetype: str, filename: str) -> Response:
    """A streamed attachment; the request's own transaction is let go first."""
    db.session.remove()
    response = Response(chunks, content_type=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    return response


def _mine(import_id: int) -> LeadImport:
    return room.import_of(db.session(), current_principal().tenant_id, import_id)


def _mapping(text: str) -> dict[str, str]:
    try:
        mapping = json.loads(text)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict) or not all(isinstance(value, str) for value in mapping.values()):
        raise InvalidInput(fields={"mapping": [BAD_MAPPING]})
    return mapping
