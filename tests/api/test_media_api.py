"""`/api/media` as programs use it."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from core.http import configure
from core.tenancy import system_scope, tenant_scope
from services import accounts
from services.instances import seal_credentials
from tests.support import media as sample
from tests.support.campaigns import add_number
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

Call = Callable[..., TestResponse]


@pytest.fixture
def calling(app: Flask, factory: sessionmaker[Session]) -> Callable[..., Call]:
    """`calling(tenant, scopes=[...])` -> a call with a key of theirs."""

    def made(somebody: TenantHandle, scopes: tuple[str, ...] = ("*",)) -> Call:
        with system_scope("test"), factory.begin() as session:
            key = accounts.create_api_key(session, somebody.id, somebody.owner_id, name="teste", scopes=list(scopes))
        return lambda method, path, **more: app.test_client().open(
            path, method=method, headers={"Authorization": f"Bearer {key}"}, **more
        )

    return made


def upload(call: Call, content: bytes, name: str) -> Any:
    return call("POST", "/api/media", data={"file": (io.BytesIO(content), name)})


def test_a_file_is_taken_once_and_described(calling: Callable[..., Call], tenant: TenantHandle) -> None:
    call = calling(tenant)
    made = upload(call, sample.PDF, "catalogo.pdf")
    assert made.status_code == 201, made.text
    facts = made.get_json()
    assert (facts["kind"], facts["mime"]) == ("document", "application/pdf")
    assert facts["bytes"] == len(sample.PDF)
    assert upload(call, sample.PDF, "outro nome.pdf").get_json()["id"] == facts["id"]
    assert call("GET", f"/api/media/{facts['id']}").get_json() == facts


def test_what_cannot_be_sent_is_told(calling: Callable[..., Call], tenant: TenantHandle) -> None:
    answer = upload(calling(tenant), b"MZ nada", "foto.png")
    assert answer.status_code == 422
    assert "JPG ou PNG" in answer.get_json()["error"]["fields"]["file"][0]
    assert calling(tenant)("POST", "/api/media", data={}).status_code == 422


def test_a_stranger_finds_nothing_and_a_reading_key_adds_nothing(
    calling: Callable[..., Call], tenant: TenantHandle, make_tenant: Callable[..., TenantHandle]
) -> None:
    media_id = upload(calling(tenant), sample.png(5), "a.png").get_json()["id"]
    assert calling(make_tenant())("GET", f"/api/media/{media_id}").status_code == 404
    reader = calling(tenant, ("campaigns.read",))
    assert reader("GET", f"/api/media/{media_id}").status_code == 200
    assert upload(reader, sample.png(6), "b.png").status_code == 403


def test_a_campaign_takes_a_file_and_a_template(calling: Callable[..., Call], tenant: TenantHandle) -> None:
    call = calling(tenant)
    media_id = upload(call, sample.png(7), "a.png").get_json()["id"]
    template = {"name": "oferta", "variables": ["{nome}", "20%"]}
    said = {
        "name": "x",
        "messages": [{"content": "Oi", "media_id": media_id, "template": template}, {"content": "Olá"}],
    }
    made = call("POST", "/api/campaigns", json=said)
    assert made.status_code == 201, made.text
    first, second = made.get_json()["messages"]
    assert (first["media_id"], second["media_id"], second["template"]) == (media_id, None, None)
    assert first["template"] == {"name": "oferta", "language": "pt_BR", "variables": {"1": "{nome}", "2": "20%"}}


@pytest.mark.parametrize(
    "message",
    [{}, {"content": "Oi", "media_id": 2**40}, {"template": {"name": "x", "variables": [1]}}, {"template": {}}],
)
def test_a_message_that_cannot_be_sent_is_refused(
    calling: Callable[..., Call], tenant: TenantHandle, message: dict[str, Any]
) -> None:
    answer = calling(tenant)("POST", "/api/campaigns", json={"name": "x", "messages": [message]})
    assert answer.status_code == 422, answer.text
    assert all(name.startswith("messages") for name in answer.get_json()["error"]["fields"])


def test_templates_are_listed_after_they_were_asked_for(
    calling: Callable[..., Call],
    tenant: TenantHandle,
    factory: sessionmaker[Session],
    make_tenant: Callable[..., TenantHandle],
) -> None:
    configure(allow_private_hosts=True)
    with SandboxProcess() as sandbox:
        number = official(factory, tenant, sandbox.addresses["cloud"] + "/v23.0")
        path = f"/api/instances/{number}/templates"
        call = calling(tenant)
        assert call("GET", path).get_json() == {"items": []}
        found = {one["name"]: one for one in call("POST", f"{path}/refresh").get_json()["items"]}
        assert found["oferta_inicial"]["fields"] == ["1", "2"]
        assert (found["oferta_pausada"]["status"], found["oferta_com_foto"]["header"]) == ("paused", "image")
        assert found["oferta_inicial"]["category"] == "marketing"
    assert len(call("GET", path).get_json()["items"]) == len(found) == 6
    assert call("POST", f"{path}/refresh").status_code == 422, "nobody answers there any more"
    assert calling(make_tenant())("GET", path).status_code == 404
    gateway = official(factory, tenant, "http://127.0.0.1:9", connector="mega_api")
    assert call("POST", f"/api/instances/{gateway}/templates/refresh").status_code == 422


def official(factory: sessionmaker[Session], tenant: TenantHandle, address: str, connector: str = "cloud_api") -> int:
    secrets = {"access_token": "a", "app_secret": "s", "waba_id": "1", "token": "t"}
    key = "200000000000005"
    with tenant_scope(tenant.id), factory.begin() as session:
        return add_number(
            session,
            tenant.id,
            connector=connector,
            base_url=address,
            instance_key=key,
            sealed_credentials=seal_credentials(tenant.id, key, secrets),
        )
