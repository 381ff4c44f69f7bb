"""The check page says what people are written to for."""

import re
from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.leads import LegalBasis
from tests.support.campaigns import add_campaign, add_list
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle


def test_people_of_an_extraction_are_named_with_what_follows(
    factory: sessionmaker[Session], tenant: TenantHandle, sign_in: Callable[..., PageClient]
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        maps = {"name": "Padaria", "source": "extraction", "legal_basis": LegalBasis.LEGITIMATE_INTEREST}
        lists = [add_list(session, tenant.id, [{"name": "Ana"}, maps])]
        campaign_id = add_campaign(session, tenant.id, lists=lists, exit_line=False).id
    page = sign_in(tenant).get(f"/campaigns/{campaign_id}/check").text
    figures = dict(re.findall(r'data-figure="(\w+)" data-value="(\d+)"', page))
    wanted = {"basis_customer": "1", "basis_legitimate_interest": "1", "scraped": "1", "scraped_daily_limit": "50"}
    assert wanted.items() <= figures.items()
    assert 'data-status="exit_line_off"' not in page
