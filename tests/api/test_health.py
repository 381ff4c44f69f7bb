"""`/healthz`, `/api/health`, `/metrics`."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import create_engine

from api.health import beat_state
from core.beats import Pulse
from core.config import VERSION, Settings
from tests.support import services
from tests.support.page_client import PageClient

NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "state"), [(None, "absent"), (0, "ok"), (30, "ok"), (31, "late"), (600, "late"), (601, "absent")]
)
def test_a_process_is_ok_late_or_absent(seconds: int | None, state: str) -> None:
    beat_at = None if seconds is None else NOW - timedelta(seconds=seconds)
    assert beat_state(beat_at, NOW) == state


def test_all_is_well(client: PageClient, settings: Settings) -> None:
    Pulse(create_engine(settings.database_url), "worker").tick()
    answer = client.http.get("/healthz")
    expected = {"status": "ok", "database": "ok", "redis": "ok", "version": VERSION, "worker": "ok"}
    assert answer.status_code == 200
    assert expected.items() <= answer.json.items()
    assert answer.json["sender"] in ("ok", "late", "absent")


@pytest.fixture
def app_without_database(settings: Settings) -> Flask:
    """An app whose database went away after it had started."""
    from app import create_app

    name, url = services.current().new_database()
    app = create_app(settings.model_copy(update={"database_url": url}))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    services.current().drop_database(name)
    return app


def test_without_the_database_health_says_so_and_the_api_still_answers(app_without_database: Flask) -> None:
    http = app_without_database.test_client()
    answer = http.get("/healthz")
    assert (answer.status_code, answer.json["database"], answer.json["status"]) == (503, "out", "out")
    assert http.get("/api/health").json == {"status": "ok"}


def test_without_the_database_pages_are_a_503_with_words(app_without_database: Flask) -> None:
    visitor = PageClient(app_without_database)
    assert visitor.get("/login").status_code == 200
    answer = visitor.post("/login", {"email": "ana@example.com", "password": "x"})
    assert (answer.status_code, "Tente de novo" in answer.text) == (503, True)


def test_somebody_signed_in_sees_the_503_too(app_without_database: Flask) -> None:
    visitor = PageClient(app_without_database)
    with visitor.http.session_transaction() as kept:
        kept["_user_id"] = "1.1.0"
    assert visitor.get("/account").status_code == 503


def test_the_webhook_says_503_so_that_hotmart_shows_it_as_failed(app_without_database: Flask) -> None:
    answer = app_without_database.test_client().post(
        "/webhooks/hotmart", data=b"{}", headers={"X-HOTMART-HOTTOK": "hottok-of-the-tests"}
    )
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unavailable")


def test_metrics_open_on_this_machine_alone(client: PageClient) -> None:
    assert b"leads_request_seconds" in client.http.get("/metrics").data
    away = client.http.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    proxied = client.http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert (away.status_code, proxied.status_code) == (403, 403)


def test_a_token_opens_metrics_from_elsewhere(settings: Settings) -> None:
    from app import create_app

    http = create_app(settings.model_copy(update={"metrics_token": "t" * 32})).test_client()
    away = {"REMOTE_ADDR": "203.0.113.7"}
    for token, status in (("t" * 32, 200), ("wrong", 403), ("", 403)):
        headers = {"Authorization": f"Bearer {token}"}
        assert http.get("/metrics", environ_base=away, headers=headers).status_code == status
