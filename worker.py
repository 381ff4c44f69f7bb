"""The workers' process: `python worker.py [--clock]` runs RQ's jobs and, with `--clock`, is also the clock.

What happens between jobs (the sign of life, the clock's tick) hangs on RQ's own heartbeat: no thread, so that the
fork of a job never copies a lock somebody held.
"""

import argparse
import sys
import time

from redis import Redis
from rq import Worker
from rq.timeouts import UnixSignalDeathPenalty

from core import http, logs
from core.beats import Pulse
from core.config import get_settings
from core.db import make_lone_engine
from core.queue import QUEUES
from core.startup import refuse_to_start
from jobs.clock import Clock
from services import subscriptions

TICK_SECONDS = 5.0


class HouseWorker(Worker):
    """RQ's worker, with our work between jobs at most every five seconds."""

    death_penalty_class = UnixSignalDeathPenalty
    max_connection_wait_time = 10.0
    ticked_at = -TICK_SECONDS
    between_jobs: list[Pulse | Clock] = []  # noqa: RUF012 - set once below, before the work begins

    def heartbeat(self, *args: object, **kwargs: object) -> None:
        """Called by RQ while idle, while a job runs, and after each job."""
        if time.monotonic() - self.ticked_at >= TICK_SECONDS:
            self.ticked_at = time.monotonic()
            for one in self.between_jobs:
                one.tick()
        super().heartbeat(*args, **kwargs)  # type: ignore[arg-type]


def main(arguments: list[str]) -> int:
    """Work until told to stop. Raises before any work on an unsafe role or an old schema."""
    parser = argparse.ArgumentParser(prog="python worker.py")
    parser.add_argument("--clock", action="store_true", help="also enqueue the periodic jobs; one clock in the system")
    is_clock = parser.parse_args(arguments).clock
    settings = get_settings()
    logs.configure_logs(production=settings.is_production)
    http.configure(allow_private_hosts=settings.may_reach_private_hosts)
    engine = make_lone_engine(settings.database_url)
    refuse_to_start(engine)
    subscriptions.subscribe_all()
    # RQ waits for jobs longer than our other connections may take to answer, so it has one of its own.
    redis = Redis.from_url(settings.redis_url)
    worker = HouseWorker(QUEUES, connection=redis, worker_ttl=25, job_monitoring_interval=10)
    clock = Clock(engine, redis)
    worker.between_jobs = [Pulse(engine, "worker"), clock] if is_clock else [Pulse(engine, "worker")]
    worker.work(logging_level="WARNING")
    clock.let_go()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
