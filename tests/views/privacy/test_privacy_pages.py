"""`/settings/privacy` as owner, colleague and stranger meet it; the link to leave as anybody does."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.leads import Lead, Suppression
from services import leads, privacy
from tests.support.lead_files import Importer, csv_of
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

SignIn = Callable[..., PageClient]
ANA = "Ana Quaresma;11987650001;ana@example.com"
WHO = {"person": "(11) 98765-0001"}
PAGE = "/settings/privacy"


@pytest.fixture
def owner(sign_in: SignIn, tenant: TenantHandle) -> PageClient:
    return sign_in(tenant)


@pytest.fixture
def people(factory: sessionmaker[Session], tenant: TenantHandle) -> list[str]:
    importer = Importer(factory, tenant.id)
    importer.send(csv_of(ANA, "Bia;11987650002;", header="nome;telefone;email"))
    return sorted(importer.leads())


def leads_of(factory: sessionmaker[Session], tenant: TenantHandle) -> list[str]:
    with tenant_scope(tenant.id), factory() as session:
        return sorted(session.scalars(select(Lead.phone_key).where(Lead.tenant_id == tenant.id)))


def test_a_person_is_looked_up_given_their_file_and_forgotten(
    owner: PageClient, factory: sessionmaker[Session], tenant: TenantHandle, people: list[str]
) -> None:
    first = owner.get(PAGE).text
    assert first.count("btn-primary") == 1
    assert 'data-status="empty"' in first
    page = owner.post(f"{PAGE}/person", WHO).text
    assert 'data-figure="held_leads" data-value="1"' in page
    given = owner.post(f"{PAGE}/export", WHO)
    assert "dados.json" in zipfile.ZipFile(io.BytesIO(given.get_data())).namelist()
    assert owner.post(f"{PAGE}/erase", WHO).status_code == 303
    assert leads_of(factory, tenant) == people[1:]
    after = owner.get(PAGE).text
    assert 'data-status="done"' in after and "98765-0001" not in after
    assert 'data-figure="held_suppressions" data-value="1"' in owner.post(f"{PAGE}/person", WHO).text


def test_a_bad_phone_is_refused_beside_the_field_and_kept(owner: PageClient) -> None:
    owner.get(PAGE)
    for action in ("person", "erase"):
        answer = owner.post(f"{PAGE}/{action}", {"person": "123"})
        assert answer.status_code == 422
        assert 'id="f-person-error"' in answer.text and 'value="123"' in answer.text


def test_the_rules_are_kept_and_said_with_what_they_mean(owner: PageClient) -> None:
    owner.get(PAGE)
    assert owner.post(PAGE, {"retention_months": "1"}).status_code == 422
    assert owner.post(PAGE, {"retention_months": "12", "needs_consent_proof": "1"}).status_code == 303
    page = owner.get(PAGE).text
    assert 'value="12"' in page and 'data-figure="stale" data-value="0"' in page
    assert "Esta conta pede o comprovante" in owner.get("/leads/import").text
    owner.post(PAGE, {"retention_months": ""})
    assert "ninguém é apagado enquanto o campo estiver vazio" in owner.get(PAGE).text


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_a_colleague_without_the_right_is_refused(
    sign_in: SignIn, make_user: Any, tenant: TenantHandle, role: str
) -> None:
    client = sign_in(make_user(tenant, role=role))
    assert client.http.get(PAGE).status_code == 403
    client.get("/leads")
    for action in ("", "/person", "/export", "/erase"):
        assert client.post(PAGE + action, WHO).status_code == 403


def test_a_stranger_sees_and_erases_nothing_of_ours(
    sign_in: SignIn, make_tenant: Any, factory: sessionmaker[Session], tenant: TenantHandle, people: list[str]
) -> None:
    stranger = sign_in(make_tenant(name="Pet Feliz"))
    stranger.get(PAGE)
    assert 'data-status="nothing-held"' in stranger.post(f"{PAGE}/person", WHO).text
    stranger.post(f"{PAGE}/erase", WHO)
    assert leads_of(factory, tenant) == people


@pytest.mark.parametrize("who", [{"phone": "5511987650001"}, {"email": "Ana@example.com"}])
def test_one_press_leaves_and_looking_does_not(
    client: PageClient, factory: sessionmaker[Session], tenant: TenantHandle, who: dict[str, str]
) -> None:
    link = f"/unsubscribe/{privacy.leaving_token(tenant.id, **who)}"

    def left() -> int:
        with tenant_scope(tenant.id), factory() as session:
            return leads.count_suppressions(session, tenant.id)

    page = client.get(link).text
    assert "Clínica Sorriso" in page and "11987650001" not in page and "Ana@" not in page
    assert left() == 0
    pressed = client.http.post(link, data={"List-Unsubscribe": "One-Click"})
    assert pressed.status_code == 200
    assert 'data-status="left"' in pressed.get_data(as_text=True)
    client.http.post(link)
    assert left() == 1
    with tenant_scope(tenant.id), factory() as session:
        kept = session.scalars(select(Suppression).where(Suppression.tenant_id == tenant.id)).one()
    assert kept.reason == "unsubscribe"


def test_whoever_is_signed_in_elsewhere_can_leave_too(
    sign_in: SignIn, make_tenant: Any, factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    stranger = sign_in(make_tenant(name="Pet Feliz"))
    link = f"/unsubscribe/{privacy.leaving_token(tenant.id, phone='5511987650001')}"
    stranger.get(link)
    assert stranger.http.post(link).status_code == 200
    with tenant_scope(tenant.id), factory() as session:
        assert leads.is_suppressed(session, tenant.id, "5511987650001")


def test_a_link_that_is_not_ours_says_what_to_do(client: PageClient, tenant: TenantHandle) -> None:
    good = privacy.leaving_token(tenant.id, phone="5511987650001")
    for bad in ("abc", good[:-2] + "xx", privacy.leaving_token(99_999_999, phone="5511987650001")):
        answer = client.http.get(f"/unsubscribe/{bad}")
        assert answer.status_code == 404
        assert "Responda SAIR" in answer.get_data(as_text=True)


def test_mail_to_a_lead_says_how_to_leave() -> None:
    assert privacy.unsubscribe_headers("https://x.example/unsubscribe/t") == {
        "List-Unsubscribe": "<https://x.example/unsubscribe/t>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_the_account_page_leads_there(owner: PageClient) -> None:
    assert re.search(rf'href="{PAGE}"', owner.get("/account").text)
