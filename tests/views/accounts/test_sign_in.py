"""Signing in and out as people do it, and as those do who shouldn't."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope
from models.accounts import Tenant, TenantStatus, User
from models.audit import AuditEvent
from tests.support.page_client import PageClient
from tests.support.world import Human, TenantHandle

WRONG = "E-mail ou senha não conferem"


def attempt(client: PageClient, email: str, password: str, *, address: str = "127.0.0.1", url: str = "/login") -> Any:
    """One try at the sign-in form, from an address."""
    client.get(url)
    return client.post(url, {"email": email, "password": password}, environ_base={"REMOTE_ADDR": address})


def some_address() -> str:
    return f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.{secrets.randbelow(250)}"


def test_a_person_signs_in_and_sees_their_account(client: PageClient, tenant: TenantHandle) -> None:
    answer = attempt(client, f"  {tenant.email.upper()} ", tenant.password)
    assert answer.status_code == 303
    page = client.get("/account")
    assert (page.status_code, tenant.email in page.text) == (200, True)


def test_after_signing_in_one_is_where_one_wanted_to_go(client: PageClient, tenant: TenantHandle) -> None:
    asked = client.get("/account?tab=plan")
    assert asked.location == "/login?next=/account?tab%3Dplan"
    assert attempt(client, tenant.email, tenant.password, url=asked.location).location == "/account?tab=plan"


@pytest.mark.parametrize(
    "target",
    [
        "https://example.com/",
        "//example.com",
        "/\\example.com",
        "/\t/example.com",
        "javascript:alert(1)",
        "account",
        "",
    ],
)
def test_nobody_is_sent_to_a_foreign_site(target: str, client: PageClient, tenant: TenantHandle) -> None:
    client.get("/login")
    fields = {"email": tenant.email, "password": tenant.password}
    answer = client.post("/login", fields, query_string={"next": target})
    assert answer.location.startswith("/")
    assert "example.com" not in answer.location


@pytest.mark.parametrize("password", ["errada", "x" * 5000])
def test_a_wrong_password_and_an_unknown_email_answer_the_same(
    password: str, client: PageClient, tenant: TenantHandle
) -> None:
    known = attempt(client, tenant.email, password, address=some_address())
    unknown = attempt(client, f"{secrets.token_hex(4)}@example.com", password, address=some_address())
    assert (known.status_code, unknown.status_code) == (422, 422)
    assert WRONG in known.text
    assert WRONG in unknown.text


def test_what_was_typed_stays_but_never_the_password(client: PageClient) -> None:
    answer = attempt(client, "ana@example.com", "um segredo bem meu", address=some_address())
    assert 'value="ana@example.com"' in answer.text
    assert "um segredo bem meu" not in answer.text


def test_the_eleventh_wrong_try_on_an_account_waits_whatever_address_it_comes_from(
    client: PageClient, tenant: TenantHandle
) -> None:
    for spelling in (tenant.email, f" {tenant.email.upper()} ") * 5:
        assert attempt(client, spelling, "errada", address=some_address()).status_code == 422
    refused = attempt(client, tenant.email, tenant.password, address=some_address())
    assert refused.status_code == 429
    assert "Espere 15 min" in refused.text
    assert int(refused.headers["Retry-After"]) <= 900


def test_the_sixty_first_wrong_try_of_an_address_waits_and_others_go_on(
    app: Flask, client: PageClient, tenant: TenantHandle
) -> None:
    address = some_address()
    for number in range(60):
        attempt(client, f"{number}-{address}@example.com", "errada", address=address)
    assert attempt(client, tenant.email, tenant.password, address=address).status_code == 429
    assert attempt(PageClient(app), tenant.email, tenant.password, address=some_address()).status_code == 303


def test_right_passwords_are_never_counted(app: Flask, tenant: TenantHandle) -> None:
    address = some_address()
    for _ in range(12):
        assert attempt(PageClient(app), tenant.email, tenant.password, address=address).status_code == 303


WITHOUT_REDIS = """
from app import create_app
from tests.support.page_client import PageClient

visitor = PageClient(create_app())
visitor.get("/login")
for _ in range(11):
    print(visitor.post("/login", {"email": "ana@example.com", "password": "errada"}).status_code)
"""


def test_without_redis_tries_are_counted_in_the_processs_memory() -> None:
    environment = os.environ | {"REDIS_URL": "redis://127.0.0.1:1/0"}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_REDIS], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["422"] * 10 + ["429"]


def test_signing_out_ends_it(sign_in: Callable[..., PageClient], tenant: TenantHandle) -> None:
    me = sign_in(tenant)
    me.get("/account")
    assert me.post("/logout").location == "/login"
    assert me.get("/account").status_code == 303


def test_signing_out_needs_a_form_of_ours(sign_in: Callable[..., PageClient], tenant: TenantHandle) -> None:
    me = sign_in(tenant)
    assert me.http.get("/logout").status_code == 405
    assert me.http.post("/logout").status_code == 400
    assert me.get("/account").status_code == 200


def test_a_form_without_its_token_is_refused_before_anything_is_looked_at(
    client: PageClient, tenant: TenantHandle
) -> None:
    answer = client.http.post("/login", data={"email": tenant.email, "password": tenant.password})
    assert answer.status_code == 400
    assert "aberta por tempo demais" in answer.text


@pytest.mark.parametrize("change", [{"is_active": False}, {"session_epoch": 7}])
def test_who_was_switched_off_or_changed_the_password_is_signed_out(
    change: dict[str, Any],
    sign_in: Callable[..., PageClient],
    tenant: TenantHandle,
    factory: sessionmaker[Session],
) -> None:
    me = sign_in(tenant)
    with system_scope("test"), factory.begin() as session:
        session.execute(update(User).where(User.id == tenant.owner_id).values(change))
    assert me.get("/account").status_code == 303


def test_people_of_a_closed_account_stay_outside_and_those_of_a_suspended_one_read(
    client: PageClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    def becomes(status: TenantStatus) -> None:
        with system_scope("test"), factory.begin() as session:
            session.execute(update(Tenant).where(Tenant.id == tenant.id).values(status=status))

    becomes(TenantStatus.CLOSED)
    assert attempt(client, tenant.email, tenant.password, address=some_address()).status_code == 422
    becomes(TenantStatus.SUSPENDED)
    assert attempt(client, tenant.email, tenant.password).status_code == 303
    assert "suspensa" in client.get("/account").text


@pytest.mark.parametrize("cookie", ["", "1", "1.2", "1.2.3.4", "a.b.c", "1.-2.0", "9999999.1.0", "1.1.0.", "²." * 3])
def test_a_cookie_that_names_nobody_is_nobody(cookie: str, client: PageClient) -> None:
    with client.http.session_transaction() as kept:
        kept["_user_id"] = cookie
        kept["_fresh"] = True
    assert client.get("/account").status_code == 303


def test_one_browser_two_people_one_after_the_other(
    client: PageClient, make_tenant: Callable[..., TenantHandle]
) -> None:
    """The scope follows the cookie: nobody inherits the one before."""
    one, other = make_tenant(name="Primeira"), make_tenant(name="Segunda")
    attempt(client, one.email, one.password)
    assert "Primeira" in client.get("/account").text
    client.post("/logout")
    attempt(client, other.email, other.password)
    page = client.get("/account").text
    assert ("Segunda" in page, "Primeira" in page) == (True, False)


def test_signing_in_is_in_the_audit_trail(
    sign_in: Callable[..., PageClient], tenant: TenantHandle, session: Session
) -> None:
    sign_in(tenant)
    actions = select(AuditEvent.action).where(
        AuditEvent.tenant_id == tenant.id, AuditEvent.actor_user_id == tenant.owner_id
    )
    assert "accounts.sign_in" in session.scalars(actions).all()


def test_colleagues_of_every_role_sign_in(
    sign_in: Callable[..., PageClient], make_user: Callable[..., Human], tenant: TenantHandle
) -> None:
    for role in ("manager", "operator", "viewer"):
        page = sign_in(make_user(tenant, role=role)).get("/account")
        assert (page.status_code, f'data-status="{role}"' in page.text) == (200, True)
