"""When a campaign will be done, reckoned day by day from pace, caps, limits and hours. Pure.

A forecast supposes that the numbers stay connected and that no other campaign shares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.campaigns.window import Rule, open_spans

LOOK_AHEAD_DAYS: Final = 366
QUICKEST_GAP_SECONDS: Final = 0.05
"""A number without a pace of its own still waits for its provider's answer."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A number: the mean gap between two of its messages, its cap a day and what is left of it today (None = none)."""

    gap_seconds: float
    cap: int | None = None
    left_today: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent and within which limits. `day_limit` and `left_today` are the tighter of plan and campaign."""

    messages: int
    channels: Sequence[Channel]
    day_limit: int
    left_today: int
    rules: Sequence[Rule] | None
    zone: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """`ends_at` None = not within a year as things are. `days` counts those with sending, `per_hour` is the top
    rate."""

    ends_at: datetime | None
    days: int
    per_hour: int


def forecast(load: Load, starts_at: datetime) -> Forecast:
    """Fill the open hours of one day after the other until everything is sent."""
    per_hour = round(sum(3600 / _gap(channel) for channel in load.channels))
    remaining, days = load.messages, 0
    first = starts_at.astimezone(ZoneInfo(load.zone)).date()
    for ahead in range(LOOK_AHEAD_DAYS if load.channels else 0):
        spans = [
            (max(start, starts_at), end)
            for start, end in open_spans(load.rules, first + timedelta(days=ahead), load.zone)
            if end > starts_at
        ]
        caps = [channel.left_today if ahead == 0 else channel.cap for channel in load.channels]
        limit = load.left_today if ahead == 0 else load.day_limit
        sent, ends_at = _one_day(load.channels, caps, spans, min(limit, remaining))
        remaining -= sent
        days += sent > 0
        if remaining <= 0:
            return Forecast(ends_at or starts_at, days, per_hour)
    return Forecast(None, days, per_hour)


def _one_day(
    channels: Sequence[Channel],
    caps: Sequence[int | None],
    spans: Sequence[tuple[datetime, datetime]],
    wanted: int,
) -> tuple[int, datetime | None]:
    """How many of `wanted` one day's spans hold, and when the last of them goes."""
    if wanted <= 0:
        return 0, None
    open_seconds = sum((end - start).total_seconds() for start, end in spans)
    possible = min(wanted, _sent_after(channels, caps, open_seconds)) if open_seconds > 0 else 0
    if possible <= 0:
        return 0, None
    return possible, _moment_in(spans, _seconds_for(channels, caps, possible, open_seconds))


def _sent_after(channels: Sequence[Channel], caps: Sequence[int | None], seconds: float) -> int:
    """Messages out after so many open seconds: each number sends one at once, then one a gap, up to its cap."""
    total = 0
    for channel, cap in zip(channels, caps, strict=True):
        sent = int(seconds / _gap(channel)) + 1
        total += sent if cap is None else max(0, min(sent, cap))
    return total


def _seconds_for(channels: Sequence[Channel], caps: Sequence[int | None], messages: int, most: float) -> float:
    """The least open seconds after which `messages` are out, to the second."""
    low, high = 0, int(most) + 1
    while low < high:
        middle = (low + high) // 2
        if _sent_after(channels, caps, middle) >= messages:
            high = middle
        else:
            low = middle + 1
    return min(float(low), most)


def _moment_in(spans: Sequence[tuple[datetime, datetime]], seconds: float) -> datetime:
    for start, end in spans:
        length = (end - start).total_seconds()
        if seconds <= length:
            return start + timedelta(seconds=seconds)
        seconds -= length
    return spans[-1][1]


def _gap(channel: Channel) -> float:
    return max(channel.gap_seconds, QUICKEST_GAP_SECONDS)
