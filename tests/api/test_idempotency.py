"""A POST with an `Idempotency-Key` is done once and answered as often as asked."""

import io
import secrets
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from core.access import requires
from core.clock import utcnow
from core.config import Settings
from core.errors import Unavailable
from core.extensions import csrf
from core.tenancy import tenant_scope
from models.accounts import IdempotencyKey
from services.accounts import create_api_key, forget_old_answers
from tests.support.world import TenantHandle


class Counter:
    """Counts how often the work was really done; `gate` holds it up, `is_out` makes it refuse."""

    def __init__(self) -> None:
        self.done = 0
        self.gate = threading.Event()
        self.gate.set()
        self.is_out = False


@pytest.fixture
def work() -> Counter:
    return Counter()


@pytest.fixture
def counting_app(settings: Settings, work: Counter) -> Iterator[Flask]:
    """An app with one address whose work can be counted."""
    from app import create_app

    app = create_app(settings)
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @csrf.exempt
    @requires("dashboard.read")
    def count_work() -> tuple[dict[str, Any], int]:
        if work.is_out:
            raise Unavailable
        work.done += 1
        work.gate.wait(5)
        said = request.form.get("name") or (request.get_json(silent=True) or {}).get("name", "")
        return {"number": work.done, "name": said}, 201

    app.add_url_rule("/api/work", "count_work", count_work, methods=["POST"])
    yield app


@pytest.fixture
def send(counting_app: Flask, tenant: TenantHandle, factory: sessionmaker[Session]) -> Callable[..., Any]:
    with tenant_scope(tenant.id), factory.begin() as session:
        token = create_api_key(session, tenant.id, tenant.owner_id, name="teste")

    def sent(key: str, **options: Any) -> Any:
        http: FlaskClient = counting_app.test_client(use_cookies=False)
        return http.post("/api/work", headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key}, **options)

    return sent


def test_a_repeat_gets_the_same_answer_and_no_work_is_done(send: Callable[..., Any], work: Counter) -> None:
    key = secrets.token_hex(8)
    first, second = send(key, json={"name": "a"}), send(key, json={"name": "a"})
    assert (first.status_code, second.status_code, work.done) == (201, 201, 1)
    assert first.json == second.json
    assert (first.headers.get("Idempotency-Replayed"), second.headers["Idempotency-Replayed"]) == (None, "true")


def test_another_body_under_the_same_key_is_refused(send: Callable[..., Any], work: Counter) -> None:
    key = secrets.token_hex(8)
    send(key, json={"name": "a"})
    refused = send(key, json={"name": "b"})
    assert (refused.status_code, refused.json["error"]["code"], work.done) == (409, "idempotency_key_reused", 1)


def test_another_key_is_another_piece_of_work(send: Callable[..., Any], work: Counter) -> None:
    for _ in range(2):
        send(secrets.token_hex(8), json={"name": "a"})
    assert work.done == 2


def test_an_upload_repeated_with_another_boundary_is_the_same(send: Callable[..., Any], work: Counter) -> None:
    key = secrets.token_hex(8)
    for boundary in ("one", "two"):
        data = {"name": "lista", "file": (io.BytesIO(b"nome;telefone\n"), "leads.csv")}
        answer = send(key, data=data, content_type=f"multipart/form-data; boundary={boundary * 8}")
        assert answer.json["name"] == "lista"
    assert work.done == 1
    changed = {"name": "lista", "file": (io.BytesIO(b"outra;coisa\n"), "leads.csv")}
    assert send(key, data=changed).status_code == 409


def test_two_at_once_do_the_work_once(send: Callable[..., Any], work: Counter) -> None:
    key = secrets.token_hex(8)
    work.gate.clear()
    answers: list[Any] = []
    first = threading.Thread(target=lambda: answers.append(send(key, json={"name": "a"})))
    first.start()
    while not work.done:
        first.join(0.01)
    second = send(key, json={"name": "a"})
    work.gate.set()
    first.join()
    assert (second.status_code, second.json["error"]["code"]) == (409, "idempotency_in_progress")
    assert (answers[0].status_code, work.done) == (201, 1)


def test_a_request_that_did_nothing_lets_its_key_go(send: Callable[..., Any], work: Counter) -> None:
    key = secrets.token_hex(8)
    work.is_out = True
    assert send(key, json={}).status_code == 503
    work.is_out = False
    assert (send(key, json={}).status_code, work.done) == (201, 1)


def test_answers_are_kept_for_24_hours(
    send: Callable[..., Any], work: Counter, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    key = secrets.token_hex(8)
    send(key, json={})
    with tenant_scope(tenant.id), factory.begin() as session:
        older = update(IdempotencyKey).where(IdempotencyKey.tenant_id == tenant.id)
        session.execute(older.values(created_at=utcnow() - timedelta(hours=24, minutes=1)))
    send(key, json={})
    assert work.done == 2


def test_the_clock_forgets_old_answers(send: Callable[..., Any], system_session: Session) -> None:
    send(secrets.token_hex(8), json={})
    assert forget_old_answers(system_session, utcnow()) == 0
    assert forget_old_answers(system_session, utcnow() + timedelta(hours=25)) >= 1


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_of_the_wrong_length_is_refused(key: str, send: Callable[..., Any], work: Counter) -> None:
    assert (send(key, json={}).status_code, work.done) == (422, 0)
