"""The pure core by its properties: no session, no clock."""

from collections import Counter, deque
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.whatsapp import RULES, ReceiptStatus, RefusalCode, Refused, Sent, Unclear
from models.campaigns import ContactStatus, RotationMode
from services.sending.outcomes import RETRY_MINUTES, judge
from services.sending.pacing import Interval, backoff_seconds, gap_interval, gap_ms, throttle_seconds
from services.sending.picture import TenantView
from services.sending.receipts.forward import count_changes, furthest
from services.sending.rotation import Candidate, Record, explain, rank
from services.sending.turns import CampaignHand, TenantHand, deal
from services.sending.words import Terms

milliseconds = st.none() | st.integers(0, 600_000)
modes = st.sampled_from(RotationMode)
seeds = st.integers(0, 1_000_000)
SP = "America/Sao_Paulo"


def refused(code: RefusalCode, retry_after: float | None = None) -> Refused:
    rule = RULES[code]
    return Refused(
        code,
        rule.permanent,
        rule.pauses_instance,
        rule.message,
        retry_after,
        stops_campaign=rule.stops_campaign,
    )


@given(st.integers(0, 120_000), st.tuples(milliseconds, milliseconds), st.tuples(milliseconds, milliseconds), seeds)
def test_a_gap_lies_between_the_largest_minimum_and_the_largest_maximum(
    floor: int, number: tuple[int | None, int | None], campaign: tuple[int | None, int | None], seed: int
) -> None:
    interval = gap_interval(floor, Interval(*number), Interval(*campaign), is_sandbox=False)
    lowest = max(floor, number[0] or 0, campaign[0] or 0)
    assert lowest <= gap_ms(interval, Random(seed)) <= max(lowest, number[1] or 0, campaign[1] or 0)


def test_a_sandbox_number_has_no_floor() -> None:
    assert gap_interval(45_000, Interval(0, 0), Interval(None, None), is_sandbox=True) == (0, 0)


def test_backing_off_doubles_up_to_ten_minutes() -> None:
    assert [backoff_seconds(count) for count in (1, 2, 3, 8, 50)] == [5, 10, 20, 600, 600]


@pytest.mark.parametrize(("asked", "rests"), [(2.0, 2), (0.1, 1), (1e9, 3600), (None, 5), (-1.0, 5)])
def test_a_throttled_number_rests_as_long_as_asked_an_hour_at_most(asked: float | None, rests: int) -> None:
    assert throttle_seconds(asked, 0) == rests


@given(
    tenants=st.lists(st.tuples(st.integers(1, 5), st.integers(1, 4)), min_size=1, max_size=6),
    capacity=st.integers(1, 40),
    mode=modes,
    seed=st.integers(),
)
def test_no_number_is_dealt_twice_and_no_limit_is_passed(
    tenants: list[tuple[int, int]], capacity: int, mode: RotationMode, seed: int
) -> None:
    ring = deque(hand(place, numbers, campaigns, mode=mode) for place, (numbers, campaigns) in enumerate(tenants))
    turns = deal(ring, capacity, Random(seed))
    used = [turn.chosen.instance_id for turn in turns]
    assert len(used) == len(set(used)) <= capacity
    assert len(used) == min(capacity, sum(numbers for numbers, _ in tenants))
    assert all(turn.chosen.instance_id // 100 == turn.tenant_id for turn in turns)


@given(st.integers(2, 12), st.integers(1, 9), st.integers())
def test_equal_tenants_get_equal_turns_however_many_numbers_one_has(count: int, rounds: int, seed: int) -> None:
    ring = deque(hand(place, 50 if place else 99, 2) for place in range(count))
    turns = Counter(turn.tenant_id for turn in deal(ring, count * rounds, Random(seed)))
    shares = [turns[place] for place in range(count)]
    assert sum(shares) ** 2 / (count * sum(share**2 for share in shares)) >= 0.99


def test_the_next_deal_goes_on_where_the_last_one_stopped() -> None:
    ring = deque(hand(place, 9, 1) for place in range(4))
    order = [turn.tenant_id for _ in range(4) for turn in deal(ring, 3, Random(1))]
    assert order == [0, 1, 2, 3] * 3


def test_a_tenants_campaigns_take_turns() -> None:
    ring = deque([hand(0, 9, 3)])
    assert [turn.campaign_id for turn in deal(ring, 6, Random(1))] == [0, 1, 2, 0, 1, 2]


@given(st.integers(0, 5), st.integers(0, 5))
def test_a_quota_or_a_campaigns_rest_ends_the_turns(quota: int, left: int) -> None:
    tenant = hand(0, 9, 1)
    tenant.left, tenant.campaigns[0].left = quota, left
    assert len(deal(deque([tenant]), 20, Random(1))) == min(quota, left)


@given(st.sets(st.integers(1, 50), min_size=1, max_size=12), st.none() | st.integers(1, 50))
def test_round_robin_begins_after_the_one_used_last(ids: set[int], last: int | None) -> None:
    order = [one.instance_id for one in rank(RotationMode.ROUND_ROBIN, cards(ids), last_id=last, rng=Random(1))]
    later = sorted(one for one in ids if last is None or one > last)
    assert order == later + sorted(ids - set(later))


def test_balanced_takes_the_least_used_of_its_cap() -> None:
    candidates = [Candidate(1, 50, 100), Candidate(2, 10, 100), Candidate(3, 30, 400)]
    chosen = rank(RotationMode.BALANCED, candidates, last_id=None, rng=Random(1))
    assert [one.instance_id for one in chosen] == [3, 2, 1]
    assert explain(RotationMode.BALANCED, chosen[0]) == "o menos usado hoje: 30 de 400"


def test_intelligent_prefers_health_and_never_forgets_anybody() -> None:
    rng = Random(3)
    candidates = [Candidate(1, health=100), Candidate(2, health=50), Candidate(3, record=Record(90, failures=0.6))]
    first = Counter(
        rank(RotationMode.INTELLIGENT, candidates, last_id=None, rng=rng)[0].instance_id for _ in range(2000)
    )
    assert first[1] > 2 * first[2] > 0
    assert first[1] > 2 * first[3] > 0


def test_what_surely_was_not_sent_is_tried_three_times_more_and_then_failed() -> None:
    again = [judge(refused(RefusalCode.PROVIDER_ERROR), attempt=one, errors_in_a_row=0) for one in (1, 2, 3)]
    assert [one.retry_seconds for one in again] == [60, 300, 1500]
    last = judge(refused(RefusalCode.PROVIDER_ERROR), attempt=len(RETRY_MINUTES) + 1, errors_in_a_row=0)
    assert last.status is ContactStatus.FAILED and last.is_refunded


@pytest.mark.parametrize("code", RefusalCode)
def test_every_refusal_gives_the_quota_back_and_no_refusal_is_ever_unconfirmed(code: RefusalCode) -> None:
    ruling = judge(refused(code), attempt=1, errors_in_a_row=0)
    assert ruling.is_refunded
    assert ruling.status in {ContactStatus.PENDING, ContactStatus.FAILED, ContactStatus.INVALID}
    assert bool(ruling.number_status) == RULES[code].pauses_instance
    assert ruling.stops_campaign == RULES[code].stops_campaign


def test_an_unclear_answer_is_never_repeated_and_keeps_its_quota() -> None:
    ruling = judge(Unclear("timeout"), attempt=1, errors_in_a_row=0)
    assert ruling.status is ContactStatus.UNCONFIRMED and not ruling.is_refunded and ruling.number_unclear == 1
    assert judge(Sent("3EB0"), attempt=1, errors_in_a_row=9).number_is_fine


@given(st.lists(st.sampled_from(ReceiptStatus), max_size=5), st.sampled_from(["sent", "unconfirmed"]), st.integers())
def test_receipts_end_the_same_in_every_order_and_number(news: list[ReceiptStatus], start: str, seed: int) -> None:
    first = ContactStatus(start)
    ends = set()
    for order in list(permutations(news))[:24]:
        state = first
        for one in (*order, *order):
            state = furthest(state, [one])
        ends.add(state)
    assert ends == {furthest(first, news)}


@given(st.lists(st.sampled_from(ReceiptStatus), max_size=6))
def test_counter_changes_add_up_however_receipts_are_batched(news: list[ReceiptStatus]) -> None:
    state, total = ContactStatus.UNCONFIRMED, Counter({"unconfirmed": 1})
    for one in news:
        after = furthest(state, [one])
        total.update(count_changes(state, after))
        state = after
    expected = Counter({"unconfirmed": 1})
    expected.update(count_changes(ContactStatus.UNCONFIRMED, furthest(ContactStatus.UNCONFIRMED, news)))
    assert +total == +expected


def cards(ids: set[int]) -> list[Candidate]:
    return [Candidate(one) for one in ids]


def hand(tenant_id: int, numbers: int, campaigns: int, *, mode: RotationMode = RotationMode.ROUND_ROBIN) -> TenantHand:
    """A tenant whose campaigns may all use all its numbers; number ids tell the tenant."""
    ids = range(tenant_id * 100, tenant_id * 100 + numbers)
    made = TenantHand(tenant_id, 1000, {one: Candidate(one) for one in ids})
    made.campaigns.extend(
        CampaignHand(tenant_id * 10 + place, mode, frozenset(ids), 1000) for place in range(campaigns)
    )
    return made


def test_a_claim_after_midnight_counts_for_the_new_day_though_the_look_was_before() -> None:
    before = datetime(2026, 11, 24, 2, 59, 59, tzinfo=UTC)
    view = TenantView(1, Terms(date(2026, 11, 23), 300), 12, "America/Sao_Paulo")
    assert view.terms_at(before) == view.terms
    assert view.terms_at(before + timedelta(seconds=1)) == Terms(date(2026, 11, 24), 300)
