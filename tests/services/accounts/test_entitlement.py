"""The tenant's plan is its best live licence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from services.accounts import LicenceReason, NoLiveLicence, entitlement_of, require_live_licence
from services.accounts.entitlement import LicenceFacts, PlanLimits, decide_entitlement
from tests.support.world import TenantHandle

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STARTER = PlanLimits("starter", "Starter", 1, 300, 1, 2000, 30_000, 0)
PRO = PlanLimits("pro", "Pro", 2, 2000, 5, 50_000, 20_000, 0)


def licence(plan: PlanLimits = PRO, *, days: int | None = 10, grace: int | None = None, **said: object) -> LicenceFacts:
    """A licence paid until so many days from now (None: without end), with grace so many days beyond."""
    values: dict[str, object] = {
        "plan": plan,
        "starts_at": NOW - 100 * DAY,
        "paid_until": None if days is None else NOW + days * DAY,
        "has_no_end": days is None,
        "grace_until": None if days is None or grace is None else NOW + (days + grace) * DAY,
        "is_cancelled": False,
        "is_disputed": False,
        "ended_at": None,
        "end_reason": None,
    }
    return LicenceFacts(**(values | said))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "is_live", "reason"),
    [
        ([], False, LicenceReason.NONE),
        ([licence()], True, LicenceReason.ACTIVE),
        ([licence(days=None)], True, LicenceReason.ACTIVE),
        ([licence(days=-3, grace=7)], True, LicenceReason.GRACE),
        ([licence(days=-7, grace=7)], False, LicenceReason.EXPIRED),
        ([licence(is_cancelled=True)], True, LicenceReason.CANCELLED),
        ([licence(days=0, is_cancelled=True)], False, LicenceReason.EXPIRED),
        ([licence(is_disputed=True)], True, LicenceReason.DISPUTED),
        ([licence(ended_at=NOW - DAY, end_reason="refunded")], False, LicenceReason.REFUNDED),
        ([licence(ended_at=NOW - DAY, end_reason="chargeback")], False, LicenceReason.CHARGEBACK),
        ([licence(starts_at=NOW + DAY)], False, LicenceReason.EXPIRED),
    ],
)
def test_a_licence_is_live_or_says_why_not(held: list[LicenceFacts], is_live: bool, reason: LicenceReason) -> None:
    found = decide_entitlement(1, held, NOW)
    assert (found.is_live, found.reason) == (is_live, reason)
    assert (found.daily_messages > 0) == is_live


def test_the_best_live_licence_counts_even_when_a_better_one_has_ended() -> None:
    ended = licence(PRO, ended_at=NOW - DAY, end_reason="refunded")
    assert decide_entitlement(1, [licence(STARTER), licence(PRO)], NOW).plan is PRO
    found = decide_entitlement(1, [ended, licence(STARTER)], NOW)
    assert (found.plan, found.is_live) == (STARTER, True)


def test_of_two_equal_plans_the_longer_one_counts() -> None:
    found = decide_entitlement(1, [licence(days=None), licence(days=5)], NOW)
    assert found.paid_until is None


def test_a_suspended_account_may_send_nothing() -> None:
    found = decide_entitlement(1, [licence()], NOW, is_suspended=True)
    assert (found.is_live, found.reason, found.max_instances) == (False, LicenceReason.SUSPENDED, 0)


def test_the_entitlement_is_read_from_the_tenants_own_licences(
    session: Session, tenant: TenantHandle, make_tenant: Callable[..., TenantHandle]
) -> None:
    make_tenant(plan="starter")
    found = require_live_licence(session, tenant.id, NOW)
    assert (found.plan.slug, found.daily_messages, found.pace_floor_ms) == ("infinito", 20_000, 15_000)


def test_without_a_licence_sending_is_refused_with_a_sentence(
    system_session: Session, make_tenant: Callable[..., TenantHandle]
) -> None:
    nobody = make_tenant(plan="")
    assert entitlement_of(system_session, nobody.id, NOW).reason is LicenceReason.NONE
    with pytest.raises(NoLiveLicence, match="envios estão parados"):
        require_live_licence(system_session, nobody.id, NOW)
