"""Extractions from Google Maps: one job brings any of them a step further; the clock finds those that are due."""

from typing import Final

from connectors import apify
from core import http
from core.clock import utcnow
from core.config import get_settings
from core.errors import AppError
from core.http_messages import HttpAnswer
from core.queue import DEFAULT, Job, enqueue
from jobs.base import job, system_work, tenant_work
from jobs.leads import run_import
from services.leads import extraction as room

MOST_STEPS: Final = 6
"""In one go: start, check, save, and what may come between. More would mean a circle."""

Task = room.ExtractionTask


@job
def advance_extraction(tenant_id: int, extraction_id: int) -> str:
    """Take the extraction up while it is due: start the run, look for a start that got no answer, look how it is doing,
    save what it found, ask for the final cost. Each call to Apify goes out between two transactions. Killed at any
    point, the lease runs out and `sweep_extractions` has it taken up where it stood."""
    done = []
    for _ in range(MOST_STEPS):
        with tenant_work(tenant_id) as session:
            task = room.claim_extraction(session, tenant_id, extraction_id, now=utcnow())
        if task is None:
            break
        done.append(str(task.step))
        try:
            _STEPS[task.step](task)
        except AppError as refusal:
            with tenant_work(tenant_id) as session:
                room.fail_with(session, task, refusal, now=utcnow())
    return " ".join(done)


@job
def sweep_extractions() -> int:
    """Leave a job for every extraction that somebody should look at."""
    with system_work("extractions: find the due ones") as session:
        due = room.due_extractions(session, now=utcnow())
    return sum(enqueue(Job("jobs.leads_extractions.advance_extraction", ids, DEFAULT)) for ids in due)


def _platform() -> room.Platform:
    return room.platform_of(get_settings())


def _start(task: Task) -> None:
    with tenant_work(task.tenant_id) as session:
        request = room.prepare_start(session, task, _platform())
    answer = http.send(request)
    with tenant_work(task.tenant_id) as session:
        room.apply_start(session, task, answer, now=utcnow())


def _find(task: Task) -> None:
    """Ours among the newest runs, told by its input; none: nothing began, so it may be started again."""
    with tenant_work(task.tenant_id) as session:
        request = room.prepare_find(session, task, _platform())
        account = room.account_for(session, task, _platform())
    answer = http.send(request)
    with tenant_work(task.tenant_id) as session:
        candidates = room.apply_find(session, task, answer, now=utcnow())
    if candidates is None:
        return
    ours = next((run for run in candidates if _is_ours(account, run, task)), None)
    with tenant_work(task.tenant_id) as session:
        if ours is None:
            room.start_over(session, task, now=utcnow())
        else:
            room.adopt_run(session, task, ours, now=utcnow())


def _is_ours(account: apify.ApifyAccount, run: apify.Run, task: Task) -> bool:
    return apify.is_input_of(http.send(apify.run_input(account, run)), task.search)


def _check(task: Task) -> None:
    with tenant_work(task.tenant_id) as session:
        request = room.prepare_check(session, task, _platform())
    answer = http.send(request)
    with tenant_work(task.tenant_id) as session:
        is_running = room.apply_check(session, task, answer, now=utcnow())
        count = room.prepare_count(session, task, _platform()) if is_running and task.dataset_id else None
    if count is not None:
        counted = http.send(count)
        with tenant_work(task.tenant_id) as session:
            room.apply_count(session, task, counted)


def _save(task: Task) -> None:
    """Fetch, hand over to an import, write it, end as it ended. The import also has a job of its own, should this one
    be killed: whoever claims it first writes it."""
    import_id = task.import_id or _begin_import(task)
    if import_id is not None:
        run_import(task.tenant_id, import_id)
        with tenant_work(task.tenant_id) as session:
            room.settle_import(session, task, import_id, now=utcnow())


def _begin_import(task: Task) -> int | None:
    places = _fetch(task)
    if places is None:
        return None
    if not places:
        with tenant_work(task.tenant_id) as session:
            room.finish_empty(session, task, now=utcnow())
        return None
    upload, import_id = room.store_places(task, places), None
    try:
        with tenant_work(task.tenant_id) as session:
            import_id = room.begin_import(session, task, upload, found=len(places), now=utcnow())
    finally:
        if import_id is None:
            room.forget_places(upload)
    return import_id


def _fetch(task: Task) -> room.Places | None:
    """Every place of the dataset; None when Apify didn't give a page."""
    places, offset = room.Places(), 0
    while True:
        with tenant_work(task.tenant_id) as session:
            request = room.prepare_items(session, task, _platform(), offset=offset)
        answer: HttpAnswer = http.send(request)
        with tenant_work(task.tenant_id) as session:
            page = room.apply_items(session, task, answer, offset=offset, now=utcnow())
        if page is None:
            return None
        places.add(page.places)
        if page.next_offset is None or len(places) >= room.MAX_ITEMS:
            return places
        offset = page.next_offset


def _cost(task: Task) -> None:
    with tenant_work(task.tenant_id) as session:
        request = room.prepare_check(session, task, _platform())
    answer = http.send(request)
    with tenant_work(task.tenant_id) as session:
        room.apply_cost(session, task, answer)


_STEPS: Final = {
    room.Step.START: _start,
    room.Step.FIND: _find,
    room.Step.CHECK: _check,
    room.Step.SAVE: _save,
    room.Step.COST: _cost,
}
