"""The hours a campaign may send in. Pure: the moment and the zone are arguments.

A window as the contract (3.3) writes it: `{"days": [1..7], "start": "09:00", "end": "21:00"}`, Monday is 1, `end` may
be `24:00`. Several stand in `{"rules": [...]}` (the default has other hours on Saturdays). None means always. An `end`
at or before its `start` lies on the next day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.clock import DEFAULT_ZONE

DAY_MINUTES: Final = 24 * 60
LOOK_AHEAD_DAYS: Final = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """Minutes of the day; `end` may pass 1440, which is the next day."""

    days: frozenset[int]
    start: int
    end: int


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes or 0)


def _rule(said: Mapping[str, Any]) -> Rule:
    start, end = _minutes(str(said.get("start", "00:00"))), _minutes(str(said.get("end", "24:00")))
    days = frozenset(int(day) for day in said.get("days") or range(1, 8))
    return Rule(days, start, end if end > start else end + DAY_MINUTES)


def read_window(said: Mapping[str, Any] | None) -> tuple[Rule, ...] | None:
    """The rules of a window as it is stored; None means always."""
    if said is None:
        return None
    rules: Sequence[Mapping[str, Any]] = said.get("rules") or [said]
    return tuple(_rule(rule) for rule in rules)


@lru_cache(maxsize=256)
def safe_zone(name: str) -> str:
    """The zone's name, or the default's where nobody knows it: one tenant's typing error must not stop the look."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return DEFAULT_ZONE
    return name


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def is_open(rules: Sequence[Rule] | None, moment: datetime, zone: str) -> bool:
    """Whether `moment` falls into the window for somebody living in `zone`."""
    if rules is None:
        return True
    local = moment.astimezone(_zone(zone))
    today, minute = local.isoweekday(), local.hour * 60 + local.minute
    yesterday = (today + 5) % 7 + 1
    return any(
        (today in rule.days and rule.start <= minute < rule.end)
        or (yesterday in rule.days and minute + DAY_MINUTES < rule.end)
        for rule in rules
    )


def next_opening(rules: Sequence[Rule] | None, moment: datetime, zone: str) -> datetime | None:
    """The first moment (UTC) at or after `moment` when the window is open; None when it never opens."""
    if is_open(rules, moment, zone) or rules is None:
        return moment
    here = _zone(zone)
    local = moment.astimezone(here)
    starts = (
        datetime.combine(local.date() + timedelta(days=ahead), time(rule.start // 60, rule.start % 60), here)
        for ahead in range(LOOK_AHEAD_DAYS)
        for rule in rules
        if (local.date() + timedelta(days=ahead)).isoweekday() in rule.days and rule.start < DAY_MINUTES
    )
    return min((start.astimezone(UTC) for start in starts if start > local), default=None)
