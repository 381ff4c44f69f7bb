"""The check page warns where people who never heard of the tenant aren't told how to leave."""

from tests.support.campaigns import add_campaign
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work


def test_the_check_warns_of_first_contacts_without_a_way_out(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        without = add_campaign(session, tenant.id, exit_line=False).id
        with_line = add_campaign(session, tenant.id).id
    page = owner.get(f"/campaigns/{without}/check").text
    assert 'data-figure="first_contacts" data-value="3"' in page
    assert 'data-status="exit_line_off"' in page and 'data-action="start"' in page
    assert "exit_line_off" not in owner.get(f"/campaigns/{with_line}/check").text
