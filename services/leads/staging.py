"""From an open table into the transaction's staging table, and what the rows turn out to be."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy.orm import Session

from services.leads import sql
from services.leads.consent import NOT_SAID, Permission
from services.leads.forgetting import leave_out_forgotten
from services.leads.locks import lock_leads
from services.leads.places import know_places_again
from services.leads.refusals import ROW_REASONS, FileRefused
from services.leads.rows import COPY_COLUMNS, RowWriter
from services.leads.table import Table

LINES_A_CHUNK: Final = 1_000
"""Lines joined at a time: about 100 KB, so that memory doesn't grow with the file."""
LEGAL_BASES: Final = ["consent", "customer", "legitimate_interest"]
"""The strongest first."""

Tick = Callable[[int], None]
"""Called now and then with the rows done so far; may raise to stop the work."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file's rows are. Each row counts once, so the six add up to `total` (contract 3.1). `suppressed` holds
    those who are saved and never written to, and the forgotten, who aren't even saved."""

    total: int
    created: int
    updated: int
    duplicates: int
    invalid: int
    not_selected: int
    suppressed: int
    new_people: int
    problems: list[dict[str, Any]]

    @property
    def people(self) -> int:
        """Rows that become or already are leads."""
        return self.created + self.updated + self.suppressed

    def as_columns(self) -> dict[str, Any]:
        """The values of `LeadImport`'s columns of the same names."""
        names = ("total", "created", "updated", "duplicates", "invalid", "not_selected", "suppressed", "problems")
        return {name: getattr(self, name) for name in names}


class LineStream:
    """The file-like that COPY reads from. psycopg2 replaces what `read` raises by an error of its own, so the
    failure is kept and the stream ended; the caller raises it."""

    def __init__(self, lines: Iterator[str], tick: Callable[[], None]) -> None:
        self.lines = lines
        self.tick = tick
        self.failure: BaseException | None = None

    def read(self, _size: int = -1) -> str:
        try:
            chunk = "".join(islice(self.lines, LINES_A_CHUNK))
            self.tick()
        except BaseException as failure:
            self.failure = failure
            return ""
        return chunk.replace("\\", "\\\\")


def stage(
    session: Session,
    tenant_id: int,
    table: Table,
    *,
    basis: str,
    max_rows: int,
    tick: Tick,
    permission: Permission = NOT_SAID,
) -> Verdict:
    """Read the whole table into staging and judge every row. Writes nothing a reader could see, and
    leaves the tenant's leads locked, so that the judgement still holds when the merge comes.

    FileRefused when the file has more than `max_rows` rows or breaks off; memory stays the same at any size.
    """
    writer = copy_rows(session, table, max_rows=max_rows, tick=tick)
    lock_leads(session, tenant_id, while_waiting=lambda: tick(writer.rows_read))
    return _judge(session, tenant_id, writer, basis=basis, permission=permission)


def copy_rows(session: Session, table: Table, *, max_rows: int, tick: Tick) -> RowWriter:
    """The rows as they are, in the transaction's own `staged_rows`; the writer says what it left out."""
    session.execute(sql.TUNE)
    session.execute(sql.STAGE)
    writer = RowWriter(table.plan, table.tally)

    def after_chunk() -> None:
        if writer.rows_read > max_rows:
            raise too_many_rows(max_rows)
        tick(writer.rows_read)

    stream = LineStream(writer.lines(table.rows), after_chunk)
    cursor = session.connection().connection.cursor()
    try:
        cursor.copy_expert(sql.COPY_ROWS % COPY_COLUMNS, stream)
    finally:
        cursor.close()
        if stream.failure is not None:
            raise stream.failure
    return writer


def _judge(session: Session, tenant_id: int, writer: RowWriter, *, basis: str, permission: Permission) -> Verdict:
    session.execute(sql.ANALYZE_ROWS)
    know_places_again(session, tenant_id, writer.plan)
    session.execute(sql.REPEATS)
    duplicates = int(session.execute(sql.COUNT_REPEATS).scalar_one())
    if duplicates:
        session.execute(sql.MERGE_REPEATS)
    forgotten = leave_out_forgotten(session, tenant_id)
    ids = session.execute(sql.ID_SEQUENCE).scalar_one()
    values = {"tenant": tenant_id, "basis": basis, "bases": LEGAL_BASES, "ids": ids}
    session.execute(sql.PEOPLE, values | permission.as_columns())
    session.execute(sql.INDEX_PEOPLE)
    session.execute(sql.ANALYZE_PEOPLE)
    counts = session.execute(sql.COUNTS).one()
    return Verdict(
        total=writer.rows_read,
        created=counts.created,
        updated=counts.updated,
        duplicates=duplicates,
        invalid=counts.invalid,
        not_selected=writer.not_selected,
        suppressed=counts.suppressed + forgotten,
        new_people=counts.new_people,
        problems=_problems(session) if counts.invalid else [],
    )


def _problems(session: Session) -> list[dict[str, Any]]:
    return [
        {"code": code, "count": count, "message": ROW_REASONS[code], "examples": examples}
        for code, count, examples in session.execute(sql.PROBLEMS)
    ]


def too_many_rows(max_rows: int) -> FileRefused:
    """More rows than a file of this plan may have."""
    shown = f"{max_rows:,}".replace(",", ".")
    return FileRefused(
        f"O arquivo tem mais de {shown} linhas, o máximo de um arquivo no seu plano. Divida-o em partes e envie uma "
        "de cada vez.",
        code="too_many_rows",
    )
