"""Campaigns whose minute has come, and those whose minute was missed."""

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from models.campaigns import LogType, Severity
from services.sending.logbook import write_logs
from services.sending.tuning import LATEST_START
from services.sending.watch import sql
from services.sending.words import LogLine

HELD: Final = "O início passou há mais de 30 minutos e nada foi enviado. Confira e inicie quando quiser."
StartCampaign = Callable[[Session, int, int, datetime], object]
"""`start_scheduled_campaign(session, tenant_id, campaign_id, now)`: freezes the audience and sets it running."""


class Due(NamedTuple):
    tenant_id: int
    campaign_id: int
    schedule_at: datetime


def due_schedules(session: Session, now: datetime) -> list[Due]:
    """Scheduled campaigns whose minute has come, longest overdue first."""
    return [Due(*row) for row in session.execute(sql.DUE_SCHEDULES, {"now": now})]


def is_too_late(due: Due, now: datetime) -> bool:
    return now - due.schedule_at > LATEST_START


def hold(session: Session, due: Due, now: datetime) -> None:
    """A person is asked instead: a start missed by more than 30 minutes may be a surprise."""
    columns = {
        "tenant_id": due.tenant_id,
        "campaign_id": due.campaign_id,
        "latest": now - LATEST_START,
        "reason": HELD,
    }
    if session.execute(sql.HOLD_LATE, columns).scalar() is not None:
        details = {"schedule_at": due.schedule_at.isoformat()}
        line = LogLine(due.tenant_id, due.campaign_id, now, LogType.PAUSED, Severity.WARNING, HELD, details)
        write_logs(session, [line])


def start_scheduled_campaign(session: Session, tenant_id: int, campaign_id: int, now: datetime) -> None:
    """Stands in until the campaigns room offers it."""
    raise NotImplementedError
