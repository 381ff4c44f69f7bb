"""Hotmart's events from webhook to licence through a real worker's job."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from core.config import Settings
from core.tenancy import system_scope
from jobs.accounts import apply_hotmart_event, send_reset_link, sweep_hotmart_events
from models.accounts import HotmartEvent, HotmartEventStatus, Licence
from models.outgoing import OutgoingEmail
from services.accounts import map_product
from tests.support.hotmart import HOTTOK, Subscription
from tests.support.world import TenantHandle

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def delivered(app: Flask, factory: sessionmaker[Session]) -> tuple[Subscription, int]:
    """A purchase that the webhook stored -> (subscription, id of the stored event)."""
    bought = Subscription(f"{secrets.token_hex(6)}@example.com")
    body = bought.purchase("PURCHASE_APPROVED", NOW, next_charge=NOW + timedelta(days=30))
    app.test_client().post("/webhooks/hotmart", data=body, headers={"X-HOTMART-HOTTOK": HOTTOK})
    with system_scope("test"), factory.begin() as session:
        map_product(session, "4810001", "pro", offer_code="pro")
        stored_id = session.scalars(select(HotmartEvent.id).where(HotmartEvent.licence_key == bought.code)).one()
    return bought, stored_id


def test_the_job_turns_a_stored_event_into_a_licence(
    delivered: tuple[Subscription, int], system_session: Session
) -> None:
    bought, stored_id = delivered
    assert apply_hotmart_event(stored_id) == "applied"
    assert system_session.scalars(select(Licence).where(Licence.external_key == bought.code)).one().plan_slug == "pro"


def test_an_event_that_redis_lost_is_found_by_the_sweep(
    delivered: tuple[Subscription, int], factory: sessionmaker[Session], settings: Settings
) -> None:
    _, stored_id = delivered
    queue = Queue("default", connection=Redis.from_url(settings.redis_url))
    queue.empty()
    sweep_hotmart_events()
    assert (stored_id,) not in [job.args for job in queue.jobs], "a minute old at least"
    with system_scope("test"), factory.begin() as session:
        older = update(HotmartEvent).where(HotmartEvent.id == stored_id)
        session.execute(older.values(received_at=datetime.now(UTC) - timedelta(minutes=2)))
    sweep_hotmart_events()
    assert (stored_id,) in [job.args for job in queue.jobs]


def test_an_event_that_was_applied_is_not_swept_again(
    delivered: tuple[Subscription, int], system_session: Session
) -> None:
    _, stored_id = delivered
    apply_hotmart_event(stored_id)
    event = system_session.get(HotmartEvent, stored_id)
    assert event is not None
    assert (event.status, event.problem) == (HotmartEventStatus.APPLIED, None)
    assert event.handled_at is not None


def test_an_unknown_event_is_nothing_to_do() -> None:
    assert apply_hotmart_event(10**12) is None


def test_the_reset_job_writes_to_those_who_have_an_account(tenant: TenantHandle, system_session: Session) -> None:
    assert send_reset_link(tenant.email)
    assert not send_reset_link("ninguem-aqui@example.com")
    letter = system_session.scalars(select(OutgoingEmail).where(OutgoingEmail.recipient == tenant.email)).one()
    assert letter.subject == "Escolha outra senha"
