"""Keeping a tenant's files and finding them again. The bytes lie in `core.storage`; a row says what they are."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO, Final

from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.storage import FileTooLarge, storage
from models.media import FileKind, MediaFile
from services.audit import record_audit
from services.media.kinds import MAX_FILE_BYTES, MB, BadFile, look_into

NAME_CHARS: Final = 120
_NOT_IN_NAMES: Final = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*]")
KEPT_AT_PROVIDER: Final = timedelta(days=29)
"""Cloud API keeps an uploaded file for 30 days; a day earlier it is uploaded again."""


class NoSuchFile(NotFound):
    """Not there, or another tenant's."""

    message = "Este arquivo não existe mais. Escolha outro."


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the sender needs it, no ORM object. `storage_key` is its name in `core.storage`."""

    media_id: int
    kind: FileKind
    mime: str
    file_name: str
    size_bytes: int
    storage_key: str
    provider_ids: Mapping[str, Any]


def keep_file(session: Session, tenant_id: int, stream: BinaryIO, said_name: str, *, actor: int | None) -> MediaFile:
    """Check and store a file -> its row; BadFile with a sentence otherwise. The same bytes are kept once: who sends
    them again gets the row that is there. What is stored for a transaction that then fails is left behind."""
    try:
        key, size = storage().save(stream, tenant_id=tenant_id, kind="media", max_bytes=MAX_FILE_BYTES)
    except FileTooLarge:
        sentence = f"O arquivo passa de {MAX_FILE_BYTES // MB} MB. Diminua-o e envie de novo."
        raise BadFile(sentence, code="file_too_large") from None
    try:
        facts = look_into(storage().path(key), said_name)
        with storage().path(key).open("rb") as kept:
            digest = hashlib.file_digest(kept, "sha256").hexdigest()
        # Of two equal files that arrive at once the second waits here and finds the first.
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"media:{tenant_id}:{digest}", 0))))
        known = _known(session, tenant_id, digest, facts.kind)
    except BaseException:
        storage().delete(key)
        raise
    if known is not None:
        return _kept_already(known, key)
    made = MediaFile(
        tenant_id=tenant_id,
        kind=facts.kind,
        mime=facts.mime,
        file_name=_name(said_name, facts.ending),
        size_bytes=size,
        sha256=digest,
        storage_key=key,
        created_by=actor,
    )
    session.add(made)
    session.flush()
    record_audit(session, tenant_id, "media.create", actor_user_id=actor, target=("media", made.id))
    return made


def file_of(session: Session, tenant_id: int, media_id: int) -> MediaFile:
    """This tenant's file; NoSuchFile for a stranger's."""
    found = session.execute(
        select(MediaFile).where(MediaFile.tenant_id == tenant_id, MediaFile.id == media_id)
    ).scalar_one_or_none()
    if found is None:
        raise NoSuchFile
    return found


def stored_files(session: Session, tenant_id: int, media_ids: Collection[int]) -> dict[int, MediaFile]:
    """Those of these files that exist, whose bytes are there too."""
    if not media_ids:
        return {}
    rows = session.scalars(select(MediaFile).where(MediaFile.tenant_id == tenant_id, MediaFile.id.in_(media_ids)))
    return {row.id: row for row in rows if storage().path(row.storage_key).exists()}


def describe(session: Session, tenant_id: int, media_id: int) -> StoredFile | None:
    """The plain facts of a file, for the sender; None when it is gone."""
    row = session.execute(
        select(
            MediaFile.id,
            MediaFile.kind,
            MediaFile.mime,
            MediaFile.file_name,
            MediaFile.size_bytes,
            MediaFile.storage_key,
            MediaFile.provider_ids,
        ).where(MediaFile.tenant_id == tenant_id, MediaFile.id == media_id)
    ).one_or_none()
    return None if row is None else StoredFile(*row)


def read_file(file: StoredFile) -> bytes:
    """The bytes; OSError when they are gone."""
    with storage().open(file.storage_key) as stream:
        return stream.read()


def known_at_provider(provider_ids: Mapping[str, Any], place: str, now: datetime) -> str:
    """What the provider calls its copy, "" when it has none that lives. `place` is who keeps it: a number and its
    account."""
    said = provider_ids.get(place)
    if not isinstance(said, Mapping) or datetime.fromisoformat(str(said["until"])) <= now:
        return ""
    return str(said["id"])


def remember_at_provider(
    session: Session, tenant_id: int, media_id: int, place: str, *, provider_id: str, now: datetime
) -> None:
    """Note the provider's copy; the other places' notes stay."""
    said = {place: {"id": provider_id, "until": (now + KEPT_AT_PROVIDER).isoformat()}}
    session.execute(
        update(MediaFile)
        .where(MediaFile.tenant_id == tenant_id, MediaFile.id == media_id)
        .values(provider_ids=MediaFile.provider_ids.concat(cast(said, JSONB)))
    )


def _known(session: Session, tenant_id: int, digest: str, kind: FileKind) -> MediaFile | None:
    query = select(MediaFile).where(
        MediaFile.tenant_id == tenant_id, MediaFile.sha256 == digest, MediaFile.kind == kind
    )
    return session.execute(query.order_by(MediaFile.id).limit(1)).scalar_one_or_none()


def _kept_already(known: MediaFile, key: str) -> MediaFile:
    """The row that is there; its bytes are put back should they have been lost."""
    if storage().path(known.storage_key).exists():
        storage().delete(key)
    else:
        known.storage_key = key
    return known


def _name(said: str, ending: str) -> str:
    """A name to show, with the ending its content has: it never becomes part of a path of ours."""
    name = _NOT_IN_NAMES.sub("", PurePosixPath(said.replace("\\", "/")).name).strip(" .")
    stem = name.rpartition(".")[0] or name or "arquivo"
    return f"{stem[: NAME_CHARS - len(ending) - 1]}.{ending}"
