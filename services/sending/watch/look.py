"""Step 1, look: read all that may send, judge each campaign's standing, write down what changed, draw the picture."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from models.campaigns import CampaignStatus, LogType, RotationMode, Severity
from services.accounts import Entitlement, entitlements_of
from services.campaigns import NEVER, Hours, Opening, opening, read_hours, safe_zone
from services.sending.arrays import plain, texts
from services.sending.logbook import write_logs
from services.sending.picture import CampaignView, NumberView, Picture, TenantView, day_of
from services.sending.standing import (
    OF_THE_PACE,
    OUT_OF_PLAN,
    WAITING,
    WORTH_SAYING,
    Head,
    Ready,
    Situation,
    Standing,
    standing,
)
from services.sending.telling import campaigns_finished, quota_reached
from services.sending.watch import sql
from services.sending.watch.numbers import Ground, PlatformRules, read_numbers
from services.sending.watch.queues import Queues, Waiting
from services.sending.words import LogLine, Terms

SAME_MOMENT: Final = timedelta(seconds=1)


class _Campaign(NamedTuple):
    tenant_id: int
    campaign_id: int
    status: CampaignStatus
    mode: RotationMode
    interval_min_ms: int | None
    interval_max_ms: int | None
    daily_limit: int | None
    window: str | None
    pause_reason: str
    next_send_at: datetime | None
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
    rules: PlatformRules = field(default_factory=PlatformRules)
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
    openings: Mapping[int, Opening]
    heads: Mapping[int, Mapping[int, Head]]

    def plan_left(self, tenant_id: int) -> int | None:
        plan = self.plans[tenant_id]
        return plan.daily_messages - self.used.get(tenant_id, 0) if plan.is_live else None


def look(session: Session, *, now: datetime, daemon_id: str, plans: Plans, queues: Queues | None = None) -> Picture:
    """Read, judge, write changed standings and finished campaigns, return the picture. The caller commits."""
    queues = queues or Queues()
    campaigns = [_campaign(row) for row in session.execute(sql.ACTIVE_CAMPAIGNS, {"now": now})]
    _finish(session, now, [one for one in campaigns if one.pending == 0 and one.sending == 0])
    world = _read_world(session, now, daemon_id, campaigns=campaigns, plans=plans, queues=queues)
    standings = [(one, _standing(world, one, now)) for one in campaigns if one.pending or one.sending]
    _write_standings(session, now, standings)
    able = [(one, verdict.zones) for one, verdict in standings if verdict.may_send and one.pending]
    queues.forget(one.campaign_id for one, _ in able)
    return _draw(world, able)


def _campaign(row: Any) -> _Campaign:
    one = _Campaign(row[0], row[1], CampaignStatus(row[2]), RotationMode(row[3]), *row[4:])
    return one._replace(zone=safe_zone(one.zone))


def _read_world(
    session: Session, now: datetime, daemon_id: str, *, campaigns: Sequence[_Campaign], plans: Plans, queues: Queues
) -> _World:
    zones = {one.tenant_id: one.zone for one in campaigns}
    days = {tenant_id: day_of(now, zone) for tenant_id, zone in zones.items()}
    tenants = {"tenants": plain(days)}
    used = session.execute(sql.USED_TODAY, tenants | {"days": plain(days.values())})
    openings = {one.campaign_id: _opening(one, now) for one in campaigns}
    in_flight: dict[int, int] = defaultdict(int)
    for one in campaigns:
        in_flight[one.tenant_id] += one.sending
    allowed = plans.of(session, days.keys(), now)
    return _World(
        campaigns,
        read_numbers(session, daemon_id, Ground(plans.rules, allowed, days, zones, now)),
        {row[0]: frozenset(row[1]) for row in session.execute(sql.MEMBERS)},
        allowed,
        days,
        dict(used.all()),
        in_flight,
        openings,
        queues.heads_of(session, [_waiting(one, openings) for one in campaigns if one.pending], now),
    )


def _waiting(one: _Campaign, openings: Mapping[int, Opening]) -> Waiting:
    is_open = bool(openings[one.campaign_id].open_zones)
    return Waiting(one.tenant_id, one.campaign_id, one.pause_reason, is_open, _hours(one.window).is_by_recipient)


def _standing(world: _World, one: _Campaign, now: datetime) -> Standing:
    situation = Situation(
        status=one.status,
        zone=one.zone,
        hours=world.openings[one.campaign_id],
        plan_left=world.plan_left(one.tenant_id),
        campaign_left=one.own_left,
        numbers=_ready(world, one),
        in_flight=world.in_flight[one.tenant_id],
        heads=world.heads.get(one.campaign_id),
    )
    return standing(now, situation)


def _ready(world: _World, one: _Campaign) -> Ready:
    usable, unspent, first = 0, 0, None
    for member in world.members.get(one.campaign_id, ()):
        view = world.numbers.get(member)
        if view is None:
            continue
        usable += 1
        if not view.is_spent:
            unspent += 1
            first = view if first is None or view.pace_at < first.pace_at else first
    if first is None:
        return Ready(usable, unspent)
    return Ready(usable, unspent, datetime.fromtimestamp(first.pace_at, UTC), first.is_resting)


@lru_cache(maxsize=4096)
def _hours(window: str | None) -> Hours:
    """A campaign's window as the database writes it. One that can't be read never opens; it must not stop everybody's
    look."""
    try:
        return read_hours(None if window is None else json.loads(window))
    except (KeyError, TypeError, ValueError, AttributeError):
        return NEVER


@lru_cache(maxsize=4096)
def _opening_of_minute(hours: Hours, minute: datetime, zone: str) -> Opening:
    return opening(hours, minute, zone)


def _opening(one: _Campaign, now: datetime) -> Opening:
    # Windows open and shut on whole minutes, and thousands of campaigns share the same few.
    return _opening_of_minute(_hours(one.window), now.replace(second=0, microsecond=0), one.zone)


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
    campaigns_finished(session, [(row[0], row[1], row[3]) for row in rows], now)


def _finished(now: datetime, tenant_id: int, campaign_id: int, total: int, sent: int, *rest: int) -> LogLine:
    failed, unconfirmed = rest
    details = {"total": total, "sent": sent, "failed": failed, "unconfirmed": unconfirmed}
    text = "Campanha concluída."
    return LogLine(tenant_id, campaign_id, now, LogType.COMPLETED, Severity.INFO, text, details)


def _write_standings(session: Session, now: datetime, standings: Sequence[tuple[_Campaign, Standing]]) -> None:
    changed = [(one, verdict) for one, verdict in standings if _is_news(now, one, verdict)]
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
    spent = {row[0] for row in rows if row[3] == CampaignStatus.WAITING_QUOTA and row[4] == OUT_OF_PLAN}
    quota_reached(session, [(one.tenant_id, one.zone) for one, _ in changed if one.tenant_id in spent], now)


def _is_news(now: datetime, one: _Campaign, verdict: Standing) -> bool:
    if verdict.status is not one.status:
        return True
    if verdict.reason == one.pause_reason:
        known, until = one.next_send_at, verdict.until
        return (known is None) != (until is None) or bool(known and until and abs(known - until) > SAME_MOMENT)
    # A number whose turn has just come takes its next message at once: one change a message is enough.
    is_due = one.next_send_at is not None and now - one.next_send_at < WORTH_SAYING
    return bool(verdict.reason) or not (is_due and one.pause_reason in OF_THE_PACE)


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


def _draw(world: _World, able: Sequence[tuple[_Campaign, int]]) -> Picture:
    campaigns = {
        one.campaign_id: CampaignView(
            one.tenant_id,
            one.campaign_id,
            one.mode,
            one.interval_min_ms,
            one.interval_max_ms,
            world.members[one.campaign_id],
            one.pending if one.own_left is None else min(one.pending, one.own_left),
            zones,
        )
        for one, zones in able
    }
    homes = {one.tenant_id: one.zone for one, _ in able}
    tenants = {
        tenant_id: TenantView(
            tenant_id,
            Terms(world.days[tenant_id], world.plans[tenant_id].daily_messages),
            world.plan_left(tenant_id) or 0,
            homes[tenant_id],
        )
        for tenant_id in homes
    }
    return Picture(tenants, campaigns, world.numbers)
