"""What every job shares: sessions of this process, scopes, a log line with its time.

A job takes ids, opens the scope it works in, calls one service and commits. RQ forks a process per job, so engines
are kept by process id: a child never touches its parent's connections.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, wraps
from typing import Final, ParamSpec, TypeVar

import structlog
from sqlalchemy.orm import Session, sessionmaker

from core.config import get_settings
from core.db import make_engine, make_session_factory, unit_of_work
from core.tenancy import system_scope, tenant_scope

P = ParamSpec("P")
R = TypeVar("R")
POOL_SIZE: Final = 2
log = structlog.get_logger()


def session_factory() -> sessionmaker[Session]:
    """Sessions on this process's own connections."""
    return _factory_of(os.getpid(), get_settings().database_url)


@contextmanager
def tenant_work(tenant_id: int) -> Iterator[Session]:
    """One transaction as a tenant: committed at the end, undone when something raises."""
    with tenant_scope(tenant_id), unit_of_work(session_factory()) as session:
        yield session


@contextmanager
def system_work(reason: str) -> Iterator[Session]:
    """One transaction that sees all tenants; `reason` names why."""
    with system_scope(reason), unit_of_work(session_factory()) as session:
        yield session


def job(function: Callable[P, R]) -> Callable[P, R]:
    """Mark a function that workers call: its arguments (ids) are on every log line, its end is logged with its time,
    and what it raises goes on to RQ, which keeps it for a week."""

    @wraps(function)
    def logged(*args: P.args, **kwargs: P.kwargs) -> R:
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(job=f"{function.__module__}.{function.__name__}"):
            try:
                result = function(*args, **kwargs)
            except Exception:
                log.exception("job_failed", seconds=round(time.perf_counter() - started, 3))
                raise
            log.info("job_done", seconds=round(time.perf_counter() - started, 3))
            return result

    logged.is_job = True  # type: ignore[attr-defined]
    return logged


@lru_cache(maxsize=2)
def _factory_of(process_id: int, database_url: str) -> sessionmaker[Session]:
    return make_session_factory(make_engine(database_url, pool_size=POOL_SIZE))
