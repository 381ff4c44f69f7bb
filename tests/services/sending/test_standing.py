"""Why nothing is sent now and when it goes on: every reason there is, each from the situation that makes it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.zones import ACRE, ALL_ZONES, AMAZON, BRASILIA, TENANT, ZONES, zone_bits
from models.campaigns import CampaignStatus
from services.campaigns import DEFAULT_WINDOW, NEVER, opening, read_hours
from services.sending import standing as room
from services.sending.standing import Head, Ready, Situation, Standing, standing

SP = "America/Sao_Paulo"
NOON = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
"""A Monday."""
EVENING = NOON + timedelta(hours=9, minutes=30)
"""21h30 in São Paulo: shut there, open in Manaus and Rio Branco."""
CHRISTMAS = datetime(2026, 12, 25, 15, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SOON, LATER = NOON + timedelta(minutes=2), NOON + timedelta(minutes=25)
RUNNING, QUOTA, WINDOW = CampaignStatus.RUNNING, CampaignStatus.WAITING_QUOTA, CampaignStatus.WAITING_WINDOW


def situation(now: datetime, window: Mapping[str, Any] | None = None, **changes: Any) -> Situation:
    """A campaign with all it needs, but for the changes."""
    fine = Situation(RUNNING, SP, opening(read_hours(window), now, SP), 5, None, Ready(2, 2))
    return replace(fine, **changes)


def head(due_at: datetime, attempts: int = 0) -> Head:
    return Head(due_at, attempts)


SITUATIONS: list[tuple[str, datetime, dict[str, Any], Standing]] = [
    ("all is well", NOON, {}, Standing(RUNNING, True, zones=ALL_ZONES)),
    ("it waited for a quota", NOON, {"status": QUOTA}, Standing(RUNNING, True, zones=ALL_ZONES)),
    ("no licence", NOON, {"plan_left": None}, Standing(RUNNING, reason=room.NO_LICENCE)),
    ("the plan's day is used up", NOON, {"plan_left": 0}, Standing(QUOTA, reason=room.OUT_OF_PLAN, until=MIDNIGHT)),
    ("... but a refund may come", NOON, {"plan_left": 0, "in_flight": 1}, Standing(RUNNING)),
    ("its own day", NOON, {"campaign_left": 0}, Standing(QUOTA, reason=room.OUT_OF_CAMPAIGN, until=MIDNIGHT)),
    ("its numbers' day", NOON, {"numbers": Ready(2, 0)}, Standing(QUOTA, reason=room.OUT_OF_NUMBERS, until=MIDNIGHT)),
    ("no number", NOON, {"numbers": Ready(0, 0)}, Standing(RUNNING, reason=room.NO_NUMBER)),
    (
        "shut everywhere",
        NOON - timedelta(hours=5),
        {"window": DEFAULT_WINDOW},
        Standing(WINDOW, reason=room.OUT_OF_HOURS, until=NOON - timedelta(hours=3)),
    ),
    (
        "shut everywhere, and all who wait are in Acre",
        NOON - timedelta(hours=5),
        {"window": DEFAULT_WINDOW, "heads": {ACRE: head(NOON - timedelta(hours=9))}},
        Standing(WINDOW, reason=room.OUT_OF_HOURS, until=NOON - timedelta(hours=1)),
    ),
    (
        "a holiday",
        CHRISTMAS,
        {"window": DEFAULT_WINDOW},
        Standing(
            WINDOW, reason=room.HOLIDAY.format(name="Natal"), until=datetime(2026, 12, 26, 13, 0, tzinfo=UTC)
        ),
    ),
    ("hours that never come", NOON, {"hours": opening(NEVER, NOON, SP)}, Standing(WINDOW, reason=room.NEVER_OPENS)),
    (
        "open in the west, where nobody waits",
        EVENING,
        {"window": DEFAULT_WINDOW, "heads": {BRASILIA: head(NOON)}},
        Standing(WINDOW, reason=room.OTHER_ZONE, until=datetime(2026, 11, 24, 12, 0, tzinfo=UTC)),
    ),
    (
        "open in the west, where somebody waits",
        EVENING,
        {"window": DEFAULT_WINDOW, "heads": {BRASILIA: head(NOON), AMAZON: head(NOON)}},
        Standing(RUNNING, True, zones=zone_bits([AMAZON, ACRE])),
    ),
    (
        "open in the west, and nobody asked who waits",
        EVENING,
        {"window": DEFAULT_WINDOW},
        Standing(RUNNING, True, zones=zone_bits([AMAZON, ACRE])),
    ),
    (
        "only retries are left",
        NOON,
        {"heads": {BRASILIA: head(LATER, 2), TENANT: head(LATER + timedelta(minutes=1), 1)}},
        Standing(RUNNING, reason=room.RETRIES, until=LATER),
    ),
    (
        "a retry here, the others' hours open before it",
        EVENING,
        {"window": DEFAULT_WINDOW, "heads": {AMAZON: head(EVENING + timedelta(days=2), 1), BRASILIA: head(NOON)}},
        Standing(RUNNING, reason=room.RETRIES, until=datetime(2026, 11, 24, 12, 0, tzinfo=UTC)),
    ),
    ("messages with a time", NOON, {"heads": {TENANT: head(LATER)}}, Standing(RUNNING, reason=room.LATER, until=LATER)),
    ("a retry is due", NOON, {"heads": {TENANT: head(NOON, 1)}}, Standing(RUNNING, True, zones=ALL_ZONES)),
    ("the queue is empty", NOON, {"heads": {}}, Standing(RUNNING, True, zones=ALL_ZONES)),
    (
        "every number waits its pace",
        NOON,
        {"numbers": Ready(2, 1, SOON)},
        Standing(RUNNING, True, room.PACE, SOON, ALL_ZONES),
    ),
    (
        "every number rests",
        NOON,
        {"numbers": Ready(1, 1, SOON, is_resting=True)},
        Standing(RUNNING, True, room.RESTING, SOON, ALL_ZONES),
    ),
    (
        "the next message is a moment away",
        NOON,
        {"numbers": Ready(1, 1, NOON + timedelta(seconds=4))},
        Standing(RUNNING, True, zones=ALL_ZONES),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("now", "changes", "expected"), [one[1:] for one in SITUATIONS], ids=[one[0] for one in SITUATIONS]
)
def test_every_situation_has_its_standing(now: datetime, changes: dict[str, Any], expected: Standing) -> None:
    assert standing(now, situation(now, **changes)) == expected


def test_the_table_knows_every_reason() -> None:
    sentences = {
        value for name, value in vars(room).items() if name.isupper() and isinstance(value, str) and value.endswith(".")
    }
    told = {expected.reason for *_, expected in SITUATIONS} - {room.HOLIDAY.format(name="Natal"), ""}
    assert told | {room.HOLIDAY} == sentences
    assert len(sentences) == 13


@pytest.mark.parametrize("code", ZONES)
def test_people_of_one_zone_alone_decide_when_it_goes_on(code: int) -> None:
    night = NOON - timedelta(hours=8)
    verdict = standing(night, situation(night, DEFAULT_WINDOW, heads={code: head(night)}))
    opens = {BRASILIA: 12, TENANT: 12, AMAZON: 13, ACRE: 14}[code]
    assert verdict.until == datetime(2026, 11, 23, opens, 0, tzinfo=UTC)
