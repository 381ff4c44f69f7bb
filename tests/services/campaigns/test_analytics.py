"""The results' figures over time and of the steps."""

from datetime import timedelta

from sqlalchemy.orm import Session

from models.campaigns import CampaignDay, ContactStatus
from services import campaigns
from services.campaigns import FollowUpInput
from tests.support.campaigns import NOW, add_list, launched, move_contacts
from tests.support.world import TenantHandle


def test_a_short_campaign_is_told_by_the_tenants_hours(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, 5)])
    session.add(CampaignDay(tenant_id=tenant.id, campaign_id=campaign_id, day=NOW.date(), instance_id=1, sent=4))
    for minutes, status in ((1, ContactStatus.SENT), (29, ContactStatus.READ), (59, ContactStatus.DELIVERED)):
        move_contacts(session, tenant.id, campaign_id, status, count=1, sent_at=NOW + timedelta(minutes=minutes))
    move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1, failed_at=NOW + timedelta(hours=2))
    found = campaigns.analytics_of(session, tenant.id, campaign_id, NOW)
    assert found.step == "hour"
    told = [(one.at.isoformat(), one.sent, one.delivered, one.read, one.failed) for one in found.timeline]
    assert told == [("2026-11-23T12:00:00-03:00", 3, 2, 1, 0), ("2026-11-23T14:00:00-03:00", 0, 0, 0, 1)]


def test_the_results_of_a_campaign_hold_its_steps(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=[FollowUpInput(2, ("oi",)), FollowUpInput(3, ("olá",))])
    found = campaigns.analytics_of(session, tenant.id, campaign_id, NOW)
    assert [(one.campaign.step, one.counts.total) for one in found.follow_ups] == [(1, 0), (2, 0)]
