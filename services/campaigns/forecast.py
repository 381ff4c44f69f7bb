"""When a campaign will be done, reckoned day by day from pace, caps, limits and hours. Pure.

A forecast supposes that the numbers stay connected and that no other campaign shares them. People are written to as the
sender does it: whoever's zone is open, the zone whose evening comes first in front.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

from core.clock import start_of_day
from core.zones import BRASILIA, TENANT, ZONES
from services.campaigns.hours import ALWAYS, Hours, open_spans
from services.instances import Stage, cap_on_day, least

LOOK_AHEAD_DAYS: Final = 366
QUICKEST_GAP_SECONDS: Final = 0.05
"""A number without a pace of its own still waits for its provider's answer."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A number: the mean gap between two of its messages, its cap a day, what it has used of it on the first day (None
    = no cap), and its warm-up: the stages, and which day of it the first day is."""

    gap_seconds: float
    cap: int | None = None
    used: int = 0
    stages: Sequence[Stage] = ()
    warm_up_day: int = 1

    def cap_after(self, days: int) -> int | None:
        """What it may send so many days after the first; None = as much as its pace allows."""
        cap = least(self.cap, cap_on_day(self.stages, self.warm_up_day + days))
        return cap if cap is None or days else max(0, cap - self.used)


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent and within which limits. `zone` is the tenant's, where a day begins; `by_zone` says where the
    people live (by code, `core.zones`), empty = where the tenant does. `day_limit` and `left_today` are the tighter of
    plan and campaign."""

    messages: int
    channels: Sequence[Channel]
    day_limit: int
    left_today: int
    zone: str
    hours: Hours = ALWAYS
    by_zone: Mapping[int, int] = field(default_factory=dict)

    def waiting(self) -> dict[int, int]:
        """Messages by zone code, in the order they are sent. What `by_zone` leaves open lives in Brasília's."""
        if not self.hours.is_by_recipient or not self.by_zone:
            return {TENANT: self.messages}
        known = {code: self.by_zone.get(code, 0) for code in ZONES}
        known[BRASILIA] += max(0, self.messages - sum(known.values()))
        return known


@dataclass(frozen=True, slots=True)
class Forecast:
    """`ends_at` None = not within a year as things are. `days` counts those with sending, `per_hour` is the top
    rate."""

    ends_at: datetime | None
    days: int
    per_hour: int


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a day in which the same zones are open."""

    start: datetime
    end: datetime
    zones: Sequence[int]

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


def forecast(load: Load, starts_at: datetime) -> Forecast:
    """Fill the open hours of one day after the other until everything is sent."""
    per_hour = round(sum(3600 / _gap(channel) for channel in load.channels))
    waiting, days = load.waiting(), 0
    first = starts_at.astimezone(ZoneInfo(load.zone)).date()
    for ahead in range(LOOK_AHEAD_DAYS if load.channels else 0):
        limit = load.left_today if ahead == 0 else load.day_limit
        caps = [channel.cap_after(ahead) for channel in load.channels]
        pieces = _pieces(load, first + timedelta(days=ahead), waiting, starts_at)
        ends_at = _one_day(load.channels, caps, pieces, waiting, limit)
        days += ends_at is not None
        if not any(waiting.values()):
            return Forecast(ends_at or starts_at, days, per_hour)
    return Forecast(None, days, per_hour)


def _pieces(load: Load, day: date, waiting: Mapping[int, int], starts_at: datetime) -> Iterator[_Piece]:
    """One of the tenant's days, cut wherever a zone with people in it opens or shuts."""
    begins, ends = start_of_day(day, load.zone), start_of_day(day + timedelta(days=1), load.zone)
    begins = max(begins, starts_at)
    spans: dict[int, list[tuple[datetime, datetime]]] = {}
    for code in (code for code, count in waiting.items() if count):
        zone = load.hours.zone_for(code, load.zone)
        near = (span for ahead in (-1, 0, 1) for span in open_spans(load.hours, day + timedelta(days=ahead), zone))
        spans[code] = [(max(start, begins), min(end, ends)) for start, end in near if start < ends and end > begins]
    cuts = sorted({moment for found in spans.values() for span in found for moment in span})
    for start, end in pairwise(cuts):
        zones = [code for code, found in spans.items() if any(one[0] <= start < one[1] for one in found)]
        if zones:
            yield _Piece(start, end, zones)


def _one_day(
    channels: Sequence[Channel],
    caps: Sequence[int | None],
    pieces: Iterator[_Piece],
    waiting: dict[int, int],
    limit: int,
) -> datetime | None:
    """Take out of `waiting` what one day's pieces hold, and say when the last of it goes; None when nothing does."""
    sent, busy_seconds, ends_at = 0, 0.0, None
    for piece in pieces:
        wanted = min(sum(waiting[code] for code in piece.zones), limit - sent)
        most = busy_seconds + piece.seconds
        count = min(wanted, _sent_after(channels, caps, most) - sent)
        if count <= 0:
            continue
        _take(waiting, piece.zones, count)
        sent += count
        begun, busy_seconds = busy_seconds, _seconds_for(channels, caps, sent, most)
        ends_at = piece.start + timedelta(seconds=max(0.0, busy_seconds - begun))
        if count < wanted:
            busy_seconds = most
    return ends_at


def _take(waiting: dict[int, int], zones: Sequence[int], count: int) -> None:
    for code in zones:
        taken = min(waiting[code], count)
        waiting[code] -= taken
        count -= taken


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


def _gap(channel: Channel) -> float:
    return max(channel.gap_seconds, QUICKEST_GAP_SECONDS)
