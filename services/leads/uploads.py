"""Files on their way in: stored, looked at, forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.storage import FileTooLarge, storage
from services.leads.limits import MAX_FILE_BYTES, MAX_FILENAME
from services.leads.looking import Look, look_at, open_for_a_person
from services.leads.opening import inspect_file, is_small
from services.leads.refusals import FileTooBig


@dataclass(frozen=True, slots=True)
class StoredUpload:
    """A file that has been received and looks like a spreadsheet. `look` is there when a person will be asked about
    its columns and it could be looked at on the spot; a large workbook is looked at by a worker."""

    file_key: str
    filename: str
    file_bytes: int
    look: Look | None = None


def receive_upload(
    stream: BinaryIO, filename: str, *, tenant_id: int, mapping: Mapping[str, str], max_bytes: int = MAX_FILE_BYTES
) -> StoredUpload:
    """Store a file and look at its beginning. FileTooBig, or FileRefused with what to do; nothing is kept then."""
    key, size = _stored(stream, tenant_id=tenant_id, max_bytes=max_bytes)
    try:
        inspect_file(storage().path(key), mapping)
    except BaseException:
        storage().delete(key)
        raise
    return StoredUpload(key, _shown_name(filename), size)


def receive_guided(stream: BinaryIO, filename: str, *, tenant_id: int, max_bytes: int = MAX_FILE_BYTES) -> StoredUpload:
    """As `receive_upload`, for a person who will say what the columns are: headers needn't name the number."""
    key, size = _stored(stream, tenant_id=tenant_id, max_bytes=max_bytes)
    try:
        look = _quick_look(storage().path(key))
    except BaseException:
        storage().delete(key)
        raise
    return StoredUpload(key, _shown_name(filename), size, look)


def discard_upload(file_key: str) -> None:
    """Forget a file whose rows are in the database, or that was refused: it holds people's data twice."""
    storage().delete(file_key)


def _stored(stream: BinaryIO, *, tenant_id: int, max_bytes: int) -> tuple[str, int]:
    try:
        return storage().save(stream, tenant_id=tenant_id, kind="imports", max_bytes=max_bytes)
    except FileTooLarge as problem:
        raise FileTooBig(
            f"O arquivo passa de {max_bytes // 1024**2} MB. Divida-o em partes e envie uma de cada vez."
        ) from problem


def _quick_look(path: Path) -> Look | None:
    if not is_small(path):
        return None
    table = open_for_a_person(path, {})
    try:
        return look_at(table)
    finally:
        table.source.close()


def _shown_name(filename: str) -> str:
    """The name as the person knows it, without a path some browsers send."""
    bare = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in bare if c.isprintable())[-MAX_FILENAME:] or "arquivo"
