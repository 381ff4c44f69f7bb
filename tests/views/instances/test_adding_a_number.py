"""Adding a number: choose one of the providers, fill in its own fields, see it ready. No JavaScript anywhere."""

import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.whatsapp import connector, connector_infos, connector_names
from core import config
from core.http import configure
from models.instances import Instance, InstanceStatus, WebhookDelivery
from services.instances import account_of, webhook_url
from tests.support.page_client import PageClient
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

SignIn = Callable[..., PageClient]
PATHS = {"mega_api": "/mega", "evolution": "/evolution", "waha": "/waha", "cloud_api": "/cloud/v23.0"}
BOOKS = {"mega_api": "mega", "evolution": "evolution", "waha": "waha", "cloud_api": "cloud"}
SECRETS = {
    "token": "t",
    "api_key": "k",
    "access_token": "a",
    "app_secret": "sandbox-app-secret",
    "waba_id": "100000000000001",
}
GATEWAYS = ["mega_api", "evolution", "waha"]


@pytest.fixture(autouse=True)
def simulator(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The settings of a copy that runs with its simulator."""
    configure(allow_private_hosts=True)
    monkeypatch.setenv("SANDBOX_URL", sandbox.url)
    config.get_settings.cache_clear()
    yield
    monkeypatch.undo()
    config.get_settings.cache_clear()


@pytest.fixture
def owner(sign_in: SignIn, tenant: TenantHandle) -> PageClient:
    return sign_in(tenant)


def fields_of(page: str) -> dict[str, str]:
    """Name -> value of the inputs of a form."""
    found = (dict(re.findall(r'([\w-]+)="([^"]*)"', tag)) for tag in re.findall(r"<input [^>]+>", page))
    return {one["name"]: one.get("value", "") for one in found if "name" in one}


def typed(name: str, key: str = "") -> dict[str, str]:
    """What a person fills in besides what the form brings along."""
    key = key or (str(secrets.randbelow(10**15)) if name == "cloud_api" else f"loja-{secrets.token_hex(4)}")
    said = {"name": "Recepção", "instance_key": key}
    return said | {f"credentials.{field.name}": SECRETS[field.name] for field in connector(name).info.fields}


def add(client: PageClient, name: str, key: str = "") -> Any:
    form = fields_of(client.get(f"/instances/new?connector={name}").text)
    return client.post("/instances/new", {field: form[field] for field in ("connector", "base_url")} | typed(name, key))


def only_number(session: Session, tenant: TenantHandle) -> Instance:
    session.rollback()
    return session.scalars(select(Instance).where(Instance.tenant_id == tenant.id)).one()


def test_the_first_step_offers_every_provider_as_a_link(owner: PageClient) -> None:
    page = owner.get("/instances/new").text
    for info in connector_infos():
        assert f'href="/instances/new?connector={info.name}"' in page
        assert info.label in page
    assert owner.get("/instances/new?connector=pombo").text.count('data-action="choose-') == len(connector_infos())


@pytest.mark.parametrize("name", connector_names())
def test_the_second_step_asks_for_what_this_provider_needs(
    owner: PageClient, sandbox: SandboxProcess, name: str
) -> None:
    info = next(one for one in connector_infos() if one.name == name)
    page = owner.get(f"/instances/new?connector={name}").text
    form = fields_of(page)
    assert form["connector"] == name
    assert form["base_url"] == sandbox.url + PATHS[name]
    asked = {field for field in form if field.startswith("credentials.")}
    assert asked == {f"credentials.{field.name}" for field in info.fields}
    assert info.instance_key_label in page
    assert ("check_numbers" in form) is info.has_number_check
    assert ("QR code com o celular" in page) is info.has_qr
    assert ("cliente não oficial" in page) is not info.is_official
    assert ("No simulador: sandbox-app-secret" in page) is (name == "cloud_api")


def test_without_the_simulator_the_official_address_is_offered(
    owner: PageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SANDBOX_URL")
    config.get_settings.cache_clear()
    assert fields_of(owner.get("/instances/new?connector=waha").text)["base_url"] == ""
    page = owner.get("/instances/new?connector=cloud_api").text
    assert fields_of(page)["base_url"] == "https://graph.facebook.com/v23.0"
    assert "sandbox-app-secret" not in page


@pytest.mark.parametrize("name", GATEWAYS)
def test_a_number_of_each_gateway_is_made_and_shows_its_qr(
    owner: PageClient, session: Session, tenant: TenantHandle, sandbox: SandboxProcess, name: str
) -> None:
    answer = add(owner, name)
    made = only_number(session, tenant)
    assert (answer.status_code, answer.location) == (303, f"/instances/{made.id}/connect")
    assert (made.connector, made.is_sandbox, made.last_error) == (name, True, "")
    assert 'alt="QR code para conectar o WhatsApp"' in owner.get(answer.location).text
    sandbox.post(f"/sandbox/instances/{made.instance_key}/connect").raise_for_status()
    assert "Conectado! Este número já pode enviar." in owner.get(answer.location).text
    assert sandbox.summary(BOOKS[name])["calls"]


def test_an_official_number_needs_no_qr(owner: PageClient, session: Session, tenant: TenantHandle) -> None:
    answer = add(owner, "cloud_api")
    page = owner.get(answer.location).text
    assert "Conectado! Este número já pode enviar." in page
    assert "Na API oficial não há código para ler." in page
    assert "Receber código" not in page
    made = only_number(session, tenant)
    assert made.status is InstanceStatus.CONNECTED
    assert (made.check_numbers, made.phone is not None) == (False, True)


def test_what_is_missing_is_said_and_what_was_typed_stays(owner: PageClient) -> None:
    owner.get("/instances/new?connector=cloud_api")
    answer = owner.post(
        "/instances/new", {"connector": "cloud_api", "name": "Loja", "base_url": "https://x.example.com"}
    )
    assert answer.status_code == 422
    for label in ("Token de acesso", "Chave secreta do app", "ID da conta do WhatsApp Business (WABA)"):
        assert f"Falta: {label}." in answer.text
    assert fields_of(answer.text)["name"] == "Loja"


def test_a_provider_nobody_knows_leads_back_to_the_choice(owner: PageClient) -> None:
    owner.get("/instances/new?connector=waha")
    answer = owner.post("/instances/new", {"connector": "pombo"})
    assert answer.status_code == 422
    assert "Escolha um dos conectores da lista." in answer.text
    assert "?connector=waha" in answer.text


def test_a_session_that_fell_asleep_is_woken_from_the_page(
    owner: PageClient, session: Session, tenant: TenantHandle, sandbox: SandboxProcess
) -> None:
    add(owner, "waha")
    made = only_number(session, tenant)
    waha = f"/waha/api/sessions/{made.instance_key}/stop"
    sandbox.post(waha, headers={"X-Api-Key": "k"}).raise_for_status()
    page = owner.get(f"/instances/{made.id}/connect").text
    assert f'action="/instances/{made.id}/restart"' in page
    assert owner.post(f"/instances/{made.id}/restart").status_code == 303
    assert 'alt="QR code para conectar o WhatsApp"' in owner.get(f"/instances/{made.id}/connect").text


def test_a_stranger_and_a_viewer_change_nothing(
    sign_in: SignIn, session: Session, tenant: TenantHandle, make_tenant: Any, make_user: Any
) -> None:
    add(sign_in(tenant), "waha")
    made = only_number(session, tenant)
    stranger, viewer = sign_in(make_tenant(name="Pet Feliz")), sign_in(make_user(tenant, role="viewer"))
    stranger.get("/instances")
    assert stranger.post(f"/instances/{made.id}/restart").status_code == 404
    assert viewer.get("/instances/new").status_code == 403
    assert viewer.post(f"/instances/{made.id}/restart").status_code == 403


def test_a_secret_left_blank_stays_while_another_one_changes(
    owner: PageClient, session: Session, tenant: TenantHandle
) -> None:
    add(owner, "cloud_api")
    made = only_number(session, tenant)
    owner.get(f"/instances/{made.id}")
    said = {"name": "Recepção", "base_url": made.base_url, "credentials.access_token": "novo"}
    assert owner.post(f"/instances/{made.id}", said).status_code == 303
    kept = account_of(only_number(session, tenant)).credentials
    assert (kept["access_token"], kept["app_secret"]) == ("novo", "sandbox-app-secret")


class TestMetasHandshake:
    """`GET /webhooks/whatsapp/{token}`."""

    def test_the_challenge_goes_back_for_our_own_token(
        self, app: Flask, owner: PageClient, session: Session, tenant: TenantHandle
    ) -> None:
        add(owner, "cloud_api")
        path = webhook_url(only_number(session, tenant), "")
        query = {"hub.mode": "subscribe", "hub.verify_token": path.rpartition("/")[2], "hub.challenge": "1158201444"}
        answer = app.test_client().get(path, query_string=query)
        assert (answer.status_code, answer.text, answer.mimetype) == (200, "1158201444", "text/plain")
        assert app.test_client().get(path, query_string=query | {"hub.verify_token": "x"}).status_code == 403
        nobody = {**query, "hub.verify_token": "ninguem"}
        assert app.test_client().get("/webhooks/whatsapp/ninguem", query_string=nobody).status_code == 403


def test_a_key_inside_a_webhook_is_not_stored(
    app: Flask, owner: PageClient, session: Session, tenant: TenantHandle
) -> None:
    add(owner, "evolution")
    made = only_number(session, tenant)
    path = webhook_url(made, "")
    body = f'{{"event":"qrcode.updated","instance":"{made.instance_key}","apikey":"chave-do-servidor"}}'
    headers = {"X-Leads-Secret": path.rpartition("/")[2]}
    assert app.test_client().post(path, data=body, headers=headers).status_code == 200
    assert app.test_client().post(path, data=body).status_code == 401
    session.rollback()
    (stored,) = session.scalars(select(WebhookDelivery).where(WebhookDelivery.tenant_id == tenant.id))
    assert b'"apikey":""' in stored.body and b"chave-do-servidor" not in stored.body


@pytest.mark.parametrize("name", GATEWAYS)
def test_another_key_or_server_is_told_again_where_to_call_us(
    owner: PageClient, tenant: TenantHandle, system_session: Session, sandbox: SandboxProcess, name: str
) -> None:
    add(owner, name)
    number = only_number(system_session, tenant)

    def calls() -> int:
        return sum(sandbox.summary(BOOKS[name])["calls"].values())

    before = calls()
    owner.post(f"/instances/{number.id}", {"name": "Balcão"})
    assert calls() == before, "nothing about the provider has changed"
    field = connector(name).info.fields[0].name
    owner.post(f"/instances/{number.id}", {"name": "Balcão", f"credentials.{field}": SECRETS[field]})
    assert calls() > before
