"""A licence is what its events say, in whatever order and however often they came."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.licence_fold import GRACE, EventName, LicenceEvent, LicenceState, fold_licence

DAY = timedelta(days=1)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MONTH = START + 30 * DAY


def event(name: str, at: datetime, **said: object) -> LicenceEvent:
    """An event of one subscription; the id follows from name and time."""
    values: dict[str, object] = {"transaction": "HP1", "is_subscription": True, "product_id": "1", "offers": ("pro",)}
    return LicenceEvent(f"{name}-{at.timestamp()}", at, EventName(name), **(values | said))  # type: ignore[arg-type]


def paid(at: datetime = START, *, until: datetime | None = MONTH, transaction: str = "HP1") -> LicenceEvent:
    return event("PURCHASE_APPROVED", at, next_charge_at=until, transaction=transaction)


def fold(*events: LicenceEvent) -> LicenceState:
    state = fold_licence(events)
    assert state is not None
    return state


moments = st.integers(0, 90).map(lambda days: START + days * DAY)
events = st.builds(
    LicenceEvent,
    event_id=st.uuids().map(str),
    occurred_at=moments,
    name=st.sampled_from(EventName),
    transaction=st.sampled_from(["HP1", "HP2", "HP3", ""]),
    is_subscription=st.booleans(),
    next_charge_at=st.none() | moments,
    product_id=st.just("1"),
    offers=st.sampled_from([("a",), ("b",), ()]),
)


@given(st.lists(events, max_size=12, unique_by=lambda one: one.event_id), st.data())
def test_any_order_and_any_repeats_make_the_same_licence(told: list[LicenceEvent], data: st.DataObject) -> None:
    arrived = data.draw(st.permutations(told + [one for one in told if data.draw(st.booleans())]))
    assert fold_licence(arrived) == fold_licence(told)


@given(st.lists(events, max_size=12))
def test_without_a_payment_there_is_no_licence(told: list[LicenceEvent]) -> None:
    has_payment = any(one.name in (EventName.APPROVED, EventName.COMPLETE) for one in told)
    assert (fold_licence(told) is not None) == has_payment


def test_a_payment_grants_until_the_next_charge_and_seven_days_more() -> None:
    state = fold(paid())
    assert (state.paid_until, state.grace_until, state.ended_at) == (MONTH, MONTH + GRACE, None)
    assert not state.has_no_end


def test_the_end_of_the_guarantee_grants_where_the_approval_was_missed() -> None:
    assert fold(event("PURCHASE_COMPLETE", START + 7 * DAY, next_charge_at=MONTH)).paid_until == MONTH


def test_a_renewal_extends() -> None:
    state = fold(paid(), paid(MONTH, until=MONTH + 30 * DAY, transaction="HP2"))
    assert (state.starts_at, state.paid_until) == (START, MONTH + 30 * DAY)


def test_the_late_end_of_the_first_guarantee_takes_back_no_renewal_and_no_cancellation() -> None:
    renewed = [paid(), paid(START + 3 * DAY, until=MONTH + 30 * DAY, transaction="HP2")]
    complete = event("PURCHASE_COMPLETE", START + 7 * DAY, next_charge_at=MONTH)
    assert fold(*renewed, complete).paid_until == MONTH + 30 * DAY
    cancelled = fold(paid(), event("SUBSCRIPTION_CANCELLATION", START + 2 * DAY, next_charge_at=MONTH), complete)
    assert cancelled.is_cancelled


def test_a_subscription_without_a_date_is_paid_for_a_month() -> None:
    assert fold(paid(until=None)).paid_until == START + 31 * DAY


def test_a_one_off_purchase_has_no_end() -> None:
    state = fold(event("PURCHASE_APPROVED", START, is_subscription=False))
    assert (state.has_no_end, state.paid_until, state.grace_until) == (True, None, None)


def test_switching_changes_the_plan_and_no_date() -> None:
    switch = event("SWITCH_PLAN", START + DAY, offers=("infinito",), next_charge_at=MONTH + 300 * DAY)
    state = fold(paid(), switch)
    assert (state.offers, state.paid_until) == (("infinito",), MONTH)


def test_a_renewal_after_a_switch_says_the_plan_anew() -> None:
    switch = event("SWITCH_PLAN", START + DAY, offers=("infinito",))
    renewal = event("PURCHASE_APPROVED", MONTH, offers=("infinito",), transaction="HP2", next_charge_at=MONTH + DAY)
    assert fold(paid(), switch, renewal).offers == ("infinito",)


def test_a_new_charge_date_shifts_the_end() -> None:
    moved = event("UPDATE_SUBSCRIPTION_CHARGE_DATE", START + DAY, next_charge_at=MONTH + 10 * DAY)
    assert fold(paid(), moved).paid_until == MONTH + 10 * DAY


def test_cancelling_keeps_what_was_paid_and_gives_no_grace() -> None:
    state = fold(paid(), event("SUBSCRIPTION_CANCELLATION", START + DAY, next_charge_at=MONTH))
    assert (state.is_cancelled, state.paid_until, state.grace_until, state.ended_at) == (True, MONTH, None, None)


def test_paying_again_takes_the_cancellation_back() -> None:
    cancelled = event("SUBSCRIPTION_CANCELLATION", START + DAY, next_charge_at=MONTH)
    state = fold(paid(), cancelled, paid(MONTH, until=MONTH + 30 * DAY, transaction="HP2"))
    assert (state.is_cancelled, state.paid_until) == (False, MONTH + 30 * DAY)


def test_a_late_payment_has_seven_days_from_the_first_notice() -> None:
    notices = [event("PURCHASE_DELAYED", MONTH + days * DAY, transaction="HP2") for days in (1, 4)]
    assert fold(paid(), *notices).grace_until == MONTH + DAY + GRACE


@pytest.mark.parametrize(("name", "reason"), [("PURCHASE_REFUNDED", "refunded"), ("PURCHASE_CHARGEBACK", "chargeback")])
def test_money_back_ends_the_licence(name: str, reason: str) -> None:
    state = fold(paid(), event(name, START + 2 * DAY))
    assert (state.ended_at, state.end_reason) == (START + 2 * DAY, reason)


def test_money_back_for_an_earlier_month_leaves_the_one_paid_since() -> None:
    renewed = (paid(), paid(MONTH, until=MONTH + 30 * DAY, transaction="HP2"))
    assert fold(*renewed, event("PURCHASE_REFUNDED", MONTH + DAY, transaction="HP1")).ended_at is None
    assert fold(*renewed, event("PURCHASE_REFUNDED", MONTH + DAY, transaction="HP2")).ended_at is not None


def test_a_refund_dated_before_its_approval_still_ends_it() -> None:
    assert fold(event("PURCHASE_REFUNDED", START - DAY), paid()).ended_at == START - DAY


def test_buying_again_after_a_refund_opens_the_licence() -> None:
    state = fold(paid(), event("PURCHASE_REFUNDED", START + DAY), paid(START + 2 * DAY, transaction="HP2"))
    assert state.ended_at is None


def test_a_protest_flags_until_the_guarantee_is_over() -> None:
    protest = event("PURCHASE_PROTEST", START + DAY)
    assert fold(paid(), protest).is_disputed
    assert not fold(paid(), protest, event("PURCHASE_COMPLETE", START + 7 * DAY, next_charge_at=MONTH)).is_disputed
