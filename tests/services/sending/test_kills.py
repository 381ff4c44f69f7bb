"""Several real senders, killed one after the other at random instants while the others go on.

Fifty kills in CI, as many as `CHAOS_ROUNDS` says under `make chaos`. Receipts come through the real door, the counts
are asked for through the API, and the provider's ledger is the judge.
"""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest

from tests.services.sending.fault_house import House, Sampler, Shop, assert_honest, settled_share
from tests.services.sending.scene import phones
from tests.services.sending.test_faults import wait_until
from tests.support.sender_nursery import Nursery, Senders

KILLS = max(50, int(os.environ.get("CHAOS_ROUNDS", "0")))
pytestmark = [pytest.mark.crash, pytest.mark.timeout(300 + 4 * KILLS), pytest.mark.xdist_group("faults")]
SENDERS = 4
NUMBERS = 12
LATENCY_MS = 60
PEOPLE_A_CAMPAIGN = 200
SETTLED_WITHIN_SECONDS = 120


@pytest.fixture
def senders(nursery: Nursery, house: House, redis_url: str, tmp_path: Path) -> Iterator[Senders]:
    made = Senders(nursery, house.database_url, redis_url, tmp_path)
    yield made
    made.kill()


class Shift:
    """Campaigns without end, so that there is always something to lose."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.numbers = [shop.add_number() for _ in range(NUMBERS)]
        self.campaigns: list[int] = []
        self.people = 0

    def keep_busy(self) -> None:
        """One more campaign when the last one is nearly through."""
        if not self.campaigns or self.shop.scene.counts(self.campaigns[-1])["pending"] < PEOPLE_A_CAMPAIGN / 4:
            who = phones(PEOPLE_A_CAMPAIGN, ddd=11 + len(self.campaigns) % 80, first=10_001 + 300 * len(self.campaigns))
            self.campaigns.append(self.shop.scene.add_campaign(self.numbers, who))
            self.people += PEOPLE_A_CAMPAIGN

    def is_over(self) -> bool:
        return all(self.shop.scene.campaign(one).status == "completed" for one in self.campaigns)


def test_killed_at_random_instants_nobody_is_written_to_twice_and_nobody_is_forgotten(
    house: House, senders: Senders
) -> None:
    house.provider.control("mega", latency_ms=LATENCY_MS, receipt_delay_ms=[50, 200, 400], seed=3)
    shift, rng = Shift(house.open_shop()), Random(20261125)
    shift.keep_busy()
    senders.start(SENDERS)
    with Sampler(shift.shop, shift.campaigns) as sampler:
        for kill in range(KILLS):
            Event().wait(rng.uniform(0.0, 0.5))
            shift.keep_busy()
            senders.kill(rng.choice(senders.running))
            if kill % 10 == 9:
                senders.kill()
            senders.start(SENDERS - len(senders.running))
        wait_until(shift.is_over, 120)
        wait_until(lambda: share_settled(shift) == 1.0, SETTLED_WITHIN_SECONDS, must=False)
    assert senders.stop() == [0] * SENDERS

    assert sampler.wrong == []
    assert sampler.samples > 10
    figures = [assert_honest(shift.shop, campaign, "mega") for campaign in shift.campaigns]
    assert sum(one["sent"] + one["unconfirmed"] for one in figures) == shift.people
    assert share_settled(shift) >= 0.95
    # What stays open never reached the provider: it was cut off between the claim's commit and the wire.
    accepted = house.provider.summary("mega")["accepted"]
    assert sum(one["unconfirmed"] for one in figures) <= max(shift.people - accepted, 0) + 0.05 * accepted
    assert_one_at_a_time(house.provider.ledger("mega"))
    assert house.drifts() == []


def share_settled(shift: Shift) -> float:
    return min(settled_share(shift.shop, campaign, "mega") for campaign in shift.campaigns)


def assert_one_at_a_time(entries: list[dict[str, Any]]) -> None:
    """A number's next message is taken only after the one before was answered (its sender killed or not), whoever
    sends it: no two senders ever used a number at once."""
    taken = [entry for entry in entries if entry["accepted"]]
    for key in {entry["instance_key"] for entry in taken}:
        moments = sorted(datetime.fromisoformat(one["at"]) for one in taken if one["instance_key"] == key)
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert min(gaps, default=timedelta(1)) >= timedelta(milliseconds=LATENCY_MS * 0.8), (key, min(gaps))


def test_any_number_of_senders_share_the_work_and_one_more_needs_no_telling(house: House, senders: Senders) -> None:
    house.provider.control("mega", latency_ms=LATENCY_MS)
    shift = Shift(house.open_shop())
    shift.keep_busy()
    senders.start(2)
    wait_until(lambda: busy_senders(shift) >= 2, 60)
    senders.start(2)
    wait_until(lambda: shift.keep_busy() or busy_senders(shift) >= 4, 60)
    senders.kill(senders.running[0])
    wait_until(shift.is_over, 60)
    assert senders.stop() == [0] * 3

    assert busy_senders(shift) >= 4
    figures = [assert_honest(shift.shop, campaign, "mega") for campaign in shift.campaigns]
    assert sum(one["sent"] + one["unconfirmed"] for one in figures) == shift.people
    assert sum(one["unconfirmed"] for one in figures) <= 2 * NUMBERS
    assert_one_at_a_time(house.provider.ledger("mega"))
    assert house.drifts() == []


def leases(shift: Shift) -> list[Any]:
    return shift.shop.scene.run_sql(
        "SELECT DISTINCT leased_by FROM instances WHERE tenant_id = :tenant_id AND leased_by IS NOT NULL"
    )


def busy_senders(shift: Shift) -> int:
    """Senders that have used a number of this shift, over all looks so far."""
    seen: set[Any] = shift.__dict__.setdefault("seen", set())
    seen |= {row[0] for row in leases(shift)}
    return len(seen)
