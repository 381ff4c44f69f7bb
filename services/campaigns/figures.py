"""Rates and progress from a campaign's counters, as the contract (3.3) defines them. Pure."""

from collections.abc import Mapping
from math import sqrt
from typing import Final, NamedTuple, Protocol

Z95: Final = 1.959964
"""Half of the standard normal's 95 %."""


class Counted(Protocol):
    """What the rates are made of."""

    total: int
    pending: int
    sending: int
    sent: int
    failed: int
    invalid: int


def success_rate(counts: Counted) -> float:
    """sent / (sent + failed + invalid), in percent; 0 while nothing has been tried."""
    return share(counts.sent, counts.sent + counts.failed + counts.invalid)


def conversion_rate(closed_deals: int, sent: int) -> float:
    """closed deals / sent, in percent; 0 while nothing has been sent."""
    return share(closed_deals, sent)


def progress_percent(counts: Counted) -> float:
    """How much of the audience has come to an end, in percent; 0 before the launch."""
    return share(counts.total - counts.pending - counts.sending, counts.total)


def share(part: int, whole: int) -> float:
    """part / whole in percent, 0 of nothing."""
    return part / whole * 100 if whole else 0.0


class Interval(NamedTuple):
    """Where a share really lies with 95 % confidence, in percent. A narrow one takes many messages."""

    low: float
    high: float


def interval_of(part: int, whole: int) -> Interval:
    """Wilson's score interval: honest for few messages and near 0 and 100 %, where the usual one is not. The whole
    range while there is nothing."""
    if whole <= 0:
        return Interval(0.0, 100.0)
    rate, z2 = part / whole, Z95 * Z95
    middle = (rate + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z95 * sqrt(rate * (1 - rate) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    return Interval(max(0.0, middle - half) * 100, min(1.0, middle + half) * 100)


def clear_winner(intervals: Mapping[int, Interval]) -> int | None:
    """The one whose interval lies above all others'; None while any overlap, or with nothing to compare."""
    if len(intervals) < 2:
        return None
    best = max(intervals, key=lambda one: intervals[one].low)
    others = (interval.high for one, interval in intervals.items() if one != best)
    return best if intervals[best].low > max(others) else None
