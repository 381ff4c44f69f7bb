"""`/api/inbox` as programs use it (contract 3.3), and who may."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope, tenant_scope
from models.leads import Lead
from services import accounts
from tests.api.test_campaigns_api import Program
from tests.support.campaigns import add_list, add_number, phone
from tests.support.inbox import arrive, direct_messages
from tests.support.world import TenantHandle

Factory = sessionmaker[Session]
Make = Callable[..., Program]


@pytest.fixture
def program(app: Flask, factory: Factory) -> Make:
    def made(somebody: Any, scopes: tuple[str, ...] = ("*",)) -> Program:
        human = getattr(somebody, "owner", somebody)
        with system_scope("test"), factory.begin() as session:
            key = accounts.create_api_key(session, human.tenant_id, human.user_id, name="teste", scopes=list(scopes))
        return Program(app.test_client(), key)

    return made


def test_conversations_messages_and_an_answer(program: Make, factory: Factory, tenant: TenantHandle) -> None:
    mine = program(tenant)
    doubtful = arrive(factory, tenant.id, "não me mande mais boletos", person=1)
    other = arrive(factory, tenant.id, "Quanto custa?", person=2)

    listed = mine.get("/inbox/conversations?limit=1")
    assert [one["id"] for one in listed["items"]] == [other]
    assert [one["id"] for one in mine.get(f"/inbox/conversations?cursor={listed['next_cursor']}")["items"]] == [
        doubtful
    ]
    found = mine.get("/inbox/conversations?only=maybe")["items"][0]
    assert (found["id"], found["wish"], found["phone"], found["unread_count"]) == (doubtful, "maybe", phone(1), 1)

    made = mine.call("POST", f"/inbox/conversations/{other}/messages", {"text": "São 100 reais."})
    assert made.status_code == 201
    assert (made.json["direction"], made.json["status"], made.json["text"]) == ("out", "pending", "São 100 reais.")
    assert [one["direction"] for one in mine.get(f"/inbox/conversations/{other}/messages")["items"]] == ["out", "in"]
    assert mine.call("POST", f"/inbox/conversations/{other}/messages", {"text": ""}).status_code == 422


def test_a_conversation_is_opened_with_a_lead_once(program: Make, factory: Factory, tenant: TenantHandle) -> None:
    mine = program(tenant)
    with tenant_scope(tenant.id), factory.begin() as session:
        add_list(session, tenant.id, 1)
        lead = session.scalars(select(Lead.id).where(Lead.tenant_id == tenant.id)).one()
    assert mine.call("POST", "/inbox/conversations", {"lead_id": lead}).status_code == 422
    with tenant_scope(tenant.id), factory.begin() as session:
        number = add_number(session, tenant.id)

    made = mine.call("POST", "/inbox/conversations", {"lead_id": lead})
    again = mine.call("POST", "/inbox/conversations", {"lead_id": lead})
    assert (made.status_code, again.status_code) == (201, 200)
    assert made.json["id"] == again.json["id"] and made.json["instance_id"] == number
    assert mine.call("POST", "/inbox/conversations", {"lead_id": 10**12}).status_code == 404


def test_judging(program: Make, factory: Factory, tenant: TenantHandle) -> None:
    mine = program(tenant)
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    judged = mine.call("POST", f"/inbox/conversations/{found}/judge", {"is_leave": True})
    assert (judged.status_code, judged.json["wish"]) == (200, "leave")
    assert mine.call("POST", f"/inbox/conversations/{found}/judge", {"is_leave": True}).status_code == 409
    assert [one.kind for one in direct_messages(factory, tenant.id)] == ["confirmation"]
    refused = mine.call("POST", f"/inbox/conversations/{found}/messages", {"text": "Oi"})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "suppressed")


def test_who_may(program: Make, factory: Factory, tenant: TenantHandle, make_user: Any, make_tenant: Any) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    paths = [
        ("POST", f"/inbox/conversations/{found}/messages", {"text": "Oi"}),
        ("POST", f"/inbox/conversations/{found}/judge", {"is_leave": True}),
    ]
    reader, stranger = program(make_user(tenant, role="viewer")), program(make_tenant())
    assert reader.call("GET", f"/inbox/conversations/{found}/messages").status_code == 200
    assert stranger.call("GET", f"/inbox/conversations/{found}/messages").status_code == 404
    assert stranger.get("/inbox/conversations")["items"] == []
    assert program(tenant, ("leads",)).call("GET", "/inbox/conversations").status_code == 403
    for method, path, body in paths:
        assert reader.call(method, path, body).status_code == 403
        assert stranger.call(method, path, body).status_code == 404
