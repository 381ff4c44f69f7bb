"""Workers that die, imports nobody works on, deleted lists: what the clock puts right."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.queue import IMPORTS, redis_connection
from core.storage import storage
from core.tenancy import tenant_scope
from jobs.leads import discard_unanswered, forget_import_files, purge_lists, run_import, sweep_imports
from models.leads import ImportStatus, Lead, LeadImport, LeadListMember
from services import leads
from services.leads import Choice
from tests.support.lead_files import Importer, counts_of, csv_of
from tests.support.world import TenantHandle

ROOT = Path(__file__).resolve().parents[2]
HEAD = "nome;telefone;bairro"
ROWS = 60_000


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    return Importer(factory, tenant.id)


@pytest.fixture
def queue() -> Iterator[Queue]:
    """The worker's own queue, empty before and after."""
    made = Queue(IMPORTS, connection=redis_connection())
    made.empty()
    yield made
    made.empty()


def work_off(queue: Queue) -> None:
    redis: Redis = queue.connection
    SimpleWorker([queue], connection=redis).work(burst=True, logging_level="ERROR")


def large_file() -> bytes:
    """Known people, repeats and refused rows between the new ones."""
    rows = [f"Pessoa {n};119{n % 55_000:08d};Bairro {n % 90}" for n in range(ROWS)]
    rows[::1000] = [f"Sem número {n};;x" for n in range(len(rows[::1000]))]
    return csv_of(*rows, header=HEAD)


def grow_silent(importer: Importer, import_id: int) -> None:
    """As if a minute and a half had gone by without a sign of life."""
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        session.execute(
            update(LeadImport)
            .where(LeadImport.tenant_id == importer.tenant_id, LeadImport.id == import_id)
            .values(heartbeat_at=utcnow() - timedelta(seconds=90), created_at=utcnow() - timedelta(seconds=90))
        )


def count(importer: Importer, table: type[Lead] | type[LeadListMember]) -> int:
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        query = select(func.count()).select_from(table).where(table.tenant_id == importer.tenant_id)
        return session.scalar(query) or 0


def kill_while(importer: Importer, import_id: int, status: ImportStatus) -> None:
    """Run the job in a process of its own and kill -9 it the moment it is seen at work in `status`."""
    code = f"from jobs.leads import run_import; run_import({importer.tenant_id}, {import_id})"
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL)
    try:
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            seen = importer.result(import_id)
            is_at_it = seen.phase == leads.WRITING if status is ImportStatus.WRITING else seen.rows_done
            if seen.status is status and is_at_it:
                return
            assert worker.poll() is None, f"the job ended before it was seen {status}"
            time.sleep(0.01)
        raise AssertionError(f"never seen {status}")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()


@pytest.mark.crash
@pytest.mark.parametrize("status", [ImportStatus.CHECKING, ImportStatus.WRITING])
def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_finishes(
    importer: Importer, queue: Queue, status: ImportStatus
) -> None:
    importer.send(csv_of("Já era cliente;11900000001;", header=HEAD))
    queue.empty()
    import_id = importer.upload(large_file())
    queue.empty()
    kill_while(importer, import_id, status)
    assert (count(importer, Lead), count(importer, LeadListMember)) == (1, 1), "PostgreSQL rolled the rest back"
    assert importer.result(import_id).status is status

    assert sweep_imports() == 0, "its worker may still be alive"
    grow_silent(importer, import_id)
    assert sweep_imports() == 1
    work_off(queue)

    done = importer.result(import_id)
    assert (done.status, done.attempts) == (ImportStatus.FINISHED, 2)
    assert sum(counts_of(done).values()) == done.total == ROWS
    assert (done.updated, done.invalid) == (1, 60)
    people = done.created + done.updated
    assert (count(importer, Lead), count(importer, LeadListMember)) == (people, people)
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        assert leads.list_of(session, importer.tenant_id, done.list_id or 0).lead_count == people


def test_a_file_that_kills_every_worker_is_given_up(importer: Importer) -> None:
    import_id = importer.upload(csv_of("Ana;11900000001;", header=HEAD))
    for _attempt in range(3):
        with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
            assert leads.claim_import(session, importer.tenant_id, import_id, now=utcnow()) is not None
        grow_silent(importer, import_id)
    assert run_import(importer.tenant_id, import_id) is None
    found = importer.result(import_id)
    assert (found.status, found.failure_code) == (ImportStatus.FAILED, "gave_up")
    assert importer.leads() == {}


def test_an_import_whose_job_was_lost_is_taken_up(importer: Importer, queue: Queue) -> None:
    import_id = importer.upload(csv_of("Ana;11900000001;", header=HEAD))
    queue.empty()
    assert sweep_imports() == 0
    grow_silent(importer, import_id)
    assert sweep_imports() == 1
    work_off(queue)
    assert importer.result(import_id).status is ImportStatus.FINISHED


def test_the_upload_leaves_a_job_that_a_worker_takes(importer: Importer, queue: Queue) -> None:
    import_id = importer.upload(csv_of("Ana;11900000001;", header=HEAD))
    work_off(queue)
    assert importer.result(import_id).status is ImportStatus.FINISHED


def test_two_imports_of_one_tenant_wait_for_each_other_and_both_finish(importer: Importer) -> None:
    ids = [importer.upload(csv_of(*rows, header=HEAD)) for rows in (["Ana;11900000001;a"] * 3, ["Ana;11900000001;b"])]
    code = "import sys; from jobs.leads import run_import; run_import(int(sys.argv[1]), int(sys.argv[2]))"
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.lock_leads(session, importer.tenant_id)
        workers = [
            subprocess.Popen([sys.executable, "-c", code, str(importer.tenant_id), str(one)], cwd=ROOT, env=os.environ)
            for one in ids
        ]
        give_up = time.monotonic() + 60
        while {importer.result(one).status for one in ids} != {ImportStatus.CHECKING} and time.monotonic() < give_up:
            time.sleep(0.1)
        time.sleep(1)
        assert {importer.result(one).status for one in ids} == {ImportStatus.CHECKING}
        assert all(worker.poll() is None for worker in workers)
    assert [worker.wait(30) for worker in workers] == [0, 0]
    done = [importer.result(one) for one in ids]
    assert sorted((one.created, one.updated) for one in done) == [(0, 1), (1, 0)]


def test_what_was_deleted_is_purged_by_the_clock(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001;", header=HEAD))
    long_ago = utcnow() - timedelta(minutes=11)
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.delete_list(session, importer.tenant_id, found.list_id or 0, with_leads=True, actor=None, now=long_ago)
    assert purge_lists() >= 1
    assert importer.leads() == {}


@pytest.mark.crash
@pytest.mark.parametrize("status", [ImportStatus.CHECKING, ImportStatus.WRITING])
def test_a_worker_killed_in_a_stage_of_the_wizard_leaves_the_person_where_they_were(
    importer: Importer, queue: Queue, status: ImportStatus
) -> None:
    import_id = importer.upload_guided(large_file())
    importer.choose(import_id)
    if status is ImportStatus.WRITING:
        importer.work(import_id)
        importer.confirm(import_id)
    queue.empty()
    kill_while(importer, import_id, status)
    assert (count(importer, Lead), count(importer, LeadListMember)) == (0, 0)
    grow_silent(importer, import_id)
    assert sweep_imports() == 1
    work_off(queue)
    done = importer.result(import_id)
    if status is ImportStatus.CHECKING:
        assert (done.status, count(importer, Lead)) == (ImportStatus.READY, 0)
        importer.confirm(import_id)
        done = importer.work(import_id)
    assert done.status is ImportStatus.FINISHED
    assert sum(counts_of(done).values()) == done.total == ROWS
    assert count(importer, Lead) == count(importer, LeadListMember) == done.created
    assert not storage().path(done.file_key).exists()


def test_a_worker_that_checked_with_other_columns_cannot_settle_the_new_check(importer: Importer) -> None:
    import_id = importer.upload_guided(csv_of("Ana;11900000001;11900000002", header="nome;telefone;outro"))
    importer.choose(import_id)
    slow = claim(importer, import_id)
    grow_silent(importer, import_id)
    importer.work(import_id)
    importer.choose(import_id, Choice("name"), Choice("ignore"), Choice("phone"))
    fresh = claim(importer, import_id)
    assert slow is not None
    assert fresh is not None
    with pytest.raises(leads.ImportTakenOver), tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.note_progress(session, slow, done=1, expected=1, status=ImportStatus.CHECKING, now=utcnow())
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.note_progress(session, fresh, done=1, expected=1, status=ImportStatus.CHECKING, now=utcnow())


def claim(importer: Importer, import_id: int) -> leads.ImportTask | None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        return leads.claim_import(session, importer.tenant_id, import_id, now=utcnow())


def test_a_person_who_changes_the_columns_often_is_not_taken_for_a_file_that_kills_workers(importer: Importer) -> None:
    import_id = importer.upload_guided(csv_of("Ana;11900000001;", header=HEAD))
    for _time in range(5):
        importer.choose(import_id)
        assert importer.work(import_id).status is ImportStatus.READY
    importer.confirm(import_id)
    assert importer.work(import_id).status is ImportStatus.FINISHED


def test_an_import_discarded_under_a_workers_hands_writes_nothing(importer: Importer) -> None:
    import_id = importer.upload_guided(csv_of("Ana;11900000001;", header=HEAD))
    importer.choose(import_id)
    task = claim(importer, import_id)
    assert task is not None
    with contextlib.closing(leads.open_task(task).source):
        importer.discard(import_id)
    with pytest.raises(leads.ImportTakenOver), tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.note_progress(session, task, done=1, expected=1, status=ImportStatus.CHECKING, now=utcnow())
    assert importer.result(import_id).status is ImportStatus.DISCARDED


@pytest.mark.parametrize("is_checked", [False, True])
def test_who_has_not_answered_for_a_month_is_not_waited_for(importer: Importer, is_checked: bool) -> None:
    import_id, fresh = (importer.upload_guided(csv_of("Ana;11900000001;", header=HEAD)) for _ in range(2))
    if is_checked:
        importer.choose(import_id)
        importer.work(import_id)
    path = storage().path(importer.result(import_id).file_key)
    wait_since(importer, import_id, days=29)
    discard_unanswered()
    assert path.exists()
    wait_since(importer, import_id, days=31)
    assert discard_unanswered() >= 1
    assert (importer.result(import_id).status, path.exists()) == (ImportStatus.DISCARDED, False)
    assert importer.result(fresh).status is ImportStatus.MAPPING


def test_a_file_whose_worker_died_before_deleting_it_goes_all_the_same(importer: Importer) -> None:
    ended, open_one = (importer.upload_guided(csv_of("Ana;11900000001;", header=HEAD)) for _ in range(2))
    left = storage().path(importer.result(ended).file_key)
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.discard_import(session, importer.tenant_id, ended, actor=None)
    assert left.exists()
    assert forget_import_files() >= 1
    assert (left.exists(), importer.result(ended).file_key) == (False, "")
    assert storage().path(importer.result(open_one).file_key).exists()


def wait_since(importer: Importer, import_id: int, *, days: int) -> None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        session.execute(
            update(LeadImport)
            .where(LeadImport.tenant_id == importer.tenant_id, LeadImport.id == import_id)
            .values(waiting_since=utcnow() - timedelta(days=days))
        )
