"""The look writes down why a campaign waits and until when, as far as only the rows themselves can say it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.tenancy import system_scope
from core.zones import ACRE, ALL_ZONES, AMAZON, BRASILIA, zone_bits
from models.campaigns import Campaign
from services.campaigns import DEFAULT_WINDOW
from services.sending import standing as reasons
from services.sending.picture import Picture
from services.sending.watch.look import Plans, look
from services.sending.watch.queues import Queues
from tests.services.sending.scene import Scene, phones

NOWHERE = "http://127.0.0.1:9"
EVENING = datetime(2029, 11, 27, 0, 30, tzinfo=UTC)
"""A Monday, 21h30 in São Paulo: shut there, open in Manaus and Rio Branco."""
TOMORROW_9 = datetime(2029, 11, 27, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def log_of_other_years(scene: Scene) -> None:
    """The looks of these tests are years ahead of the log's prepared months."""
    scene.run_sql("CREATE TABLE campaign_logs_other PARTITION OF campaign_logs DEFAULT")


def looked(scene: Scene, now: datetime, queues: Queues, *, dry: Iterable[int] = ()) -> Picture:
    """One look of a daemon that knows `queues`, after claims of `dry` came back with too little."""
    queues.doubt(dry)
    with system_scope("test"), scene.factory.begin() as session:
        return look(session, now=now, daemon_id="00000000-0000-0000-0000-000000000001", plans=Plans(), queues=queues)


def add(scene: Scene, numbers: list[int], zone: int = 0, *, window: Any = None, **row: Any) -> int:
    """A campaign of three people who live in this zone, their rows as told."""
    campaign = scene.add_campaign(numbers, phones(3), window=None if window is None else dict(window))
    sets = "".join(f", {name} = :{name}" for name in row)
    scene.run_sql(
        f"UPDATE campaign_contacts SET zone = :zone{sets} WHERE tenant_id = :tenant_id AND campaign_id = :campaign",
        campaign=campaign, zone=zone, **row,
    )  # fmt: skip
    return campaign


def told(scene: Scene, campaign: int) -> tuple[str, str, datetime | None]:
    found: Campaign = scene.campaign(campaign)
    return found.status, found.pause_reason, found.next_send_at


def test_people_of_another_zone_are_waited_for(scene: Scene) -> None:
    numbers, queues = [scene.add_number(NOWHERE)], Queues()
    east, west = (add(scene, numbers, zone, window=DEFAULT_WINDOW) for zone in (BRASILIA, AMAZON))
    first = looked(scene, EVENING, queues)
    assert first.campaigns[east].zones == first.campaigns[west].zones == zone_bits([AMAZON, ACRE])
    assert first.open_zones([east]) == {east: zone_bits([AMAZON, ACRE])}

    second = looked(scene, EVENING + MINUTE, queues, dry=[east])

    assert told(scene, east) == ("waiting_window", reasons.OTHER_ZONE, TOMORROW_9)
    assert told(scene, west) == ("running", "", None)
    assert set(second.campaigns) == {west}
    assert east in looked(scene, TOMORROW_9, queues).campaigns
    assert told(scene, east) == ("running", "", None)
    assert set(looked(scene, TOMORROW_9, queues, dry=[west]).campaigns) == {east}, "it is 8h in Manaus"
    assert told(scene, west) == ("waiting_window", reasons.OTHER_ZONE, TOMORROW_9 + timedelta(hours=1))


def test_another_daemon_asks_before_it_takes_a_reason_back(scene: Scene) -> None:
    east = add(scene, [scene.add_number(NOWHERE)], BRASILIA, window=DEFAULT_WINDOW)
    looked(scene, EVENING, Queues(), dry=[east])
    lines = len(scene.logs(east))
    assert east not in looked(scene, EVENING + MINUTE, Queues()).campaigns
    assert told(scene, east)[1] == reasons.OTHER_ZONE
    assert len(scene.logs(east)) == lines


def test_a_shut_campaign_opens_when_its_own_people_may_be_written_to(scene: Scene) -> None:
    campaign = add(scene, [scene.add_number(NOWHERE)], ACRE, window=DEFAULT_WINDOW)
    looked(scene, TOMORROW_9 - timedelta(hours=5), Queues())
    assert told(scene, campaign) == ("waiting_window", reasons.OUT_OF_HOURS, TOMORROW_9 + timedelta(hours=2))


def test_retries_are_waited_for_and_then_made(scene: Scene) -> None:
    numbers, queues = [scene.add_number(NOWHERE)], Queues()
    due = EVENING + 25 * MINUTE
    campaign = add(scene, numbers, attempts=2, next_attempt_at=due)
    later = add(scene, numbers, next_attempt_at=due)
    looked(scene, EVENING, queues, dry=[campaign, later])
    assert told(scene, campaign) == ("running", reasons.RETRIES, due)
    assert told(scene, later) == ("running", reasons.LATER, due)
    assert looked(scene, due - MINUTE, queues).campaigns == {}
    assert set(looked(scene, due, queues).campaigns) == {campaign, later}
    assert told(scene, campaign) == ("running", "", None)


def test_what_somebody_puts_back_into_the_queue_is_seen_at_the_next_wake(scene: Scene) -> None:
    queues = Queues(keep_seconds=3600)
    campaign = add(scene, [scene.add_number(NOWHERE)], attempts=1, next_attempt_at=EVENING + 25 * MINUTE)
    looked(scene, EVENING, queues, dry=[campaign])
    scene.run_sql("UPDATE campaign_contacts SET next_attempt_at = now() WHERE tenant_id = :tenant_id")
    assert looked(scene, EVENING + MINUTE, queues).campaigns == {}
    queues.doubt([], all_of_them=True)
    assert set(looked(scene, EVENING + MINUTE, queues).campaigns) == {campaign}


def test_a_holiday_is_named(scene: Scene) -> None:
    campaign = add(scene, [scene.add_number(NOWHERE)], window=DEFAULT_WINDOW)
    sends = add(scene, [scene.add_number(NOWHERE)], window=DEFAULT_WINDOW | {"holidays": "send"})
    picture = looked(scene, datetime(2029, 12, 25, 15, 0, tzinfo=UTC), Queues())
    opens = datetime(2029, 12, 26, 12, 0, tzinfo=UTC)
    assert told(scene, campaign) == ("waiting_window", reasons.HOLIDAY.format(name="Natal"), opens)
    assert set(picture.campaigns) == {sends}


def test_numbers_that_wait_or_rest_or_are_spent_are_the_reason(scene: Scene) -> None:
    soon, day = EVENING + MINUTE, datetime(2029, 11, 26, tzinfo=UTC).date()
    campaigns = [
        add(scene, [scene.add_number(NOWHERE, **columns)])
        for columns in (
            {"next_allowed_at": soon},
            {"next_allowed_at": EVENING, "held_until": soon},
            {"daily_cap": 5, "reserved_today": 5, "usage_day": day},
            {"next_allowed_at": soon, "leased_by": "00000000-0000-0000-0000-000000000002",
             "leased_until": EVENING + 9 * MINUTE},
        )
    ]  # fmt: skip
    picture = looked(scene, EVENING, Queues())
    midnight = datetime(2029, 11, 27, 3, 0, tzinfo=UTC)
    assert [told(scene, one) for one in campaigns] == [
        ("running", reasons.PACE, soon),
        ("running", reasons.RESTING, soon),
        ("waiting_quota", reasons.OUT_OF_NUMBERS, midnight),
        ("running", reasons.PACE, soon),
    ]
    assert set(picture.campaigns) == {campaigns[0], campaigns[1], campaigns[3]}
    assert all(one.zones == ALL_ZONES for one in picture.campaigns.values())


def test_a_pace_is_written_once_a_message(scene: Scene) -> None:
    number, queues = scene.add_number(NOWHERE, next_allowed_at=EVENING + MINUTE), Queues()
    campaign = add(scene, [number])
    looked(scene, EVENING, queues)
    looked(scene, EVENING + MINUTE + timedelta(seconds=1), queues)
    assert told(scene, campaign)[1] == reasons.PACE, "its number's turn has just come: no word about it in between"
    looked(scene, EVENING + MINUTE + timedelta(seconds=30), queues)
    assert told(scene, campaign)[1] == ""
