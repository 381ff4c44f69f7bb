"""E-mails: written with the business, claimed once, tried again, given up with a reason."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.smtp import Delivery, Outcome
from models.outgoing import EmailStatus, OutgoingEmail
from services.accounts import BadEmail
from services.outgoing import EmailTemplate, PreparedEmail, apply_email, due_emails, prepare_email, queue_email
from services.outgoing.email import BACK_OFF, LEASE, build_message
from services.outgoing.rendering import render_email
from tests.support.world import TenantHandle

SENDER = "Leads Infinitos <ola@example.com>"
LINK = "https://app.example.com/reset-password/abc"
NEWS = [{"title": "O número 1 <b>caiu</b>", "body": "Conecte de novo.", "address": LINK}]
VALUES = {"name": "Ana <b>", "address": LINK, "email": "ana@example.com", "news": NEWS}
LATER = Delivery(Outcome.DEFERRED, "451 try later")


def queued(session: Session, tenant: TenantHandle) -> int:
    email_id = queue_email(session, tenant.id, "ana@example.com", EmailTemplate.WELCOME, values=VALUES)
    session.commit()
    return email_id


def claimed(session: Session, tenant: TenantHandle, email_id: int, now: datetime) -> PreparedEmail:
    prepared = prepare_email(session, tenant.id, email_id, now, sender=SENDER)
    assert prepared is not None
    return prepared


def row(session: Session, tenant: TenantHandle, email_id: int) -> OutgoingEmail:
    session.expire_all()
    return session.scalars(
        select(OutgoingEmail).where(OutgoingEmail.tenant_id == tenant.id, OutgoingEmail.id == email_id)
    ).one()


def test_an_email_is_claimed_once(session: Session, tenant: TenantHandle) -> None:
    email_id, now = queued(session, tenant), utcnow()
    assert claimed(session, tenant, email_id, now).message["To"] == "ana@example.com"
    assert prepare_email(session, tenant.id, email_id, now, sender=SENDER) is None


def test_what_was_delivered_keeps_no_body_since_it_may_hold_a_link(session: Session, tenant: TenantHandle) -> None:
    email_id, now = queued(session, tenant), utcnow()
    apply_email(session, claimed(session, tenant, email_id, now), Delivery(Outcome.DELIVERED), now)
    found = row(session, tenant, email_id)
    assert (found.status, found.text_body, found.html_body, found.sent_at) == (EmailStatus.SENT, "", "", now)


def test_a_deferred_email_is_tried_four_times_more_and_then_given_up(session: Session, tenant: TenantHandle) -> None:
    email_id, now = queued(session, tenant), utcnow()
    for wait in BACK_OFF:
        apply_email(session, claimed(session, tenant, email_id, now), LATER, now)
        assert row(session, tenant, email_id).next_attempt_at == now + wait
        assert prepare_email(session, tenant.id, email_id, now, sender=SENDER) is None
        now += wait
    apply_email(session, claimed(session, tenant, email_id, now), LATER, now)
    found = row(session, tenant, email_id)
    assert (found.status, found.attempts, found.problem) == (EmailStatus.FAILED, 5, "451 try later")


def test_a_refused_address_is_not_tried_again(session: Session, tenant: TenantHandle) -> None:
    email_id, now = queued(session, tenant), utcnow()
    refused = Delivery(Outcome.REFUSED, "550 no such person")
    apply_email(session, claimed(session, tenant, email_id, now), refused, now)
    assert row(session, tenant, email_id).status is EmailStatus.FAILED


def test_a_job_that_died_leaves_its_email_to_the_sweep_once_its_lease_is_over(
    session: Session, tenant: TenantHandle
) -> None:
    email_id, now = queued(session, tenant), utcnow()
    dead = claimed(session, tenant, email_id, now)
    assert prepare_email(session, tenant.id, email_id, now + LEASE - timedelta(seconds=1), sender=SENDER) is None
    second = claimed(session, tenant, email_id, now + LEASE)
    apply_email(session, dead, Delivery(Outcome.REFUSED, "the dead speak"), now)
    assert row(session, tenant, email_id).status is EmailStatus.SENDING
    assert second.attempt == 2


def test_the_sweep_sees_what_is_due_and_nothing_else(
    session: Session, system_session: Session, tenant: TenantHandle
) -> None:
    email_id = queued(session, tenant)
    now = utcnow()
    assert (tenant.id, email_id) in due_emails(system_session, now + timedelta(minutes=1), limit=10_000)
    assert (tenant.id, email_id) not in due_emails(system_session, now - timedelta(minutes=1), limit=10_000)


@pytest.mark.parametrize(
    "address",
    ["ana@example.com\r\nBcc: b@example.com", "ana", "@example.com", "Ana <ana@example.com>", "", "a b@c.d"],
)
def test_an_address_that_could_smuggle_a_header_is_refused(
    address: str, session: Session, tenant: TenantHandle
) -> None:
    with pytest.raises(BadEmail):
        queue_email(session, tenant.id, address, EmailTemplate.WELCOME, values=VALUES)


def test_a_name_with_line_breaks_makes_no_header() -> None:
    message = build_message(SENDER, "ana@example.com", subject="Olá\r\nBcc: x@example.com", text="t", html="<p>t</p>")
    assert message["Bcc"] is None
    assert message["Subject"] == "Olá Bcc: x@example.com"


@pytest.mark.parametrize("template", list(EmailTemplate))
def test_both_forms_carry_the_link_and_html_is_escaped(template: EmailTemplate) -> None:
    rendered = render_email(template, VALUES)
    assert LINK in rendered.text
    assert f'href="{LINK}"' in rendered.html
    assert "Ana <b>" in rendered.text
    assert "Ana &lt;b&gt;" in rendered.html
    assert rendered.subject
    assert "\n" not in rendered.subject
