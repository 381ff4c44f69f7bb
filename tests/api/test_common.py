"""What every API address shares."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

Login = Callable[..., dict[str, str]]


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """A program: no cookies of a browser."""
    return app.test_client(use_cookies=False)


def key_of(http: FlaskClient, tenant: TenantHandle) -> dict[str, str]:
    answer = http.post("/api/auth/login", json={"email": tenant.email, "password": tenant.password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json['token']}"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json["error"]["code"]


def test_without_a_key_one_is_nobody(http: FlaskClient) -> None:
    assert code(http.get("/api/instances")) == (401, "unauthenticated")
    assert code(http.get("/api/instances", headers={"Authorization": "Bearer li_made_up"})) == (401, "unauthenticated")
    assert code(http.get("/api/instances", headers={"Authorization": "Basic YTpi"})) == (401, "unauthenticated")


def test_who_is_nobody_is_told_so_before_the_body_is_looked_at(http: FlaskClient) -> None:
    assert code(http.post("/api/instances", json={"nonsense": 1})) == (401, "unauthenticated")


def test_a_trailing_slash_is_accepted(http: FlaskClient, tenant: TenantHandle) -> None:
    key = key_of(http, tenant)
    assert http.get("/api/instances/", headers=key).status_code == 200


@pytest.mark.parametrize("method", ["get", "post", "patch", "delete"])
def test_the_old_campaign_addresses_lead_on_with_method_and_query(method: str, http: FlaskClient) -> None:
    answer = getattr(http, method)("/api/campaigns/campaigns/7/start?x=1")
    assert (answer.status_code, answer.location) == (308, "/api/campaigns/7/start?x=1")
    assert http.get("/api/campaigns/campaigns").location == "/api/campaigns"


def test_what_is_wrong_with_a_field_is_said_in_portuguese(http: FlaskClient, tenant: TenantHandle) -> None:
    answer = http.post("/api/auth/login", json={"email": 7, "extra": 1})
    assert code(answer) == (422, "invalid_input")
    fields = answer.json["error"]["fields"]
    assert fields["email"] == ["Escreva um texto."]
    assert fields["password"] == ["Campo obrigatório."]
    assert fields["extra"] == ["Este campo não existe."]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b""])
def test_a_body_that_is_no_json_is_a_400_or_422_never_a_500(body: bytes, http: FlaskClient) -> None:
    answer = http.post("/api/auth/login", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer.json["error"]["message"]


def test_a_bad_cursor_and_a_bad_limit_are_named(http: FlaskClient, tenant: TenantHandle) -> None:
    key = key_of(http, tenant)
    for query in ("cursor=nonsense", "limit=0", "limit=x", "limit=100000"):
        answer = http.get(f"/api/instances?{query}", headers=key)
        assert (answer.status_code, list(answer.json["error"]["fields"])) == (422, [query.partition("=")[0]])


def test_the_session_cookie_opens_the_api_with_its_csrf_header_only(
    sign_in: Callable[..., PageClient], tenant: TenantHandle
) -> None:
    me = sign_in(tenant)
    me.get("/account")
    assert me.http.get("/api/instances").status_code == 200
    forged = me.http.post("/api/instances", json={})
    assert code(forged) == (400, "csrf")
    assert me.http.post("/api/instances", json={}, headers={"X-CSRFToken": me.token}).status_code == 422


def test_a_key_needs_no_csrf_header_and_beats_a_leftover_cookie(
    app: Flask, sign_in: Callable[..., PageClient], make_tenant: Callable[..., TenantHandle], tenant: TenantHandle
) -> None:
    stranger = make_tenant()
    browser = sign_in(stranger)
    key = key_of(app.test_client(use_cookies=False), tenant)
    assert browser.http.post("/api/instances", json={}, headers=key).status_code == 422


def test_the_document_describes_every_route_of_the_api(app: Flask, http: FlaskClient) -> None:
    document = http.get("/api/openapi.json").json
    assert document["openapi"] == "3.1.0"
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    unnamed = ("api-docs", "api_moved", "public.api_docs")
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/") or rule.endpoint.startswith(unnamed):
            continue
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert (path, method.lower()) in described, f"{method} {rule.rule} is not in openapi.json"
