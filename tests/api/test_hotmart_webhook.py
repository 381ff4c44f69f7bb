"""`POST /webhooks/hotmart`: size, secret, store, answer."""

import io
import json
import secrets
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from rq import Queue
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.config import Settings
from models.accounts import HotmartEvent, HotmartEventStatus
from tests.support.hotmart import HOTTOK, Subscription

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
URL = "/webhooks/hotmart"
MIB = 1024 * 1024


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """Hotmart."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def body() -> bytes:
    return Subscription(f"{secrets.token_hex(5)}@example.com").purchase("PURCHASE_APPROVED", NOW, next_charge=NOW)


def stored(session: Session, body: bytes) -> list[HotmartEvent]:
    session.rollback()
    return list(session.scalars(select(HotmartEvent).where(HotmartEvent.body == body)))


def send(http: FlaskClient, body: bytes, token: str | None = HOTTOK) -> int:
    headers = {} if token is None else {"X-HOTMART-HOTTOK": token}
    return http.post(URL, data=body, content_type="application/json", headers=headers).status_code


def test_the_raw_event_is_stored_and_a_job_left(
    http: FlaskClient, body: bytes, system_session: Session, settings: Settings
) -> None:
    queue = Queue("default", connection=Redis.from_url(settings.redis_url))
    queue.empty()
    assert send(http, body) == 200
    (event,) = stored(system_session, body)
    assert (event.status, event.occurred_at, event.event_name) == (HotmartEventStatus.STORED, NOW, "PURCHASE_APPROVED")
    (job,) = queue.jobs
    assert (job.func_name, job.args) == ("jobs.accounts.apply_hotmart_event", (event.id,))


def test_a_repeat_is_stored_once_and_answered_alike(http: FlaskClient, body: bytes, system_session: Session) -> None:
    assert [send(http, body) for _ in range(3)] == [200, 200, 200]
    assert len(stored(system_session, body)) == 1


@pytest.mark.parametrize("token", [None, "", "wrong", HOTTOK + " ", HOTTOK[:-1], "é"])
def test_a_wrong_hottok_is_a_401_and_nothing_is_stored(
    token: str | None, http: FlaskClient, body: bytes, system_session: Session
) -> None:
    if token == "é":
        answer = http.post(URL, data=body, environ_base={"HTTP_X_HOTMART_HOTTOK": token})
        assert answer.status_code == 401
    else:
        assert send(http, body, token) == 401
    assert stored(system_session, body) == []


def test_the_hottok_may_come_in_the_body(http: FlaskClient, body: bytes, system_session: Session) -> None:
    with_token = json.dumps(json.loads(body) | {"hottok": HOTTOK}).encode()
    assert send(http, with_token, None) == 200
    assert len(stored(system_session, with_token)) == 1
    wrong = json.dumps(json.loads(body) | {"hottok": "wrong"}).encode()
    assert send(http, wrong, None) == 401


@pytest.mark.parametrize("event", ["PURCHASE_BILLET_PRINTED", "CLUB_MODULE_COMPLETED", "SOMETHING_OF_2027"])
def test_events_we_ignore_are_answered_200_too(event: str, http: FlaskClient) -> None:
    assert send(http, Subscription("ana@example.com").purchase(event, NOW)) == 200


@pytest.mark.parametrize("broken", [b"{", b"", b"\x00\xff\xfe", b"null", b'"x"', b"[" * 5000, b'{"event":{}}'])
def test_a_broken_body_is_stored_flagged_and_answered_200(
    broken: bytes, http: FlaskClient, system_session: Session
) -> None:
    assert send(http, broken) == 200
    (event,) = stored(system_session, broken)
    assert event.status is HotmartEventStatus.UNREADABLE


def test_a_body_of_ten_megabytes_is_a_413(http: FlaskClient) -> None:
    assert send(http, b"x" * 10 * MIB) == 413
    assert send(http, b"{" + b" " * (MIB - 1)) == 200


def test_a_body_that_hides_its_size_is_cut_at_the_limit(app: Flask) -> None:
    stream = _Endless()
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": URL,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "HTTP_X_HOTMART_HOTTOK": HOTTOK,
    }
    said: list[str] = []
    list(app.wsgi_app(environ, lambda status, _headers: said.append(status)))
    assert said == ["413 REQUEST ENTITY TOO LARGE"]
    assert stream.given <= 2 * MIB


class _Endless(io.RawIOBase):
    """A stream that never ends."""

    given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        buffer[:] = b"x" * len(buffer)
        self.given += len(buffer)
        return len(buffer)


def test_two_different_bodies_with_one_id_keep_the_first(http: FlaskClient, system_session: Session) -> None:
    subscription, event_id = Subscription("ana@example.com"), secrets.token_hex(8)
    first = subscription.purchase("PURCHASE_APPROVED", NOW, event_id=event_id)
    second = subscription.purchase("PURCHASE_REFUNDED", NOW, event_id=event_id)
    assert (send(http, first), send(http, second)) == (200, 200)
    assert (len(stored(system_session, first)), len(stored(system_session, second))) == (1, 0)
