"""Warm-up caps and pace floors where they must hold: in the picture, in the claim, on the wire."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from core.tenancy import system_scope
from models.campaigns import RotationMode
from services.instances import set_pace_floor
from services.sending import Engine
from services.sending.picture import NumberView
from services.sending.rotation import Candidate
from services.sending.turns import Turn
from services.sending.watch.look import Plans, look
from services.sending.words import Slot
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_claim import claimed, order
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
NOWHERE = "http://127.0.0.1:9"
NOW = datetime.now(UTC)


def seen(scene: Scene, number: int) -> NumberView:
    """The number as a look sees it."""
    with system_scope("test"), scene.factory.begin() as session:
        picture = look(session, now=NOW, daemon_id="00000000-0000-0000-0000-000000000001", plans=Plans())
        return picture.numbers[number]


@pytest.mark.parametrize(
    ("columns", "cap", "warm_up"),
    [
        ({"first_connected_at": NOW}, 20, 0.0),
        ({"first_connected_at": None}, 20, 0.0),
        ({"first_connected_at": NOW - timedelta(days=3)}, 40, 0.1),
        ({"first_connected_at": NOW - timedelta(days=40)}, None, 1.0),
        ({"first_connected_at": NOW, "daily_cap": 7}, 7, 0.0),
        ({"first_connected_at": NOW - timedelta(days=40), "daily_cap": 7}, 7, 1.0),
        ({"warm_up": False}, None, 1.0),
        ({"is_sandbox": True}, None, 1.0),
        ({"connector": "cloud_api"}, None, 1.0),
    ],
)
def test_the_picture_holds_the_effective_cap(
    scene: Scene, columns: dict[str, Any], cap: int | None, warm_up: float
) -> None:
    number = scene.add_number(NOWHERE, **({"is_sandbox": False} | columns))
    scene.add_campaign([number], phones(1))
    view = seen(scene, number)
    assert (view.daily_cap, view.warm_up) == (cap, pytest.approx(warm_up))


def test_the_picture_holds_the_floor_of_plan_and_connector(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE, is_sandbox=False, connector=one) for one in ("waha", "mega_api", "cloud_api")]
    numbers.append(scene.add_number(NOWHERE))
    scene.add_campaign(numbers, phones(1))
    scene.run_sql("UPDATE plans SET pace_floor_ms = 30000 WHERE slug = 'infinito'")
    with system_scope("test"), scene.factory.begin() as session:
        set_pace_floor(session, "infinito", "waha", 90_000)
    assert [seen(scene, one).floor_ms for one in numbers] == [90_000, 30_000, 0, 0]


def test_the_picture_holds_the_rested_record(scene: Scene) -> None:
    number = scene.add_number(
        NOWHERE,
        smoothed_count=50,
        smoothed_failures=0.4,
        smoothed_acks=0.5,
        last_success_at=NOW - timedelta(hours=6),
    )
    scene.add_campaign([number], phones(1))
    record = seen(scene, number).record
    assert (record.count, record.failures, record.acks) == (50, pytest.approx(0.2), pytest.approx(0.75))


@pytest.mark.parametrize(
    ("own", "effective", "reserved", "is_given"),
    [(None, 20, 19, True), (None, 20, 20, False), (100, 20, 20, False), (5, 20, 5, False), (None, None, 999, True)],
)
def test_the_claim_holds_the_effective_cap_whatever_the_picture_counted(
    scene: Scene, own: int | None, effective: int | None, reserved: int, is_given: bool
) -> None:
    number = scene.add_number(NOWHERE, daily_cap=own, reserved_today=reserved, usage_day=datetime.now(UTC).date())
    campaign = scene.add_campaign([number], phones(2))
    wanted = order(scene, campaign, [number])
    turn = Turn(scene.tenant_id, campaign, RotationMode.ROUND_ROBIN, Candidate(number, daily_cap=effective))
    wanted.slots[0] = Slot(turn, 1000)  # type: ignore[index]

    report = claimed(scene, wanted)

    assert bool(report.claimed) is is_given
    assert report.refused == (set() if is_given else {number})


def test_a_new_number_sends_its_first_days_twenty_and_not_one_more(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    scene.run_sql("UPDATE plans SET pace_floor_ms = 0 WHERE slug = 'infinito'")
    number = scene.add_number(sandbox_now.mega_url, is_sandbox=False, first_connected_at=NOW)
    campaign = scene.add_campaign([number], phones(23))

    drive(scene, lambda: scene.counts(campaign)["sent"] > 20, seconds=8, must=False)

    assert scene.counts(campaign)["sent"] == 20
    assert scene.number(number).reserved_today == 20


def test_a_floor_keeps_an_unofficial_number_slow(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    scene.run_sql("UPDATE plans SET pace_floor_ms = 0 WHERE slug = 'infinito'")
    with system_scope("test"), scene.factory.begin() as session:
        set_pace_floor(session, "infinito", "mega_api", 1_500)
    number = scene.add_number(sandbox_now.mega_url, is_sandbox=False, warm_up=False)
    campaign = scene.add_campaign([number], phones(3))
    drive(scene, lambda: scene.campaign(campaign).status == "completed", seconds=30)
    moments = sorted(row.claimed_at for row in scene.contacts(campaign).values())
    assert all(later - sooner >= timedelta(seconds=1.45) for sooner, later in pairwise(moments))
