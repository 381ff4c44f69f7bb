"""A file of numbers that must not be written to ("Não Me Ligue", one's own list), taken in at once."""

from dataclasses import dataclass, replace
from typing import BinaryIO, Final

from sqlalchemy.orm import Session

from core.storage import storage
from services.audit import record_audit
from services.leads import sql
from services.leads.merging import rows_of
from services.leads.opening import open_table
from services.leads.staging import copy_rows
from services.leads.table import Table
from services.leads.uploads import receive_upload

MAX_ROWS: Final = 200_000
"""What a request may wait for: about three seconds."""


@dataclass(frozen=True, slots=True)
class BlockListResult:
    """What became of the file's rows; `already` also counts repeats within the file."""

    total: int
    added: int
    already: int
    invalid: int


def import_suppressions(
    session: Session, tenant_id: int, stream: BinaryIO, filename: str, *, reason: str, actor: int | None
) -> BlockListResult:
    """Add every number of a CSV or XLSX to the tenant's suppressions, in the caller's transaction.

    FileRefused or FileTooBig as for an import of leads. A `status` column means nothing here: whoever is in a list
    of people to leave alone is left alone. The file isn't kept.
    """
    upload = receive_upload(stream, filename, tenant_id=tenant_id, mapping={})
    try:
        table = open_table(storage().path(upload.file_key), {})
        try:
            result = _take_in(session, tenant_id, table, reason=reason.strip()[:40] or "block_list")
        finally:
            table.source.close()
    finally:
        storage().delete(upload.file_key)
    record_audit(session, tenant_id, "leads.import_suppressions", actor_user_id=actor, added=result.added)
    return result


def _take_in(session: Session, tenant_id: int, table: Table, *, reason: str) -> BlockListResult:
    table.plan = replace(table.plan, status=None)
    writer = copy_rows(session, table, max_rows=MAX_ROWS, tick=lambda _done: None)
    staged = session.execute(sql.COUNT_STAGED).one()
    values = {"tenant": tenant_id, "reason": reason, "source": "file"}
    added = rows_of(session, sql.ADD_SUPPRESSIONS, values)
    return BlockListResult(writer.rows_read, added, staged.good - added, staged.refused)
