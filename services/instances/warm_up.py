"""The warm-up of a new unofficial number: how much it may send on each of its first days. Pure, but for the table."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.whatsapp import connector, connector_names
from core.clock import day_in_zone
from models.instances import WarmUpStage


class Stage(NamedTuple):
    """From this connected day on (1 = the first) so many messages a day; None = only the number's own cap."""

    from_day: int
    daily_cap: int | None


def cap_on_day(stages: Sequence[Stage], day: int) -> int | None:
    """The cap of the last stage begun by this day; None when there is none, or when it has no limit."""
    begun = [one for one in stages if one.from_day <= day]
    return max(begun, key=lambda one: one.from_day).daily_cap if begun else None


def warm_up_day(first_connected_at: datetime | None, now: datetime, zone: str) -> int:
    """Which connected day it is, in the tenant's zone: 1 on the day of the first connection, and before any."""
    if first_connected_at is None:
        return 1
    return max(1, (day_in_zone(now, zone) - day_in_zone(first_connected_at, zone)).days + 1)


def is_unofficial(name: str) -> bool:
    """Whether a connector's numbers need care; one this version doesn't know counts as unofficial."""
    return name not in connector_names() or not connector(name).info.is_official


def least(*caps: int | None) -> int | None:
    """The smallest of the caps that exist."""
    return min((cap for cap in caps if cap is not None), default=None)


def stages_of(session: Session) -> tuple[Stage, ...]:
    """The platform's table, in the order of days."""
    rows = session.execute(select(WarmUpStage.from_day, WarmUpStage.daily_cap).order_by(WarmUpStage.from_day))
    return tuple(Stage(*row) for row in rows)
