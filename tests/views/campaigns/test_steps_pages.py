"""Follow-ups, costs and one person's story as pages, without JavaScript; who may open them."""

import re
from html import unescape
from io import BytesIO

import pytest
from sqlalchemy import update

from models.campaigns import Campaign, CampaignLog, CampaignStatus, LogType
from services import campaigns
from services.campaigns import FollowUpInput, MessageInput, Price
from services.media import keep_file
from tests.support import media as sample
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, launched
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work
from tests.views.campaigns.test_pages import figure


@pytest.fixture
def running(work: Work, tenant: TenantHandle) -> int:
    with work() as session:
        return launched(session, tenant.id, follow_ups=[FollowUpInput(3, ("E aí, {nome}?",))])


def step_of(work: Work, tenant: TenantHandle, campaign_id: int) -> campaigns.FollowUp:
    with work() as session:
        return campaigns.follow_ups_of(session, tenant.id, [campaign_id], NOW)[campaign_id][0]


def person_of(work: Work, tenant: TenantHandle, campaign_id: int) -> int:
    with work() as session:
        return campaigns.contacts_of(session, tenant.id, campaign_id).items[0].id


def test_steps_come_and_go_without_javascript_and_are_saved(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        people, number = add_list(session, tenant.id), add_number(session, tenant.id)
    page = owner.get("/campaigns/new").text
    assert 'data-action="add-step"' in page
    assert "Nenhuma etapa" in page
    said = {"name": "Volta às aulas", "lists": [people], "instances": [number], "messages": ["Oi {nome}!"],
            "hours": "always"}  # fmt: skip
    more = owner.post("/campaigns/new", said | {"add_step": "1"})
    assert more.status_code == 200
    assert more.text.count('name="step_days"') == 1
    assert "Volta às aulas" in more.text
    two = said | {"step_days": ["3", "5"], "step_0_messages": "texto um", "step_0_stop": "1",
                  "step_1_messages": "segunda"}  # fmt: skip
    less = owner.post("/campaigns/new", two | {"remove_step": "0"}).text
    assert "segunda" in less
    assert "texto um" not in less
    saved = owner.post("/campaigns/new", two)
    assert saved.status_code == 303
    campaign_id = int(saved.location.split("/")[-2])
    with work() as session:
        made = campaigns.input_of(session, campaigns.campaign_of(session, tenant.id, campaign_id))
    first, second = FollowUpInput(3, (MessageInput("texto um"),)), FollowUpInput(5, (MessageInput("segunda"),), False)
    assert made.follow_ups == (first, second)
    edit = owner.get(f"/campaigns/{campaign_id}/edit").text
    assert "texto um" in edit
    assert edit.count('name="step_days"') == 2


def test_what_was_typed_in_a_step_stays_when_something_is_wrong(owner: PageClient) -> None:
    owner.get("/campaigns/new")
    answer = owner.post(
        "/campaigns/new",
        {"name": "x", "messages": ["oi"], "step_days": ["três", "2"], "step_0_messages": "Minha etapa",
         "step_1_messages": ""},
    )  # fmt: skip
    assert answer.status_code == 422
    for kept in ('value="três"', "Minha etapa", "quantos dias esperar"):
        assert kept in answer.text
    empty = owner.post("/campaigns/new", {"name": "x", "messages": ["oi"], "step_days": ["2"], "step_0_messages": ""})
    assert "escreva a mensagem" in empty.text


def test_the_campaigns_page_shows_its_steps_and_steers_them(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    step = step_of(work, tenant, running).campaign.id
    page = owner.get(f"/campaigns/{running}").text
    assert f'data-id="{step}"' in page
    assert "3 dias depois" in page
    assert figure(page, "step_pending") == "0"
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert owner.post(f"/campaigns/{step}/{action}").status_code == 303
        assert step_of(work, tenant, running).campaign.status == status
    own = owner.get(f"/campaigns/{step}").text
    assert 'data-action="parent"' in own
    for hidden in ("duplicate", "delete", "edit"):
        assert f'data-action="{hidden}"' not in own
    assert owner.get(f"/campaigns/{step}/edit").status_code == 303


def test_a_list_of_campaigns_holds_no_steps(owner: PageClient, running: int) -> None:
    assert owner.get("/campaigns").text.count("<article") == 1


def test_a_viewer_sees_the_steps_and_steers_none(
    viewer: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    step = step_of(work, tenant, running).campaign.id
    page = viewer.get(f"/campaigns/{running}").text
    assert f'data-id="{step}"' in page
    assert 'data-action="pause-step"' not in page
    assert viewer.post(f"/campaigns/{step}/pause").status_code == 403


def test_one_persons_page_tells_their_story_and_counts_their_deal(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    person = person_of(work, tenant, running)
    address = f"/campaigns/{running}/contacts/{person}"
    assert f'href="{address}"' in owner.get(f"/campaigns/{running}/contacts").text
    page = owner.get(address).text
    assert 'data-status="empty"' in page
    assert 'data-action="deal-add"' in page
    with work() as session:
        session.add(CampaignLog(tenant_id=tenant.id, campaign_id=running, log_type=LogType.MESSAGE_SENT,
                                message="Mensagem enviada.", contact_id=person))  # fmt: skip
    told = owner.get(address).text
    assert "Mensagem enviada." in told
    done = owner.post(f"/campaigns/{running}/deal", {"delta": "1", "contact_id": person, "next": address})
    assert done.location == address
    assert 'data-action="deal-remove"' in owner.get(address).text
    owner.post(f"/campaigns/{running}/deal", {"delta": "1", "contact_id": person, "next": address})
    assert "já foi contado" in owner.get(address).text
    assert figure(owner.get(f"/campaigns/{running}").text, "closed_deals") == "1"


def test_a_persons_page_is_read_by_colleagues_and_unknown_to_strangers(
    viewer: PageClient, stranger: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    address = f"/campaigns/{running}/contacts/{person_of(work, tenant, running)}"
    page = viewer.get(address)
    assert page.status_code == 200
    assert 'data-action="deal-add"' not in page.text
    assert stranger.get(address).status_code == 404
    assert viewer.get(f"/campaigns/{running}/contacts/999999999").status_code == 404


def test_a_visitor_is_asked_to_sign_in(client: PageClient, running: int) -> None:
    assert client.get(f"/campaigns/{running}/contacts/1").status_code == 303


def test_the_check_tells_the_cost_and_says_when_a_price_is_missing(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        official = add_number(session, tenant.id, connector="cloud_api")
        campaign_id = add_campaign(session, tenant.id, instances=[official]).id
        other = add_campaign(session, tenant.id).id
    page = owner.get(f"/campaigns/{campaign_id}/check").text
    assert figure(page, "cost_unpriced") == "3"
    assert "preço não cadastrado" in page
    assert 'id="custo"' not in owner.get(f"/campaigns/{other}/check").text


def test_the_results_show_intervals_and_name_nobody_best_by_chance(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id, messages=["um", "dois"])
        first, second = (one.id for one in campaigns.parts_of(session, tenant.id, campaign_id).messages)
        people = campaigns.contacts_of(session, tenant.id, campaign_id).items
        for person, message in zip(people, (first, first, second), strict=True):
            person.status, person.message_id, person.sent_at = "sent", message, NOW
        people[0].replied_at = NOW
        counts = campaigns.counts_of(session, tenant.id, campaign_id)
        counts.pending, counts.sent, counts.replied = 0, 3, 1
    page = owner.get(f"/campaigns/{campaign_id}/analytics").text
    assert figure(page, "reply_rate") == "50.0"
    told = re.findall(r"entre ([\d,]+)\s?% e ([\d,]+)\s?%", unescape(page))
    assert ("9,5", "90,5") in told, told
    assert 'data-status="open"' in page
    assert 'data-status="best"' not in page


def test_to_resend_what_may_have_arrived_is_asked_twice(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    from models.campaigns import ContactStatus
    from tests.support.campaigns import move_contacts

    with work() as session:
        move_contacts(session, tenant.id, running, ContactStatus.UNCONFIRMED, count=1)
        session.execute(update(Campaign).where(Campaign.tenant_id == tenant.id).values(status=CampaignStatus.COMPLETED))
    page = owner.get(f"/campaigns/{running}").text
    assert 'data-action="open-resend-unconfirmed"' in page
    assert "receber a mesma mensagem duas vezes" in page
    refused = owner.post(f"/campaigns/{running}/resend", {"only": "unconfirmed"})
    assert refused.status_code == 303
    with work() as session:
        assert campaigns.counts_of(session, tenant.id, running).pending == 2
    owner.post(f"/campaigns/{running}/resend", {"only": "unconfirmed", "confirmed": "1"})
    with work() as session:
        assert campaigns.counts_of(session, tenant.id, running).pending == 3


def test_the_price_of_a_message_is_shown_in_its_own_currency(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        official = add_number(session, tenant.id, connector="cloud_api")
        campaign_id = add_campaign(session, tenant.id, instances=[official]).id
        campaigns.set_price(session, Price("service", "BR", NOW.date().replace(year=2020), "USD", 6_800))
    try:
        page = owner.get(f"/campaigns/{campaign_id}/check").text
        assert figure(page, "cost_USD") == "20400"
        assert "US$\xa00,02" in page
    finally:
        with work() as session:
            session.connection().exec_driver_sql("DELETE FROM message_prices WHERE valid_from = '2020-11-23'")


def test_a_file_that_a_program_gave_a_step_survives_the_form(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        file = keep_file(session, tenant.id, BytesIO(sample.png()), "foto.png", actor=None)
        step = FollowUpInput(2, (MessageInput("Veja", file.id),))
        campaign_id = add_campaign(session, tenant.id, follow_ups=[step]).id
    edit = owner.get(f"/campaigns/{campaign_id}/edit").text
    kept = unescape(re.findall(r'name="step_0_kept" value="([^"]*)"', edit)[0])
    with work() as session:
        said = campaigns.input_of(session, campaigns.campaign_of(session, tenant.id, campaign_id))
        form = {"name": said.name, "lists": list(said.lists), "instances": list(said.instances), "hours": "always"}
    fields = {"messages": ["Oi {nome}!"], "step_days": ["2"], "step_0_messages": "Veja só", "step_0_stop": "1"}
    assert owner.post(f"/campaigns/{campaign_id}/edit", form | fields | {"step_0_kept": kept}).status_code == 303
    with work() as session:
        made = campaigns.input_of(session, campaigns.campaign_of(session, tenant.id, campaign_id))
    assert made.follow_ups == (FollowUpInput(2, (MessageInput("Veja só", file.id),)),)
    nonsense = form | fields | {"step_0_kept": '{"media_id": "x", "template": {"name": 5, "variables": 7}}'}
    assert owner.post(f"/campaigns/{campaign_id}/edit", nonsense).status_code == 303


def test_the_check_page_tells_what_follows(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = add_campaign(session, tenant.id, follow_ups=[FollowUpInput(3, ("Conseguiu ver?",))]).id
    page = owner.get(f"/campaigns/{campaign_id}/check").text
    assert "3 dias depois da mensagem anterior" in page
    assert "Conseguiu ver?" in page
