"""The look's numbers: connected, healthy, each with the cap, floor and record that hold for it today."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from services.accounts import Entitlement
from services.instances import Floors, Stage, floors_of, is_unofficial, least, stages_of, warm_up_day, warm_up_on
from services.sending.arrays import plain
from services.sending.picture import NumberView
from services.sending.rotation import Record
from services.sending.watch import sql


@dataclass(slots=True)
class PlatformRules:
    """Warm-up stages and pace floors, asked again after `keep_seconds`: an operator changes them a few times a year."""

    keep_seconds: float = 2.0
    stages: tuple[Stage, ...] = ()
    floors: Floors = field(default_factory=Floors)
    _read_at: datetime | None = None

    def refresh(self, session: Session, now: datetime) -> None:
        """Read them when what we have is too old."""
        if self._read_at is None or self._read_at < now - timedelta(seconds=self.keep_seconds):
            self.stages, self.floors, self._read_at = stages_of(session), floors_of(session), now


@dataclass(frozen=True, slots=True)
class Ground:
    """What a number's row is read by: the rules, each tenant's plan, its day and its zone."""

    rules: PlatformRules
    plans: Mapping[int, Entitlement]
    days: Mapping[int, date]
    zones: Mapping[int, str]
    now: datetime


class _Row(NamedTuple):
    """A row of ACTIVE_NUMBERS."""

    tenant_id: int
    instance_id: int
    connector: str
    base_url: str
    instance_key: str
    sealed_credentials: str
    is_sandbox: bool
    min_ms: int
    max_ms: int
    daily_cap: int | None
    used_on: date | None
    used_today: int
    health: float
    consecutive_errors: int
    ready_at: float
    has_warm_up: bool
    first_connected_at: datetime | None
    sample: int
    failures: float
    acks: float
    latency_ms: float
    quiet_seconds: float
    pace_at: float
    is_resting: bool


def read_numbers(session: Session, daemon_id: str, ground: Ground) -> dict[int, NumberView]:
    """The usable numbers of the ground's tenants, by id."""
    ground.rules.refresh(session, ground.now)
    values = {"tenants": plain(ground.days), "daemon": daemon_id, "now": ground.now}
    return {row[1]: view_of(_Row(*row), ground) for row in session.execute(sql.ACTIVE_NUMBERS, values)}


def view_of(row: Any, ground: Ground) -> NumberView:
    """A row as the engine sees it. Pure."""
    stage = None
    if row.has_warm_up and not row.is_sandbox and is_unofficial(row.connector):
        day = warm_up_day(row.first_connected_at, ground.now, ground.zones[row.tenant_id])
        stage = warm_up_on(ground.rules.stages, day)
    plan = ground.plans[row.tenant_id].plan
    record = Record(row.sample, row.failures, row.acks, row.latency_ms)
    return NumberView(
        tenant_id=row.tenant_id,
        instance_id=row.instance_id,
        connector=row.connector,
        base_url=row.base_url,
        instance_key=row.instance_key,
        sealed_credentials=row.sealed_credentials,
        is_sandbox=row.is_sandbox,
        min_ms=row.min_ms,
        max_ms=row.max_ms,
        daily_cap=least(row.daily_cap, stage.cap if stage else None),
        used_today=row.used_today if row.used_on == ground.days.get(row.tenant_id) else 0,
        health=row.health,
        consecutive_errors=row.consecutive_errors,
        ready_at=float(row.ready_at),
        floor_ms=ground.rules.floors.of(plan, row.connector, is_sandbox=row.is_sandbox),
        record=record.rested(float(row.quiet_seconds)),
        warm_up=stage.share if stage else 1.0,
        pace_at=float(row.pace_at),
        is_resting=row.is_resting,
    )
