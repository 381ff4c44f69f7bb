"""`/api/media` (contract 3.3): a file in, its facts out."""

from typing import Any

import marshmallow as ma
from flask import url_for
from flask_smorest.fields import Upload

from api.common import Blueprint, Schema, StrictSchema
from core.access import current_principal, requires
from core.db import db
from models.media import MediaFile
from services import media as room

blueprint = Blueprint("media_api", __name__, url_prefix="/api/media", description="Arquivos")


class MediaArgs(StrictSchema):
    """A photo, film, sound or document that WhatsApp takes."""

    file = Upload(required=True, error_messages={"required": "Envie o arquivo no campo file."})


class MediaSchema(Schema):
    """A stored file; `url` shows it to people of this account."""

    id = ma.fields.Integer()
    kind = ma.fields.String()
    mime = ma.fields.String()
    bytes = ma.fields.Integer(attribute="size_bytes")
    file_name = ma.fields.String()
    url = ma.fields.Function(lambda one: url_for("media.show", media_id=one.id))


@blueprint.post("")
@blueprint.arguments(MediaArgs, location="files")
@blueprint.response(201, MediaSchema)
@requires("campaigns.edit")
def add_file(files: dict[str, Any]) -> MediaFile:
    """Keep a file for messages. What it is, its bytes say; the same bytes are kept once and give the same id."""
    who, session = current_principal(), db.session()
    kept = files["file"]
    made = room.keep_file(session, who.tenant_id, kept.stream, kept.filename or "", actor=who.user_id)
    media_id = made.id
    session.commit()
    return room.file_of(session, who.tenant_id, media_id)


@blueprint.get("/<int(max=9223372036854775807):media_id>")
@blueprint.response(200, MediaSchema)
@requires("campaigns.read")
def get_file(media_id: int) -> MediaFile:
    """One file's facts."""
    return room.file_of(db.session(), current_principal().tenant_id, media_id)
