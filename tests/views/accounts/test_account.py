"""`/account`: one's own data, the licence with its dates, the password."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, update
from sqlalchemy.orm import Session, sessionmaker

from core.clock import day_in_zone, utcnow
from core.tenancy import system_scope
from models.accounts import DailyUsage, Licence, Tenant
from tests.support.page_client import PageClient
from tests.support.world import PASSWORD, TenantHandle, make_user

NEW = "meu gato come às sete"
DAY = timedelta(days=1)
SignIn = Callable[..., PageClient]


def change_licence(factory: sessionmaker[Session], tenant: TenantHandle, **values: Any) -> None:
    with system_scope("test"), factory.begin() as session:
        session.execute(update(Licence).where(Licence.tenant_id == tenant.id).values(has_no_end=False, **values))


def test_it_shows_what_is_used_of_the_plan(
    sign_in: SignIn, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    with system_scope("test"), factory.begin() as session:
        row = {"tenant_id": tenant.id, "day": day_in_zone(utcnow()), "messages_reserved": 1284}
        session.execute(insert(DailyUsage).values(row))
    page = sign_in(tenant).get("/account").text
    assert 'data-figure="messages_today" data-value="1284">1.284</span> de 20.000' in page
    assert 'data-figure="leads" data-value="0"' in page


def test_a_stranger_sees_only_their_own(
    sign_in: SignIn, tenant: TenantHandle, make_tenant: Callable[..., TenantHandle]
) -> None:
    stranger = make_tenant(plan="starter", name="Estranha")
    page = sign_in(stranger).get("/account").text
    assert (tenant.email in page, "Starter" in page) == (False, True)


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ({"paid_until": utcnow() - 2 * DAY, "grace_until": utcnow() + 5 * DAY}, "está atrasado"),
        ({"paid_until": utcnow() + 2 * DAY, "is_cancelled": True}, "foi cancelada"),
        ({"paid_until": utcnow() + 2 * DAY, "is_disputed": True}, "reembolso em análise"),
        ({"paid_until": utcnow() - 20 * DAY}, "licença venceu"),
        ({"ended_at": utcnow(), "end_reason": "refunded"}, "foi reembolsada"),
        ({"ended_at": utcnow(), "end_reason": "chargeback"}, "foi contestado"),
    ],
)
def test_every_page_says_when_something_is_up_with_the_licence(
    licence: dict[str, Any], words: str, sign_in: SignIn, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    change_licence(factory, tenant, **licence)
    assert words in sign_in(tenant).get("/account").text


def test_no_notice_while_all_is_well(sign_in: SignIn, tenant: TenantHandle) -> None:
    assert "licence-notice" not in sign_in(tenant).get("/account").text


def test_without_a_licence_one_still_signs_in_and_reads(
    sign_in: SignIn, make_tenant: Callable[..., TenantHandle]
) -> None:
    page = sign_in(make_tenant(plan="")).get("/account")
    assert page.status_code == 200
    assert "ainda não tem licença" in page.text


def test_changing_the_password_keeps_this_browser_and_ends_the_others(
    app: Flask, sign_in: SignIn, tenant: TenantHandle
) -> None:
    here, elsewhere = sign_in(tenant), sign_in(tenant)
    here.get("/account")
    fields = {"current_password": PASSWORD, "password": NEW, "repeated": NEW}
    assert here.post("/account/password", fields).status_code == 303
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    PageClient(app).sign_in(tenant.email, NEW)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current_password": "outra", "password": NEW, "repeated": NEW}, "senha atual não confere"),
        ({"current_password": PASSWORD, "password": "curta", "repeated": "curta"}, "pelo menos 10"),
        ({"current_password": PASSWORD, "password": NEW, "repeated": NEW + "!"}, "precisam ser iguais"),
        ({}, "Preencha este campo"),
    ],
)
def test_a_change_that_is_refused_says_why_beside_the_field(
    fields: dict[str, str], words: str, sign_in: SignIn, tenant: TenantHandle
) -> None:
    me = sign_in(tenant)
    me.get("/account")
    answer = me.post("/account/password", fields)
    assert (answer.status_code, words in answer.text) == (422, True)


def most_a_week(factory: sessionmaker[Session], tenant: TenantHandle) -> int | None:
    with system_scope("test"), factory() as session:
        return session.get_one(Tenant, tenant.id).messages_per_person_week


def test_the_owner_says_how_often_one_person_may_be_written_to(
    sign_in: SignIn, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    page = sign_in(tenant)
    assert 'data-figure="messages_per_person_week" data-value="2"' in page.get("/account").text
    assert page.post("/account/manners", {"messages_per_person_week": "3"}).status_code == 303
    assert most_a_week(factory, tenant) == 3
    page.post("/account/manners", {"messages_per_person_week": ""})
    assert most_a_week(factory, tenant) is None
    assert "Sem limite de mensagens por pessoa" in page.get("/account").text


@pytest.mark.parametrize("typed", ["0", "51", "-1", "dois", "²"])
def test_a_limit_per_person_out_of_bounds_is_refused_in_words(
    typed: str, sign_in: SignIn, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    page = sign_in(tenant)
    page.get("/account")
    answer = page.post("/account/manners", {"messages_per_person_week": typed})
    assert (answer.status_code, most_a_week(factory, tenant)) == (422, 2)
    assert "Use de 1 a 50" in answer.text


@pytest.mark.parametrize(("role", "status"), [("manager", 303), ("operator", 403), ("viewer", 403)])
def test_who_may_change_settings_may_change_the_limit_per_person(
    role: str, status: int, sign_in: SignIn, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    page = sign_in(make_user(factory, tenant.id, role=role))
    assert ("change-manners" in page.get("/account").text) == (status == 303)
    assert page.post("/account/manners", {"messages_per_person_week": "9"}).status_code == status
    assert most_a_week(factory, tenant) == (9 if status == 303 else 2)


def test_a_strangers_limit_is_their_own(
    sign_in: SignIn,
    tenant: TenantHandle,
    make_tenant: Callable[..., TenantHandle],
    factory: sessionmaker[Session],
) -> None:
    page = sign_in(make_tenant(name="Estranha"))
    page.get("/account")
    assert page.post("/account/manners", {"messages_per_person_week": "7"}).status_code == 303
    assert most_a_week(factory, tenant) == 2
