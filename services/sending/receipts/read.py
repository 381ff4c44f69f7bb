"""Reading the inbox: batch by batch, and call by call where a batch can't be written."""

import asyncio
from datetime import datetime
from functools import partial

import structlog

from services.sending.database import Database, is_passing
from services.sending.receipts.apply import MOST_CALLS, apply_inbox, due_calls, set_aside

log = structlog.get_logger()


async def read_inbox(database: Database, now: datetime, stopping: asyncio.Event) -> None:
    """Apply what is due, while there is much. One call that can't be written is set aside, so that one provider's
    oddity never stops the receipts of all the others. Raises while the database is away."""
    taken = MOST_CALLS
    while taken == MOST_CALLS and not stopping.is_set():
        try:
            taken = await database.run(partial(apply_inbox, now=now))
        except Exception as error:
            if is_passing(error):
                raise
            taken = await _one_by_one(database, now)


async def _one_by_one(database: Database, now: datetime) -> int:
    """How many calls were tried."""
    calls = await database.run(partial(due_calls, now=now))
    for call_id in calls:
        try:
            await database.run(partial(apply_inbox, now=now, only=call_id))
        except Exception as error:
            if is_passing(error):
                raise
            log.exception("webhook_set_aside", call_id=call_id)
            await database.run(partial(set_aside, call_id=call_id, problem=type(error).__name__, now=now))
    return len(calls)
