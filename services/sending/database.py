"""The engine's way to the database: work in threads, in the system scope, one transaction each."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import psycopg2
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from core.db import SessionFactory, unit_of_work
from core.tenancy import system_scope

ResultT = TypeVar("ResultT")
THREADS = 5
"""Claim and settle, the two looks, receipts, sweeps: each of the engine's loops waits for at most one at a time."""


class Database:
    """`await run(work)` calls `work(session)` in a thread and commits."""

    def __init__(self, factory: SessionFactory, *, threads: int = THREADS) -> None:
        self._factory = factory
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="sender-db")

    async def run(self, work: Callable[[Session], ResultT]) -> ResultT:
        """The result after the commit. Whatever the work or the commit raises comes out; the transaction is undone,
        or (when the connection broke during the commit) in doubt."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._do, work)

    def _do(self, work: Callable[[Session], ResultT]) -> ResultT:
        with system_scope("sender"), unit_of_work(self._factory) as session:
            return work(session)

    def close(self) -> None:
        """Wait for what the threads are at; what hasn't begun is dropped."""
        self._threads.shutdown(cancel_futures=True)


def told(error: BaseException) -> dict[str, object]:
    """An error for the log: what it is, and of PostgreSQL's only code and constraint. Its text would quote the
    statement, and with it phones and messages."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(origin, psycopg2.Error):
        names: dict[str, object] = {
            "code": origin.pgcode,
            "constraint": origin.diag.constraint_name,
            "table": origin.diag.table_name,
        }
        return {"error": type(origin).__name__} | {name: value for name, value in names.items() if value}
    return {"error": type(error).__name__}


def is_of_database(error: BaseException) -> bool:
    """Whether it came from PostgreSQL or the driver."""
    return isinstance(error, DBAPIError | psycopg2.Error | PoolTimeout)


def is_passing(error: BaseException) -> bool:
    """Whether the same work may succeed later: the connection broke, a deadlock or lock time-out hit us."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout | psycopg2.OperationalError):
        return True
    if isinstance(error, psycopg2.InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated
