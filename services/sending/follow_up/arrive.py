"""Follow-ups: people of a campaign's step who have waited long enough come to the next one.

A walk goes through the ledger of the step before by ascending id, 5,000 rows a transaction, and looks at those whose
message left since the last walk and at least `after_days` ago. Walked twice at once, or again after a crash, it adds
nobody twice: a person is in a ledger once.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

import structlog
from sqlalchemy.orm import Session

from models.campaigns import LogType, Severity
from services.sending.database import Database, is_passing, told
from services.sending.follow_up import sql
from services.sending.logbook import write_logs
from services.sending.words import LogLine

log = structlog.get_logger()

PIECE: Final = 5_000
GAP_SECONDS: Final = 55.0
"""Just under the minute between two sweeps, so that each daemon's sweep walks what no other has walked lately."""


class Walk(NamedTuple):
    """A follow-up and whose messages to look at: of `source`, sent after `since` (None = from the first) and up to
    `until`."""

    tenant_id: int
    campaign_id: int
    parent_id: int
    source_id: int
    stop_on_reply: bool
    since: datetime | None
    until: datetime


class Step(NamedTuple):
    """What one piece of a walk came to."""

    last_id: int
    is_last: bool
    arrived: int


async def follow_up(database: Database, now: datetime, stopping: asyncio.Event) -> int:
    """Let everybody arrive who is due, then finish the follow-ups that nobody can come to any more -> how many people
    came. One that can't be walked never stops the others."""
    arrived = 0
    for walk in await database.run(partial(due_walks, now=now)):
        try:
            arrived += await _walk(database, walk, now, stopping)
        except Exception as error:
            if is_passing(error):
                raise
            log.warning("follow_up_failed", campaign_id=walk.campaign_id, **told(error))
    await database.run(partial(finish_follow_ups, now=now))
    return arrived


async def _walk(database: Database, walk: Walk, now: datetime, stopping: asyncio.Event) -> int:
    after, arrived = 0, 0
    while not stopping.is_set():
        work: Callable[[Session], Step] = partial(let_arrive, walk=walk, after=after, now=now)
        step = await database.run(work)
        after, arrived = step.last_id, arrived + step.arrived
        if step.is_last:
            break
    return arrived


def due_walks(session: Session, now: datetime, gap_seconds: float = GAP_SECONDS) -> list[Walk]:
    """Follow-ups that haven't been looked at for a while and may have people due, 200 at most."""
    rows = session.execute(sql.DUE_FOLLOW_UPS, {"now": now, "gap_seconds": gap_seconds})
    return [Walk(*row) for row in rows]


def let_arrive(session: Session, walk: Walk, after: int, now: datetime, most: int = PIECE) -> Step:
    """One piece: rows, counters and the story's line in one transaction; the last one closes the walk."""
    columns = {
        "tenant_id": walk.tenant_id,
        "campaign_id": walk.campaign_id,
        "parent": walk.parent_id,
        "source": walk.source_id,
        "stop_on_reply": walk.stop_on_reply,
        "since": walk.since,
        "until": walk.until,
        "after": after,
        "most": most,
        "now": now,
    }
    last_id, seen, arrived = session.execute(sql.LET_ARRIVE, columns).one()
    if arrived:
        session.execute(sql.ADD_PEOPLE, columns | {"count": arrived})
        write_logs(session, [_arrived(now, walk, arrived)])
    if seen < most:
        session.execute(sql.END_WALK, columns)
    return Step(last_id or after, seen < most, arrived)


def finish_follow_ups(session: Session, now: datetime) -> int:
    """Those that are done become `completed` -> how many."""
    rows = session.execute(sql.FINISH_FOLLOW_UPS, {"now": now}).all()
    write_logs(session, [_finished(now, *row) for row in rows])
    return len(rows)


def _arrived(now: datetime, walk: Walk, count: int) -> LogLine:
    text, details = "Destinatários da etapa anterior incluídos.", {"count": count, "from": walk.source_id}
    return LogLine(walk.tenant_id, walk.campaign_id, now, LogType.CONTACT_ADDED, Severity.INFO, text, details)


def _finished(now: datetime, tenant_id: int, campaign_id: int, *counts: int) -> LogLine:
    details = dict(zip(("total", "sent", "failed", "unconfirmed"), counts, strict=True))
    return LogLine(tenant_id, campaign_id, now, LogType.COMPLETED, Severity.INFO, "Etapa concluída.", details)
