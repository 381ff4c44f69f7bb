"""The warm-up of a new unofficial number: how much it may send on each of its first days. Pure, but for the table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.whatsapp import connector, connector_names
from core.clock import DEFAULT_ZONE, day_in_zone
from core.errors import InvalidInput
from models.accounts import Tenant
from models.instances import Instance, WarmUpStage

LAST_DAY: Final = 365


class Stage(NamedTuple):
    """From this connected day on (1 = the first) so many messages a day; None = only the number's own cap."""

    from_day: int
    daily_cap: int | None


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Where a number stands: its connected day, how many days the warm-up lasts, what it may send today by it."""

    day: int
    days: int
    cap: int

    @property
    def share(self) -> float:
        """How much of it lies behind, 0-1."""
        return min((self.day - 1) / self.days, 1.0)


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


def warm_up_on(stages: Sequence[Stage], day: int) -> WarmUp | None:
    """Where a number on this day of its warm-up stands; None when nothing limits it any more."""
    cap = cap_on_day(stages, day)
    if cap is None:
        return None
    later = [one.from_day for one in stages if one.from_day > day and one.daily_cap is None]
    days = min(later) - 1 if later else max([one.from_day for one in stages], default=day)
    return WarmUp(day, max(days, day), cap)


def least(*caps: int | None) -> int | None:
    """The smallest of the caps that exist."""
    return min((cap for cap in caps if cap is not None), default=None)


def stages_of(session: Session) -> tuple[Stage, ...]:
    """The platform's table, in the order of days."""
    rows = session.execute(select(WarmUpStage.from_day, WarmUpStage.daily_cap).order_by(WarmUpStage.from_day))
    return tuple(Stage(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class WarmUps:
    """What tells where a tenant's numbers stand today, read once for all of them."""

    stages: Sequence[Stage]
    zone: str
    now: datetime

    def of(self, instance: Instance) -> WarmUp | None:
        """None for sandbox and official numbers, without warm-up, or once it is over."""
        if not instance.warm_up or instance.is_sandbox or not is_unofficial(instance.connector):
            return None
        return warm_up_on(self.stages, warm_up_day(instance.first_connected_at, self.now, self.zone))

    def cap_of(self, instance: Instance) -> int | None:
        """How many messages it may send today: its own cap or the warm-up's, whichever is less; None = no cap."""
        stage = self.of(instance)
        return least(instance.daily_cap, stage.cap if stage else None)


def warm_ups_of(session: Session, tenant_id: int, now: datetime) -> WarmUps:
    """The platform's stages and the tenant's zone."""
    zone = session.scalar(select(Tenant.time_zone).where(Tenant.id == tenant_id)) or DEFAULT_ZONE
    return WarmUps(stages_of(session), zone, now)


def set_stage(session: Session, from_day: int, daily_cap: int | None) -> None:
    """From this day on so many a day (None = no limit), for every number in its warm-up, from the next look on."""
    if not 1 <= from_day <= LAST_DAY or (daily_cap is not None and daily_cap < 1):
        raise InvalidInput(f"O dia vai de 1 a {LAST_DAY} e o limite começa em 1.")
    values = {"from_day": from_day, "daily_cap": daily_cap}
    statement = insert(WarmUpStage).values(values)
    session.execute(
        statement.on_conflict_do_update(index_elements=[WarmUpStage.from_day], set_={"daily_cap": daily_cap})
    )


def remove_stage(session: Session, from_day: int) -> None:
    """Forget a stage; the one before it lasts longer."""
    session.execute(delete(WarmUpStage).where(WarmUpStage.from_day == from_day))
