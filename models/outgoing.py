"""What leaves the house after a commit: e-mails for now, signed webhooks and notices later."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, SmallInteger, String, func, text
from sqlalchemy.orm import Mapped, mapped_column

from core.db import Base, Created, TenantOwned
from models.states import Transitions, state_column


class EmailStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


EMAIL_TRANSITIONS: Transitions[EmailStatus] = {
    EmailStatus.PENDING: frozenset({EmailStatus.SENDING, EmailStatus.FAILED}),
    EmailStatus.SENDING: frozenset({EmailStatus.SENT, EmailStatus.PENDING, EmailStatus.FAILED}),
}


class OutgoingEmail(TenantOwned, Created, Base):
    """One e-mail to one person. Bodies are emptied once sent: they may hold a one-time link."""

    __tablename__ = "outgoing_emails"
    __table_args__ = (
        Index("ix_outgoing_emails_due", "next_attempt_at", postgresql_where=text("status IN ('pending', 'sending')")),
    )

    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(200))
    text_body: Mapped[str]
    html_body: Mapped[str]
    status: Mapped[EmailStatus] = mapped_column(state_column(EmailStatus), server_default="pending")
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    next_attempt_at: Mapped[datetime] = mapped_column(server_default=func.now())
    problem: Mapped[str | None]
    sent_at: Mapped[datetime | None]
