"""Commands as an operator types them."""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.accounts import ApiKey, HotmartEvent, User
from services.accounts import store_hotmart_event
from tests.support.hotmart import NOW as BOUGHT_AT
from tests.support.hotmart import Subscription
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

Flask_ = Callable[..., Result]


@pytest.fixture
def flask(app: Flask) -> Flask_:
    """`flask ARGUMENTS`."""

    def run(*arguments: str) -> Result:
        return app.test_cli_runner().invoke(args=list(arguments))

    return run


def printed(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def new_email() -> str:
    return f"{secrets.token_hex(6)}@example.com"


def test_a_tenant_is_made_whose_owner_signs_in(flask: Flask_, client: PageClient) -> None:
    email = new_email()
    made = printed(flask("tenants", "create", "Clínica Nova", email, "--plan", "pro"))
    assert set(made) == {"tenant_id", "user_id", "email", "password"}
    client.sign_in(email, made["password"])
    assert "Clínica Nova" in client.get("/account").text
    lines = [json.loads(line) for line in flask("tenants", "list").stdout.splitlines()]
    (mine,) = [line for line in lines if line["tenant_id"] == made["tenant_id"]]
    assert mine == {
        "tenant_id": made["tenant_id"],
        "name": "Clínica Nova",
        "email": email,
        "plan": "pro",
        "status": "active",
        "paid_until": None,
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tenants", "create", "X", "sem-arroba", "--plan", "pro"), "não é válido"),
        (("tenants", "create", "X", "x@example.com", "--plan", "platina"), "Não existe um plano"),
        (("api-keys", "create", "ninguem@example.com"), "Ninguém entra"),
        (("plans", "set", "platina", "--leads", "1"), "Não existe um plano"),
        (("plans", "map", "1", "platina"), "Não existe um plano"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(arguments: tuple[str, ...], words: str, flask: Flask_) -> None:
    result = flask(*arguments)
    assert (result.exit_code, words in result.output) == (1, True)
    assert "Traceback" not in result.output


def test_a_refused_command_leaves_nothing_behind(flask: Flask_, system_session: Session) -> None:
    email = new_email()
    flask("tenants", "create", "X", email, "--plan", "platina")
    assert system_session.scalar(select(User.id).where(User.email == email)) is None


def test_an_email_signs_in_to_one_account_only(flask: Flask_, tenant: TenantHandle) -> None:
    result = flask("tenants", "create", "X", tenant.email.upper(), "--plan", "pro")
    assert (result.exit_code, "Já existe uma conta" in result.output) == (1, True)


def test_an_admin_is_made(flask: Flask_, system_session: Session, client: PageClient) -> None:
    email = new_email()
    made = printed(flask("users", "create-admin", email))
    assert system_session.scalars(select(User).where(User.email == email)).one().is_super_admin
    client.sign_in(email, made["password"])


def test_a_key_is_printed_alone_and_works(flask: Flask_, app: Flask, tenant: TenantHandle) -> None:
    result = flask("api-keys", "create", tenant.email, "--scope", "instances.read")
    key = result.stdout.removesuffix("\n")
    assert "\n" not in key
    headers = {"Authorization": f"Bearer {key}"}
    assert app.test_client().get("/api/instances", headers=headers).status_code == 200
    assert app.test_client().post("/api/instances", headers=headers).status_code == 403


def test_a_keys_scopes_are_kept(flask: Flask_, tenant: TenantHandle, session: Session) -> None:
    flask("api-keys", "create", tenant.email, "--scope", "leads", "--scope", "campaigns.read")
    (key,) = session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant.id)).all()
    assert key.scopes == ["leads", "campaigns.read"]


def test_a_plans_limits_change_and_the_rest_stays(flask: Flask_) -> None:
    before = {line["slug"]: line for line in map(json.loads, flask("plans", "list").stdout.splitlines())}["starter"]
    try:
        changed = printed(flask("plans", "set", "starter", "--daily-messages", "301", "--pace-floor-ms", "0"))
        assert changed == before | {"daily_messages": 301, "pace_floor_ms": 0}
    finally:
        flask(
            *("plans", "set", "starter", "--daily-messages", str(before["daily_messages"])),
            *("--pace-floor-ms", str(before["pace_floor_ms"])),
        )
    assert flask("plans", "set", "starter", "--leads", "-1").exit_code == 2


def test_mapping_a_product_applies_the_purchases_that_waited(
    flask: Flask_, system_session: Session, app: Flask
) -> None:
    from jobs.accounts import apply_hotmart_event

    product = f"7{secrets.randbelow(10**9)}"
    bought = Subscription(new_email(), product_id=product, offer="x")
    stored_id = store_hotmart_event(system_session, bought.purchase("PURCHASE_APPROVED", BOUGHT_AT))
    system_session.commit()
    assert stored_id is not None
    assert apply_hotmart_event(stored_id) == "unmapped"
    assert printed(flask("plans", "map", product, "pro"))["replayed"] >= 1
    assert apply_hotmart_event(stored_id) == "applied"
    system_session.rollback()
    event = system_session.get(HotmartEvent, stored_id)
    assert event is not None
    assert event.status == "applied"


def test_prices_are_entered_listed_and_refused(flask: Flask_) -> None:
    assert "62500" in flask("prices", "set", "Marketing", "br", "62500", "--from", "2019-07-01").output
    assert "marketing\tBR\t2019-07-01\tUSD\t62500" in flask("prices", "list").output
    flask("prices", "set", "marketing", "BR", "0", "--currency", "BRL", "--from", "2019-07-01")
    assert "marketing\tBR\t2019-07-01\tBRL\t0" in flask("prices", "list").output
    refused = flask("prices", "set", "promo", "BR", "1")
    assert refused.exit_code == 1


def test_the_doctor_names_what_is_missing_and_the_remedy(flask: Flask_) -> None:
    result = flask("doctor")
    assert result.exit_code == 1
    assert "ok   migrações" in result.output
    assert "inicie: python worker_sender.py" in result.output
