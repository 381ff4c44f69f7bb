"""Keys: made by signing in or at the command line, limited by scopes, gone when revoked."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.tenancy import system_scope, tenant_scope
from models.accounts import ApiKey, Directory, User
from services.accounts import create_api_key, remove_expired_keys
from tests.support.world import Human, TenantHandle


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    """A program."""
    return app.test_client(use_cookies=False)


def new_key(factory: sessionmaker[Session], owner: Human, *scopes: str) -> str:
    with tenant_scope(owner.tenant_id), factory.begin() as session:
        return create_api_key(session, owner.tenant_id, owner.user_id, name="teste", scopes=scopes or ("*",))


def status(http: FlaskClient, key: str, *, method: str = "get", url: str = "/api/instances") -> int:
    answer = getattr(http, method)(url, headers={"Authorization": f"Bearer {key}"})
    found: int = answer.status_code
    return found


def test_signing_in_gives_a_key_for_twelve_hours(http: FlaskClient, tenant: TenantHandle) -> None:
    answer = http.post("/api/auth/login", json={"email": tenant.email, "password": tenant.password}).json
    assert status(http, answer["token"]) == 200
    left = datetime.fromisoformat(answer["expires_at"]) - utcnow()
    assert timedelta(hours=11) < left <= timedelta(hours=12)


def test_wrong_password_and_unknown_email_answer_the_same_and_are_throttled_together_with_the_page(
    http: FlaskClient, tenant: TenantHandle
) -> None:
    wrong = {"email": tenant.email, "password": "errada"}
    answers = [http.post("/api/auth/login", json=wrong, environ_base=_somewhere()) for _ in range(10)]
    nobody = {"email": f"{secrets.token_hex(5)}@example.com", "password": "errada"}
    unknown = http.post("/api/auth/login", json=nobody, environ_base=_somewhere())
    assert {answer.status_code for answer in [*answers, unknown]} == {401}
    assert answers[0].json["error"]["code"] == unknown.json["error"]["code"] == "wrong_credentials"
    right = {"email": tenant.email, "password": tenant.password}
    assert http.post("/api/auth/login", json=right, environ_base=_somewhere()).status_code == 429


def _somewhere() -> dict[str, str]:
    return {"REMOTE_ADDR": f"10.{secrets.randbelow(250)}.{secrets.randbelow(250)}.1"}


@pytest.mark.parametrize(
    ("scopes", "answers"),
    [(("*",), (200, 422)), (("instances",), (200, 422)), (("instances.read",), (200, 403)), (("leads",), (403, 403))],
)
def test_a_key_does_what_its_scopes_say(
    scopes: tuple[str, ...],
    answers: tuple[int, int],
    http: FlaskClient,
    tenant: TenantHandle,
    factory: sessionmaker[Session],
) -> None:
    key = new_key(factory, tenant.owner, *scopes)
    assert (status(http, key), status(http, key, method="post")) == answers


def test_a_key_does_no_more_than_its_owners_role(
    http: FlaskClient, tenant: TenantHandle, make_user: Callable[..., Human], factory: sessionmaker[Session]
) -> None:
    key = new_key(factory, make_user(tenant, role="viewer"))
    assert (status(http, key), status(http, key, method="post")) == (200, 403)


@pytest.mark.parametrize("change", [{"revoked_at": utcnow()}, {"expires_at": utcnow() - timedelta(seconds=1)}])
def test_a_key_that_is_over_opens_nothing(
    change: dict[str, datetime], http: FlaskClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    key = new_key(factory, tenant.owner)
    with tenant_scope(tenant.id), factory.begin() as session:
        session.execute(update(ApiKey).where(ApiKey.tenant_id == tenant.id).values(change))
    assert status(http, key) == 401


def test_a_key_of_somebody_switched_off_opens_nothing(
    http: FlaskClient, tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    key = new_key(factory, tenant.owner)
    with system_scope("test"), factory.begin() as session:
        session.execute(update(User).where(User.id == tenant.owner_id).values(is_active=False))
    assert status(http, key) == 401


def test_a_key_is_kept_as_a_hash_and_its_use_is_noted(
    http: FlaskClient, tenant: TenantHandle, factory: sessionmaker[Session], session: Session
) -> None:
    key = new_key(factory, tenant.owner)
    status(http, key)
    row = session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant.id)).one()
    assert key not in (row.key_hash, row.prefix, row.name)
    assert row.last_used_at is not None


def test_a_key_opens_no_pages(http: FlaskClient, tenant: TenantHandle, factory: sessionmaker[Session]) -> None:
    assert status(http, new_key(factory, tenant.owner), url="/account") == 303


def test_keys_past_their_end_are_forgotten_with_their_directory_rows(
    tenant: TenantHandle, factory: sessionmaker[Session], system_session: Session
) -> None:
    old = utcnow() - timedelta(days=2)
    with tenant_scope(tenant.id), factory.begin() as session:
        create_api_key(session, tenant.id, tenant.owner_id, name="velha", expires_at=old)
        create_api_key(session, tenant.id, tenant.owner_id, name="sem fim")
    remove_expired_keys(system_session, utcnow())
    names = system_session.scalars(select(ApiKey.name).where(ApiKey.tenant_id == tenant.id)).all()
    kept = system_session.scalars(
        select(Directory.key).where(Directory.tenant_id == tenant.id, Directory.kind == "api_key")
    ).all()
    assert (names, len(kept)) == (["sem fim"], 1)
