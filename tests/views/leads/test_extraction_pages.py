"""The pages of extractions as owner, colleague and stranger meet them."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope
from models.leads_extractions import ExtractionPrice, ExtractionStatus
from services.leads import extraction as room
from tests.support.extractions import Extractor
from tests.support.page_client import PageClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

SignIn = Callable[..., PageClient]
ASK = "/leads/extractions/new?search=dentistas&location=Campinas%2C+SP&max_items=40"
SAID = {"search": "dentistas", "location": "Campinas, SP", "max_items": "40"}


@pytest.fixture
def extractor(factory: sessionmaker[Session], tenant: TenantHandle, sandbox: SandboxProcess) -> Extractor:
    sandbox.control("apify", run_ms=0)
    return Extractor(factory, tenant.id, sandbox)


@pytest.fixture
def owner(sign_in: SignIn, tenant: TenantHandle) -> PageClient:
    return sign_in(tenant)


@pytest.fixture
def viewer(sign_in: SignIn, tenant: TenantHandle, make_user: Any) -> PageClient:
    return sign_in(make_user(tenant, role="viewer"))


@pytest.fixture
def stranger(sign_in: SignIn, make_tenant: Any) -> PageClient:
    return sign_in(make_tenant(name="Pet Feliz"))


def figure(page: str, name: str) -> int:
    found = re.search(rf'data-figure="{name}" data-value="(\d+)"', page)
    assert found, f"no figure {name}"
    return int(found.group(1))


def begin(client: PageClient, **said: str) -> Any:
    client.get(ASK)
    return client.post("/leads/extractions", SAID | said)


def test_the_first_visit_says_what_to_do(owner: PageClient, extractor: Extractor) -> None:
    page = owner.get("/leads/extractions").text
    assert "Nenhuma extração ainda" in page
    assert page.count("btn-primary") == 1
    assert "/leads/extractions" in owner.get("/leads").text


def test_without_a_price_none_is_made_up(owner: PageClient, extractor: Extractor) -> None:
    form = owner.get("/leads/extractions/new").text
    assert 'id="estimate"' not in form
    page = owner.get(ASK).text
    assert "preço não cadastrado" in page
    assert "sem extração anterior para comparar" in page
    assert "Extrair até 40 lugares" in page
    assert page.count("btn-primary") == 1


def test_a_price_is_shown_with_its_source(owner: PageClient, extractor: Extractor, system_session: Session) -> None:
    price = room.Price("compass~crawler-google-places", date(2026, 1, 5), 4_000_000, 7_000, "apify.example, lido hoje")
    room.set_extraction_price(system_session, price)
    system_session.commit()
    try:
        page = owner.get(ASK).text
        assert figure(page, "cost_usd_micros") == 167_000
        assert "apify.example, lido hoje, desde 05/01/2026" in page
    finally:
        with system_scope("test"):
            system_session.execute(delete(ExtractionPrice))
            system_session.commit()


def test_ones_own_past_is_the_better_estimate(owner: PageClient, extractor: Extractor) -> None:
    found = extractor.extract()
    extractor.step(found.id)
    page = owner.get(ASK.replace("max_items=40", "max_items=400")).text
    assert figure(page, "cost_usd_micros") == 400_000
    assert "do que sua última extração custou" in page


def test_an_extraction_goes_from_the_form_to_a_list(owner: PageClient, extractor: Extractor) -> None:
    answer = begin(owner)
    assert answer.status_code == 303
    extraction_id = int(answer.location.rsplit("/", 1)[1])
    waiting = owner.get(answer.location).text
    assert 'data-status="queued"' in waiting
    assert "data-live=" in waiting
    assert 'data-action="abort"' in waiting
    done = extractor.finish(extraction_id)
    page = owner.get(f"/leads/extractions/{extraction_id}/live").text
    assert "data-live=" not in page
    assert (figure(page, "found"), figure(page, "saved"), figure(page, "without_phone")) == (40, done.saved, 4)
    assert page.count("btn-primary") == 1
    listed = owner.get("/leads/extractions").text
    assert 'data-status="finished"' in listed
    assert "dentistas em Campinas, SP" in owner.get("/leads").text


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"search": ""}, "Escreva o que procurar"),
        ({"location": ""}, "Escreva onde"),
        ({"max_items": "0"}, "Escolha de 1 a 5.000"),
        ({"max_items": "muitos"}, "Escolha de 1 a 5.000"),
        ({"max_cost": "0,1"}, "gasto máximo"),
        ({"max_cost": "nada"}, "gasto máximo"),
    ],
)
def test_a_refusal_brings_the_form_back_with_what_was_typed(
    owner: PageClient, extractor: Extractor, said: dict[str, str], sentence: str
) -> None:
    answer = begin(owner, list_name="Minha lista", **said)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="Minha lista"' in answer.text
    assert extractor.runs() == []


def test_too_many_at_once_are_refused_with_a_sentence(owner: PageClient, extractor: Extractor) -> None:
    for _ in range(3):
        extractor.ask()
    answer = begin(owner)
    assert (answer.status_code, "Já há 3 extrações" in answer.text) == (409, True)


def test_a_failure_says_so_and_offers_the_same_search_again(
    owner: PageClient, extractor: Extractor, sandbox: SandboxProcess
) -> None:
    sandbox.control("apify", no_credit=1)
    found = extractor.extract()
    page = owner.get(f"/leads/extractions/{found.id}").text
    assert 'data-status="failed"' in page
    assert "sem crédito" in page
    assert "search=dentistas" in page
    assert page.count("btn-primary") == 1


def test_it_is_stopped_saved_again_and_deleted_by_its_buttons(owner: PageClient, extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    owner.get(f"/leads/extractions/{extraction_id}")
    owner.post(f"/leads/extractions/{extraction_id}/abort")
    assert 'data-status="aborted"' in owner.get(f"/leads/extractions/{extraction_id}").text
    owner.post(f"/leads/extractions/{extraction_id}/retry")
    assert "Não há o que salvar de novo" in owner.get(f"/leads/extractions/{extraction_id}").text
    done = extractor.extract()
    extractor.make_due(done.id, status=ExtractionStatus.FAILED, failure="x", failure_code="plan_limit_leads")
    assert "Salvar de novo" in owner.get(f"/leads/extractions/{done.id}").text
    owner.post(f"/leads/extractions/{done.id}/retry")
    assert extractor.finish(done.id).status is ExtractionStatus.FINISHED
    other = extractor.extract("pet shops", "Santos, SP")
    owner.get(f"/leads/extractions/{other.id}")
    owner.post(f"/leads/extractions/{other.id}/delete", {"with_leads": "1"})
    assert owner.get(f"/leads/extractions/{other.id}").status_code == 404
    assert len(extractor.leads()) == done.saved


def test_what_runs_is_not_deleted_and_says_why(owner: PageClient, extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    owner.get(f"/leads/extractions/{extraction_id}")
    owner.post(f"/leads/extractions/{extraction_id}/delete")
    assert "Interrompa-a antes de apagar" in owner.get(f"/leads/extractions/{extraction_id}").text


def test_a_token_is_kept_sealed_tried_and_taken_away(
    owner: PageClient, extractor: Extractor, sandbox: SandboxProcess
) -> None:
    owner.get("/leads/extractions/account")
    address = f"{sandbox.url}/apify/v2"
    owner.post("/leads/extractions/account", {"token": "apify_api_muito_secreto", "base_url": address})
    page = owner.get("/leads/extractions/account").text
    assert "A Apify aceitou o token. Uso deste mês:" in page
    assert ("reto" in page, "muito_secreto" in page) == (True, False)
    assert 'data-status="accepted"' in page
    owner.post("/leads/extractions/account", {"token": "invalid-token-9", "base_url": address})
    page = owner.get("/leads/extractions/account").text
    assert "não reconhece o token" in page
    assert 'data-status="refused"' in page
    owner.post("/leads/extractions/account/test")
    owner.post("/leads/extractions/account/delete")
    assert "Ainda não há token" in owner.get("/leads/extractions/account").text
    owner.post("/leads/extractions/account/test")
    assert "Falta o token" in owner.get("/leads/extractions/account").text


@pytest.mark.parametrize("said", [{"token": ""}, {"token": "com espaço"}, {"token": "t", "base_url": "file:///etc"}])
def test_a_bad_token_or_address_is_refused_beside_its_field(
    owner: PageClient, extractor: Extractor, said: dict[str, str]
) -> None:
    owner.get("/leads/extractions/account")
    answer = owner.post("/leads/extractions/account", {"base_url": ""} | said)
    assert answer.status_code == 422
    assert "field-error" in answer.text


def test_in_production_nobody_chooses_apifys_address(app: Flask, extractor: Extractor) -> None:
    production = room.Platform("", "", "https://leads.example", may_choose_address=False)
    assert production.account is None
    assert production.sandbox_address == ""


PAGES = ["/leads/extractions/{id}", "/leads/extractions/{id}/live"]
DEEDS = ["/leads/extractions/{id}/abort", "/leads/extractions/{id}/retry", "/leads/extractions/{id}/delete"]


@pytest.mark.parametrize("pattern", PAGES)
def test_a_stranger_finds_nothing_and_the_owner_everything(
    owner: PageClient, stranger: PageClient, extractor: Extractor, pattern: str
) -> None:
    url = pattern.format(id=extractor.ask())
    assert owner.get(url).status_code == 200
    assert stranger.get(url).status_code == 404
    assert "dentistas" not in stranger.get("/leads/extractions").text.replace("“dentistas”", "")


@pytest.mark.parametrize("pattern", DEEDS)
def test_a_stranger_changes_nothing_and_a_viewer_may_not(
    stranger: PageClient, viewer: PageClient, extractor: Extractor, pattern: str
) -> None:
    extraction_id = extractor.ask()
    stranger.get("/leads")
    assert stranger.post(pattern.format(id=extraction_id)).status_code == 404
    viewer.get("/leads")
    assert viewer.post(pattern.format(id=extraction_id)).status_code == 403
    assert extractor.look(extraction_id).status is ExtractionStatus.QUEUED


def test_a_viewer_reads_and_sees_no_buttons_to_change(viewer: PageClient, extractor: Extractor) -> None:
    page = viewer.get(f"/leads/extractions/{extractor.ask()}").text
    assert "dentistas" in page
    assert "Interromper" not in page
    assert viewer.get("/leads/extractions/new").status_code == 403
    assert viewer.get("/leads/extractions/account").status_code == 403
    assert "Conta da Apify" not in viewer.get("/leads/extractions").text
