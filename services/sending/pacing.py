"""The gap between two messages of one number, and the rest a number takes when its provider can't be reached. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Final

FIRST_BACKOFF_SECONDS: Final = 5
LONGEST_BACKOFF_SECONDS: Final = 600
LONGEST_RETRY_AFTER_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Interval:
    """Shortest and longest gap in milliseconds; `None` where nothing was said."""

    min_ms: int | None
    max_ms: int | None


def gap_interval(floor_ms: int, instance: Interval, campaign: Interval, *, is_sandbox: bool) -> tuple[int, int]:
    """The largest minimum and the largest maximum of plan floor, instance and campaign (architecture section 5).

    Sandbox numbers have no floor. The maximum is never below the minimum, whatever a row says.
    """
    floor = 0 if is_sandbox else floor_ms
    shortest = max(floor, instance.min_ms or 0, campaign.min_ms or 0)
    longest = max(instance.max_ms or 0, campaign.max_ms or 0)
    return shortest, max(shortest, longest)


def gap_ms(interval: tuple[int, int], rng: Random) -> int:
    """A gap, uniform over the interval."""
    shortest, longest = interval
    return shortest if shortest == longest else shortest + int(rng.random() * (longest - shortest + 1))


def backoff_seconds(failures_in_a_row: int) -> int:
    """5, 10, 20 ... seconds, at most 10 minutes, after this many failures to reach the provider (1 or more)."""
    doublings = min(max(failures_in_a_row, 1) - 1, 10)
    return min(FIRST_BACKOFF_SECONDS << doublings, LONGEST_BACKOFF_SECONDS)


def throttle_seconds(retry_after_seconds: float | None, failures_in_a_row: int) -> int:
    """How long a number rests after "too many requests": what the provider asks, an hour at most, else a back-off."""
    if retry_after_seconds is None or retry_after_seconds < 0:
        return backoff_seconds(failures_in_a_row + 1)
    return min(max(1, round(retry_after_seconds)), LONGEST_RETRY_AFTER_SECONDS)
