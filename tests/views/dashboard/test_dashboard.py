"""The dashboard: six figures that agree with the rows, and what to do next on a first visit."""

import re
from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.campaigns import ContactStatus
from services import campaigns
from tests.support.campaigns import NOW, add_list, launched, move_contacts
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

SIX = ("leads", "messages_sent", "success_rate", "active_campaigns", "closed_deals", "conversion_rate")


def figures(page: str) -> dict[str, str]:
    found = dict(re.findall(r'data-figure="(\w+)" data-value="([^"]*)"', page))
    return {name: found[name] for name in SIX}


def test_a_first_visit_shows_zeros_and_the_way(sign_in: Callable[..., PageClient], tenant: TenantHandle) -> None:
    page = sign_in(tenant).get("/dashboard").text
    assert set(figures(page).values()) <= {"0", "0.0"}
    assert page.count('data-status="open"') == 4
    assert "Primeiros passos" in page


def test_the_figures_are_those_of_the_rows_and_of_nobody_else(
    sign_in: Callable[..., PageClient],
    factory: sessionmaker[Session],
    tenant: TenantHandle,
    make_tenant: Callable[..., TenantHandle],
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, 10)])
        move_contacts(session, tenant.id, campaign_id, ContactStatus.DELIVERED, count=4, sent_at=NOW)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1)
        campaigns.add_deal(session, tenant.id, campaign_id, 1, actor=None)
    page = sign_in(tenant).get("/dashboard").text
    assert figures(page) == {
        "leads": "10",
        "messages_sent": "4",
        "success_rate": "80.0",
        "active_campaigns": "1",
        "closed_deals": "1",
        "conversion_rate": "25.0",
    }
    assert "Primeiros passos" not in page
    assert f'data-id="{campaign_id}"' in page
    other = sign_in(make_tenant()).get("/dashboard").text
    assert figures(other)["leads"] == "0"


def test_it_is_fresh_every_half_minute(sign_in: Callable[..., PageClient], tenant: TenantHandle) -> None:
    visitor = sign_in(tenant)
    assert 'data-live-every="30"' in visitor.get("/dashboard").text
    assert 'id="dashboard-figures"' in visitor.get("/dashboard/live").text


def test_a_viewer_sees_it_without_the_buttons(
    sign_in: Callable[..., PageClient], make_user: Callable[..., object], tenant: TenantHandle
) -> None:
    page = sign_in(make_user(tenant, role="viewer")).get("/dashboard").text
    assert 'data-action="new-campaign"' not in page
