"""Imports, undos of large ones, deeds on many people, the search's copy, and what time does to deleted lists."""

import contextlib
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from core.clock import utcnow
from core.db import unit_of_work
from core.errors import AppError
from core.queue import DEFAULT, IMPORTS, Job, enqueue
from core.tenancy import tenant_scope
from jobs.base import job, session_factory, system_work, tenant_work
from models.leads import ImportStatus
from models.states import NotAllowedNow
from services import leads

MANY_PEOPLE: Final = 1_000
"""From here on a wrong guess of the planner's is worth an ANALYZE."""
BEAT_SECONDS: Final = 0.5
"""Between two signs of life; each is a transaction of about a millisecond."""

WAITS_FOR_A_PERSON: Final = ("mapping", "ready")


@job
def run_import(tenant_id: int, import_id: int) -> str | None:
    """Bring an import to its end, or to where a person must say something. The claim and the progress are committed
    on their own; the leads, the counts and the end of the import come in one transaction. Killed at any point, the
    import goes silent and `sweep_imports` has it taken up again from the start."""
    with tenant_work(tenant_id) as session:
        task = leads.claim_import(session, tenant_id, import_id, now=utcnow())
    if task is None:
        return None
    try:
        outcome = _work(task)
    except leads.ImportTakenOver:
        return "taken_over"
    except AppError as refusal:
        with tenant_work(tenant_id) as session:
            leads.fail_import(session, task, refusal, now=utcnow())
        outcome = refusal.code
    if outcome not in WAITS_FOR_A_PERSON:
        leads.discard_upload(task.file_key)
    return outcome


def _work(task: leads.ImportTask) -> str:
    table = leads.open_task(task)
    try:
        look = None if task.is_confirmed or task.choices else leads.look_at(table)
        if look is not None and task.asks_for_columns:
            with tenant_work(task.tenant_id) as session:
                leads.ask_for_columns(session, task, look, now=utcnow())
            return "mapping"
        with tenant_work(task.tenant_id) as session:
            reading = _Beat(task, task.status, expected=table.source.expected_rows, phase=leads.READING)
            verdict = leads.check_file(session, task, table, tick=reading)
            if not task.is_confirmed:
                leads.hold_for_confirmation(session, task, table, verdict, look=look, now=utcnow())
                return "ready"
            if not verdict.people:
                leads.end_without_leads(session, task, table, verdict, now=utcnow())
                return "nothing_usable"
            _write(session, task, table, verdict)
        if verdict.people >= MANY_PEOPLE:
            with tenant_work(task.tenant_id) as session:
                leads.refresh_statistics(session)
        enqueue(Job("jobs.leads.refresh_search", (task.tenant_id,), IMPORTS))
        return "finished"
    finally:
        table.source.close()


def _write(session: Session, task: leads.ImportTask, table: leads.Table, verdict: leads.Verdict) -> None:
    writing = _Beat(task, ImportStatus.WRITING, expected=lambda _done: verdict.people, phase=leads.WRITING)
    writing.now(0)
    leads.write_leads(session, task, table, verdict, tick=writing, now=utcnow())


class _Beat:
    """Commits progress and a sign of life, at most twice a second, beside the transaction that does the work."""

    def __init__(
        self, task: leads.ImportTask, status: ImportStatus, *, expected: Callable[[int], int], phase: str
    ) -> None:
        self.task = task
        self.status = status
        self.phase = phase
        self.expected = expected
        self.last = 0.0

    def __call__(self, done: int) -> None:
        if time.monotonic() - self.last >= BEAT_SECONDS:
            self.now(done)

    def now(self, done: int) -> None:
        """Commit at once. ImportTakenOver when another worker has claimed the import."""
        self.last = time.monotonic()
        with tenant_scope(self.task.tenant_id), unit_of_work(session_factory()) as session:
            figures = {"done": done, "expected": self.expected(done)}
            leads.note_progress(session, self.task, status=self.status, phase=self.phase, now=utcnow(), **figures)


@job
def undo_import(tenant_id: int, import_id: int, actor: int | None = None) -> str:
    """Take back an import too large for a request."""
    with tenant_work(tenant_id) as session:
        try:
            leads.undo_import(session, tenant_id, import_id, actor=actor)
        except leads.CannotUndo as refusal:
            return refusal.code
    return "undone"


@job
def sweep_imports() -> int:
    """Leave a job for every import (and undo) that nobody works on though somebody should."""
    with system_work("imports: sweep the silent ones") as session:
        silent = leads.silent_imports(session, now=utcnow())
        undos = leads.undo_requests(session)
    jobs = [Job("jobs.leads.run_import", ids, IMPORTS) for ids in silent]
    jobs += [Job("jobs.leads.undo_import", ids, IMPORTS) for ids in undos]
    return sum(enqueue(one) for one in jobs)


@job
def discard_unanswered() -> int:
    """Forget imports that have waited a month for a person, and their files."""
    with system_work("imports: find the unanswered ones") as session:
        due = leads.unanswered_imports(session, now=utcnow())
    for tenant_id, import_id in due:
        with contextlib.suppress(NotAllowedNow):  # answered this very moment
            with tenant_work(tenant_id) as session:
                file_key = leads.discard_import(session, tenant_id, import_id, actor=None)
            leads.discard_upload(file_key)
    return len(due)


@job
def forget_import_files() -> int:
    """Delete what a process that died left of ended imports."""
    with system_work("imports: find files of ended ones") as session:
        due = leads.files_of_ended_imports(session)
    for tenant_id, import_id, file_key in due:
        leads.discard_upload(file_key)
        with tenant_work(tenant_id) as session:
            leads.note_file_gone(session, tenant_id, import_id)
    return len(due)


@job
def purge_lists() -> int:
    """Remove what was deleted and not taken back in time."""
    with system_work("leads: find deleted lists") as session:
        due = leads.lists_to_purge(session, now=utcnow())
    for tenant_id, list_id in due:
        with tenant_work(tenant_id) as session:
            leads.purge_list(session, tenant_id, list_id, now=utcnow())
    return len(due)


@job
def run_deed(tenant_id: int, deed_id: int) -> int:
    """Go through everybody a deed is meant for, a step a transaction -> steps. Killed, it goes on where it was."""
    steps, has_more = 0, True
    while has_more:
        with tenant_work(tenant_id) as session:
            has_more = leads.run_deed_step(session, tenant_id, deed_id, now=utcnow())
        steps += 1
    return steps


@job
def sweep_deeds() -> int:
    """Leave a job for every deed that isn't finished: its row is locked while somebody works on it."""
    with system_work("leads: sweep the unfinished deeds") as session:
        open_ones = leads.open_deeds(session)
    return sum(enqueue(Job("jobs.leads.run_deed", ids, DEFAULT)) for ids in open_ones)


@job
def refresh_search(tenant_id: int) -> int:
    """Bring the search's copy of a tenant's leads up to date, a segment a transaction -> segments."""
    segments = 0
    with tenant_work(tenant_id) as session:
        has_more = leads.refresh_search(session, tenant_id)
    while has_more:
        segments += 1
        with tenant_work(tenant_id) as session:
            has_more = leads.refresh_search(session, tenant_id)
    return segments


@job
def sweep_search() -> int:
    """Leave a job for every tenant whose leads have changed since the search's copy was made."""
    with system_work("leads: find stale search blocks") as session:
        tenants = leads.tenants_with_stale_blocks(session)
    return sum(enqueue(Job("jobs.leads.refresh_search", (one,), IMPORTS)) for one in tenants)
