"""When a window is open: for whoever lives where, and not on national holidays."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.holidays import national_holiday
from core.zones import ACRE, AMAZON, BRASILIA, TENANT, ZONES
from services.campaigns.hours import Hours, is_open, next_opening, open_spans, opening, read_hours, safe_zone
from services.campaigns.window import DEFAULT_WINDOW

SP, MANAUS, RIO_BRANCO = "America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"
DEFAULT = read_hours(DEFAULT_WINDOW)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)

moments = st.integers(0, 4 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE)
zones = st.sampled_from([SP, MANAUS, RIO_BRANCO, "America/Noronha", "Asia/Tokyo", "UTC"])
clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
rules = st.fixed_dictionaries(
    {"days": st.lists(st.integers(1, 7), min_size=1, max_size=7), "start": clocks, "end": clocks}
).filter(lambda rule: rule["start"] != rule["end"])
windows = st.builds(
    lambda listed, holidays: read_hours({"rules": listed, "timezone": "recipient", "holidays": holidays}),
    st.lists(rules, min_size=1, max_size=3),
    st.sampled_from(["skip", "send"]),
)


def at(text: str, zone: str = SP) -> datetime:
    """A local moment."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@given(windows, moments, zones)
def test_a_moment_is_open_exactly_when_a_span_of_its_day_covers_it(hours: Hours, moment: datetime, zone: str) -> None:
    spans = open_spans(hours, moment.astimezone(ZoneInfo(zone)).date(), zone)
    assert is_open(hours, moment, zone) == any(start <= moment < end for start, end in spans)


@given(windows, moments, zones)
def test_the_next_opening_is_open_and_nothing_before_it_is(hours: Hours, moment: datetime, zone: str) -> None:
    opens = next_opening(hours, moment, zone)
    assert opens is not None, "every window opens some day"
    assert opens >= moment and is_open(hours, opens, zone)
    if opens > moment:
        gap = opens - moment
        assert not any(is_open(hours, moment + gap * part / 20, zone) for part in range(20))
        assert not is_open(hours, opens - timedelta(seconds=1), zone)


@given(windows, moments)
def test_a_holiday_is_never_open_where_it_is_one(hours: Hours, moment: datetime) -> None:
    state = opening(hours, moment, SP)
    for code in state.open_zones:
        day = moment.astimezone(ZoneInfo(hours.zone_for(code, SP))).date()
        assert not (hours.skips_holidays and national_holiday(day))
    assert sorted([*state.open_zones, *state.opens_at]) == sorted(ZONES)
    assert all(opens is None or opens > moment for opens in state.opens_at.values())


@given(moments)
def test_no_window_is_open_always_holidays_too(moment: datetime) -> None:
    hours = read_hours(None)
    assert is_open(hours, moment, SP) and next_opening(hours, moment, SP) == moment
    assert set(opening(hours, moment, SP).open_zones) == set(ZONES)


@given(moments, st.sampled_from(["tenant", "Asia/Tokyo", SP]))
def test_hours_of_one_zone_are_open_for_all_or_nobody(moment: datetime, timezone: str) -> None:
    hours = read_hours({"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "21:00", "timezone": timezone})
    assert not hours.is_by_recipient
    assert set(opening(hours, moment, MANAUS).open_zones) in (set(), set(ZONES))


@pytest.mark.parametrize(
    ("moment", "open_zones"),
    [
        ("2026-11-23 08:59", set()),
        ("2026-11-23 09:00", {BRASILIA, TENANT}),
        ("2026-11-23 10:00", {BRASILIA, TENANT, AMAZON}),
        ("2026-11-23 11:00", set(ZONES)),
        ("2026-11-23 20:59", set(ZONES)),
        ("2026-11-23 21:00", {AMAZON, ACRE}),
        ("2026-11-23 22:00", {ACRE}),
        ("2026-11-23 23:00", set()),
        ("2026-11-28 16:30", {AMAZON, ACRE}),
        ("2026-11-29 12:00", set()),
    ],
)
def test_the_default_window_follows_the_sun(moment: str, open_zones: set[int]) -> None:
    assert set(opening(DEFAULT, at(moment), SP).open_zones) == open_zones


def test_christmas_is_over_in_the_east_while_it_lasts_in_the_west() -> None:
    night = read_hours({"days": [5, 6], "start": "00:00", "end": "24:00", "timezone": "recipient", "holidays": "skip"})
    state = opening(night, at("2026-12-26 00:30"), SP)
    assert set(state.open_zones) == {BRASILIA, TENANT}
    assert state.holiday == "Natal"
    assert state.opens_at == {AMAZON: at("2026-12-26 01:00"), ACRE: at("2026-12-26 02:00")}


def test_a_window_of_fridays_waits_over_two_friday_holidays() -> None:
    fridays = read_hours({"days": [5], "start": "09:00", "end": "12:00", "holidays": "skip"})
    assert next_opening(fridays, at("2026-12-18 12:00"), SP) == at("2027-01-08 09:00")


def test_what_runs_over_midnight_stops_where_a_holiday_begins_and_goes_on_where_it_ends() -> None:
    nights = {"days": [4, 5], "start": "22:00", "end": "02:00", "timezone": "tenant"}
    skips, sends = read_hours(nights | {"holidays": "skip"}), read_hours(nights | {"holidays": "send"})
    christmas = date(2026, 12, 25)
    assert open_spans(skips, christmas, SP) == []
    assert [(end - start) / HOUR for start, end in open_spans(sends, christmas, SP)] == [2, 2]
    assert open_spans(skips, date(2026, 12, 26), SP) == [(at("2026-12-26 00:00"), at("2026-12-26 02:00"))]


def test_an_end_may_pass_midnight_and_several_rules_add_up() -> None:
    night = read_hours({"days": [6], "start": "22:00", "end": "02:00"})
    assert is_open(night, at("2026-11-29 01:00"), SP) and not is_open(night, at("2026-11-29 03:00"), SP)
    mondays = [{"days": [1], "start": "09:00", "end": "12:00"}, {"days": [1], "start": "11:00", "end": "14:00"}]
    two = read_hours({"rules": mondays})
    assert open_spans(two, date(2026, 11, 23), SP) == [(at("2026-11-23 09:00"), at("2026-11-23 14:00"))]


@pytest.mark.parametrize("window", [{"days": ["segunda"], "start": "nove"}, {"rules": ["x"]}, {"days": 5}])
def test_a_window_that_cant_be_read_says_so(window: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        read_hours(window)


def test_an_unknown_zone_is_read_as_the_default() -> None:
    assert safe_zone(RIO_BRANCO) == RIO_BRANCO
    assert safe_zone("Marte/Olimpo") == safe_zone("../etc/passwd") == SP
    lost = read_hours({"days": [1], "start": "09:00", "end": "21:00", "timezone": "Marte/Olimpo"})
    assert lost.zone_for(TENANT, MANAUS) == SP
