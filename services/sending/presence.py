"""Who is alive: each daemon holds a session-level advisory lock; PostgreSQL drops it the moment its process dies.

So another daemon takes over what a killed one had in flight after seconds and not after its lease (45 s). A lock that
is missing for a moment proves nothing (the database was restarted, the network shook): a daemon counts as dead when its
lock was free at every look for 4 s. Behind a pooler that shares connections the lock means nothing; then the lease
decides alone, later but as surely.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from core.db import SessionFactory
from core.tenancy import system_scope
from services.sending.watch import sql

DEAD_AFTER: Final = timedelta(seconds=4)


class Presence:
    """This daemon's own lock, on a connection of its own that does nothing else. Not for two threads at once."""

    def __init__(self, factory: SessionFactory, daemon_id: str) -> None:
        self._factory = factory
        self._daemon_id = daemon_id
        self._connection: Connection | None = None

    def keep(self) -> None:
        """Take the lock, or make sure it is still held. Raises when the database is away; call again."""
        with system_scope("sender"):
            try:
                if self._connection is None:
                    self._connection = self._engine().connect().execution_options(isolation_level="AUTOCOMMIT")
                    self._connection.execute(sql.BE_PRESENT, {"daemon": self._daemon_id})
                else:
                    self._connection.execute(sql.STILL_THERE)
            except Exception:
                self.leave()
                raise

    def _engine(self) -> Engine:
        bind = self._factory().get_bind()
        return bind if isinstance(bind, Engine) else bind.engine

    def leave(self) -> None:
        """Let go. Closing for good (not back to the pool) is what releases the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()


@dataclass(slots=True)
class Absences:
    """Since when each other daemon's lock has been free."""

    _since: dict[str, datetime] = field(default_factory=dict)

    def dead(self, absent: Collection[str], now: datetime) -> list[str]:
        """Of the daemons absent at this look, those that have been for 4 s."""
        self._since = {one: self._since.get(one, now) for one in absent}
        return [one for one, since in self._since.items() if now - since >= DEAD_AFTER]


def absent_daemons(session: Session, daemon_id: str) -> list[str]:
    """Daemons that hold a number's lease and no lock."""
    return [str(row[0]) for row in session.execute(sql.ABSENT_DAEMONS, {"daemon": daemon_id})]
