"""The worker as a process: does the jobs, gives signs of life, is one clock among many, stops cleanly."""

import inspect
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.job import JobStatus
from sqlalchemy import create_engine, delete, select, text
from sqlalchemy.orm import Session, sessionmaker

from core.config import Settings
from core.db import make_lone_engine
from core.queue import QUEUES
from core.tenancy import system_scope
from jobs.clock import LOCK, PERIODIC, Clock
from models.sending import ProcessBeat
from tests.support import services

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS = 30


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)


@pytest.fixture
def redis(settings: Settings) -> Redis:
    connection = Redis.from_url(settings.redis_url)
    for name in QUEUES:
        connection.delete(f"rq:queue:{name}")
    return connection


def beats(factory: sessionmaker[Session]) -> set[str]:
    with system_scope("test"), factory() as session:
        return set(session.scalars(select(ProcessBeat.kind)))


@pytest.fixture
def make_clock(settings: Settings, redis: Redis) -> Iterator[Callable[[], Clock]]:
    """One more process that would be the clock, with connections of its own."""
    made: list[Clock] = []

    def new() -> Clock:
        made.append(Clock(make_lone_engine(settings.database_url), redis))
        return made[-1]

    yield new
    for clock in made:
        clock.let_go()


def test_a_clock_enqueues_what_is_due_and_a_second_one_nothing(make_clock: Callable[[], Clock]) -> None:
    first, second = make_clock(), make_clock()
    assert first.tick() == len(PERIODIC)
    assert (first.tick(), second.tick()) == (0, 0)


def test_the_clock_goes_on_elsewhere_when_its_holders_connection_dies(
    make_clock: Callable[[], Clock], factory: sessionmaker[Session]
) -> None:
    first, second = make_clock(), make_clock()
    first.tick()
    assert second.tick() == 0
    with factory() as session:
        holders = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = :lock")
        session.execute(holders, {"lock": LOCK})
    assert second.tick() == len(PERIODIC)
    assert first.tick() == 0


def test_a_clock_without_its_database_waits(settings: Settings, redis: Redis) -> None:
    name, url = services.current().new_database()
    clock = Clock(create_engine(url), redis)
    services.current().drop_database(name)
    assert clock.tick() == 0


@pytest.mark.parametrize("periodic", PERIODIC, ids=lambda one: one.name)
def test_every_periodic_job_exists_is_a_job_and_takes_nothing(periodic: object) -> None:
    module, _, name = periodic.name.rpartition(".")  # type: ignore[attr-defined]
    function = getattr(import_module(module), name)
    assert getattr(function, "is_job", False)
    assert not inspect.signature(function).parameters
    assert periodic.queue in QUEUES  # type: ignore[attr-defined]


def test_the_worker_works_beats_ticks_and_stops(redis: Redis, factory: sessionmaker[Session]) -> None:
    with system_scope("test"), factory.begin() as session:
        session.execute(delete(ProcessBeat))
    job = Queue("imports", connection=redis).enqueue("jobs.outgoing.sweep_emails")
    process = subprocess.Popen([sys.executable, "worker.py", "--clock"], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: job.get_status() == JobStatus.FINISHED)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
    assert beats(factory) == {"worker", "clock"}
    assert process.stderr is not None
    log = process.stderr.read()
    assert log.count("job_done") >= len(PERIODIC), "the clock's jobs are in more urgent queues"
    assert "Traceback" not in log


def test_the_worker_refuses_a_schema_older_than_its_code() -> None:
    url = services.current().new_database(template="template1")
    try:
        done = subprocess.run(
            [sys.executable, "worker.py"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url[1]},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        services.current().drop_database(url[0])
    assert done.returncode != 0
    assert "flask db upgrade" in done.stderr


def test_the_lock_is_the_clocks_own() -> None:
    locks = {LOCK, import_module("services.accounts.hotmart").LOCK}
    assert len(locks) == 2
