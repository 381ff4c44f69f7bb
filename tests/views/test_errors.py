"""One handler: a page, a fragment or JSON, with a code to quote and nothing of the inside."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from core.config import Settings
from core.errors import Conflict, TooManyRequests
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

TROUBLE: dict[str, Callable[[], Exception]] = {
    "conflict": lambda: Conflict("Já foi enviado."),
    "throttled": TooManyRequests,
    "bug": lambda: RuntimeError("the password is hunter2"),
    "database": lambda: OperationalError("SELECT secret", {}, Exception("connection refused at 10.0.0.1")),
}


@pytest.fixture
def troubled(settings: Settings) -> Iterator[PageClient]:
    """An app of its own with doors that fail in every way."""
    from app import create_app

    app: Flask = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    def fail(kind: str) -> str:
        raise TROUBLE[kind]()

    app.add_url_rule("/trouble/<kind>", "trouble", fail)
    app.add_url_rule("/api/trouble/<kind>", "api_trouble", fail)
    yield PageClient(app)


@pytest.mark.parametrize(("kind", "status"), [("conflict", 409), ("throttled", 429), ("bug", 500), ("database", 503)])
def test_a_page_a_fragment_and_json_say_the_same(kind: str, status: int, troubled: PageClient) -> None:
    page = troubled.get(f"/trouble/{kind}")
    fragment = troubled.get(f"/trouble/{kind}", headers={"HX-Request": "true"})
    api = troubled.http.get(f"/api/trouble/{kind}")
    assert {page.status_code, fragment.status_code, api.status_code} == {status}
    assert "<html" in page.text
    assert "<html" not in fragment.text
    assert set(api.json["error"]) == {"code", "message", "fields", "request_id"}
    for answer in (page, fragment, api):
        assert not re.search(r"hunter2|SELECT|10\.0\.0\.1|Traceback", answer.text)


def test_a_refusals_own_sentence_reaches_the_person(troubled: PageClient) -> None:
    assert "Já foi enviado." in troubled.get("/trouble/conflict").text
    assert troubled.http.get("/api/trouble/conflict").json["error"]["message"] == "Já foi enviado."


def test_an_unexpected_error_shows_a_code_that_the_log_knows(troubled: PageClient) -> None:
    with capture_logs(processors=[merge_contextvars]) as logged:
        answer = troubled.get("/trouble/bug", headers={"X-Request-ID": "quote-me-12345"})
    assert "quote-me-12345" in answer.text
    (line,) = [one for one in logged if one["event"] == "unexpected_error"]
    assert (line["request_id"], line["kind"], line["exc_info"]) == ("quote-me-12345", "RuntimeError", True)


@pytest.mark.parametrize("given", ["x", "a" * 65, "with space", "<b>12345678"])
def test_a_request_id_that_could_do_harm_is_replaced(given: str, client: PageClient) -> None:
    assert client.http.get("/login", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_a_missing_page_is_a_page(client: PageClient) -> None:
    answer = client.get("/não-existe")
    assert (answer.status_code, "Página não encontrada" in answer.text) == (404, True)


def test_a_signed_out_form_goes_to_the_sign_in_page_and_not_back_to_its_target(client: PageClient) -> None:
    client.get("/login")
    answer = client.post("/account/password", {"password": "x"})
    assert (answer.status_code, answer.location) == (303, "/login")


def test_a_fragment_of_somebody_signed_out_is_a_401_that_ends_its_polling(client: PageClient) -> None:
    assert client.http.get("/account", headers={"HX-Request": "true"}).status_code == 401


def test_what_a_person_sees_is_kept_by_no_shared_cache(
    sign_in: Callable[..., PageClient], tenant: TenantHandle
) -> None:
    assert "private" in sign_in(tenant).get("/account").headers["Cache-Control"]
