"""The rotation by its properties: never starves, same seed same order, and each factor pulls its own way."""

from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.campaigns import RotationMode
from services.sending.board import Board
from services.sending.picture import CampaignView, NumberView, Picture, TenantView
from services.sending.rotation import (
    HALF_LIFE_SECONDS,
    LEAST_WEIGHT,
    MIN_SAMPLE,
    SLOWED,
    Candidate,
    Record,
    all_bad,
    explain,
    rank,
    slowed_gap_ms,
)
from services.sending.words import Terms

INTELLIGENT = RotationMode.INTELLIGENT
shares = st.floats(0, 1)
records = st.builds(Record, st.integers(0, 5_000), shares, shares, st.floats(0, 60_000))
candidates = st.builds(
    Candidate,
    st.integers(1, 10_000),
    st.integers(0, 500),
    st.none() | st.integers(1, 500),
    st.floats(0, 100),
    records,
    shares,
)
hands = st.lists(candidates, min_size=1, max_size=12, unique_by=lambda one: one.instance_id)
FINE = Candidate(1, 10, 100, 90.0, Record(200, 0.05, 0.9, 400.0))
WORSE = [
    replace(FINE, health=70.0),
    replace(FINE, record=replace(FINE.record, failures=0.4)),
    replace(FINE, record=replace(FINE.record, acks=0.3)),
    replace(FINE, record=replace(FINE.record, latency_ms=9_000.0)),
    replace(FINE, used_today=80),
    replace(FINE, warm_up=0.1),
]


@given(candidates)
def test_a_weight_lies_in_its_bounds(one: Candidate) -> None:
    assert LEAST_WEIGHT <= one.weight <= 1
    assert 0 <= one.quality <= 1


@given(hands, st.sampled_from(RotationMode), st.integers(), st.none() | st.integers(1, 10_000), st.booleans())
def test_ranking_forgets_nobody_and_a_seed_means_one_order(
    hand: list[Candidate], mode: RotationMode, seed: int, last: int | None, is_slowed: bool
) -> None:
    def order(cards: list[Candidate]) -> list[int]:
        ranked = rank(mode, cards, last_id=last, rng=Random(seed), is_slowed=is_slowed)
        return [one.instance_id for one in ranked]

    assert sorted(order(hand)) == sorted(one.instance_id for one in hand)
    assert order(hand) == order(list(reversed(hand)))


@pytest.mark.parametrize("worse", WORSE)
def test_of_two_numbers_that_differ_in_one_factor_the_better_comes_first_more_often(worse: Candidate) -> None:
    rng, worse = Random(11), replace(worse, instance_id=2)
    assert worse.weight < FINE.weight
    first = Counter(rank(INTELLIGENT, [worse, FINE], last_id=None, rng=rng)[0].instance_id for _ in range(3_000))
    share = FINE.weight / (FINE.weight + worse.weight)
    assert first[1] / 3_000 == pytest.approx(share, abs=0.04)


def test_the_worst_number_is_still_chosen_now_and_then() -> None:
    worst = Candidate(2, 100, 100, 0.0, Record(500, 1.0, 0.0, 60_000.0), 0.0)
    rng = Random(5)
    first = Counter(
        rank(INTELLIGENT, [Candidate(1), worst], last_id=None, rng=rng)[0].instance_id for _ in range(5_000)
    )
    assert 0 < first[2] < 200


@given(records)
def test_below_the_minimum_sample_a_record_says_nothing(record: Record) -> None:
    young = Candidate(1, record=replace(record, count=MIN_SAMPLE - 1))
    assert young.weight == Candidate(1).weight


@given(records, st.floats(0, 10**7), st.floats(0, 10**7))
def test_a_record_moves_towards_the_clean_sheet_and_never_past_it(record: Record, first: float, second: float) -> None:
    once, later = record.rested(first), record.rested(first).rested(second)
    assert 0 <= later.failures <= once.failures <= record.failures
    assert record.acks - 1e-9 <= once.acks <= later.acks + 1e-9 <= 1 + 2e-9
    assert record.rested(first + second).failures == pytest.approx(later.failures, abs=1e-9)


def test_half_is_forgiven_after_six_hours() -> None:
    rested = Record(100, failures=0.4, acks=0.5).rested(HALF_LIFE_SECONDS)
    assert (rested.failures, rested.acks) == (pytest.approx(0.2), pytest.approx(0.75))


def test_with_only_bad_numbers_the_order_is_in_turn_and_the_gap_longer() -> None:
    bad = [Candidate(one, health=60, record=Record(100, failures=0.5)) for one in (3, 1, 2)]
    assert all_bad(INTELLIGENT, bad)
    assert not all_bad(INTELLIGENT, [*bad, Candidate(4)])
    assert not all_bad(RotationMode.BALANCED, bad)
    assert not all_bad(INTELLIGENT, [])
    order = rank(INTELLIGENT, bad, last_id=1, rng=Random(1), is_slowed=True)
    assert [one.instance_id for one in order] == [2, 3, 1]
    assert slowed_gap_ms(45_000) == SLOWED * 45_000
    assert slowed_gap_ms(0) > 0


@pytest.mark.parametrize(("health", "gap", "is_slowed"), [(100.0, 2_000, False), (55.0, 6_000, True)])
def test_the_board_slows_a_campaign_whose_numbers_are_all_bad(health: float, gap: int, is_slowed: bool) -> None:
    record = Record(100, failures=0.5) if is_slowed else Record(100)
    views = {
        one: NumberView(
            1, one, "mega_api", "", "", "", False, 2_000, 2_000, None, 0, health, 0, 0.0, record=record
        )
        for one in (1, 2)
    }  # fmt: skip
    board = Board(Random(1))
    board.show(
        Picture(
            {1: TenantView(1, Terms(date(2026, 11, 25), 100), 100)},
            {9: CampaignView(1, 9, INTELLIGENT, None, None, frozenset(views), 10)},
            views,
        ),
        looked_at=1.0,
        now=1.0,
    )
    slots = board.deal(1.0, 10)
    assert [(slot.gap_ms, slot.turn.is_slowed) for slot in slots] == [(gap, is_slowed)] * 2


def test_each_choice_is_explained_with_its_figures() -> None:
    known = Candidate(1, 12, 40, 91.0, Record(200, 0.04, 0.87, 650.0), 0.2)
    said = explain(INTELLIGENT, known)
    for fact in ("saúde 91", "falhas 4%", "confirmadas 87%", "0,7 s", "aquecimento 20%", "12 de 40"):
        assert fact in said
    assert "só 3 envios" in explain(INTELLIGENT, Candidate(1, record=Record(3, failures=0.5)))
    assert "mais devagar" in explain(INTELLIGENT, known, is_slowed=True)
    assert explain(RotationMode.ROUND_ROBIN, known) == "o próximo da vez"
