"""Who may open which of the campaigns' pages, and press which of their buttons."""

import pytest

from models.campaigns import CampaignStatus
from services import campaigns
from tests.support.campaigns import add_campaign, launched
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work


@pytest.fixture
def draft(work: Work, tenant: TenantHandle) -> int:
    with work() as session:
        return add_campaign(session, tenant.id).id


@pytest.fixture
def running(work: Work, tenant: TenantHandle) -> int:
    with work() as session:
        return launched(session, tenant.id)


def status_of(work: Work, tenant: TenantHandle, campaign_id: int) -> CampaignStatus:
    with work() as session:
        return campaigns.campaign_of(session, tenant.id, campaign_id).status


READS = ("", "/live", "/contacts", "/logs", "/analytics")
WRITES = (
    "/start",
    "/pause",
    "/resume",
    "/cancel",
    "/delete",
    "/duplicate",
    "/resend",
    "/deal",
    "/edit",
    "/check",
    "/test",
)


def test_a_stranger_finds_nothing(stranger: PageClient, running: int, draft: int) -> None:
    stranger.get("/campaigns/new")
    for path in (*READS, "/contacts.csv", "/edit", "/check", "/test"):
        assert stranger.get(f"/campaigns/{running}{path}").status_code == 404, path
    for path in WRITES:
        assert stranger.post(f"/campaigns/{draft}{path}", {"name": "x", "confirm_name": "x"}).status_code == 404, path
    assert "Volta às aulas" not in stranger.get("/campaigns").text


def test_a_viewer_reads_and_changes_nothing(viewer: PageClient, work: Work, tenant: TenantHandle, running: int) -> None:
    for path in READS:
        assert viewer.get(f"/campaigns/{running}{path}").status_code == 200, path
    page = viewer.get("/campaigns").text
    assert 'data-action="pause"' not in page
    assert 'data-action="new"' not in page
    for path in WRITES:
        assert viewer.post(f"/campaigns/{running}{path}").status_code == 403, path
    for path in ("/campaigns/new", f"/campaigns/{running}/contacts.csv"):
        assert viewer.get(path).status_code == 403
    assert status_of(work, tenant, running) is CampaignStatus.RUNNING


def test_an_operator_sends_but_deletes_nothing(operator: PageClient, running: int) -> None:
    operator.get("/campaigns")
    assert operator.post(f"/campaigns/{running}/pause").status_code == 303
    assert operator.post(f"/campaigns/{running}/delete", {"confirm_name": "Volta às aulas"}).status_code == 403


def test_nobody_is_asked_to_sign_in(client: PageClient, running: int) -> None:
    for path in ("/campaigns", f"/campaigns/{running}", "/dashboard"):
        assert client.get(path).status_code == 303
