"""The life of a run: queued -> starting -> running -> saving -> finished, failed or aborted.

Whoever takes an extraction up (`claim_extraction`) raises `claims` and leases it; every later step moves only a row
that still carries that number, so a webhook, a poll and a second worker may all come at once and one of them wins. A
call to Apify goes out between two transactions. A start whose answer never came is looked for among the actor's newest
runs before it is tried again: Apify knows no idempotency key, and a second run costs money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors import apify
from connectors.apify import ApifyAccount, Refused, Run, Search
from core.crypto import key_ring
from core.errors import AppError
from core.http_messages import HttpAnswer, HttpRequest
from models.leads_extractions import EXTRACTION_TRANSITIONS, Extraction, ExtractionStatus
from models.states import sources_of
from services.accounts import find_in_directory, register_in_directory
from services.leads.extraction.accounts import Platform, open_account
from services.leads.extraction.create import bound_to
from services.leads.extraction.words import GAVE_UP, LOST_SIGHT

RUN: Final = "apify_run"
"""The directory's kind for Apify's run ids: a run belongs to one extraction of the whole house."""
LEASE: Final = timedelta(seconds=90)
"""Longer than the longest call (30 s) and the steps around it; a killed worker's extraction waits so long."""
MOST_FAILURES: Final = 30
SLOWEST_RETRY_SECONDS: Final = 300
COST_SETTLES: Final = timedelta(seconds=15)
CLOCKS_DIFFER: Final = timedelta(minutes=2)
OVERDUE: Final = timedelta(seconds=apify.RUN_SECONDS) + timedelta(minutes=10)
"""Apify stops a run after an hour by itself; one that goes on is stopped by us, and given up an hour later."""


class Step(StrEnum):
    """What a claimed extraction needs next."""

    START = "start"
    FIND = "find"
    CHECK = "check"
    SAVE = "save"
    COST = "cost"


_STEPS: Final = {
    ExtractionStatus.QUEUED: Step.START,
    ExtractionStatus.STARTING: Step.FIND,
    ExtractionStatus.RUNNING: Step.CHECK,
    ExtractionStatus.SAVING: Step.SAVE,
}


@dataclass(frozen=True, slots=True)
class ExtractionTask:
    """A claimed extraction, as plain values: safe to hold while transactions come and go."""

    tenant_id: int
    extraction_id: int
    claim: int
    step: Step
    search: Search
    actor: str
    is_platform: bool
    max_cost_usd_micros: int
    webhook_token: str
    run_id: str
    run_status: str
    dataset_id: str
    list_name: str
    import_id: int | None
    failures: int
    is_abort_wanted: bool
    starting_at: datetime | None
    started_at: datetime | None
    created_by: int | None


def claim_extraction(session: Session, tenant_id: int, extraction_id: int, *, now: datetime) -> ExtractionTask | None:
    """Take an extraction up if it is due and nobody has it in hand; None otherwise."""
    row = session.execute(
        select(Extraction)
        .where(Extraction.tenant_id == tenant_id, Extraction.id == extraction_id, Extraction.next_check_at <= now)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()
    if row is None:
        return None
    step = _STEPS.get(row.status, Step.COST)
    row.claims += 1
    row.next_check_at = now + LEASE
    if step is Step.START:
        row.status, row.starting_at = ExtractionStatus.STARTING, now
    return ExtractionTask(
        tenant_id=tenant_id,
        extraction_id=extraction_id,
        claim=row.claims,
        step=step,
        search=Search(row.search, row.location, row.max_items),
        actor=row.actor,
        is_platform=row.is_platform_token,
        max_cost_usd_micros=row.max_cost_usd_micros,
        webhook_token=key_ring().unseal(row.sealed_webhook_token, bound_to=bound_to(tenant_id)),
        run_id=row.run_id,
        run_status=row.run_status,
        dataset_id=row.dataset_id,
        list_name=row.list_name,
        import_id=row.import_id,
        failures=row.failures,
        is_abort_wanted=row.abort_requested_at is not None,
        starting_at=row.starting_at,
        started_at=row.started_at,
        created_by=row.created_by,
    )


def due_extractions(session: Session, *, now: datetime) -> list[tuple[int, int]]:
    """What somebody should look at -> (tenant, extraction). For the clock, in system scope."""
    rows = session.execute(select(Extraction.tenant_id, Extraction.id).where(Extraction.next_check_at <= now))
    return [(row.tenant_id, row.id) for row in rows]


def account_for(session: Session, task: ExtractionTask, platform: Platform) -> ApifyAccount:
    """The account the task began with; NoToken when its token was taken away."""
    return open_account(session, task.tenant_id, platform, is_platform=task.is_platform)


def prepare_start(session: Session, task: ExtractionTask, platform: Platform) -> HttpRequest:
    """Start the run. Committed as `starting` before a byte leaves."""
    return apify.start_run(
        account_for(session, task, platform),
        task.actor,
        task.search,
        max_usd_micros=task.max_cost_usd_micros,
        webhook_url=platform.webhook_url(task.webhook_token),
    )


def apply_start(session: Session, task: ExtractionTask, answer: HttpAnswer, *, now: datetime) -> None:
    """Take the run over; back to the queue for what may pass; an unclear answer stays `starting`, to be looked for."""
    outcome = apify.read_run(answer)
    if isinstance(outcome, Run):
        adopt_run(session, task, outcome, now=now)
    elif isinstance(outcome, Refused):
        _refused(session, task, outcome, now=now)
    else:
        look_again(session, task, now=now, seconds=5)


def prepare_find(session: Session, task: ExtractionTask, platform: Platform) -> HttpRequest:
    """The actor's newest runs: ours may be among them."""
    return apify.list_runs(account_for(session, task, platform), task.actor)


def apply_find(session: Session, task: ExtractionTask, answer: HttpAnswer, *, now: datetime) -> Sequence[Run] | None:
    """The runs that may be the one we started: of that time, and nobody's yet. None when Apify didn't say."""
    outcome = apify.read_runs(answer)
    if isinstance(outcome, Refused) and outcome.is_permanent:
        fail_extraction(session, task, code=str(outcome.code), message=outcome.message, now=now)
        return None
    if not isinstance(outcome, list):
        look_again(session, task, now=now)
        return None
    since = (task.starting_at or now) - CLOCKS_DIFFER
    recent = [run for run in outcome if run.started_at is not None and run.started_at >= since]
    return [run for run in recent if find_in_directory(session, RUN, run.id) is None]


def adopt_run(session: Session, task: ExtractionTask, run: Run, *, now: datetime) -> None:
    """This run is ours from now on."""
    seconds = 0 if task.is_abort_wanted or run.status.is_final else 2
    values = {
        "run_id": run.id,
        "dataset_id": run.dataset_id,
        "started_at": now,
        "failures": 0,
        "failure": None,
        "failure_code": None,
        "next_check_at": now + timedelta(seconds=seconds),
    }
    if move(session, task, ExtractionStatus.RUNNING, values):
        place = {"tenant_id": task.tenant_id, "target_id": task.extraction_id}
        register_in_directory(session, RUN, run.id, **place)


def start_over(session: Session, task: ExtractionTask, *, now: datetime) -> None:
    """Nothing began at Apify: back to the queue, or stopped where somebody asked for it meanwhile."""
    _back_to_queue(session, task, now=now, seconds=0)


def prepare_check(session: Session, task: ExtractionTask, platform: Platform) -> HttpRequest:
    """How the run is doing; or stop it, which answers the same."""
    account = account_for(session, task, platform)
    return apify.abort_run(account, task.run_id) if task.is_abort_wanted else apify.get_run(account, task.run_id)


def apply_check(session: Session, task: ExtractionTask, answer: HttpAnswer, *, now: datetime) -> bool:
    """Take over what Apify says of the run -> whether it still runs."""
    outcome = apify.read_run(answer)
    if isinstance(outcome, Refused):
        _refused(session, task, outcome, now=now)
        return False
    if not isinstance(outcome, Run):
        look_again(session, task, now=now)
        return False
    if not outcome.status.is_final:
        _still_running(session, task, now=now)
        return True
    values = {
        "run_status": str(outcome.status),
        "cost_usd_micros": outcome.cost_usd_micros,
        "dataset_id": outcome.dataset_id or task.dataset_id,
        "ended_at": now,
        "failures": 0,
        "next_check_at": now,
    }
    move(session, task, ExtractionStatus.SAVING, values)
    return False


def prepare_count(session: Session, task: ExtractionTask, platform: Platform) -> HttpRequest:
    """How many places there are so far."""
    return apify.dataset_items(account_for(session, task, platform), task.dataset_id, limit=1)


def apply_count(session: Session, task: ExtractionTask, answer: HttpAnswer) -> None:
    """Show the figure; one Apify doesn't tell stays as it was."""
    outcome = apify.read_items(answer, offset=0, limit=1)
    if isinstance(outcome, apify.Items):
        change_mine(session, task, {"found": outcome.total})


def apply_cost(session: Session, task: ExtractionTask, answer: HttpAnswer) -> None:
    """The final cost, which Apify knows some seconds after the end; asked once."""
    outcome = apify.read_run(answer)
    cost = {"cost_usd_micros": outcome.cost_usd_micros} if isinstance(outcome, Run) else {}
    change_mine(session, task, {"next_check_at": None} | cost)


def fail_extraction(session: Session, task: ExtractionTask, *, code: str, message: str, now: datetime) -> None:
    """The end, with a sentence, unless somebody else holds it by now."""
    ending = {"failure": message, "failure_code": code, "finished_at": now, "next_check_at": None}
    move(session, task, ExtractionStatus.FAILED, ending)


def fail_with(session: Session, task: ExtractionTask, refusal: AppError, *, now: datetime) -> None:
    """The same for a refusal of ours (no token, no licence). Nothing is known of a cost to come."""
    if task.step is Step.COST:
        change_mine(session, task, {"next_check_at": None})
    else:
        fail_extraction(session, task, code=refusal.code, message=refusal.message, now=now)


def move(session: Session, task: ExtractionTask, status: ExtractionStatus, values: dict[str, Any]) -> bool:
    """The only way an extraction moves on: from a state the table allows, by whoever claimed it last."""
    moved = session.execute(
        update(Extraction)
        .where(*_mine(task), Extraction.status.in_(sources_of(EXTRACTION_TRANSITIONS, status)))
        .values(status=status, **values)
        .returning(Extraction.id)
    ).scalar()
    return moved is not None


def look_again(session: Session, task: ExtractionTask, *, now: datetime, seconds: float | None = None) -> None:
    """Later, and later each time Apify doesn't answer; given up after MOST_FAILURES in a row."""
    if task.failures >= MOST_FAILURES:
        code, message = GAVE_UP
        fail_extraction(session, task, code=code, message=message, now=now)
        return
    wait = seconds if seconds is not None else retry_seconds(task.failures)
    change_mine(session, task, {"failures": task.failures + 1, "next_check_at": now + timedelta(seconds=wait)})


def retry_seconds(failures: int) -> float:
    """5, 10, 20 ... 300 seconds. Pure."""
    return float(min(5 * 2 ** min(failures, 10), SLOWEST_RETRY_SECONDS))


def poll_seconds(elapsed: timedelta) -> int:
    """Often while a person may be watching, seldom later: the webhook tells anyway. Pure."""
    return 5 if elapsed < timedelta(minutes=2) else 15 if elapsed < timedelta(minutes=10) else 30


def _still_running(session: Session, task: ExtractionTask, *, now: datetime) -> None:
    elapsed = now - (task.started_at or now)
    if elapsed > OVERDUE + timedelta(hours=1):
        code, message = LOST_SIGHT
        fail_extraction(session, task, code=code, message=message, now=now)
        return
    values: dict[str, Any] = {"failures": 0, "next_check_at": now + timedelta(seconds=poll_seconds(elapsed))}
    if elapsed > OVERDUE and not task.is_abort_wanted:
        values |= {"abort_requested_at": now}
    change_mine(session, task, values)


def _refused(session: Session, task: ExtractionTask, refusal: Refused, *, now: datetime) -> None:
    if refusal.is_permanent:
        fail_extraction(session, task, code=str(refusal.code), message=refusal.message, now=now)
    elif task.step is not Step.START:
        look_again(session, task, now=now, seconds=refusal.wait_seconds)
    elif task.failures >= MOST_FAILURES:
        code, message = GAVE_UP
        fail_extraction(session, task, code=code, message=message, now=now)
    else:
        wait = refusal.wait_seconds or retry_seconds(task.failures)
        _back_to_queue(session, task, now=now, seconds=wait, told=refusal)


def _back_to_queue(
    session: Session, task: ExtractionTask, *, now: datetime, seconds: float, told: Refused | None = None
) -> None:
    """Unless somebody wants it stopped: then it is, since nothing runs."""
    stopped = {"finished_at": now, "next_check_at": None, "failure": None, "failure_code": None}
    wants_stop = (*_mine(task), Extraction.abort_requested_at.is_not(None))
    is_stopped = session.execute(
        update(Extraction)
        .where(*wants_stop, Extraction.status == ExtractionStatus.STARTING)
        .values(status=ExtractionStatus.ABORTED, **stopped)
        .returning(Extraction.id)
    ).scalar()
    if is_stopped is None:
        values = {
            "failures": task.failures + 1,
            "next_check_at": now + timedelta(seconds=seconds),
            "failure": told.message if told else None,
            "failure_code": str(told.code) if told else None,
        }
        move(session, task, ExtractionStatus.QUEUED, values)


def change_mine(session: Session, task: ExtractionTask, values: dict[str, Any]) -> bool:
    """Change what isn't the state; False when somebody else holds the extraction by now."""
    changed = session.execute(update(Extraction).where(*_mine(task)).values(**values).returning(Extraction.id))
    return changed.scalar() is not None


def _mine(task: ExtractionTask) -> tuple[Any, ...]:
    return (
        Extraction.tenant_id == task.tenant_id,
        Extraction.id == task.extraction_id,
        Extraction.claims == task.claim,
    )
