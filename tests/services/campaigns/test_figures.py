"""Wilson's interval, who has won by it, and the percentile of a histogram."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.analytics import percentile_of
from services.campaigns.figures import Interval, clear_winner, interval_of


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # The first: Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I.
    [(81, 263, 25.53, 36.62), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18), (29, 29, 88.30, 100.0), (0, 0, 0.0, 100.0)],
)
def test_the_interval_is_wilsons(part: int, whole: int, low: float, high: float) -> None:
    assert interval_of(part, whole) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))


@given(st.integers(1, 10**6).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_rate_lies_in_its_interval_and_more_messages_narrow_it(said: tuple[int, int]) -> None:
    part, whole = said
    low, high = interval_of(part, whole)
    assert 0 <= low <= part / whole * 100 + 1e-9
    assert part / whole * 100 - 1e-9 <= high <= 100
    wider, narrower = interval_of(part, whole), interval_of(part * 10, whole * 10)
    assert narrower.high - narrower.low < wider.high - wider.low


def test_nobody_wins_while_intervals_overlap() -> None:
    assert clear_winner({1: Interval(10, 20), 2: Interval(20.1, 30)}) == 2
    assert clear_winner({1: Interval(10, 20.2), 2: Interval(20.1, 30)}) is None
    assert clear_winner({1: Interval(90, 99), 2: Interval(1, 5), 3: Interval(2, 7)}) == 1
    assert clear_winner({1: Interval(90, 99)}) is None
    assert clear_winner({}) is None


def test_a_percentile_comes_out_within_five_percent() -> None:
    from math import floor, log

    durations = [10 + number for number in range(1000)]
    buckets: dict[int, int] = {}
    for ms in durations:
        bucket = floor(log(ms) * 20)
        buckets[bucket] = buckets.get(bucket, 0) + 1
    exact = durations[949]
    assert exact <= percentile_of(buckets, 95) <= exact * 1.06
    assert percentile_of({}, 95) == 0
