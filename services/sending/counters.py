"""Changes to counters, gathered over a batch and written once, in ascending order of keys.

Counters move only here, in the transaction that moves the rows (architecture section 5).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from services.sending import sql
from services.sending.arrays import plain
from services.sending.pipe import defer

STATES: Final = (
    "pending",
    "sending",
    "sent",
    "delivered",
    "read",
    "failed",
    "unconfirmed",
    "suppressed",
    "invalid",
    "cancelled",
    "expired",
    "replied",
    "opted_out",
)
DAY_FIGURES: Final = ("claimed", "sent", "delivered", "read", "failed", "replied")
CampaignKey = tuple[int, int]
DayKey = tuple[int, int, date, int]
UsageKey = tuple[int, date]


def _no_states() -> dict[str, int]:
    return dict.fromkeys(STATES, 0)


def _no_figures() -> dict[str, int]:
    return dict.fromkeys(DAY_FIGURES, 0)


@dataclass(slots=True)
class Deltas:
    """What a batch changes: per campaign and state, per campaign, day and number, per tenant and day."""

    counts: dict[CampaignKey, dict[str, int]] = field(default_factory=lambda: defaultdict(_no_states))
    days: dict[DayKey, dict[str, int]] = field(default_factory=lambda: defaultdict(_no_figures))
    usage: dict[UsageKey, int] = field(default_factory=lambda: defaultdict(int))

    def move(self, campaign: CampaignKey, source: str, target: str, amount: int = 1) -> None:
        """Rows went from one of the states that add up to `total` to another."""
        states = self.counts[campaign]
        states[source] -= amount
        states[target] += amount

    def write(self, session: Session) -> None:
        """Write everything before the commit, in the order of locks."""
        _write_usage(session, self.usage)
        _write_days(session, self.days)
        _write_counts(session, self.counts)


def _columns(keys: Iterable[tuple[object, ...]], names: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(names, map(plain, zip(*keys, strict=True)), strict=True))


def _write_usage(session: Session, usage: dict[UsageKey, int]) -> None:
    keys = sorted(key for key, change in usage.items() if change)
    if keys:
        changes = plain(usage[key] for key in keys)
        defer(session, sql.CHANGE_QUOTA, _columns(keys, ("tenants", "days")) | {"changes": changes})


def _write_days(session: Session, days: dict[DayKey, dict[str, int]]) -> None:
    keys = sorted(days)
    if not keys:
        return
    columns = _columns(keys, ("tenants", "campaigns", "days", "instances"))
    figures = {name: plain(days[key][name] for key in keys) for name in DAY_FIGURES}
    defer(session, sql.ADD_TO_DAYS, columns | figures)


def _write_counts(session: Session, counts: dict[CampaignKey, dict[str, int]]) -> None:
    keys = sorted(key for key, states in counts.items() if any(states.values()))
    if not keys:
        return
    columns = _columns(keys, ("tenants", "campaigns"))
    states = {name: plain(counts[key][name] for key in keys) for name in STATES}
    defer(session, sql.ADD_TO_COUNTS, columns | states)
