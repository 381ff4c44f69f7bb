"""A long-running process's sign of life in `process_beats`, for `/healthz` and the super-admin."""

import os
import socket
from typing import Final

import structlog
from sqlalchemy import Engine, column, func, table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

BEATS: Final = table("process_beats", column("kind"), column("name"), column("pid"), column("beat_at"))
log = structlog.get_logger()


class Pulse:
    """One kind of work of this process (`sender`, `worker`, `clock`, `bots`); tick it every few seconds."""

    def __init__(self, engine: Engine, kind: str) -> None:
        self._engine = engine
        self._kind = kind

    def tick(self) -> None:
        """Say that this process is alive, now. A database that is out is logged: it stops no work."""
        row = {"kind": self._kind, "name": f"{socket.gethostname()}:{os.getpid()}"[:120], "pid": os.getpid()}
        statement = insert(BEATS).values(row).on_conflict_do_update(
            index_elements=["kind", "name"], set_={"beat_at": func.now()}
        )  # fmt: skip
        try:
            with self._engine.begin() as connection:
                connection.execute(statement)
        except SQLAlchemyError as problem:
            log.warning("no_sign_of_life", kind=self._kind, problem=type(problem).__name__)
