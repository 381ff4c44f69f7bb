"""Hours that are open, and when a campaign will be done within them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.zones import AMAZON, BRASILIA, ZONES
from services.campaigns.forecast import Channel, Load, forecast
from services.campaigns.hours import ALWAYS, is_open, open_spans, read_hours
from services.campaigns.window import DEFAULT_WINDOW, BadWindow, checked_window
from services.instances import Stage

ZONE = "America/Sao_Paulo"
MONDAY, SATURDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 28), date(2026, 11, 29)
NOON = datetime(2026, 11, 23, 15, tzinfo=UTC)


def hours(window: dict[str, Any] | None, day: date) -> list[tuple[int, int]]:
    """Open spans as hours from the day's local midnight."""
    midnight = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    spans = open_spans(read_hours(checked_window(window)), day, ZONE)
    return [(int((a - midnight) / timedelta(hours=1)), int((b - midnight) / timedelta(hours=1))) for a, b in spans]


def load(messages: int, *channels: Channel, **limits: Any) -> Load:
    usual = {"day_limit": 10**6, "left_today": 10**6, "hours": ALWAYS, "zone": ZONE}
    return Load(**({"messages": messages, "channels": channels} | usual | limits))


def test_the_default_is_telemarketing_hours() -> None:
    window = dict(DEFAULT_WINDOW)
    assert hours(window, MONDAY) == [(9, 21)]
    assert hours(window, SATURDAY) == [(10, 16)]
    assert hours(window, SUNDAY) == []


def test_no_window_is_always_open() -> None:
    assert hours(None, SUNDAY) == [(0, 24)]


def test_a_window_may_end_at_midnight_or_beyond() -> None:
    assert hours({"days": [1], "start": "18:00", "end": "24:00"}, MONDAY) == [(18, 24)]
    night = {"days": [6], "start": "22:00", "end": "02:00"}
    assert (hours(night, SATURDAY), hours(night, SUNDAY)) == ([(22, 24)], [(0, 2)])


@pytest.mark.parametrize(
    "window",
    [
        {"days": [], "start": "09:00", "end": "21:00"},
        {"days": [0], "start": "09:00", "end": "21:00"},
        {"days": [True], "start": "09:00", "end": "21:00"},
        {"days": "1", "start": "09:00", "end": "21:00"},
        {"days": [1], "start": "9h", "end": "21:00"},
        {"days": [1], "start": "24:00", "end": "21:00"},
        {"days": [1], "start": "09:00", "end": "25:00"},
        {"days": [1], "start": "09:00", "end": "09:00"},
        {"days": [1], "start": "09:00", "end": "21:00", "timezone": "Marte/Olimpo"},
        {"days": [1], "start": "09:00", "end": "21:00", "holidays": "maybe"},
        {"rules": []},
        {"rules": ["x"]},
        {},
    ],
)
def test_a_window_that_makes_no_sense_is_refused_in_words(window: dict[str, Any]) -> None:
    with pytest.raises(BadWindow):
        checked_window(window)


def test_one_number_sends_one_message_a_gap() -> None:
    done = forecast(load(61, Channel(60)), NOON)
    assert done.ends_at == NOON + timedelta(hours=1)
    assert (done.days, done.per_hour) == (1, 60)


def test_two_numbers_need_half_the_time() -> None:
    assert forecast(load(122, Channel(60), Channel(60)), NOON).ends_at == NOON + timedelta(hours=1)


def test_what_does_not_fit_today_goes_on_when_the_window_opens_again() -> None:
    late = NOON + timedelta(hours=8, minutes=59)
    done = forecast(load(3, Channel(60), hours=read_hours(dict(DEFAULT_WINDOW))), late)
    assert done.ends_at == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert done.days == 2


def test_the_daily_limits_spread_a_campaign_over_days() -> None:
    done = forecast(load(250, Channel(1), day_limit=100, left_today=50), NOON)
    assert done.days == 3
    assert done.ends_at is not None
    assert done.ends_at.date() == date(2026, 11, 25)
    capped = forecast(load(30, Channel(1, cap=10, used=10)), NOON)
    assert capped.days == 3


def test_without_numbers_or_open_hours_there_is_no_end() -> None:
    assert forecast(load(1), NOON).ends_at is None
    assert forecast(load(1, Channel(1), day_limit=0, left_today=0), NOON).ends_at is None


def test_an_empty_campaign_is_done_at_once() -> None:
    assert forecast(load(0, Channel(60)), NOON).ends_at == NOON


@given(st.integers(1, 500), st.integers(1, 100), st.floats(1, 600), st.integers(0, 100))
def test_more_messages_never_end_earlier(messages: int, more: int, gap: float, left: int) -> None:
    few, many = (
        forecast(load(count, Channel(gap), day_limit=100, left_today=left), NOON).ends_at
        for count in (messages, messages + more)
    )
    assert few is not None
    assert many is None or few <= many


EAST_AND_WEST = {BRASILIA: 60, AMAZON: 60}


def test_people_in_the_west_are_written_to_after_the_east_has_shut() -> None:
    """Noon to 21h in São Paulo is 541 messages; the rest of them live where it is an hour earlier."""
    default = read_hours(DEFAULT_WINDOW)
    some = {BRASILIA: 541, AMAZON: 30}
    done = forecast(load(571, Channel(60), hours=default, by_zone=some), NOON)
    assert done.ends_at == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    home = forecast(load(571, Channel(60), hours=default), NOON)
    assert home.ends_at == datetime(2026, 11, 24, 12, 29, tzinfo=UTC)


def test_the_east_goes_first_while_both_are_open() -> None:
    default = read_hours(DEFAULT_WINDOW)
    both = forecast(load(120, Channel(60), hours=default, by_zone=EAST_AND_WEST), NOON)
    assert both.ends_at == NOON + timedelta(minutes=119)
    late = forecast(load(120, Channel(60), hours=default, by_zone=EAST_AND_WEST), NOON + timedelta(hours=9))
    assert (late.ends_at, late.days) == (datetime(2026, 11, 24, 12, 59, tzinfo=UTC), 2)


def test_hours_of_the_tenants_zone_ask_nobody_where_they_live() -> None:
    here = read_hours(dict(DEFAULT_WINDOW) | {"timezone": "tenant"})
    spread, home = (
        forecast(load(700, Channel(60), hours=here, by_zone=by_zone), NOON) for by_zone in ({AMAZON: 700}, {})
    )
    assert spread == home


def test_a_holiday_is_left_out_of_a_forecast() -> None:
    christmas_eve = datetime(2026, 12, 24, 23, 59, tzinfo=UTC)
    skips, sends = (read_hours(dict(DEFAULT_WINDOW) | {"holidays": said}) for said in ("skip", "send"))
    assert forecast(load(3, Channel(60), hours=sends), christmas_eve).ends_at == datetime(2026, 12, 25, 12, tzinfo=UTC)
    assert forecast(load(3, Channel(60), hours=skips), christmas_eve).ends_at == datetime(2026, 12, 26, 13, tzinfo=UTC)


def test_a_number_in_its_warm_up_may_send_more_each_day() -> None:
    stages = (Stage(1, 10), Stage(3, 20), Stage(5, None))
    done = [
        forecast(load(61, Channel(60, stages=stages, warm_up_day=day, used=used)), NOON).days
        for day, used in ((1, 0), (1, 10), (3, 0), (5, 0))
    ]
    assert done == [5, 4, 3, 1]
    assert forecast(load(61, Channel(60, cap=5, stages=stages)), NOON).days == 13


@given(
    st.dictionaries(st.sampled_from(ZONES), st.integers(0, 400), min_size=1),
    st.integers(1, 5),
    st.integers(0, 7 * 24 * 60),
)
def test_a_forecast_over_zones_ends_in_open_hours_and_not_before_the_pace_allows(
    by_zone: dict[int, int], numbers: int, minutes: int
) -> None:
    starts_at, messages = NOON + timedelta(minutes=minutes), sum(by_zone.values())
    hours = read_hours(DEFAULT_WINDOW)
    done = forecast(load(messages, *[Channel(60)] * numbers, hours=hours, by_zone=by_zone), starts_at)
    assert done.ends_at is not None
    assert done.ends_at >= starts_at + timedelta(minutes=max(0, -(-messages // numbers) - 1))
    if messages:
        inhabited = [code for code in ZONES if by_zone.get(code)]
        moment = done.ends_at - timedelta(seconds=1) if done.ends_at > starts_at else done.ends_at
        near = (moment, done.ends_at)
        assert any(is_open(hours, one, hours.zone_for(code, ZONE)) for code in inhabited for one in near)
