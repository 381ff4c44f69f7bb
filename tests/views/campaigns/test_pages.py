"""The campaigns' pages as a person uses them, without JavaScript; who may open what."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.clock import utcnow
from models.campaigns import Campaign, CampaignStatus, ContactStatus
from services import campaigns
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, launched, move_contacts, phone, suppress
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work


def figure(page: str, name: str) -> str:
    """The first figure of this name on a page."""
    found = re.search(rf'data-figure="{name}" data-value="([^"]*)"', page)
    assert found, f"no figure {name}"
    return found[1]


def primary_button(page: str) -> str:
    """What the page's main button says."""
    found = re.search(r"<button[^>]*btn-primary[^>]*>.*?<span>(.*?)</span>", page, re.S)
    assert found, "no primary button"
    return found[1]


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


def test_a_first_visit_has_one_thing_to_do(owner: PageClient) -> None:
    page = owner.get("/campaigns").text
    assert 'data-status="empty"' in page
    assert "Criar a primeira campanha" in page


def test_from_the_form_to_the_sending(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        people = add_list(session, tenant.id, 1284, name="Pacientes")
        number = add_number(session, tenant.id)
    form = owner.get("/campaigns/new").text
    assert "1.284 pessoas" in form
    assert primary_button(form) == "Salvar e conferir"
    saved = owner.post(
        "/campaigns/new",
        {"name": "Volta às aulas", "lists": [people], "instances": [number], "messages": ["Oi {nome}!", "Olá {nome}!"],
         "hours": "always", "exit_line": "1"},
    )  # fmt: skip
    assert saved.status_code == 303
    check = owner.get(saved.location).text
    assert primary_button(check) == "Enviar 1.284 mensagens"
    assert figure(check, "recipients") == "1284"
    sent = owner.post(saved.location.replace("/check", "/start"), {"recipients": "1284"})
    page = owner.get(sent.location).text
    assert 'data-status="running"' in page
    assert figure(page, "pending") == "1284"
    assert "data-live=" in page


def test_what_was_typed_stays_when_something_is_wrong(owner: PageClient) -> None:
    owner.get("/campaigns/new")
    answer = owner.post(
        "/campaigns/new",
        {"name": "", "messages": ["Oi {nome", "Olá!"], "interval_min": "1", "interval_max": "x", "hours": "custom",
         "days": ["6"], "start": "10:00", "end": "00:00", "daily_limit": "0", "schedule_at": "2020-01-01T10:00"},
    )  # fmt: skip
    assert answer.status_code == 422
    page = answer.text
    for kept in ("Oi {nome", "Olá!", 'value="x"', 'value="2020-01-01T10:00"', 'value="10:00"'):
        assert kept in page
    for told in ("Dê um nome", "chave sem par", "15 segundos", "número inteiro", "começa em 1", "já passou"):
        assert told in page


def test_variations_come_and_go_without_javascript(owner: PageClient) -> None:
    owner.get("/campaigns/new")
    more = owner.post("/campaigns/new", {"name": "Minha campanha", "messages": ["texto um"], "add_message": "1"})
    assert more.status_code == 200
    assert more.text.count("<textarea") == 3
    assert "Minha campanha" in more.text
    less = owner.post("/campaigns/new", {"messages": ["texto um", "texto dois"], "remove_message": "0"})
    assert "texto dois" in less.text
    assert "texto um" not in less.text


def test_the_bubbles_follow_what_is_written(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        add_list(session, tenant.id, [{"name": "Ana", "extra": {"pet": "Bidu"}}])
    assert "{pet}" in owner.get("/campaigns/new").text
    bubbles = owner.post("/campaigns/preview", {"messages": ["*Oi* {nome} e {pet}"], "exit_line": "1"}).text
    assert "<strong>Oi</strong> <mark>Ana</mark> e <mark>Bidu</mark>" in bubbles
    assert "SAIR" in bubbles


def test_an_edit_changes_a_draft_and_goes_back_to_the_check(
    owner: PageClient, work: Work, tenant: TenantHandle, draft: int
) -> None:
    page = owner.get(f"/campaigns/{draft}/edit").text
    assert 'value="Volta às aulas"' in page
    with work() as session:
        parts = campaigns.parts_of(session, tenant.id, draft)
        lists, numbers = [one.id for one in parts.lists], [one.id for one in parts.instances]
    answer = owner.post(
        f"/campaigns/{draft}/edit",
        {"name": "Outro nome", "lists": lists, "instances": numbers, "messages": ["Oi!"], "hours": "custom",
         "days": ["1", "2"], "start": "09:00", "end": "00:00"},
    )  # fmt: skip
    assert answer.location.endswith("/check")
    with work() as session:
        found = campaigns.campaign_of(session, tenant.id, draft)
        assert found.name == "Outro nome"
        assert found.window is not None
        assert (found.window["days"], found.window["end"]) == ([1, 2], "24:00")


def test_a_running_campaign_is_not_edited(owner: PageClient, running: int) -> None:
    assert owner.get(f"/campaigns/{running}/edit").status_code == 303


def test_the_check_says_who_is_left_out_and_offers_the_remedy(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        suppress(session, tenant.id, 1)
        people = add_list(session, tenant.id, [{"name": "Ana"}, {"name": "Bia"}, {"name": ""}])
        campaign_id = add_campaign(session, tenant.id, lists=[people]).id
    check = owner.get(f"/campaigns/{campaign_id}/check").text
    assert (figure(check, "recipients"), figure(check, "left_out_opt_out")) == ("1", "1")
    assert figure(check, "left_out_missing_variable") == "1"
    assert primary_button(check) == "Enviar 1 mensagem"
    owner.post(f"/campaigns/{campaign_id}/check", {"fallback.nome": "tudo bem", "empty": "fallback"})
    check = owner.get(f"/campaigns/{campaign_id}/check?row=2").text
    assert primary_button(check) == "Enviar 2 mensagens"
    assert "<mark>tudo bem</mark>" in check
    owner.post(f"/campaigns/{campaign_id}/check", {"fallback.nome": "tudo bem", "empty": "leave_out"})
    assert primary_button(owner.get(f"/campaigns/{campaign_id}/check").text) == "Enviar 1 mensagem"


@pytest.mark.parametrize(
    ("said", "obstacle"),
    [
        ({"messages": ["Oi {prosedimento}"]}, "unknown_variable"),
        ({"lists": []}, "no_list"),
        ({"instances": []}, "no_number"),
        ({"messages": []}, "no_message"),
    ],
)
def test_an_obstacle_takes_the_place_of_the_button(
    owner: PageClient, work: Work, tenant: TenantHandle, said: dict[str, object], obstacle: str
) -> None:
    with work() as session:
        campaign_id = add_campaign(session, tenant.id, **said).id
    page = owner.get(f"/campaigns/{campaign_id}/check").text
    assert f'data-status="{obstacle}"' in page
    assert 'data-action="start"' not in page
    refused = owner.post(f"/campaigns/{campaign_id}/start", {"recipients": "3"})
    assert refused.location.endswith("/check")
    assert status_of(work, tenant, campaign_id) is CampaignStatus.DRAFT


def test_more_people_than_the_button_said_are_asked_about_again(
    owner: PageClient, work: Work, tenant: TenantHandle, draft: int
) -> None:
    owner.get(f"/campaigns/{draft}/check")
    answer = owner.post(f"/campaigns/{draft}/start", {"recipients": "2"})
    assert answer.location.endswith("/check")
    assert status_of(work, tenant, draft) is CampaignStatus.DRAFT
    with work() as session:
        assert campaigns.counts_of(session, tenant.id, draft).total == 0


def test_a_moment_in_the_future_is_scheduled_in_the_tenants_zone(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        campaign_id = add_campaign(session, tenant.id, schedule_at=NOW + timedelta(days=3650)).id
    assert primary_button(owner.get(f"/campaigns/{campaign_id}/check").text) == "Agendar 3 mensagens"
    owner.post(f"/campaigns/{campaign_id}/start", {"recipients": "3"})
    assert status_of(work, tenant, campaign_id) is CampaignStatus.SCHEDULED
    again = owner.get(f"/campaigns/{campaign_id}/check").text
    assert "Já está agendada" in again
    assert primary_button(again) == "Enviar 3 mensagens"


def test_the_counters_of_the_page_are_those_of_the_rows(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, 10)])
        move_contacts(session, tenant.id, campaign_id, ContactStatus.READ, count=3, sent_at=NOW, read_at=NOW)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.DELIVERED, count=2, sent_at=NOW)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1, failed_at=NOW)
    page = owner.get(f"/campaigns/{campaign_id}").text
    shown = {name: figure(page, name) for name in ("pending", "sent", "delivered", "read", "failed", "total")}
    assert shown == {"pending": "4", "sent": "5", "delivered": "5", "read": "3", "failed": "1", "total": "10"}
    assert figure(page, "success_rate") == "83.33"
    card = owner.get("/campaigns").text
    assert (figure(card, "sent"), figure(card, "success_rate")) == ("5", "83.33")


def test_the_live_block_costs_nothing_while_nothing_changes(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    for address in (f"/campaigns/{running}/live", "/campaigns/live", "/dashboard/live"):
        first = owner.get(address)
        again = owner.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304), address
    with work() as session:
        move_contacts(session, tenant.id, running, ContactStatus.SENT, count=1, sent_at=NOW)
    assert owner.get("/campaigns/live", headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


def test_the_list_refreshes_only_while_something_runs(
    owner: PageClient, work: Work, tenant: TenantHandle, draft: int
) -> None:
    assert "data-live=" not in owner.get("/campaigns").text
    with work() as session:
        campaigns.launch_campaign(session, tenant.id, draft, actor=None, now=NOW)
    assert "data-live=" in owner.get("/campaigns").text
    with work() as session:
        campaigns.pause_campaign(session, tenant.id, draft, actor=None)
    assert "data-live=" not in owner.get("/campaigns").text


def test_pause_resume_and_cancel_from_the_buttons(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    owner.get("/campaigns")
    back = owner.post(f"/campaigns/{running}/pause", {"next": "/campaigns?q=volta"})
    assert back.location == "/campaigns?q=volta"
    assert status_of(work, tenant, running) is CampaignStatus.PAUSED
    owner.post(f"/campaigns/{running}/resume")
    assert status_of(work, tenant, running) is CampaignStatus.RUNNING
    assert owner.post(f"/campaigns/{running}/resume").status_code == 409
    owner.post(f"/campaigns/{running}/cancel")
    assert status_of(work, tenant, running) is CampaignStatus.CANCELLED
    with work() as session:
        assert campaigns.counts_of(session, tenant.id, running).cancelled == 3


@pytest.mark.parametrize("elsewhere", ["https://example.com", "//example.com", "/\\example.com", "/campaigns//x", ""])
def test_a_button_never_leads_to_a_foreign_site(owner: PageClient, running: int, elsewhere: str) -> None:
    owner.get("/campaigns")
    assert (
        owner.post(f"/campaigns/{running}/deal", {"delta": "1", "next": elsewhere}).location == f"/campaigns/{running}"
    )


def test_deals_are_counted_in_the_card(owner: PageClient, running: int) -> None:
    owner.get("/campaigns")
    for delta in ("1", "1", "-1"):
        owner.post(f"/campaigns/{running}/deal", {"delta": delta, "next": "/campaigns"})
    assert figure(owner.get("/campaigns").text, "closed_deals") == "1"
    owner.post(f"/campaigns/{running}/deal", {"delta": "-1"})
    assert owner.post(f"/campaigns/{running}/deal", {"delta": "-1"}).status_code == 303
    assert figure(owner.get("/campaigns").text, "closed_deals") == "0"


def test_deleting_asks_for_the_name(owner: PageClient, work: Work, tenant: TenantHandle, draft: int) -> None:
    owner.get(f"/campaigns/{draft}")
    owner.post(f"/campaigns/{draft}/delete", {"confirm_name": "outro"})
    assert status_of(work, tenant, draft) is CampaignStatus.DRAFT
    assert owner.post(f"/campaigns/{draft}/delete", {"confirm_name": "Volta às aulas"}).location == "/campaigns"
    assert owner.get(f"/campaigns/{draft}").status_code == 404


def test_failed_messages_are_sent_again_from_the_page(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    with work() as session:
        move_contacts(session, tenant.id, running, ContactStatus.FAILED, count=2)
        move_contacts(session, tenant.id, running, ContactStatus.UNCONFIRMED, count=1)
    page = owner.get(f"/campaigns/{running}").text
    assert "Reenviar 2 mensagens" in page
    assert "Podem ter chegado" in page
    owner.post(f"/campaigns/{running}/resend", {"only": "failed"})
    with work() as session:
        assert campaigns.counts_of(session, tenant.id, running).pending == 2


def test_why_a_campaign_waits_and_when_it_goes_on(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    with work() as session:
        session.execute(
            update(Campaign)
            .where(Campaign.tenant_id == tenant.id, Campaign.id == running)
            .values(
                status=CampaignStatus.WAITING_WINDOW, pause_reason="Fora do horário de envio.", next_send_at=utcnow()
            )
        )
    page = owner.get(f"/campaigns/{running}").text
    assert "Fora do horário de envio. Continua <time" in page


def test_recipients_by_state_with_search_and_export(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        people = [{"name": "Ana"}, {"name": "Bia"}, *({"name": f"P{number}"} for number in range(40))]
        campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, people)])
        move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=1, sent_at=NOW)
    page = owner.get(f"/campaigns/{campaign_id}/contacts").text
    assert "Ana" in page
    assert 'rel="next"' in page
    filtered = owner.get(f"/campaigns/{campaign_id}/contacts?status=sent").text
    assert "Ana" in filtered
    assert "Bia" not in filtered
    assert "Bia" in owner.get(f"/campaigns/{campaign_id}/contacts?q=bia").text
    exported = owner.get(f"/campaigns/{campaign_id}/contacts.csv?status=sent")
    lines = exported.text.splitlines()
    assert exported.mimetype == "text/csv"
    assert lines[0].startswith("\ufefftelefone;nome;")
    assert lines[1].startswith("(11) 90000-0001;Ana;sent")
    assert len(lines) == 2


def test_the_story_is_filtered(owner: PageClient, running: int) -> None:
    assert "Campanha iniciada." in owner.get(f"/campaigns/{running}/logs").text
    filtered = owner.get(f"/campaigns/{running}/logs?log_type=created").text
    assert "Campanha criada." in filtered
    assert "Campanha iniciada." not in filtered
    assert 'data-status="empty"' in owner.get(f"/campaigns/{running}/logs?severity=critical").text
    assert owner.get(f"/campaigns/{running}/logs?log_type=nonsense&severity=x&cursor=").status_code == 200


def test_the_results_appear_with_the_first_messages(
    owner: PageClient, work: Work, tenant: TenantHandle, running: int
) -> None:
    assert 'data-status="empty"' in owner.get(f"/campaigns/{running}/analytics").text
    with work() as session:
        message = campaigns.parts_of(session, tenant.id, running).messages[0].id
        move_contacts(session, tenant.id, running, ContactStatus.READ, count=2, sent_at=NOW, message_id=message)
    page = owner.get(f"/campaigns/{running}/analytics").text
    assert figure(page, "success_rate") == "100.0"


@pytest.mark.parametrize("campaign_id", ["0", "99999999999999999999999", "9223372036854775807"])
def test_an_impossible_number_is_simply_not_there(owner: PageClient, campaign_id: str) -> None:
    assert owner.get(f"/campaigns/{campaign_id}").status_code == 404


def test_names_with_markup_and_emoji_stay_text(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    name = "<script>alert(1)</script> 🎉"
    with work() as session:
        campaign_id = launched(
            session, tenant.id, name=name, messages=["<b>{nome}</b>"],
            lists=[add_list(session, tenant.id, [{"name": "<i>Ana</i>"}])],
        )  # fmt: skip
    for path in ("/campaigns", f"/campaigns/{campaign_id}", f"/campaigns/{campaign_id}/contacts"):
        page = owner.get(path).text
        assert "<script>alert" not in page
        assert "<i>Ana" not in page
    assert phone(1)[2:4] in owner.get(f"/campaigns/{campaign_id}/contacts").text


def test_the_cards_are_searched_filtered_and_paged(owner: PageClient, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        for number in range(14):
            add_campaign(session, tenant.id, name=f"Promo {number:02}", lists=[], instances=[])

    def cards(address: str) -> list[str]:
        return re.findall(r"Promo \d\d", owner.get(address).text)

    assert len(set(cards("/campaigns"))) == 9
    next_page = re.search(r'rel="next" href="([^"]+)"', owner.get("/campaigns").text)
    assert next_page
    assert set(cards(next_page[1].replace("&amp;", "&"))) == {f"Promo {number:02}" for number in range(5)}
    assert set(cards("/campaigns?q=promo+07")) == {"Promo 07"}
    assert set(cards("/campaigns?status=completed")) == set()
    assert len(set(cards("/campaigns?status=draft"))) == 9
    assert owner.get("/campaigns?cursor=nonsense").status_code == 422
