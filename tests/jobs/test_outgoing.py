"""E-mails through the sandbox's SMTP server, and what becomes of them when it misbehaves."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from core import config
from core.clock import utcnow
from core.tenancy import tenant_scope
from jobs.outgoing import send_email, sweep_emails
from models.outgoing import EmailStatus, OutgoingEmail
from services.outgoing import EmailTemplate, queue_email
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

VALUES = {"name": "Ana", "address": "https://app.example.com/reset-password/abc", "email": "ana@example.com"}


@pytest.fixture
def smtp(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[SandboxProcess]:
    """The process's settings name the sandbox's mailbox."""
    monkeypatch.setenv("SMTP_URL", sandbox.smtp_url)
    config.get_settings.cache_clear()
    yield sandbox
    config.get_settings.cache_clear()


@pytest.fixture
def queued(factory: sessionmaker[Session], tenant: TenantHandle) -> Callable[..., int]:
    def written(recipient: str = "ana@example.com") -> int:
        with tenant_scope(tenant.id), factory.begin() as session:
            return queue_email(session, tenant.id, recipient, EmailTemplate.WELCOME, values=VALUES)

    return written


def row(factory: sessionmaker[Session], tenant: TenantHandle, email_id: int) -> Any:
    with tenant_scope(tenant.id), factory() as session:
        query = select(OutgoingEmail).where(OutgoingEmail.tenant_id == tenant.id, OutgoingEmail.id == email_id)
        return session.scalars(query).one()


def test_an_email_arrives_with_both_parts(
    smtp: SandboxProcess, queued: Callable[..., int], tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    email_id = queued()
    assert send_email(tenant.id, email_id) == "delivered"
    (letter,) = smtp.ledger("smtp")
    assert (letter["to"], letter["subject"]) == ("ana@example.com", "Sua conta está pronta: escolha sua senha")
    assert VALUES["address"] in letter["text"]
    assert VALUES["address"] in letter["html"]
    assert row(factory, tenant, email_id).status is EmailStatus.SENT


def test_called_twice_it_is_sent_once(smtp: SandboxProcess, queued: Callable[..., int], tenant: TenantHandle) -> None:
    email_id = queued()
    assert [send_email(tenant.id, email_id) for _ in range(2)] == ["delivered", "not due"]
    assert len(smtp.ledger("smtp")) == 1


def test_a_server_that_is_down_is_tried_again_later(
    queued: Callable[..., int],
    tenant: TenantHandle,
    factory: sessionmaker[Session],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    config.get_settings.cache_clear()
    email_id = queued()
    assert send_email(tenant.id, email_id) == "deferred"
    config.get_settings.cache_clear()
    found = row(factory, tenant, email_id)
    assert (found.status, found.attempts) == (EmailStatus.PENDING, 1)
    assert timedelta(seconds=30) < found.next_attempt_at - utcnow() <= timedelta(minutes=1)


def test_without_any_server_the_email_waits(
    queued: Callable[..., int], tenant: TenantHandle, factory: sessionmaker[Session]
) -> None:
    email_id = queued()
    assert send_email(tenant.id, email_id) == "deferred"
    assert "SMTP_URL" in row(factory, tenant, email_id).problem


def test_the_sweep_leaves_a_job_for_what_is_due(
    queued: Callable[..., int], tenant: TenantHandle, factory: sessionmaker[Session], settings: config.Settings
) -> None:
    email_id = queued()
    queue = Queue("mail", connection=Redis.from_url(settings.redis_url))
    with tenant_scope(tenant.id), factory.begin() as session:
        due = update(OutgoingEmail).where(OutgoingEmail.tenant_id == tenant.id, OutgoingEmail.id == email_id)
        session.execute(due.values(next_attempt_at=utcnow() - timedelta(days=400)))
    queue.empty()
    assert sweep_emails() >= 1
    assert (tenant.id, email_id) in [job.args for job in queue.jobs]
