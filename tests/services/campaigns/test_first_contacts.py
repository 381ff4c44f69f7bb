"""The exit line is on by itself; a campaign that takes it from people who never heard of the tenant is warned about."""

from sqlalchemy.orm import Session

from models.campaigns import ContactStatus
from services import campaigns
from tests.support.campaigns import NOW, add_campaign, add_list, move_contacts
from tests.support.world import TenantHandle


def test_a_new_campaign_ends_with_the_exit_line(session: Session, tenant: TenantHandle) -> None:
    assert add_campaign(session, tenant.id).exit_line is True


def test_the_check_counts_first_contacts_only_where_the_line_is_off(session: Session, tenant: TenantHandle) -> None:
    people = add_list(session, tenant.id, 3)
    before = add_campaign(session, tenant.id, lists=[people])
    campaigns.launch_campaign(session, tenant.id, before.id, actor=None, now=NOW)
    move_contacts(session, tenant.id, before.id, ContactStatus.SENT, count=2, claimed_at=NOW)
    with_line = add_campaign(session, tenant.id, lists=[people])
    without = add_campaign(session, tenant.id, lists=[people], exit_line=False)

    assert campaigns.check_campaign(session, tenant.id, with_line.id, NOW).first_contacts == 0
    verdict = campaigns.check_campaign(session, tenant.id, without.id, NOW)
    assert (verdict.first_contacts, verdict.recipients, verdict.can_start) == (1, 3, True)
