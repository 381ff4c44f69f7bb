"""Jobs leave after the commit, by dotted name (architecture rule 4).

A job's own row is its truth: should Redis be out when the commit is done, the loss is logged and the clock's sweep
(`jobs.clock`) enqueues whatever its row says is still due.
"""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.config import get_settings

DEFAULT: Final = "default"
IMPORTS: Final = "imports"
MAIL: Final = "mail"
QUEUES: Final = (MAIL, DEFAULT, IMPORTS)
"""Every queue there is, most urgent first: `worker.py` listens to all of them, and a test holds it to that."""

JOB_SECONDS: Final = {DEFAULT: 300, MAIL: 120, IMPORTS: 7200}
log = structlog.get_logger()
_redis: dict[str, Redis] = {}


@dataclass(frozen=True, slots=True)
class Job:
    """A call to make once the transaction has been committed: arguments are ids, never objects."""

    name: str
    args: tuple[Any, ...]
    queue: str


def redis_connection(url: str | None = None) -> Redis:
    """The process's connection pool to Redis. Times out in 2 s, so that an outage is an answer and not a hang."""
    address = url or get_settings().redis_url
    if address not in _redis:
        _redis[address] = Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2, health_check_interval=30)
    return _redis[address]


def enqueue_after_commit(session: Session, name: str, *args: Any, queue: str = DEFAULT) -> None:
    """Call the function with this dotted name (`jobs.leads.run_import`) in a worker once `session` has committed."""
    if queue not in QUEUES:
        raise ValueError(f"no worker listens to the queue {queue!r}")
    session.info.setdefault("jobs_after_commit", []).append(Job(name, args, queue))


def enqueue(job: Job) -> bool:
    """Hand a job to the workers now; False (and a log line) when Redis doesn't take it."""
    try:
        Queue(job.queue, connection=redis_connection()).enqueue(
            job.name, args=job.args, job_timeout=JOB_SECONDS[job.queue], result_ttl=600, failure_ttl=7 * 86400
        )
    except RedisError as problem:
        ids = [one for one in job.args if isinstance(one, int)]  # never an e-mail or a text
        log.warning("job_not_enqueued", job=job.name, ids=ids, problem=type(problem).__name__)
        return False
    return True


@event.listens_for(Session, "after_commit")
def _flush_jobs(session: Session) -> None:
    for job in session.info.pop("jobs_after_commit", []):
        enqueue(job)


@event.listens_for(Session, "after_rollback")
def _forget_jobs(session: Session) -> None:
    session.info.pop("jobs_after_commit", None)
