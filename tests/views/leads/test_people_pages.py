"""The pages of people as owner, colleague and stranger meet them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.tenancy import tenant_scope
from jobs.leads import run_deed
from models.campaigns import Campaign, CampaignContact, ContactStatus
from services import leads
from tests.support.lead_files import Importer, csv_of
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

SignIn = Callable[..., PageClient]
HEAD = "Nome;Telefone;E-mail;Cidade;Bairro"
ANA = "Ana Prado;(11) 90000-0001;ana@example.com;Campinas;Centro"
BIA = "Bia Souza;(11) 90000-0002;ana@example.com;Santos;"


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    return Importer(factory, tenant.id)


@pytest.fixture
def owner(sign_in: SignIn, tenant: TenantHandle) -> PageClient:
    return sign_in(tenant)


@pytest.fixture
def viewer(sign_in: SignIn, tenant: TenantHandle, make_user: Any) -> PageClient:
    return sign_in(make_user(tenant, role="viewer"))


@pytest.fixture
def operator(sign_in: SignIn, tenant: TenantHandle, make_user: Any) -> PageClient:
    return sign_in(make_user(tenant, role="operator"))


@pytest.fixture
def stranger(sign_in: SignIn, make_tenant: Any) -> PageClient:
    return sign_in(make_tenant(name="Pet Feliz"))


def rows(page: str) -> list[str]:
    return re.findall(r'<tr data-id="(\d+)"', page)


def test_without_anybody_the_page_says_what_to_do(owner: PageClient) -> None:
    page = owner.get("/leads/people").text
    assert 'data-status="empty"' in page
    assert "/leads/people/new" in page


def test_a_person_added_by_hand_is_found_changed_left_alone_and_deleted(owner: PageClient, importer: Importer) -> None:
    owner.get("/leads/people/new")
    wrong = owner.post("/leads/people/new", {"phone": "123", "name": "Ana"})
    assert (wrong.status_code, 'value="Ana"' in wrong.text, "Faltam dígitos" in wrong.text) == (422, True, True)
    made = owner.post("/leads/people/new", {"phone": "11 90000-0001", "name": "Ana", "legal_basis": "consent"})
    assert made.status_code == 303
    assert len(rows(owner.get("/leads/people?q=ana&source=manual").text)) == 1
    owner.get(made.location)
    wrong = owner.post(made.location, {"name": "Ana", "email": "x@", "new_name": "CPF", "new_value": "1"})
    assert (wrong.status_code, 'value="x@"' in wrong.text, 'value="CPF"' in wrong.text) == (422, True, True)
    owner.post(made.location, {"name": "Ana Maria", "tags": "vip", "new_name": "Bairro", "new_value": "Centro"})
    lead = importer.leads()["5511900000001"]
    assert (lead.name, lead.extra) == ("Ana Maria", {"bairro": "Centro"})
    owner.post(f"{made.location}/suppress")
    assert 'data-status="suppressed"' in owner.get("/leads/people?tag=vip").text
    owner.post(f"{made.location}/unsuppress")
    assert 'data-status="suppressed"' not in owner.get(made.location).text
    owner.post(f"{made.location}/delete")
    assert importer.leads() == {}
    assert owner.get(made.location).status_code == 404


def test_a_number_that_is_known_brings_the_form_back(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    owner.get("/leads/people/new")
    answer = owner.post("/leads/people/new", {"phone": "11 90000-0001", "legal_basis": "consent", "city": "Itu"})
    assert (answer.status_code, "Ana Prado" in answer.text, 'value="Itu"' in answer.text) == (409, True, True)


def test_filters_stand_in_the_address_and_pages_keep_them(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(*(f"Pessoa {n};219{n + 80000000};;Santos;" for n in range(70)), ANA, header=HEAD))
    first = owner.get("/leads/people?city=santos&q=pessoa").text
    assert 'data-figure="found" data-value="70"' in first
    onward = re.search(r'href="([^"]+)"[^>]*data-action="next"', first)
    assert onward
    address = onward.group(1).replace("&amp;", "&")
    assert "city=santos" in address
    second = owner.get(address).text
    assert not set(rows(first)) & set(rows(second))
    back = re.search(r'href="([^"]+)"[^>]*data-action="previous"', second)
    assert back
    assert rows(owner.get(back.group(1).replace("&amp;", "&")).text) == rows(first)
    assert owner.get("/leads/people?cursor=x").status_code == 422
    assert rows(owner.get("/leads/people?status=nonsense&q=ana+prado").text) == [
        str(importer.leads()["5511900000001"].id)
    ]


def test_the_history_tells_what_a_campaign_sent(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    lead = importer.leads()["5511900000001"]
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        campaign = Campaign(tenant_id=importer.tenant_id, name="Volta às aulas")
        session.add(campaign)
        session.flush()
        person = {"phone": lead.phone, "phone_key": lead.phone_key, "lead_id": lead.id}
        told = {"status": ContactStatus.READ, "sent_at": utcnow(), "read_at": utcnow(), "replied_at": utcnow()}
        session.add(CampaignContact(tenant_id=importer.tenant_id, campaign_id=campaign.id, **person, **told))
    page = owner.get(f"/leads/people/{lead.id}").text
    assert 'data-type="sent"' in page
    assert 'data-type="replied"' in page
    assert "Volta às aulas" in page
    assert len(rows(owner.get("/leads/people?contacted=yes&replied=yes").text)) == 1
    assert 'data-status="empty"' in owner.get("/leads/people?contacted=no").text


def test_ticked_people_are_tagged_and_deleted_only_after_a_question(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    ana = importer.leads()["5511900000001"].id
    owner.get("/leads/people")
    owner.post("/leads/people/deed", {"action": "tag", "deed_tag": "VIP", "ids": [ana]})
    assert rows(owner.get("/leads/people?tag=vip").text) == [str(ana)]
    question = owner.post("/leads/people/deed", {"action": "delete", "ids": [ana]})
    assert "não há como desfazer" in question.text
    assert len(importer.leads()) == 2
    owner.post("/leads/people/deed", {"action": "delete", "ids": [ana], "confirmed": "1"})
    assert set(importer.leads()) == {"5511900000002"}


def test_everybody_the_filter_finds_becomes_a_list(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    owner.get("/leads/people?city=santos")
    answer = owner.post("/leads/people/list", {"city": "santos", "list_name": "Praia"})
    assert answer.status_code == 303
    assert "data-live=" in owner.get(answer.location).text
    run_deed(importer.tenant_id, int(answer.location.rsplit("/", 1)[1]))
    done = owner.get(f"{answer.location}/live").text
    assert 'data-figure="deed_done" data-value="1"' in done
    assert "data-live=" not in done


def test_a_filter_is_saved_shown_and_removed(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    owner.get("/leads/people?city=santos")
    owner.post("/leads/segments", {"city": "santos", "name": "Praia"})
    page = owner.get("/leads/people?city=santos").text
    assert ">Praia</a>" in page
    gone = re.search(r"/leads/segments/(\d+)/delete", page)
    assert gone
    owner.post(gone.group(0))
    assert ">Praia</a>" not in owner.get("/leads/people").text


def test_a_pair_is_merged_by_one_click_and_taken_apart(owner: PageClient, importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA, header=HEAD))
    found = {phone: lead.id for phone, lead in importer.leads().items()}
    page = owner.get("/leads/duplicates").text
    assert "Mesmo e-mail" in page
    owner.post("/leads/duplicates/merge", {"kept": found["5511900000001"], "gone": found["5511900000002"]})
    assert set(importer.leads()) == {"5511900000001"}
    undo = re.search(r"/leads/duplicates/\d+/undo", owner.get("/leads/duplicates").text)
    assert undo
    owner.post(undo.group(0))
    assert len(importer.leads()) == 2


def test_the_file_holds_whom_the_filter_finds(owner: PageClient, importer: Importer) -> None:
    found = importer.send(csv_of(ANA, BIA, header=HEAD))
    for address in ("/leads/people/export?city=santos", f"/leads/lists/{found.list_id}/export?q=bia"):
        lines = owner.http.get(address).get_data(as_text=True).splitlines()
        assert [line.split(";")[0] for line in lines[1:]] == ["Bia Souza"]
    assert owner.http.get("/leads/people/export?format=xlsx").get_data()[:2] == b"PK"
    assert owner.http.get("/leads/people/export?format=doc").status_code == 404


PAGES = ["/leads/people/{lead}", "/leads/deeds/{deed}", "/leads/deeds/{deed}/live"]
DEEDS = [
    "/leads/people/{lead}",
    "/leads/people/{lead}/suppress",
    "/leads/people/{lead}/unsuppress",
    "/leads/people/{lead}/delete",
    "/leads/segments/{segment}/delete",
    "/leads/duplicates/{merge}/undo",
]


@pytest.fixture
def addresses(importer: Importer) -> Callable[[str], str]:
    importer.send(csv_of(ANA, BIA, "Caio;11900000003;;;", header=HEAD))
    found = {phone: lead.id for phone, lead in importer.leads().items()}
    tenant_id = importer.tenant_id
    with tenant_scope(tenant_id), importer.factory.begin() as session:
        asked = leads.LeadFilter(city="Campinas")
        segment = leads.save_segment(session, tenant_id, "x", asked, actor=None).id
        deed = leads.start_deed(session, tenant_id, leads.Deed("tag", "x"), asked, actor=None).id
        pair = found["5511900000001"], found["5511900000002"]
        merge = leads.merge_leads(session, tenant_id, *pair, actor=None, now=utcnow()).id
    known = {"lead": found["5511900000003"], "segment": segment, "deed": deed, "merge": merge}
    return lambda pattern: pattern.format(**known)


@pytest.mark.parametrize("pattern", PAGES)
def test_a_stranger_finds_nothing_and_a_colleague_everything(
    viewer: PageClient, stranger: PageClient, addresses: Callable[[str], str], pattern: str
) -> None:
    assert viewer.get(addresses(pattern)).status_code == 200
    assert stranger.get(addresses(pattern)).status_code == 404


@pytest.mark.parametrize("pattern", DEEDS)
def test_a_stranger_changes_nothing_and_a_viewer_may_not(
    viewer: PageClient, stranger: PageClient, addresses: Callable[[str], str], importer: Importer, pattern: str
) -> None:
    url = addresses(pattern)
    before = set(importer.leads())
    stranger.get("/leads/people")
    assert stranger.post(url).status_code == 404
    viewer.get("/leads/people")
    assert viewer.post(url).status_code == 403
    assert set(importer.leads()) == before


def test_strangers_are_not_among_the_people(
    owner: PageClient, stranger: PageClient, importer: Importer, addresses: Callable[[str], str]
) -> None:
    lead = addresses("{lead}")
    assert rows(stranger.get("/leads/people").text) == []
    assert rows(stranger.get("/leads/people?q=caio").text) == []
    stranger.post("/leads/people/deed", {"action": "delete", "ids": [lead], "confirmed": "1"})
    stranger.post("/leads/duplicates/merge", {"kept": lead, "gone": lead})
    assert "5511900000003" in importer.leads()
    assert rows(owner.get("/leads/people?q=caio").text) == [lead]


def test_a_viewer_sees_no_buttons_and_an_operator_none_that_deletes(
    viewer: PageClient, operator: PageClient, addresses: Callable[[str], str]
) -> None:
    page = viewer.get("/leads/people").text
    assert "Caio" in page
    assert "Aplicar" not in page
    assert "Incluir pessoa" not in page
    assert viewer.get("/leads/people/export").status_code == 403
    assert viewer.get("/leads/people/new").status_code == 403
    page = operator.get("/leads/people").text
    assert "Aplicar" in page
    assert 'value="delete"' not in page
    deed = {"action": "delete", "ids": [addresses("{lead}")], "confirmed": "1"}
    assert operator.post("/leads/people/deed", deed).status_code == 403
