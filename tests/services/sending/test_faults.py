"""A provider's outages and lies against a whole daemon, the real door for webhooks and the API. The provider's own
ledger is the judge.

Three outages run side by side, each with its own tenant at its own provider, so that one's outage is seen to be nobody
else's. `CHAOS_ROUNDS` makes it longer: every outage with every dialect, and for longer.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from services.sending import Tuning
from tests.services.sending.fault_house import (
    BOOKS,
    QUICK,
    House,
    Sampler,
    Shop,
    assert_honest,
    settled_share,
    while_sending,
)
from tests.services.sending.scene import phones

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300), pytest.mark.xdist_group("faults")]
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "0"))
PEOPLE = 24
NUMBERS = 3
SETTLED_WITHIN_SECONDS = 120
OUTAGE_SECONDS = 8.0 if ROUNDS else 2.5
KINDS = list(BOOKS)


@dataclass(frozen=True)
class Fault:
    """Switches of the provider while it lasts. `open_per_number`: how many of one number's messages may stand as
    unconfirmed."""

    name: str
    switches: dict[str, Any] = field(default_factory=dict)
    open_per_number: int = 2
    closed_ms: int = 0


NEVER = {"hang_ms": 20_000}
OUTAGES = [
    Fault("5xx", {"fail": 1}),
    Fault("429 with Retry-After", {"throttle": 1}, open_per_number=0),
    Fault("429 without Retry-After", {"throttle_bare": 1}, open_per_number=0),
    Fault("time-out before accepting", {"hang": 1} | NEVER),
    Fault("time-out after accepting", {"silent": 1} | NEVER),
    Fault("200 with an error body", {"error_body": 1}, open_per_number=0),
    Fault("200 with garbage", {"garbage": 1}),
    Fault("empty 201", {"empty": 1}),
    Fault("slow drip", {"drip": 1, "drip_ms": 500}),
    Fault("connection reset", {"drop": 1}),
    Fault("echo only", {"silent": 1, "echo_only": 1} | NEVER),
    Fault(
        "a bit of everything",
        {"fail": 0.2, "throttle": 0.1, "hang": 0.1, "silent": 0.1, "garbage": 0.1} | NEVER,
        open_per_number=PEOPLE,
    ),
]
TRIOS = [OUTAGES[place : place + 3] for place in range(0, len(OUTAGES), 3)]


@dataclass
class Trial:
    """One fault, one tenant, one dialect."""

    house: House
    fault: Fault
    kind: str
    shop: Shop
    campaign: int = 0

    @property
    def book(self) -> str:
        return BOOKS[self.kind]

    @classmethod
    def begin(
        cls, house: House, fault: Fault, kind: str, *, place: int, is_heard: bool = True, **switches: Any
    ) -> "Trial":
        """The provider misbehaves, then the campaign is there."""
        one = cls(house, fault, kind, house.open_shop())
        numbers = [one.shop.add_number(kind, is_heard=is_heard) for _ in range(NUMBERS)]
        quick: dict[str, Any] = {"receipt_delay_ms": [50, 100, 200], "seed": 5}
        house.provider.control(one.book, **quick | fault.switches | switches)
        one.campaign = one.shop.scene.add_campaign(numbers, phones(PEOPLE, ddd=21 + place))
        return one

    def has_begun(self) -> bool:
        return bool(self.shop.scene.logs(self.campaign)) or self.is_over()

    def is_over(self) -> bool:
        return str(self.shop.scene.campaign(self.campaign).status) == "completed"

    def is_settled(self) -> bool:
        return settled_share(self.shop, self.campaign, self.book) == 1.0

    def end_outage(self) -> None:
        shares = {name: 0 for name, value in self.fault.switches.items() if not name.endswith("_ms")}
        self.house.provider.control(self.book, **shares)

    def judge(self) -> None:
        """After everything."""
        counts = assert_honest(self.shop, self.campaign, self.book)
        assert counts["pending"] == counts["sending"] == 0, self.fault
        assert settled_share(self.shop, self.campaign, self.book) >= 0.95, self.fault
        # What the provider never had stays open for a person; the outage costs nobody else.
        lacking = PEOPLE - self.house.provider.summary(self.book)["accepted"]
        assert counts["unconfirmed"] + counts["failed"] == lacking, (self.fault, counts)
        assert counts["unconfirmed"] <= self.fault.open_per_number * NUMBERS, self.fault


@pytest.mark.parametrize("turn", range(3 if ROUNDS else 1))
@pytest.mark.parametrize("trio", TRIOS, ids=lambda trio: ", ".join(fault.name for fault in trio))
def test_an_outage_costs_nobody_a_message_and_nobody_gets_two(
    house: House, redis_url: str, trio: Sequence[Fault], turn: int
) -> None:
    kinds = [KINDS[(place + turn) % 3] for place in range(3)]
    trials = [
        Trial.begin(house, fault, kind, place=place)
        for place, (fault, kind) in enumerate(zip(trio, kinds, strict=True))
    ]

    def story() -> None:
        samplers = [Sampler(trial.shop, [trial.campaign]) for trial in trials]
        with samplers[0], samplers[1], samplers[2]:
            wait_until(lambda: all(trial.has_begun() for trial in trials), 20)
            time.sleep(OUTAGE_SECONDS)
            for trial in trials:
                trial.end_outage()
            wait_until(lambda: all(_hurried(trial) for trial in trials), 90)
            wait_until(lambda: all(trial.is_settled() for trial in trials), SETTLED_WITHIN_SECONDS, must=False)
        for trial, sampler in zip(trials, samplers, strict=True):
            assert sampler.samples > 2
            assert sampler.wrong == []
            assert sampler.most_unconfirmed <= trial.fault.open_per_number, trial.fault

    while_sending(house, story, redis_url=redis_url)

    for trial in trials:
        trial.judge()
    assert house.drifts() == []


def _hurried(trial: Trial) -> bool:
    trial.shop.let_time_pass()
    return trial.is_over()


def test_a_provider_whose_port_is_closed_costs_nothing_at_all(house: House) -> None:
    refused = Fault("connection refused", open_per_number=0)
    trial = Trial.begin(house, refused, "mega_api", place=0)
    house.provider.control("*", closed_ms=2_000)
    wait_until(lambda: not _answers(house), 5)

    def story() -> None:
        wait_until(lambda: bool(trial.shop.scene.logs(trial.campaign)), 20)
        wait_until(lambda: _answers(house), 20)
        wait_until(lambda: _hurried(trial), 60)

    while_sending(house, story)

    trial.judge()
    assert trial.shop.scene.counts(trial.campaign)["sent"] == PEOPLE
    assert {row.attempts for row in trial.shop.scene.contacts(trial.campaign).values()} == {1}
    assert house.drifts() == []


def _answers(house: House) -> bool:
    try:
        return house.provider.get("/sandbox/control").ok
    except requests.ConnectionError:
        return False


def test_a_good_status_alone_never_spends_a_third_message(house: House) -> None:
    """No receipts come, every status call is good, no send is ever answered: two messages a number, then rest."""
    mute = Fault("mute", {"silent": 1} | NEVER)
    trial = Trial.begin(house, mute, "mega_api", place=0, is_heard=False)

    def story() -> None:
        wait_until(lambda: sum(trial.shop.unconfirmed(trial.campaign).values()) == 2 * NUMBERS, 30)
        time.sleep(4)
        assert set(trial.shop.unconfirmed(trial.campaign).values()) == {2}
        assert house.provider.summary("mega")["calls"]["/rest/instance/{key}"] >= 2 * NUMBERS

    while_sending(house, story, tuning=_with_rest(60.0))


def _with_rest(seconds: float) -> Tuning:
    return Tuning(**{name: getattr(QUICK, name) for name in QUICK.__slots__} | {"unclear_rest_seconds": seconds})


LIES = [
    Fault("receipts before the answer", {"early": 1}),
    Fault("receipts ten times and shuffled", {"duplicate": 1, "copies": 10, "reorder": 1}),
    Fault("receipts of messages nobody sent", {"stray": 1}),
]


def test_receipts_early_tenfold_shuffled_or_of_strangers_end_in_the_same_state(house: House) -> None:
    trials = [
        Trial.begin(house, lie, kind, place=place) for place, (lie, kind) in enumerate(zip(LIES, KINDS, strict=True))
    ]

    def story() -> None:
        wait_until(lambda: all(_read(trial) == PEOPLE for trial in trials), 60)
        wait_until(lambda: _waiting(trials[1]) == 0, 60)

    while_sending(house, story)

    for trial in trials:
        counts = assert_honest(trial.shop, trial.campaign, trial.book)
        assert (counts["read"], counts["delivered"], counts["sent"]) == (PEOPLE, PEOPLE, PEOPLE), trial.fault
        numbers = trial.shop.scene.run_sql("SELECT sum(read_today) FROM instances WHERE tenant_id = :tenant_id")
        assert numbers[0][0] == PEOPLE, trial.fault
    # A message's early receipts were there before its answer: they had to wait for the settle.
    assert house.drifts() == []


def _read(trial: Trial) -> int:
    return trial.shop.scene.counts(trial.campaign)["read"]


def _waiting(trial: Trial) -> int:
    rows = trial.shop.scene.run_sql(
        "SELECT count(*) FROM webhook_inbox WHERE tenant_id = :tenant_id AND status = 'pending'"
    )
    return int(rows[0][0])


@pytest.mark.parametrize("kind", KINDS)
def test_forged_receipts_change_nothing(house: House, kind: str) -> None:
    """Each says "read": this message's under a wrong secret, another number's under the right one. True receipts stay
    away, so whatever is more than sent was believed."""
    trial = Trial.begin(house, Fault("forged", {"forge": 1}), kind, place=0, receipt_delay_ms=[60_000, 60_000, 60_000])

    began = datetime.now(UTC).isoformat()

    def story() -> None:
        wait_until(lambda: trial.is_over(), 60)
        wait_until(lambda: house.provider.get("/sandbox/webhooks").json()["waiting"] == 0, 30)

    while_sending(house, story)

    log = house.provider.get("/sandbox/webhooks").json()["items"]
    statuses = {one["http_status"] for one in log if one["what"] == "forged" and one["at"] >= began}
    assert {200, 401} <= statuses
    counts = assert_honest(trial.shop, trial.campaign, trial.book)
    assert (counts["sent"], counts["delivered"], counts["read"]) == (PEOPLE, 0, 0)
    assert house.drifts() == []


def wait_until(is_so: Callable[[], bool], seconds: float, *, must: bool = True) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():
            return
        threading.Event().wait(0.1)
    assert not must, "it did not come to that in time"
