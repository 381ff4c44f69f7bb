"""What a person sees while the sender prepares a large launch."""

from core.clock import utcnow
from services import campaigns
from tests.support.campaigns import MANY, add_campaign, add_many
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work
from tests.views.campaigns.test_pages import figure


def test_a_large_launch_is_prepared_and_then_runs(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = add_campaign(session, tenant.id, lists=[add_many(session, tenant.id)]).id
    owner.get(f"/campaigns/{campaign_id}/check")
    answer = owner.post(f"/campaigns/{campaign_id}/start", {"recipients": str(MANY)})
    page = owner.get(answer.location).text
    assert "Preparando os destinatários" in page
    assert "data-live=" in page
    assert "Já vai começar" in owner.get(f"/campaigns/{campaign_id}/check").text
    with work() as session:
        campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, utcnow())
    page = owner.get(answer.location).text
    assert 'data-status="running"' in page
    assert figure(page, "pending") == str(MANY)


def test_more_people_than_the_button_said_are_asked_about_again(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        campaign_id = add_campaign(session, tenant.id, lists=[add_many(session, tenant.id)]).id
    owner.get(f"/campaigns/{campaign_id}/check")
    answer = owner.post(f"/campaigns/{campaign_id}/start", {"recipients": str(MANY - 1)})
    assert answer.location.endswith("/check")
    with work() as session:
        assert campaigns.campaign_of(session, tenant.id, campaign_id).status == "draft"
