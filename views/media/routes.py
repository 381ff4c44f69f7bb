"""`/media/{id}`: the bytes, to the people of the account they belong to."""

from typing import Final

from flask import Blueprint, send_file
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.db import db
from core.storage import storage
from models.media import FileKind
from services import media as room

blueprint = Blueprint("media", __name__, url_prefix="/media")
SHOWN: Final = frozenset({FileKind.IMAGE, FileKind.VIDEO, FileKind.AUDIO, FileKind.VOICE})
NOTHING_RUNS: Final = "default-src 'none'; sandbox"


@blueprint.get("/<int(max=9223372036854775807):media_id>")
@requires("campaigns.read")
def show(media_id: int) -> Response:
    """A picture, film or sound in place; a document is saved, never opened by the browser as a page of ours."""
    found = room.file_of(db.session(), current_principal().tenant_id, media_id)
    path = storage().path(found.storage_key)
    if not path.exists():
        raise room.NoSuchFile
    answer = send_file(
        path,
        mimetype=found.mime,
        as_attachment=found.kind not in SHOWN,
        download_name=found.file_name,
        etag=found.sha256,
        max_age=3600,
        conditional=True,
    )
    answer.headers["Content-Security-Policy"] = NOTHING_RUNS
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer
