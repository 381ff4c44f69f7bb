"""Step 7 and the sweeps: what a crash left behind, numbers to ask about, days to begin, rows too old to send."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from models.campaigns import LogType, Severity
from services.sending.arrays import plain
from services.sending.counters import Deltas
from services.sending.direct import recover_directs, return_directs, take_over_directs
from services.sending.logbook import LEASE_MESSAGE, write_logs
from services.sending.numbers import Numbers
from services.sending.tuning import EXPIRY
from services.sending.watch import sql
from services.sending.words import LogLine

INTERRUPTED: Final = "O envio foi interrompido no meio; a mensagem pode ter chegado."


def recover(session: Session, now: datetime) -> int:
    """Claims whose lease ran out become `unconfirmed`; numbers their daemon left behind are free again. Returns how
    many rows. No time window: a row is found however long ago its daemon died."""
    rows = session.execute(sql.OVERDUE_CLAIMS, {"now": now, "error": INTERRUPTED}).all()
    directs = recover_directs(session, now)
    session.execute(sql.FREE_LEASES, {"now": now})
    return directs + _account(session, rows, now)


def take_over(session: Session, dead: Sequence[str], now: datetime) -> int:
    """The same for everything these dead daemons had under way, without waiting for its lease."""
    if not dead:
        return 0
    dying = {"dead": plain(dead)}
    rows = session.execute(sql.CLAIMS_OF_THE_DEAD, dying | {"error": INTERRUPTED}).all()
    directs = take_over_directs(session, dead)
    session.execute(sql.FREE_LEASES_OF_THE_DEAD, dying)
    return directs + _account(session, rows, now)


def _account(session: Session, rows: Sequence[Any], now: datetime) -> int:
    deltas = Deltas()
    for row in rows:
        deltas.move((row.tenant_id, row.campaign_id), "sending", "unconfirmed")
    deltas.write(session)
    write_logs(session, [_interrupted(now, row) for row in rows])
    return len(rows)


def _interrupted(now: datetime, row: Any) -> LogLine:
    return LogLine(
        row.tenant_id,
        row.campaign_id,
        now,
        LogType.MESSAGE_FAILED,
        Severity.WARNING,
        LEASE_MESSAGE,
        {"reason": "interrupted", "status": "unconfirmed"},
        row.instance_id,
        row.id,
    )


def return_claim(session: Session, claim_id: str, tenant_ids: Sequence[int], *, now: datetime, daemon_id: str) -> int:
    """Undo a claim whose commit was never answered: nothing of it has left, so its rows go back to the queue with
    quota and attempt. Nothing happens when the commit had failed. Returns how many rows."""
    rows = session.execute(sql.RETURN_CLAIM, {"claim": claim_id, "tenants": plain(tenant_ids)}).all()
    directs = return_directs(session, claim_id, tenant_ids, daemon_id=daemon_id)
    deltas, numbers = Deltas(), Numbers()
    for row in rows:
        deltas.move((row.tenant_id, row.campaign_id), "sending", "pending")
        deltas.usage[row.tenant_id, row.claimed_day] -= 1
        deltas.days[row.tenant_id, row.campaign_id, row.claimed_day, 0]["claimed"] -= 1
        news = numbers.of((row.tenant_id, row.instance_id), row.claimed_day)
        news.reserved -= 1
        news.is_released = True
    numbers.write(session, now, daemon_id)
    deltas.write(session)
    return directs + len(rows)


def expire(session: Session, now: datetime) -> int:
    """Rows still pending 30 days after they were queued (at the start, by a resend, as a follow-up), 5,000 at a time.
    Returns how many."""
    rows = session.execute(sql.EXPIRE_CONTACTS, {"oldest": now - EXPIRY}).all()
    deltas = Deltas()
    for row in rows:
        deltas.move((row.tenant_id, row.campaign_id), "pending", "expired")
    deltas.write(session)
    return len(rows)


def cancel_leftovers(session: Session) -> int:
    """Rows that came back to the queue of a campaign in the moment it was cancelled, or whose door died before it had
    moved them all, 5,000 at a time. Returns how many."""
    rows = session.execute(sql.CANCEL_LEFTOVERS).all()
    deltas = Deltas()
    for row in rows:
        deltas.move((row.tenant_id, row.campaign_id), "pending", "cancelled")
    deltas.write(session)
    return len(rows)


def prepare_months(session: Session) -> None:
    """Make the log's partitions of this month and the next three: without one nothing could be settled. Gives up
    after 2 s of waiting for the table, behind which all settles would queue; the next sweep tries again."""
    session.execute(sql.WAIT_BRIEFLY)
    session.execute(sql.PREPARE_MONTHS)


def begin_days(session: Session, now: datetime) -> None:
    """Numbers whose tenant's midnight has passed count from zero again (those that send do so in their claim)."""
    session.execute(sql.RESET_DAYS, {"now": now})
