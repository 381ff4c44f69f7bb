"""Step 1, look: read all that may send, judge each campaign's standing, write down what changed, draw the picture."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from models.campaigns import CampaignStatus, LogType, RotationMode, Severity
from services.accounts import Entitlement, entitlements_of
from services.campaigns import zone_of_window
from services.sending.arrays import plain, texts
from services.sending.logbook import write_logs
from services.sending.picture import CampaignView, NumberView, Picture, TenantView, day_of
from services.sending.standing import WAITING, Situation, Standing, standing
from services.sending.watch import sql
from services.sending.window import Rule, read_window, safe_zone
from services.sending.words import LogLine, Terms


class _Campaign(NamedTuple):
    tenant_id: int
    campaign_id: int
    status: CampaignStatus
    mode: RotationMode
    interval_min_ms: int | None
    interval_max_ms: int | None
    daily_limit: int | None
    window: Mapping[str, Any] | None
    pause_reason: str
    zone: str
    pending: int
    sending: int
    claimed_today: int | None

    @property
    def own_left(self) -> int | None:
        return None if self.daily_limit is None else self.daily_limit - (self.claimed_today or 0)


@dataclass(slots=True)
class Plans:
    """What each tenant's licence allows, asked again after `keep_seconds`: it changes a few times a year, and a
    thousand tenants' licences cost 30 ms to read."""

    keep_seconds: float = 2.0
    _known: dict[int, Entitlement] = field(default_factory=dict)
    _read_at: dict[int, datetime] = field(default_factory=dict)

    def of(self, session: Session, tenant_ids: Collection[int], now: datetime) -> Mapping[int, Entitlement]:
        """The entitlement of every tenant asked for."""
        oldest = now - timedelta(seconds=self.keep_seconds)
        stale = [one for one in tenant_ids if one not in self._read_at or self._read_at[one] < oldest]
        if stale:
            self._known.update(entitlements_of(session, stale, now))
            self._read_at.update(dict.fromkeys(stale, now))
        return {one: self._known[one] for one in tenant_ids}


@dataclass(frozen=True, slots=True)
class _World:
    """What the queries found, ready to be judged."""

    campaigns: Sequence[_Campaign]
    numbers: Mapping[int, NumberView]
    members: Mapping[int, frozenset[int]]
    plans: Mapping[int, Entitlement]
    days: Mapping[int, date]
    used: Mapping[int, int]
    in_flight: Mapping[int, int]

    def plan_left(self, tenant_id: int) -> int | None:
        plan = self.plans[tenant_id]
        return plan.daily_messages - self.used.get(tenant_id, 0) if plan.is_live else None


def look(session: Session, *, now: datetime, daemon_id: str, plans: Plans) -> Picture:
    """Read, judge, write changed standings and finished campaigns, return the picture. The caller commits."""
    campaigns = [_campaign(row) for row in session.execute(sql.ACTIVE_CAMPAIGNS, {"now": now})]
    _finish(session, now, [one for one in campaigns if one.pending == 0 and one.sending == 0])
    world = _read_world(session, now, daemon_id, campaigns=campaigns, plans=plans)
    standings = [(one, _standing(world, one, now)) for one in campaigns if one.pending or one.sending]
    _write_standings(session, now, standings)
    able = [one for one, verdict in standings if verdict.may_send and one.pending]
    return _draw(world, able)


def _campaign(row: Any) -> _Campaign:
    one = _Campaign(row[0], row[1], CampaignStatus(row[2]), RotationMode(row[3]), *row[4:])
    return one._replace(zone=safe_zone(one.zone))


def _read_world(
    session: Session, now: datetime, daemon_id: str, *, campaigns: Sequence[_Campaign], plans: Plans
) -> _World:
    zones = {one.tenant_id: one.zone for one in campaigns}
    days = {tenant_id: day_of(now, zone) for tenant_id, zone in zones.items()}
    tenants = {"tenants": plain(days)}
    used = session.execute(sql.USED_TODAY, tenants | {"days": plain(days.values())})
    numbers = session.execute(sql.ACTIVE_NUMBERS, tenants | {"daemon": daemon_id})
    in_flight: dict[int, int] = defaultdict(int)
    for one in campaigns:
        in_flight[one.tenant_id] += one.sending
    return _World(
        campaigns,
        {row[1]: _number(row, days) for row in numbers},
        {row[0]: frozenset(row[1]) for row in session.execute(sql.MEMBERS)},
        plans.of(session, days.keys(), now),
        days,
        dict(used.all()),
        in_flight,
    )


def _number(row: Any, days: Mapping[int, date]) -> NumberView:
    values = list(row)
    used_on = values.pop(10)
    if used_on != days.get(row[0]):
        values[10:13] = (0, 0, 0)
    values[15] = float(values[15])
    return NumberView(*values)


def _standing(world: _World, one: _Campaign, now: datetime) -> Standing:
    members = world.members.get(one.campaign_id, frozenset())
    window, zone = _hours(one)
    situation = Situation(
        status=one.status,
        zone=one.zone,
        window_zone=zone,
        window=window,
        plan_left=world.plan_left(one.tenant_id),
        campaign_left=one.own_left,
        usable_numbers=len(members & world.numbers.keys()),
        in_flight=world.in_flight[one.tenant_id],
    )
    return standing(now, situation)


def _hours(one: _Campaign) -> tuple[tuple[Rule, ...] | None, str]:
    """The window's rules and zone. One that can't be read never opens; it must not stop everybody's look."""
    try:
        return read_window(one.window), safe_zone(zone_of_window(one.window, one.zone))
    except (KeyError, TypeError, ValueError, AttributeError):
        return (), one.zone


def _finish(session: Session, now: datetime, done: Sequence[_Campaign]) -> None:
    if not done:
        return
    columns = {
        "tenants": plain(one.tenant_id for one in done),
        "campaigns": plain(one.campaign_id for one in done),
        "now": now,
    }
    rows = session.execute(sql.FINISH_CAMPAIGNS, columns).all()
    write_logs(session, [_finished(now, *row) for row in rows])


def _finished(now: datetime, tenant_id: int, campaign_id: int, total: int, sent: int, *rest: int) -> LogLine:
    failed, unconfirmed = rest
    details = {"total": total, "sent": sent, "failed": failed, "unconfirmed": unconfirmed}
    text = "Campanha concluída."
    return LogLine(tenant_id, campaign_id, now, LogType.COMPLETED, Severity.INFO, text, details)


def _write_standings(session: Session, now: datetime, standings: Sequence[tuple[_Campaign, Standing]]) -> None:
    changed = [
        (one, verdict)
        for one, verdict in standings
        if verdict.status is not one.status or verdict.reason != one.pause_reason
    ]
    if not changed:
        return
    columns = {
        "tenants": plain(one.tenant_id for one, _ in changed),
        "campaigns": plain(one.campaign_id for one, _ in changed),
        "expected": plain(one.status.value for one, _ in changed),
        "targets": plain(verdict.status.value for _, verdict in changed),
        "reasons": texts(verdict.reason for _, verdict in changed),
        "untils": texts(verdict.until.isoformat() if verdict.until else None for _, verdict in changed),
    }
    rows = session.execute(sql.CHANGE_STANDING, columns).all()
    write_logs(session, [line for row in rows if (line := _standing_line(now, *row)) is not None])


def _standing_line(now: datetime, tenant_id: int, campaign_id: int, was: str, *after: Any) -> LogLine | None:
    status, reason, until = after
    if status == was:
        return None
    if status in WAITING:
        is_quota = status == CampaignStatus.WAITING_QUOTA
        log_type = LogType.LIMIT_REACHED if is_quota else LogType.PAUSED
        details = {"until": until.isoformat() if until else None, "status": status}
        return LogLine(tenant_id, campaign_id, now, log_type, Severity.WARNING, reason, details)
    text = "Os envios continuaram sozinhos."
    return LogLine(tenant_id, campaign_id, now, LogType.RESUMED, Severity.INFO, text, {"from": was})


def _draw(world: _World, able: Sequence[_Campaign]) -> Picture:
    campaigns = {
        one.campaign_id: CampaignView(
            one.tenant_id,
            one.campaign_id,
            one.mode,
            one.interval_min_ms,
            one.interval_max_ms,
            world.members[one.campaign_id],
            one.pending if one.own_left is None else min(one.pending, one.own_left),
        )
        for one in able
    }
    zones = {one.tenant_id: one.zone for one in able}
    tenants = {
        tenant_id: TenantView(
            tenant_id,
            Terms(world.days[tenant_id], world.plans[tenant_id].daily_messages),
            world.plans[tenant_id].pace_floor_ms,
            world.plan_left(tenant_id) or 0,
            zones[tenant_id],
        )
        for tenant_id in zones
    }
    return Picture(tenants, campaigns, world.numbers)
