"""People of an extraction: who is written to for what, how to leave, few a day."""

import pytest
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.campaigns import Campaign
from models.leads import LegalBasis
from services import campaigns
from tests.support.campaigns import NOW, add_campaign, add_list, launched
from tests.support.world import TenantHandle

MAPS = {"source": "extraction", "legal_basis": LegalBasis.LEGITIMATE_INTEREST}


def mixed_list(session: Session, tenant_id: int) -> int:
    people = [{"name": "Ana"}, {"name": "Bia", "legal_basis": LegalBasis.CONSENT}, {"name": "Padaria"} | MAPS]
    return add_list(session, tenant_id, people)


def checked(session: Session, campaign: Campaign) -> campaigns.Verdict:
    return campaigns.check_campaign(session, campaign.tenant_id, campaign.id, NOW)


def test_the_check_says_on_which_grounds_people_are_written_to(session: Session, tenant: TenantHandle) -> None:
    campaign = add_campaign(session, tenant.id, lists=[mixed_list(session, tenant.id)])
    grounds = checked(session, campaign).grounds
    assert dict(grounds.by_basis) == {"consent": 1, "customer": 1, "legitimate_interest": 1}
    assert grounds.scraped == 1


def test_extracted_people_bring_the_exit_line_and_a_low_daily_limit(session: Session, tenant: TenantHandle) -> None:
    steps = [campaigns.FollowUpInput(2, (campaigns.MessageInput("E aí?"),))]
    lists = [mixed_list(session, tenant.id)]
    campaign = add_campaign(session, tenant.id, lists=lists, exit_line=False, follow_ups=steps)
    verdict = checked(session, campaign)
    assert (verdict.grounds.forces_exit_line, verdict.grounds.daily_limit) == (True, 50)
    assert (verdict.quota.day_limit, verdict.quota.left_today, verdict.first_contacts) == (50, 50, 0)
    shown = campaigns.preview(session, tenant.id, campaign.id, 1, NOW)
    assert shown is not None and "SAIR" in shown.footer
    campaigns.launch_campaign(session, tenant.id, campaign.id, actor=None, now=NOW)
    session.expire_all()
    assert (campaign.exit_line, campaign.daily_limit) == (True, 50)
    (step,) = campaigns.follow_ups_of(session, tenant.id, [campaign.id], NOW)[campaign.id]
    assert step.campaign.exit_line


def test_a_limit_the_owner_chose_stays(session: Session, tenant: TenantHandle) -> None:
    campaign = add_campaign(session, tenant.id, lists=[mixed_list(session, tenant.id)], daily_limit=80)
    assert checked(session, campaign).grounds.daily_limit is None
    campaigns.launch_campaign(session, tenant.id, campaign.id, actor=None, now=NOW)
    session.expire_all()
    assert campaign.daily_limit == 80


def test_others_are_sent_as_their_owner_says(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, exit_line=False)
    session.expire_all()
    campaign = campaigns.campaign_of(session, tenant.id, campaign_id)
    assert (campaign.exit_line, campaign.daily_limit) == (False, None)


def test_the_exit_cannot_be_hidden_after_the_start(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, lists=[mixed_list(session, tenant.id)])
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)
    with pytest.raises(InvalidInput) as refused:
        campaigns.update_campaign(session, tenant.id, campaign_id, {"exit_line": False}, actor=None, now=NOW)
    assert list(refused.value.fields) == ["exit_line"]
    campaigns.update_campaign(session, tenant.id, campaign_id, {"name": "Outro nome"}, actor=None, now=NOW)
