"""A file of people who must not be written to ("Não Me Ligue", one's own list), taken in at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, Final

from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from core.storage import FileTooLarge, storage
from services.audit import record_audit
from services.leads import sql
from services.leads.block_list_reading import Blocked, blocked_in
from services.leads.limits import MAX_FILE_BYTES
from services.leads.merging import rows_of
from services.leads.opening import open_source
from services.leads.refusals import FileTooBig
from services.leads.staging import too_many_rows

MAX_ROWS: Final = 200_000
"""What a request may wait for: about three seconds."""
PEOPLE_A_STATEMENT: Final = 10_000
MAX_REASON: Final = 40
BLOCK_LIST: Final = "block_list"


@dataclass(frozen=True, slots=True)
class BlockListResult:
    """What became of the file's rows; `already` also counts repeats within the file, `invalid` rows that name nobody.
    A row may name several people."""

    total: int
    added: int
    already: int
    invalid: int


def import_suppressions(
    session: Session, tenant_id: int, stream: BinaryIO, filename: str, *, reason: str, actor: int | None
) -> BlockListResult:
    """Add everybody a CSV, TXT or spreadsheet names to the tenant's suppressions, in the caller's transaction.

    FileRefused or FileTooBig as for an import of leads. A `status` column means nothing here: whoever is in a list
    of people to leave alone is left alone. The file isn't kept; `filename` isn't looked at, its content is.
    """
    values = {"tenant": tenant_id, "source": "file", "reason": reason.strip()[:MAX_REASON] or BLOCK_LIST}
    result = take_in(session, stream, sql.ADD_SUPPRESSIONS, values, owner=tenant_id)
    record_audit(session, tenant_id, "leads.import_suppressions", actor_user_id=actor, added=result.added)
    return result


def take_in(
    session: Session, stream: BinaryIO, statement: TextClause, values: dict[str, Any], *, owner: int
) -> BlockListResult:
    """Read a file and write whom it names with `statement` (arrays `keys`, `phones`, `emails`). `owner`: the tenant
    whose folder holds the file meanwhile."""
    try:
        key, _size = storage().save(stream, tenant_id=owner, kind="imports", max_bytes=MAX_FILE_BYTES)
    except FileTooLarge as problem:
        raise FileTooBig(
            f"O arquivo passa de {MAX_FILE_BYTES // 1024**2} MB. Divida-o em partes e envie uma de cada vez."
        ) from problem
    try:
        source = open_source(storage().path(key))
        try:
            return _taken_in(session, blocked_in(source), statement, values)
        finally:
            source.close()
    finally:
        storage().delete(key)


def _taken_in(
    session: Session, rows: Iterable[list[Blocked]], statement: TextClause, values: dict[str, Any]
) -> BlockListResult:
    total = invalid = named = 0
    people: dict[str, Blocked] = {}
    for row in rows:
        total += 1
        if total > MAX_ROWS:
            raise too_many_rows(MAX_ROWS)
        invalid += not row
        named += len(row)
        people |= {one.phone_key or one.email: one for one in row}
    added, rest = 0, iter(people.values())
    while piece := list(islice(rest, PEOPLE_A_STATEMENT)):
        added += rows_of(session, statement, values | _columns(piece))
    return BlockListResult(total, added, named - added, invalid)


def _columns(people: list[Blocked]) -> dict[str, list[str | None]]:
    return {
        "keys": [one.phone_key or None for one in people],
        "phones": [one.phone or None for one in people],
        "emails": [one.email or None for one in people],
    }
