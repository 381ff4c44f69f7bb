"""Campaigns whose minute has come. Starting one, or holding it when its minute was missed, is the campaigns room's."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from services.campaigns import LARGE
from services.sending.watch import sql


class Due(NamedTuple):
    """`people` is what its lists hold together: more than its audience at most."""

    tenant_id: int
    campaign_id: int
    people: int

    @property
    def is_large(self) -> bool:
        return self.people > LARGE


def due_schedules(session: Session, now: datetime) -> list[Due]:
    """Scheduled campaigns whose minute has come, longest overdue first."""
    return [Due(*row) for row in session.execute(sql.DUE_SCHEDULES, {"now": now})]
