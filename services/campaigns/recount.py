"""The days' figures recounted: what the quota, a campaign's own limit, the dashboards and the numbers' pages go by.

Of the last 30 days: what a person sent again or deleted before that may have left no trace in the logs any more. Where
rows can't tell the whole (sent again, deleted), a figure may be higher than the rows say and never lower.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from services.campaigns import sql

DAYS_BACK: Final = 30
_TABLES: Final = (
    ("campaign_days", sql.DAYS, ("sent", "delivered", "read", "failed", "replied")),
    ("campaign_days", sql.CLAIMED, ("claimed",)),
    ("daily_usage", sql.USAGE, ("messages_reserved",)),
    (
        "instances",
        sql.NUMBERS,
        ("reserved_today", "sent_today", "delivered_today", "read_today", "failed_today"),
    ),
)


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter that disagrees with its rows: where it stands, what it says, what there is."""

    table: str
    tenant_id: int
    row_id: int
    counter: str
    kept: int
    counted: int


def day_drifts(session: Session, today: date) -> list[Drift]:
    """All tenants' figures by day that are wrong (system scope)."""
    since = today - timedelta(days=DAYS_BACK)
    return [drift for table in _TABLES for drift in _drifts(session, *table, since=since)]


def _drifts(
    session: Session, table: str, statement: TextClause, counters: tuple[str, ...], *, since: date
) -> Iterator[Drift]:
    for row in session.execute(statement, {"since": since}).mappings():
        for name in counters:
            kept, low, high = (row[f"{edge}_{name}"] or 0 for edge in ("kept", "low", "high"))
            if kept < low or (row["is_exact"] and kept > high):
                yield Drift(table, row["tenant_id"], row["row_id"], name, kept, low if kept < low else high)
