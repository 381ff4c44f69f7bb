"""When a window is open: the one place that reads its rules. Pure: the moment and the zone are arguments.

A window is kept as `services.campaigns.window` says. No window means always, holidays too. Else a moment is open when
one of the rules covers it and, unless the window sends on holidays, its local date is no national holiday. An `end` at
or before its `start` lies on the next day.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.clock import DEFAULT_ZONE
from core.holidays import national_holiday
from core.zones import ZONES, zone_name

DAY_MINUTES: Final = 24 * 60
LOOK_AHEAD_DAYS: Final = 36
"""Christmas and New Year fall on the same weekday, and a window may open on that one alone, and start at midnight."""
RECIPIENT: Final = "recipient"
TENANT_ZONE: Final = "tenant"


@dataclass(frozen=True, slots=True)
class Rule:
    """Open on these ISO week days from `start` to `end`, minutes of the day; `end` may pass 1440 into the next."""

    days: frozenset[int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hours:
    """A window ready to be asked. `rules` None = always. `timezone` is `recipient`, `tenant` or a zone's name."""

    rules: tuple[Rule, ...] | None = None
    timezone: str = TENANT_ZONE
    skips_holidays: bool = False

    @property
    def is_by_recipient(self) -> bool:
        """Whether people in different zones have it open at different moments."""
        return self.rules is not None and self.timezone == RECIPIENT

    def zone_for(self, code: int, tenant_zone: str) -> str:
        """The zone its hours are meant in for people of this zone code (`core.zones`)."""
        if self.timezone == RECIPIENT:
            return safe_zone(zone_name(code, tenant_zone))
        return safe_zone(tenant_zone if self.timezone == TENANT_ZONE else self.timezone)


ALWAYS: Final = Hours()
NEVER: Final = Hours(rules=())


def read_hours(window: Mapping[str, Any] | None) -> Hours:
    """A window as it is kept. One that makes no sense raises KeyError, TypeError, ValueError or AttributeError."""
    if window is None:
        return ALWAYS
    said = window.get("rules") or [window]
    return Hours(
        tuple(_rule(rule) for rule in said), window.get("timezone", TENANT_ZONE), window.get("holidays") == "skip"
    )


@lru_cache(maxsize=256)
def safe_zone(name: str) -> str:
    """The zone's name, or the default's where nobody knows it: one tenant's typing error must not stop the sender."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return DEFAULT_ZONE
    return name


def holiday_at(hours: Hours, moment: datetime, zone: str) -> str | None:
    """The national holiday that keeps the window shut all of this local day; None when it is no holiday's doing."""
    if not hours.skips_holidays or hours.rules is None:
        return None
    return national_holiday(moment.astimezone(ZoneInfo(zone)).date())


def is_open(hours: Hours, moment: datetime, zone: str) -> bool:
    """Whether `moment` falls into the window for somebody living in `zone`."""
    if hours.rules is None:
        return True
    local = moment.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    covered = any(start <= minute < end for start, end in _minutes_of(hours.rules, local.isoweekday()))
    return covered and holiday_at(hours, moment, zone) is None


def next_opening(hours: Hours, moment: datetime, zone: str) -> datetime | None:
    """The first moment (UTC) at or after `moment` when the window is open; None when it never opens."""
    if is_open(hours, moment, zone):
        return moment
    today = moment.astimezone(ZoneInfo(zone)).date()
    for ahead in range(LOOK_AHEAD_DAYS):
        for start, _ in open_spans(hours, today + timedelta(days=ahead), zone):
            if start > moment:
                return start
    return None


def open_spans(hours: Hours, day: date, zone: str) -> list[tuple[datetime, datetime]]:
    """When the window is open on one local day: spans in UTC, ascending, not touching."""
    if hours.rules is not None and hours.skips_holidays and national_holiday(day):
        return []
    merged: list[tuple[int, int]] = []
    for start, end in sorted(_minutes_of(hours.rules, day.isoweekday())):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(_moment(day, start, zone), _moment(day, end, zone)) for start, end in merged]


@dataclass(frozen=True, slots=True)
class Opening:
    """A window at one moment, by zone code: the codes that are open, and when the others open next (None = never).
    `holiday` is the one that shuts a zone now."""

    open_zones: tuple[int, ...]
    opens_at: Mapping[int, datetime | None]
    holiday: str | None = None


def opening(hours: Hours, moment: datetime, tenant_zone: str) -> Opening:
    """The state of a window for everybody it concerns."""
    if hours.rules is None:
        return Opening(ZONES, {})
    zones = {code: hours.zone_for(code, tenant_zone) for code in ZONES}
    found = tuple(code for code in ZONES if is_open(hours, moment, zones[code]))
    shut = [code for code in ZONES if code not in found]
    holidays = (holiday_at(hours, moment, zones[code]) for code in shut)
    return Opening(
        found,
        {code: next_opening(hours, moment, zones[code]) for code in shut},
        next((one for one in holidays if one), None),
    )


def _rule(said: Mapping[str, Any]) -> Rule:
    start, end = _minute(str(said.get("start", "00:00"))), _minute(str(said.get("end", "24:00")))
    days = frozenset(int(day) for day in said.get("days") or range(1, 8))
    return Rule(days, start, end if end > start else end + DAY_MINUTES)


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes or 0)


def _minutes_of(rules: Sequence[Rule] | None, weekday: int) -> Iterator[tuple[int, int]]:
    """The day's own rules up to midnight, and what runs over from the day before."""
    if rules is None:
        yield 0, DAY_MINUTES
    yesterday = (weekday + 5) % 7 + 1
    for rule in rules or ():
        if weekday in rule.days:
            yield rule.start, min(rule.end, DAY_MINUTES)
        if yesterday in rule.days and rule.end > DAY_MINUTES:
            yield 0, rule.end - DAY_MINUTES


def _moment(day: date, minute: int, zone: str) -> datetime:
    there = day + timedelta(days=minute // DAY_MINUTES)
    clock = time(minute % DAY_MINUTES // 60, minute % 60)
    return datetime.combine(there, clock, ZoneInfo(zone)).astimezone(UTC)
