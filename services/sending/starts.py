"""Starting what is due, beside the engine's other work: a launch of a million people takes its time in a thread, and
nobody else's campaign waits for it.

Large launches go one at a time (two would only share the disk), the others through threads of their own.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy.orm import Session

from services.campaigns import start_scheduled_campaign
from services.sending.database import Database, told
from services.sending.engine import Engine
from services.sending.watch.schedule import Due, due_schedules

log = structlog.get_logger()
SMALL_AT_ONCE: Final = 2
LARGE_AT_ONCE: Final = 1


@dataclass(slots=True)
class Starts:
    """`await start_due()` again and again; `await stop()` at the end undoes launches under way (they are begun anew
    by whoever looks next)."""

    engine: Engine
    database: Database = field(init=False)
    _small: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SMALL_AT_ONCE))
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)
    _connections: dict[int, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = Database(self.engine.factory, threads=SMALL_AT_ONCE + LARGE_AT_ONCE)

    async def start_due(self) -> None:
        """Begin every start that is due and not under way here."""
        now = self.engine.clock.now()
        for due in await self.engine.database.run(partial(due_schedules, now=now)):
            if due.campaign_id not in self._tasks:
                task = asyncio.create_task(self._start(due))
                self._tasks[due.campaign_id] = task
                task.add_done_callback(partial(self._ended, due.campaign_id))

    async def stop(self) -> None:
        """Break off what is still being written."""
        for task in list(self._tasks.values()):
            task.cancel()
        for connection in list(self._connections.values()):
            connection.cancel()
        await asyncio.to_thread(self.database.close)

    async def _start(self, due: Due) -> None:
        """One start that can't be made (its lists are gone) never stops the others. The campaigns room holds what is
        more than 30 minutes late."""
        async with self._large if due.is_large else self._small:
            try:
                await self.database.run(self._work(due))
            except Exception as error:
                log.warning("start_failed", campaign_id=due.campaign_id, **told(error))
            else:
                self.engine.wake()

    def _work(self, due: Due) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            self._connections[due.campaign_id] = session.connection().connection.driver_connection
            start_scheduled_campaign(session, due.tenant_id, due.campaign_id, self.engine.clock.now())

        return work

    def _ended(self, campaign_id: int, _task: asyncio.Task[None]) -> None:
        self._tasks.pop(campaign_id, None)
        self._connections.pop(campaign_id, None)
