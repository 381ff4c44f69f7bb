"""What happens by itself: the one list of periodic jobs, ticked by whichever worker holds the clock.

RQ's cron keeps the times; a PostgreSQL advisory lock keeps one clock in the whole system. The lock belongs to a
connection, so it is free again the moment its holder dies. A job may still run twice (a clock dies right after it
enqueued), so each is written to be repeated.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Final

import structlog
from redis import Redis
from rq.cron import CronScheduler
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from core.beats import Pulse
from core.queue import DEFAULT, JOB_SECONDS, MAIL

LOCK: Final = 0x434C4F43
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job by its dotted name, and how often. A room adds its line to `PERIODIC`."""

    name: str
    every_seconds: int
    queue: str = DEFAULT


PERIODIC: Final = (
    Periodic("jobs.outgoing.sweep_emails", 30, MAIL),
    Periodic("jobs.outgoing.email_notices", 60, MAIL),
    Periodic("jobs.outgoing.warn_of_ending_licences", 6 * 3600),
    Periodic("jobs.leads.sweep_imports", 30),
    Periodic("jobs.leads.discard_unanswered", 3600),
    Periodic("jobs.leads.forget_import_files", 600),
    Periodic("jobs.leads.purge_lists", 60),
    Periodic("jobs.leads_extractions.sweep_extractions", 10),
    Periodic("jobs.leads.sweep_deeds", 30),
    Periodic("jobs.leads.sweep_search", 300),
    Periodic("jobs.privacy.sweep_erasures", 60),
    Periodic("jobs.privacy.sweep_stale_leads", 6 * 3600),
    Periodic("jobs.accounts.sweep_hotmart_events", 60),
    Periodic("jobs.accounts.forget_what_is_over", 3600),
)


class Clock:
    """Ticked often; enqueues what is due while this process holds the lock."""

    def __init__(self, engine: Engine, redis: Redis) -> None:
        self._engine = engine
        self._pulse = Pulse(engine, "clock")
        self._scheduler = scheduler(redis)
        self._holding: Connection | None = None

    def tick(self) -> int:
        """How many jobs were enqueued; 0 while another process is the clock or the database is out."""
        try:
            if not self._holds_the_lock():
                return 0
        except SQLAlchemyError as problem:
            log.warning("clock_lost_its_lock", problem=type(problem).__name__)
            self._holding = None
            return 0
        self._pulse.tick()
        return len(self._scheduler.enqueue_jobs())

    def let_go(self) -> None:
        """Give the lock back at once, for whoever waits for it."""
        if self._holding is not None:
            self._holding.close()
            self._holding = None

    def _holds_the_lock(self) -> bool:
        """True while the connection that took the lock still answers."""
        if self._holding is not None:
            self._holding.execute(select(1))
            return True
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(select(func.pg_try_advisory_lock(LOCK))).scalar():
            log.info("clock_taken")
            self._holding = connection
            return True
        connection.close()
        return False


def scheduler(redis: Redis) -> CronScheduler:
    """RQ's cron with every line of `PERIODIC`."""
    made = CronScheduler(redis, logging_level="WARNING")
    for one in PERIODIC:
        module, _, name = one.name.rpartition(".")
        function = getattr(import_module(module), name)
        made.register(
            function, one.queue, interval=one.every_seconds, job_timeout=JOB_SECONDS[one.queue], result_ttl=60
        )
    return made
