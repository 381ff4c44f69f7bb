"""Whether a campaign's figures may still change by themselves: its page follows them for as long."""

from datetime import UTC, datetime, timedelta

import pytest

from models.campaigns import Campaign, CampaignCounts, CampaignStatus
from services.campaigns.cards import Card

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "sending_sent_read", "ended_minutes_ago", "is_moving"),
    [
        ("running", (0, 0, 0), None, True),
        ("draft", (0, 0, 0), None, False),
        ("completed", (1, 9, 9), 1, True),
        ("completed", (0, 10, 9), 1, True),
        ("completed", (0, 10, 10), 1, False),
        ("completed", (0, 10, 9), 31, False),
        ("cancelled", (0, 10, 9), 1, True),
    ],
)
def test_figures_are_followed_until_everybody_has_read_or_half_an_hour_is_over(
    status: str, sending_sent_read: tuple[int, int, int], ended_minutes_ago: int | None, is_moving: bool
) -> None:
    sending, sent, read = sending_sent_read
    ended = None if ended_minutes_ago is None else NOW - timedelta(minutes=ended_minutes_ago)
    campaign = Campaign(status=CampaignStatus(status), finished_at=ended, pause_reason="")
    counts = CampaignCounts(total=sending + sent, pending=0, sending=sending, sent=sent, read=read)
    assert Card(campaign, counts, NOW).is_moving is is_moving
