"""`POST /api/campaigns/{id}/test` and `/api/direct-messages/{id}`."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope, tenant_scope
from services import accounts
from tests.api.test_campaigns_api import Program
from tests.support.campaigns import add_campaign
from tests.support.world import TenantHandle


@pytest.fixture
def keyed(app: Flask, factory: sessionmaker[Session]) -> Callable[..., Program]:
    """`keyed(tenant, scopes=[...])` -> a client with the owner's key."""

    def made(tenant: TenantHandle, scopes: list[str] | None = None) -> Program:
        who = tenant.owner
        with system_scope("test"), factory.begin() as session:
            key = accounts.create_api_key(session, tenant.id, who.user_id, name="teste", scopes=scopes or ["*"])
        return Program(app.test_client(), key)

    return made


@pytest.fixture
def draft(factory: sessionmaker[Session], tenant: TenantHandle) -> int:
    with tenant_scope(tenant.id), factory.begin() as session:
        return add_campaign(session, tenant.id, messages=["Oi {nome}!", "Olá {nome}!"]).id


def test_a_program_sends_a_test_and_follows_it(
    keyed: Callable[..., Program],
    tenant: TenantHandle,
    draft: int,
) -> None:
    mine = keyed(tenant)
    made = mine.post(f"/campaigns/{draft}/test", {"phone": "21 98765-4321", "row": 2, "message": 1}, status=202)
    assert (made["status"], made["kind"], made["campaign_id"]) == ("pending", "test", draft)
    found = mine.get(f"/direct-messages/{made['id']}")
    assert found["phone"] == "5521987654321"
    assert found["reason"] is None
    assert "body" not in found


@pytest.mark.parametrize("body", [{}, {"phone": "1"}, {"phone": "21987654321", "row": 0},
                                  {"phone": "21987654321", "instance_id": 2**70}])  # fmt: skip
def test_what_is_wrong_is_422(
    keyed: Callable[..., Program],
    tenant: TenantHandle,
    draft: int,
    body: dict[str, object],
) -> None:
    mine = keyed(tenant)
    assert mine.post(f"/campaigns/{draft}/test", body, status=422)["error"]["fields"]


def test_a_stranger_finds_neither(
    keyed: Callable[..., Program],
    make_tenant: Callable[..., TenantHandle],
    tenant: TenantHandle,
    draft: int,
) -> None:
    made = keyed(tenant).post(f"/campaigns/{draft}/test", {"phone": "21 98765-4321"}, status=202)
    stranger = keyed(make_tenant())
    stranger.post(f"/campaigns/{draft}/test", {"phone": "21 98765-4321"}, status=404)
    assert stranger.call("GET", f"/direct-messages/{made['id']}").status_code == 404


def test_a_key_that_only_reads_sends_no_test(
    keyed: Callable[..., Program],
    tenant: TenantHandle,
    draft: int,
) -> None:
    reader = keyed(tenant, scopes=["campaigns.read"])
    assert reader.call("POST", f"/campaigns/{draft}/test", {"phone": "21 98765-4321"}).status_code == 403
