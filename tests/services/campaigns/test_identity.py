"""total = the sum of all states, and the counters equal the rows, after any sequence of operations."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from core.errors import AppError
from core.tenancy import system_scope, tenant_scope
from models.campaigns import CampaignCounts, ContactStatus
from services import campaigns
from services.campaigns.counters import audit_counters
from tests.support.campaigns import NOW, add_campaign, add_list, move_contacts, suppress
from tests.support.world import TenantHandle

STATES = ("pending", "sending", "sent", "failed", "unconfirmed", "suppressed", "invalid", "cancelled", "expired")
Step = Callable[[Session, int, int], object]

PERSONS_STEPS: dict[str, Step] = {
    "launch": lambda s, t, c: campaigns.launch_campaign(s, t, c, actor=None, now=NOW),
    "pause": lambda s, t, c: campaigns.pause_campaign(s, t, c, actor=None),
    "resume": lambda s, t, c: campaigns.resume_campaign(s, t, c, actor=None, now=NOW),
    "cancel": lambda s, t, c: campaigns.cancel_campaign(s, t, c, actor=None, now=NOW),
    "cancel pending": campaigns.cancel_pending,
    "resend failed": lambda s, t, c: campaigns.resend(s, t, c, campaigns.Resend.FAILED, actor=None),
    "resend unconfirmed": lambda s, t, c: campaigns.resend(s, t, c, campaigns.Resend.UNCONFIRMED, actor=None),
    "deal": lambda s, t, c: campaigns.add_deal(s, t, c, 1, actor=None),
}
SENDERS_STEPS: dict[str, Step] = {
    f"sender: {status}": lambda s, t, c, status=status: move_contacts(s, t, c, status, count=2)  # type: ignore[misc]
    for status in (
        ContactStatus.SENDING,
        ContactStatus.SENT,
        ContactStatus.DELIVERED,
        ContactStatus.READ,
        ContactStatus.FAILED,
        ContactStatus.UNCONFIRMED,
        ContactStatus.EXPIRED,
    )
}
STEPS = PERSONS_STEPS | SENDERS_STEPS


def assert_identity(counts: CampaignCounts) -> None:
    assert counts.total == sum(getattr(counts, state) for state in STATES)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=14), starts_launched=st.booleans())
def test_the_figures_add_up_whatever_happens(
    factory: sessionmaker[Session], tenant: TenantHandle, steps: list[str], starts_launched: bool
) -> None:
    with tenant_scope(tenant.id), factory() as session:
        people = [{"name": "Ana"}, {"name": ""}, *({"name": f"P{number}"} for number in range(8))]
        campaign_id = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, people)]).id
        suppress(session, tenant.id, 4)
        for name in ["launch"] * starts_launched + steps:
            before = session.begin_nested()
            try:
                STEPS[name](session, tenant.id, campaign_id)
            except AppError:
                before.rollback()
            assert_identity(campaigns.counts_of(session, tenant.id, campaign_id))
        assert campaigns.counts_of(session, tenant.id, campaign_id).total in (0, 10)
        session.flush()
        kept = campaigns.counts_of(session, tenant.id, campaign_id)
        rows = campaigns.contacts_of(session, tenant.id, campaign_id, limit=100).items
        assert kept.total == len(rows)
        assert kept.pending == sum(row.status is ContactStatus.PENDING for row in rows)
        assert kept.sent == sum(row.status in ("sent", "delivered", "read") for row in rows)
        session.rollback()


def test_the_audit_finds_a_counter_that_has_drifted(fresh_database: tuple[str, sessionmaker[Session]]) -> None:
    from tests.support.world import make_tenant

    _, factory = fresh_database
    tenant = make_tenant(factory)
    with tenant_scope(tenant.id), factory.begin() as session:
        campaign_id = add_campaign(session, tenant.id).id
        campaigns.launch_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    with system_scope("test"), factory.begin() as session:
        assert audit_counters(session) == []
        counts = session.get_one(CampaignCounts, (tenant.id, campaign_id))
        counts.pending, counts.failed = counts.pending - 1, counts.failed + 1
        session.flush()
        found = {(one.table, one.row_id, one.counter, one.kept, one.counted) for one in audit_counters(session)}
        assert found == {
            ("campaign_counts", campaign_id, "pending", 2, 3),
            ("campaign_counts", campaign_id, "failed", 1, 0),
        }
        session.rollback()
