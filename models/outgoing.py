"""What leaves the house after a commit: e-mails, and notices to the people of a tenant."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, SmallInteger, String, UniqueConstraint, func, text
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


class NoticeKind(StrEnum):
    """What a tenant's people are told about: by the bell, and by e-mail."""

    NUMBER_DOWN = "number_down"
    QUOTA_REACHED = "quota_reached"
    CAMPAIGN_FINISHED = "campaign_finished"
    CAMPAIGN_PAUSED = "campaign_paused"
    LICENCE_ENDING = "licence_ending"


class Notice(TenantOwned, Created, Base):
    """One thing worth knowing. `key` says what it is about: the same thing is told once. `link` is a path of ours."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("tenant_id", "key"),
        Index("ix_notices_tenant_id_read", "tenant_id", "read_at", "id"),
    )

    kind: Mapped[NoticeKind] = mapped_column(state_column(NoticeKind))
    key: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(server_default="")
    link: Mapped[str] = mapped_column(String(200), server_default="")
    read_at: Mapped[datetime | None]
    emailed_at: Mapped[datetime | None]
