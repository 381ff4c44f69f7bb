"""A number that stops or comes back by itself, told where it matters: in the story of every active campaign that uses
it, and (when it stops) to the tenant's people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from sqlalchemy.orm import Session

from models.campaigns import LogType, Severity
from services.sending.arrays import plain
from services.sending.logbook import write_logs
from services.sending.numbers import NumberKey, NumberNow
from services.sending.telling import sql
from services.sending.telling.notices import Stopped, number_down
from services.sending.words import LogLine

BELOW_50: Final = "A saúde do número ficou abaixo de 50."
ACKNOWLEDGED: Final = "O WhatsApp voltou a confirmar as mensagens deste número."


NumberT = TypeVar("NumberT")


class Back(NamedTuple):
    """A number that sends again, and why."""

    tenant_id: int
    instance_id: int
    reason: str
    health: float


def tell_stopped(session: Session, stopped: Sequence[Stopped], now: datetime, *, is_ill: bool = False) -> None:
    """Lines and notices; for an ill number also the line that says so. Call after the counters are written."""
    if not stopped:
        return
    lines = []
    for campaign_id, one in _in_campaigns(session, {one[:2]: one for one in stopped}):
        who = (one.tenant_id, campaign_id, now)
        if is_ill:
            lines.append(
                LogLine(*who, LogType.HEALTH_ISSUE, Severity.WARNING, BELOW_50, {}, one.instance_id, health=one.health)
            )
        details = {"status": one.status}
        lines.append(
            LogLine(
                *who, LogType.INSTANCE_PAUSED, Severity.CRITICAL, one.reason, details, one.instance_id,
                health=one.health,
            )
        )  # fmt: skip
    write_logs(session, lines)
    number_down(session, stopped, now)


def tell_back(session: Session, back: Sequence[Back], now: datetime) -> None:
    """One line in each active campaign of these numbers."""
    write_logs(session, back_lines(session, back, now))


def back_lines(session: Session, back: Sequence[Back], now: datetime) -> list[LogLine]:
    """The same, for whoever writes the lines with others."""
    if not back:
        return []
    return [
        LogLine(
            one.tenant_id, campaign_id, now, LogType.INSTANCE_RESUMED, Severity.INFO, one.reason, {}, one.instance_id,
            health=one.health,
        )
        for campaign_id, one in _in_campaigns(session, {one[:2]: one for one in back})
    ]  # fmt: skip


def changed_by_receipts(session: Session, after: Mapping[NumberKey, NumberNow], now: datetime) -> list[LogLine]:
    """What receipts did to numbers beyond their figures: those that stopped are told to the people; the lines of
    those that are back, acknowledged again."""
    stopped = [
        Stopped(tenant_id, number, one.status, one.reason, one.health)
        for (tenant_id, number), one in after.items()
        if one.has_stopped
    ]
    number_down(session, stopped, now)
    back = [
        Back(tenant_id, number, ACKNOWLEDGED, one.health) for (tenant_id, number), one in after.items() if one.is_back
    ]
    return back_lines(session, back, now)


def _in_campaigns(session: Session, numbers: Mapping[NumberKey, NumberT]) -> list[tuple[int, NumberT]]:
    """Each number with each active campaign that uses it."""
    columns = {"tenants": plain(key[0] for key in numbers), "instances": plain(key[1] for key in numbers)}
    rows = session.execute(sql.CAMPAIGNS_OF_NUMBERS, columns)
    return [(campaign_id, numbers[tenant_id, number]) for tenant_id, campaign_id, number in rows]
