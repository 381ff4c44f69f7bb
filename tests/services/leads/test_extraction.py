"""Extractions against the sandbox's Apify: the whole way, every misbehaviour, and whoever comes twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.tenancy import system_scope, tenant_scope
from jobs.leads import run_import
from models.accounts import Plan
from models.leads import ImportStatus, LegalBasis
from models.leads_extractions import ExtractionStatus
from models.states import NotAllowedNow
from services import leads
from services.leads import extraction as room
from tests.support.extractions import Extractor
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import eventually
from tests.support.world import TenantHandle

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def quick(sandbox: SandboxProcess) -> SandboxProcess:
    """Searches that take no time."""
    sandbox.control("apify", run_ms=0)
    return sandbox


@pytest.fixture
def extractor(factory: sessionmaker[Session], tenant: TenantHandle, quick: SandboxProcess) -> Extractor:
    return Extractor(factory, tenant.id, quick)


def test_places_become_leads_of_a_list_with_the_strictest_basis(extractor: Extractor) -> None:
    found = extractor.extract()
    assert (found.status, found.found, found.failure) == (ExtractionStatus.FINISHED, 40, None)
    done = extractor.imported(found)
    assert (done.source, done.legal_basis) == ("extraction", LegalBasis.LEGITIMATE_INTEREST)
    assert found.saved == done.created + done.updated + done.suppressed
    assert (found.without_phone, done.invalid) == (4, 4), "places without a phone are counted, not lost"
    assert found.saved + found.without_phone + done.duplicates == found.found
    people = extractor.leads().values()
    assert len(people) == found.saved
    assert {lead.source for lead in people} == {"extraction"}
    assert {str(lead.legal_basis) for lead in people} == {"legitimate_interest"}
    assert {lead.city for lead in people} == {"Campinas"}
    assert all(lead.place_id.startswith("ChIJsandbox") and lead.name for lead in people)
    with tenant_scope(extractor.tenant_id), extractor.factory() as session:
        (held,) = leads.all_lists(session, extractor.tenant_id)
    assert (held.name, held.lead_count) == ("dentistas em Campinas, SP", found.saved)


def test_the_request_names_search_place_most_and_cap(extractor: Extractor) -> None:
    extractor.extract(max_items=12)
    (run,) = extractor.runs()
    said = run["payload"]
    assert (said["searchStringsArray"], said["locationQuery"]) == (["dentistas"], "Campinas, SP")
    assert said["maxCrawledPlacesPerSearch"] == 12


def test_a_repeated_run_updates_and_doubles_nobody(extractor: Extractor) -> None:
    first = extractor.extract()
    before = extractor.leads()
    again = extractor.extract()
    done = extractor.imported(again)
    assert (done.created, done.updated) == (0, first.saved)
    assert done.list_id == extractor.imported(first).list_id
    after = extractor.leads()
    assert {phone: lead.id for phone, lead in after.items()} == {phone: lead.id for phone, lead in before.items()}


def test_who_asked_to_be_left_alone_stays_so(extractor: Extractor) -> None:
    first = extractor.extract()
    one = next(iter(extractor.leads()))
    extractor.delete(first.id, with_leads=True)
    assert extractor.leads() == {}
    with tenant_scope(extractor.tenant_id), extractor.factory.begin() as session:
        leads.suppress_entry(session, extractor.tenant_id, leads.Entry(one), actor=None)
    again = extractor.extract()
    assert extractor.imported(again).suppressed == 1
    with tenant_scope(extractor.tenant_id), extractor.factory() as session:
        assert leads.is_suppressed(session, extractor.tenant_id, one)


def test_the_cost_is_asked_for_again_once_it_has_settled(extractor: Extractor) -> None:
    found = extractor.extract()
    assert found.next_check_at is not None
    assert extractor.step(found.id).next_check_at is None
    assert extractor.look(found.id).cost_usd_micros == 40_000
    assert extractor.advance(found.id) == ""


def test_progress_is_shown_while_it_runs(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", run_ms=1500)
    extraction_id = extractor.ask()
    assert extractor.advance(extraction_id) == "start"
    started = extractor.look(extraction_id)
    assert (started.status, room.shown_status(started)) == (ExtractionStatus.RUNNING, "running")
    assert eventually(lambda: 0 < extractor.step(extraction_id).found < 40)
    assert extractor.finish(extraction_id).found == 40


ENDINGS = [
    ("actor_fails", ("failed", "actor_failed"), "Tente de novo"),
    ("times_out", ("finished", "timed_out_partly"), "menos lugares"),
    ("no_places", ("finished", "no_places"), "Nenhum lugar encontrado"),
    ("no_credit", ("failed", "credit"), "sem crédito"),
]


@pytest.mark.parametrize(("switch", "ending", "words"), ENDINGS)
def test_what_goes_wrong_is_said_with_a_way_on(
    extractor: Extractor, sandbox: SandboxProcess, switch: str, ending: tuple[str, str], words: str
) -> None:
    switches: dict[str, Any] = {switch: 1}
    sandbox.control("apify", **switches)
    found = extractor.extract()
    assert (room.shown_status(found), found.failure_code) == ending
    assert words in (found.failure or "")
    assert len(extractor.leads()) == found.saved
    assert (found.saved > 0) is (switch == "times_out"), "what was found and paid is kept"


def test_a_wrong_token_ends_it_at_once(extractor: Extractor) -> None:
    extractor.use_token("invalid-token-1")
    found = extractor.extract()
    assert (found.status, found.failure_code) == (ExtractionStatus.FAILED, "token")
    assert "Conta da Apify" in (found.failure or "")


def test_a_busy_apify_is_tried_again_later(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", throttle=1)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    waiting = extractor.look(extraction_id)
    assert (waiting.status, waiting.failure_code) == (ExtractionStatus.QUEUED, "throttled")
    assert waiting.next_check_at is not None
    assert waiting.next_check_at > utcnow()
    sandbox.control("apify", throttle=0)
    found = extractor.finish(extraction_id)
    assert (found.status, found.failure) == (ExtractionStatus.FINISHED, None)


def test_an_apify_that_is_down_is_given_up_in_the_end(extractor: Extractor, sandbox: SandboxProcess) -> None:
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    other = extractor.ask("pet shops")
    sandbox.control("apify", fail=1)
    extractor.make_due(other)
    for _attempt in range(40):
        extractor.make_due(other)
        extractor.advance(other)
        if not room.is_moving(extractor.look(other)):
            break
    found = extractor.look(other)
    assert (found.status, found.failure_code) == (ExtractionStatus.FAILED, "unreachable")


def test_a_start_without_an_answer_is_found_again_and_not_paid_twice(
    extractor: Extractor, sandbox: SandboxProcess
) -> None:
    sandbox.control("apify", silent=1, hang_ms=50)
    extraction_id = extractor.ask()
    assert extractor.advance(extraction_id) == "start"
    assert extractor.look(extraction_id).status is ExtractionStatus.STARTING
    sandbox.control("apify", silent=0)
    found = extractor.finish(extraction_id)
    assert (found.status, found.found) == (ExtractionStatus.FINISHED, 40)
    assert len(extractor.runs()) == 1


def test_a_start_that_never_reached_apify_is_made_again(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", hang=1, hang_ms=50)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    assert extractor.look(extraction_id).status is ExtractionStatus.STARTING
    sandbox.control("apify", hang=0)
    assert extractor.finish(extraction_id).status is ExtractionStatus.FINISHED
    assert len(extractor.runs()) == 1


def test_a_run_of_another_search_is_not_taken_for_ours(extractor: Extractor, sandbox: SandboxProcess) -> None:
    first = extractor.ask("pet shops")
    extractor.advance(first)
    sandbox.control("apify", hang=1, hang_ms=50)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    sandbox.control("apify", hang=0)
    found = extractor.finish(extraction_id)
    assert found.run_id != extractor.look(first).run_id
    assert [run["text"] for run in extractor.runs()] == ["pet shops", "dentistas"]


def test_an_abort_before_the_start_costs_nothing(extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    assert extractor.abort(extraction_id).status is ExtractionStatus.ABORTED
    assert extractor.advance(extraction_id) == ""
    assert extractor.runs() == []


def test_an_abort_keeps_what_was_found(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", run_ms=20_000)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    assert eventually(lambda: extractor.step(extraction_id).found > 2, seconds=15)
    extractor.abort(extraction_id)
    found = extractor.finish(extraction_id)
    assert (found.status, found.run_status, found.failure) == (ExtractionStatus.ABORTED, "ABORTED", None)
    assert 0 < found.saved == len(extractor.leads()) < 35


def test_an_abort_that_meets_the_start_stops_the_run(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", run_ms=60_000, latency_ms=700)
    extraction_id = extractor.ask()
    worker = threading.Thread(target=extractor.advance, args=(extraction_id,))
    worker.start()
    assert eventually(lambda: extractor.look(extraction_id).status is ExtractionStatus.STARTING)
    extractor.abort(extraction_id)
    worker.join(20)
    found = extractor.finish(extraction_id)
    assert (found.status, found.run_status) == (ExtractionStatus.ABORTED, "ABORTED")


def test_an_abort_that_meets_a_refused_start_stops_it_too(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", throttle=1, latency_ms=700)
    extraction_id = extractor.ask()
    worker = threading.Thread(target=extractor.advance, args=(extraction_id,))
    worker.start()
    assert eventually(lambda: extractor.look(extraction_id).status is ExtractionStatus.STARTING)
    extractor.abort(extraction_id)
    worker.join(20)
    assert extractor.look(extraction_id).status is ExtractionStatus.ABORTED
    assert extractor.runs() == []


def test_an_abort_that_comes_too_late_changes_nothing(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", run_ms=300)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    time.sleep(0.4)
    extractor.abort(extraction_id)
    found = extractor.finish(extraction_id)
    assert (found.status, found.run_status, found.found) == (ExtractionStatus.FINISHED, "SUCCEEDED", 40)
    with pytest.raises(NotAllowedNow):
        extractor.abort(extraction_id)


def test_ten_at_once_finish_it_once(extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    workers = [threading.Thread(target=extractor.advance, args=(extraction_id,)) for _ in range(10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    found = extractor.finish(extraction_id)
    assert (found.status, found.found) == (ExtractionStatus.FINISHED, 40)
    assert len(extractor.runs()) == 1
    with tenant_scope(extractor.tenant_id), extractor.factory() as session:
        imports = leads.recent_imports(session, extractor.tenant_id)
    assert [one.status for one in imports] == [ImportStatus.FINISHED]


def test_an_older_claim_can_not_move_it_any_more(extractor: Extractor) -> None:
    extraction_id = extractor.extract().id
    tasks = []
    for _ in range(2):
        extractor.make_due(extraction_id, status=ExtractionStatus.SAVING)
        with tenant_scope(extractor.tenant_id), extractor.factory.begin() as session:
            tasks.append(room.claim_extraction(session, extractor.tenant_id, extraction_id, now=utcnow()))
    for task, status in zip(tasks, (ExtractionStatus.SAVING, ExtractionStatus.FINISHED), strict=True):
        assert task is not None
        with tenant_scope(extractor.tenant_id), extractor.factory.begin() as session:
            room.finish_empty(session, task, now=utcnow())
        assert extractor.look(extraction_id).status is status


@pytest.mark.crash
def test_a_killed_worker_leaves_nothing_behind_and_the_next_one_finishes(
    extractor: Extractor, sandbox: SandboxProcess
) -> None:
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    sandbox.control("apify", latency_ms=3000)
    extractor.make_due(extraction_id, status=ExtractionStatus.SAVING, run_status="SUCCEEDED", import_id=None)
    code = f"from jobs.leads_extractions import advance_extraction as a; a({extractor.tenant_id}, {extraction_id})"
    before = extractor.look(extraction_id).claims
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
    assert eventually(lambda: extractor.look(extraction_id).claims > before, seconds=30)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    sandbox.control("apify", latency_ms=0)
    assert extractor.look(extraction_id).status is ExtractionStatus.SAVING
    assert extractor.advance(extraction_id) == "", "its worker may still be alive"
    found = extractor.finish(extraction_id)
    assert (found.status, found.found) == (ExtractionStatus.FINISHED, 40)
    assert len(extractor.runs()) == 1


def test_an_import_that_another_worker_writes_is_waited_for(extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    found = extractor.finish(extraction_id)
    extractor.make_due(extraction_id, status=ExtractionStatus.SAVING)
    assert extractor.advance(extraction_id).startswith("save")
    assert extractor.look(extraction_id).saved == found.saved
    assert run_import(extractor.tenant_id, found.import_id or 0) is None


def test_a_full_plan_keeps_the_places_until_there_is_room(
    extractor: Extractor,
    factory: sessionmaker[Session],
    make_tenant: Callable[..., TenantHandle],
    quick: SandboxProcess,
) -> None:
    with system_scope("test world"), factory.begin() as session:
        session.merge(
            Plan(
                slug="minusculo", name="Minúsculo", daily_messages=10, max_instances=1, max_leads=10,
                pace_floor_ms=1000, ai_usd_micros_per_month=0, price_centavos=0, is_public=False,
            )
        )  # fmt: skip
    small = Extractor(factory, make_tenant(plan="minusculo").id, quick)
    found = small.extract()
    assert (found.status, found.failure_code) == (ExtractionStatus.FAILED, "plan_limit_leads")
    assert "não cabem no seu plano" in (found.failure or "")
    assert small.leads() == {}
    assert room.can_retry(found)
    with system_scope("test world"), factory.begin() as session:
        grown = session.get(Plan, "minusculo")
        assert grown is not None
        grown.max_leads = 1000
    small.retry(found.id)
    again = small.finish(found.id)
    assert (again.status, again.failure) == (ExtractionStatus.FINISHED, None)
    assert len(small.leads()) == again.saved > 10
    assert len(small.runs()) == 1, "the search is not paid twice"


def test_deleting_keeps_the_leads_or_removes_them(extractor: Extractor) -> None:
    kept = extractor.extract()
    extractor.delete(kept.id, with_leads=False)
    assert len(extractor.leads()) == kept.saved
    other = extractor.extract("pet shops", "Santos, SP")
    gone = extractor.delete(other.id, with_leads=True)
    assert gone is not None
    assert gone.removed == other.saved
    assert len(extractor.leads()) == kept.saved
    with pytest.raises(room.ExtractionNotFound):
        extractor.look(other.id)


def test_an_extraction_is_undone_like_an_import(extractor: Extractor) -> None:
    found = extractor.extract()
    with tenant_scope(extractor.tenant_id), extractor.factory.begin() as session:
        done = leads.undo_import(session, extractor.tenant_id, found.import_id or 0, actor=None)
    assert done.removed == found.saved
    assert extractor.leads() == {}


def test_a_run_that_never_ends_is_stopped_and_then_given_up(extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", run_ms=600_000)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    extractor.past(extraction_id, utcnow() - timedelta(hours=1, minutes=15))
    extractor.advance(extraction_id)
    assert extractor.look(extraction_id).abort_requested_at is not None
    assert extractor.finish(extraction_id).run_status == "ABORTED"


def test_tenants_are_kept_apart(
    extractor: Extractor,
    factory: sessionmaker[Session],
    make_tenant: Callable[..., TenantHandle],
    quick: SandboxProcess,
) -> None:
    other = Extractor(factory, make_tenant(name="Pet Feliz").id, quick)
    ours, theirs = extractor.extract(), other.extract()
    assert ours.run_id != theirs.run_id
    assert len(extractor.leads()) == len(other.leads()) == ours.saved
    assert not {one.id for one in extractor.leads().values()} & {one.id for one in other.leads().values()}
    with pytest.raises(room.ExtractionNotFound):
        extractor.look(theirs.id)
    other.delete(theirs.id, with_leads=True)
    assert len(extractor.leads()) == ours.saved
    assert other.advance(ours.id) == ""
