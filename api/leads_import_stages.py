"""`/api/leads/imports/{id}`: the stops of an import that waits for its caller: its columns, and walking away."""

from typing import Any, Final

import marshmallow as ma

from api.common import Blueprint, Schema, StrictSchema
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from models.leads import ImportStatus, LeadImport
from services import leads as room

blueprint = Blueprint(
    "leads_import_stages_api", __name__, url_prefix="/api/leads/imports", description="Etapas da importação"
)
STAGES: Final = {
    ImportStatus.UPLOADED: "check",
    ImportStatus.CHECKING: "check",
    ImportStatus.MAPPING: "mapping",
    ImportStatus.READY: "verdict",
    ImportStatus.WRITING: "write",
}


class ColumnSchema(Schema):
    """One column of the file. `position` counts from 1; `variable` is the name it has in a message, where it has one;
    `samples` are some of its values, until the import ends."""

    position = ma.fields.Integer()
    header = ma.fields.String()
    field = ma.fields.String()
    variable = ma.fields.String()
    samples = ma.fields.List(ma.fields.String())


class StageSchema(Schema):
    """An import's id and where it stands."""

    id = ma.fields.Integer(required=True)
    status = ma.fields.String(required=True)
    stage = ma.fields.Function(lambda one: stage_of(one))


class ColumnArgs(StrictSchema):
    """What a column is; `variable` names it when `field` is `variable` or `phone2`."""

    position = ma.fields.Integer(required=True, validate=ma.validate.Range(min=1))
    field = ma.fields.String(required=True, validate=ma.validate.OneOf(room.KINDS))
    variable = ma.fields.String(load_default="", validate=ma.validate.Length(max=200))


class MappingArgs(StrictSchema):
    """The columns that are something else than shown; the others stay as they are."""

    columns = ma.fields.List(ma.fields.Nested(ColumnArgs), required=True, validate=ma.validate.Length(max=1_000))


@blueprint.put("/<int:import_id>/mapping")
@blueprint.arguments(MappingArgs)
@blueprint.response(202, StageSchema)
@requires("leads.import")
def set_mapping(said: dict[str, Any], import_id: int) -> LeadImport:
    """Say what the columns are; the file is checked again. For imports in `mapping` or `verdict`."""
    who, session = current_principal(), db.session()
    found = room.import_of(session, who.tenant_id, import_id)
    choices = {one["position"] - 1: room.Choice(one["field"], one["variable"]) for one in said["columns"]}
    room.choose_columns(session, found, choices, actor=who.user_id, now=utcnow())
    session.commit()
    return room.import_of(session, who.tenant_id, import_id)


@blueprint.post("/<int:import_id>/discard")
@blueprint.response(200, StageSchema)
@requires("leads.import")
def discard_import(import_id: int) -> LeadImport:
    """End an import of which nothing is written, and forget its file."""
    who, session = current_principal(), db.session()
    file_key = room.discard_import(session, who.tenant_id, import_id, actor=who.user_id)
    session.commit()
    room.discard_upload(file_key)
    return room.import_of(session, who.tenant_id, import_id)


def stage_of(one: LeadImport) -> str:
    """check, mapping, verdict, write or result."""
    return STAGES.get(one.status, "result")


def columns_of(one: LeadImport) -> list[dict[str, Any]]:
    """Each column with its choice, once the file has been looked at; empty for an import that asks nobody."""
    headers = one.layout.get("headers", [])
    samples = one.samples or [[]] * len(headers)
    rows = zip(headers, samples, room.choices_from(one.choices), strict=False)
    return [
        {"position": at, "header": header, "field": choice.kind, "variable": choice.name, "samples": some}
        for at, (header, some, choice) in enumerate(rows, 1)
    ]
