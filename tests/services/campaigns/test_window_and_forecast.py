"""Hours that are open, and when a campaign will be done within them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.forecast import Channel, Load, forecast
from services.campaigns.hours import ALWAYS, open_spans, read_hours
from services.campaigns.window import DEFAULT_WINDOW, BadWindow, checked_window

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
