"""`/api/media` as programs use it."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from core.tenancy import system_scope
from services import accounts
from tests.support import media as sample
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
