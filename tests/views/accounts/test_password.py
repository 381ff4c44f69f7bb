"""Forgotten and chosen passwords, through the pages and the sandbox's mailbox."""

import re
import secrets
from collections.abc import Callable

import pytest
from flask import Flask
from redis import Redis
from rq import Queue, SimpleWorker
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.config import Settings
from core.queue import QUEUES
from core.tenancy import system_scope, tenant_scope
from models.accounts import TokenPurpose
from models.outgoing import OutgoingEmail
from services.accounts import load_person, send_one_time_link
from services.accounts.one_time import create_one_time_link
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

NEW = "meu gato come às sete"


@pytest.fixture
def run_jobs(settings: Settings) -> Callable[[], None]:
    """Do everything that waits in this worker's queues."""
    redis = Redis.from_url(settings.redis_url)
    for name in QUEUES:
        Queue(name, connection=redis).empty()

    def run() -> None:
        SimpleWorker(list(QUEUES), connection=redis).work(burst=True, logging_level="ERROR")

    return run


def ask(client: PageClient, email: str) -> str:
    client.get("/forgot-password")
    address = f"10.{secrets.randbelow(250)}.0.{secrets.randbelow(250)}"
    answer = client.post("/forgot-password", {"email": email}, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 200
    return answer.text


def letters_to(factory: sessionmaker[Session], email: str) -> list[OutgoingEmail]:
    with system_scope("test"), factory() as session:
        return list(session.scalars(select(OutgoingEmail).where(OutgoingEmail.recipient == email)))


def link(factory: sessionmaker[Session], tenant: TenantHandle, purpose: TokenPurpose) -> str:
    with tenant_scope(tenant.id), factory.begin() as session:
        text = create_one_time_link(session, tenant.id, tenant.owner_id, purpose, utcnow())
    return f"/reset-password/{text}"


def test_the_answer_is_the_same_whether_or_not_the_account_exists(
    client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session], run_jobs: Callable[[], None]
) -> None:
    nobody = f"{secrets.token_hex(6)}@example.com"
    known, unknown = ask(client, tenant.email), ask(client, nobody)
    assert _without_tokens(known).replace(tenant.email, "X") == _without_tokens(unknown).replace(nobody, "X")
    run_jobs()
    assert len(letters_to(factory, tenant.email)) == 1
    assert letters_to(factory, nobody) == []


def _without_tokens(page: str) -> str:
    return re.sub(r'(content|value)="[^"]{60,}"', "", page)


def test_the_page_looks_nothing_up_itself(
    client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session], run_jobs: Callable[[], None]
) -> None:
    """Otherwise the time it takes would tell who has an account."""
    ask(client, tenant.email)
    assert letters_to(factory, tenant.email) == []


def test_a_forgotten_password_is_replaced_by_the_link_and_older_sessions_end(
    app: Flask,
    client: PageClient,
    sign_in: Callable[..., PageClient],
    tenant: TenantHandle,
    factory: sessionmaker[Session],
) -> None:
    elsewhere = sign_in(tenant)
    url = link(factory, tenant, TokenPurpose.RESET_PASSWORD)
    assert tenant.email in client.get(url).text
    answer = client.post(url, {"password": NEW})
    assert answer.status_code == 303
    assert client.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    PageClient(app).sign_in(tenant.email, NEW)


def test_a_mail_scanner_that_opens_the_link_burns_nothing(
    client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    url = link(factory, tenant, TokenPurpose.CHOOSE_PASSWORD)
    for _ in range(3):
        assert client.http.get(url).status_code == 200
        assert client.http.head(url).status_code == 200
    client.get(url)
    assert client.post(url, {"password": NEW}).status_code == 303


def test_a_used_link_says_so_and_offers_another(
    app: Flask, client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    url = link(factory, tenant, TokenPurpose.RESET_PASSWORD)
    client.get(url)
    client.post(url, {"password": NEW})
    again = PageClient(app).get(url)
    assert again.status_code == 410
    assert "já foi usado ou venceu" in again.text
    assert 'href="/forgot-password"' in again.text


@pytest.mark.parametrize("text", ["abc", "eyJ0IjoxfQ.x", "a" * 3000])
def test_a_made_up_link_is_over(text: str, client: PageClient) -> None:
    assert client.get(f"/reset-password/{text}").status_code == 410


def test_a_weak_password_is_refused_beside_its_field(
    client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    url = link(factory, tenant, TokenPurpose.RESET_PASSWORD)
    client.get(url)
    answer = client.post(url, {"password": "curta"})
    assert answer.status_code == 422
    assert "pelo menos 10 caracteres" in answer.text
    assert client.post(url, {"password": NEW}).status_code == 303


def test_somebody_signed_in_elsewhere_may_use_a_link_of_another_account(
    sign_in: Callable[..., PageClient],
    make_tenant: Callable[..., TenantHandle],
    tenant: TenantHandle,
    factory: sessionmaker[Session],
) -> None:
    """The browser then belongs to the link's person, and to nobody's tenant but theirs."""
    other = make_tenant(name="Outra Casa")
    browser = sign_in(tenant)
    url = link(factory, other, TokenPurpose.RESET_PASSWORD)
    browser.get(url)
    browser.post(url, {"password": NEW})
    assert "Outra Casa" in browser.get("/account").text


def test_the_letter_holds_a_working_link(
    client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        person = load_person(session, tenant.id, tenant.owner_id)
        assert person is not None
        send_one_time_link(session, person, TokenPurpose.CHOOSE_PASSWORD, utcnow())
    (letter,) = letters_to(factory, tenant.email)
    found = re.search(r"http://localhost(/reset-password/\S+)", letter.text_body)
    assert found is not None
    assert client.get(found[1]).status_code == 200
