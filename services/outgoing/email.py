"""E-mails: a row written with the business's own transaction, sent by a job after the commit.

`pending -> sending` is a claim by conditional UPDATE with a lease; `sending -> sent | pending (again later) | failed`.
A job that dies between sending and settling leaves its lease to run out and the e-mail goes again: twice is better
than never for a link that opens an account, and the link itself works once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import formataddr, make_msgid, parseaddr
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.queue import MAIL, enqueue_after_commit
from core.smtp import Delivery, Outcome
from models.outgoing import EmailStatus, OutgoingEmail
from services.accounts import checked_email
from services.outgoing.rendering import EmailTemplate, render_email

JOB: Final = "jobs.outgoing.send_email"
LEASE: Final = timedelta(minutes=10)
BACK_OFF: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=25), timedelta(minutes=120))


@dataclass(frozen=True, slots=True)
class PreparedEmail:
    """A claimed e-mail, ready for the SMTP door; `attempt` counts from 1."""

    tenant_id: int
    email_id: int
    attempt: int
    message: EmailMessage


def queue_email(
    session: Session,
    tenant_id: int,
    recipient: str,
    template: EmailTemplate,
    *,
    values: dict[str, Any],
    language: str = "pt_BR",
) -> int:
    """Write the e-mail with the caller's transaction; it leaves once that has committed. Returns its id.

    BadEmail for an address nobody could be written to, line breaks included.
    """
    address = checked_email(recipient)
    rendered = render_email(template, values, language=language)
    row = OutgoingEmail(
        tenant_id=tenant_id,
        recipient=address,
        subject=rendered.subject[:200],
        text_body=rendered.text,
        html_body=rendered.html,
    )
    session.add(row)
    session.flush()
    enqueue_after_commit(session, JOB, tenant_id, row.id, queue=MAIL)
    return row.id


def prepare_email(
    session: Session, tenant_id: int, email_id: int, now: datetime, *, sender: str
) -> PreparedEmail | None:
    """Claim the e-mail and build its message; None when it isn't due, or another worker has it.

    `sender` is `Name <address>`. The caller commits before it sends.
    """
    row = session.execute(
        update(OutgoingEmail)
        .where(
            OutgoingEmail.tenant_id == tenant_id,
            OutgoingEmail.id == email_id,
            OutgoingEmail.status.in_([EmailStatus.PENDING, EmailStatus.SENDING]),
            OutgoingEmail.next_attempt_at <= now,
        )
        .values(status=EmailStatus.SENDING, attempts=OutgoingEmail.attempts + 1, next_attempt_at=now + LEASE)
        .returning(
            OutgoingEmail.attempts,
            OutgoingEmail.recipient,
            OutgoingEmail.subject,
            OutgoingEmail.text_body,
            OutgoingEmail.html_body,
        )
    ).one_or_none()
    if row is None:
        return None
    message = build_message(sender, row.recipient, subject=row.subject, text=row.text_body, html=row.html_body)
    return PreparedEmail(tenant_id, email_id, row.attempts, message)


def apply_email(session: Session, prepared: PreparedEmail, delivery: Delivery, now: datetime) -> None:
    """Settle a claimed e-mail by what the server said. Bodies are emptied once it is over: they may hold a link."""
    values: dict[str, Any] = {"problem": delivery.reason or None}
    if delivery.outcome is Outcome.DELIVERED:
        values |= {"status": EmailStatus.SENT, "sent_at": now, "text_body": "", "html_body": ""}
    elif delivery.outcome is Outcome.REFUSED or prepared.attempt > len(BACK_OFF):
        values |= {"status": EmailStatus.FAILED, "text_body": "", "html_body": ""}
    else:
        values |= {"status": EmailStatus.PENDING, "next_attempt_at": now + BACK_OFF[prepared.attempt - 1]}
    session.execute(
        update(OutgoingEmail)
        .where(
            OutgoingEmail.tenant_id == prepared.tenant_id,
            OutgoingEmail.id == prepared.email_id,
            OutgoingEmail.status == EmailStatus.SENDING,
            OutgoingEmail.attempts == prepared.attempt,
        )
        .values(values)
    )


def due_emails(session: Session, now: datetime, *, limit: int = 500) -> list[tuple[int, int]]:
    """(tenant, id) of what should be on its way: retries, and jobs that Redis lost. As the system, by the clock."""
    rows = session.execute(
        select(OutgoingEmail.tenant_id, OutgoingEmail.id)
        .where(
            OutgoingEmail.status.in_([EmailStatus.PENDING, EmailStatus.SENDING]),
            OutgoingEmail.next_attempt_at <= now,
        )
        .order_by(OutgoingEmail.next_attempt_at)
        .limit(limit)
    )
    return [(row.tenant_id, row.id) for row in rows]


def build_message(sender: str, recipient: str, *, subject: str, text: str, html: str) -> EmailMessage:
    """Text and HTML in one message. Headers are set through `EmailMessage`, which refuses line breaks."""
    name, address = parseaddr(sender)
    message = EmailMessage()
    message["From"] = formataddr((name, address))
    message["To"] = recipient
    message["Subject"] = " ".join(subject.split())
    message["Message-ID"] = make_msgid(domain=address.partition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    return message
