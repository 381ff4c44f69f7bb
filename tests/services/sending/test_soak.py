"""Everything running for `SOAK_SECONDS` (an hour under `make soak`) with a provider that misbehaves a little all the
time, senders that come and go, and the invariants looked at all the while."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.services.sending.fault_house import House, Sampler, assert_honest
from tests.services.sending.test_faults import wait_until
from tests.services.sending.test_kills import SENDERS, Shift
from tests.support.sender_nursery import Nursery, Senders

SECONDS = int(os.environ.get("SOAK_SECONDS", "3600"))
CHANGE_SECONDS = 20.0
WEATHER = (
    {},
    {"fail": 0.05, "latency_ms": 150},
    {"throttle": 0.05, "duplicate": 0.3, "copies": 10},
    {"silent": 0.02, "hang_ms": 20_000, "reorder": 0.5},
    {"garbage": 0.03, "empty": 0.03, "stray": 0.3, "forge": 0.3},
)
pytestmark = [pytest.mark.soak, pytest.mark.crash, pytest.mark.timeout(SECONDS + 900)]


@pytest.fixture
def senders(nursery: Nursery, house: House, redis_url: str, tmp_path: Path) -> Iterator[Senders]:
    made = Senders(nursery, house.database_url, redis_url, tmp_path)
    yield made
    made.kill()


def test_an_hour_of_everything(house: House, senders: Senders) -> None:
    shift, rng = Shift(house.open_shop()), Random(20261125)
    shift.keep_busy()
    senders.start(SENDERS)
    end = time.monotonic() + SECONDS
    with Sampler(shift.shop, shift.campaigns) as sampler:
        while time.monotonic() < end:
            weather = rng.choice(WEATHER)
            house.provider.control("mega", **calm() | {"receipt_delay_ms": [50, 200, 400]} | weather)
            changes_at = time.monotonic() + CHANGE_SECONDS
            while time.monotonic() < min(changes_at, end):
                shift.keep_busy()
                shift.shop.let_time_pass()
                time.sleep(0.5)
            senders.kill(rng.choice(senders.running))
            senders.start()
            assert sampler.wrong == []
            assert house.provider.summary("mega")["duplicates"] == {}
            assert house.drifts() == []
        house.provider.control("mega", **calm())
        wait_until(lambda: shift.shop.let_time_pass() or shift.is_over(), 600)
    assert senders.stop() == [0] * SENDERS

    figures = [assert_honest(shift.shop, campaign, "mega") for campaign in shift.campaigns]
    assert sum(one["total"] for one in figures) == shift.people
    assert sum(one["pending"] + one["sending"] for one in figures) == 0
    assert house.drifts() == []


def calm() -> dict[str, int]:
    """Every switch of the weather at rest."""
    return {"latency_ms": 60} | {
        name: 0 for change in WEATHER for name in change if not name.endswith("_ms") and name != "copies"
    }
