"""What came of a campaign: by number, by variation, errors, duration, over time, problems, cost, follow-ups.

By number and over days the rollup `campaign_days` answers, problems an index of their own; by variation and errors one
pass through the campaign's rows each. How long that takes stands in docs/campaigns.md.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import exp
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from models.campaigns import Campaign, CampaignContact, CampaignDay, CampaignLog, ContactStatus, LogType, Severity
from services.campaigns.cost import Cost
from services.campaigns.counters import TAKEN
from services.campaigns.figures import Interval, clear_winner, interval_of, share
from services.campaigns.find import campaign_of, counts_of, messages_of, zone_of_tenant
from services.campaigns.follow_ups import FollowUp, follow_ups_of
from services.campaigns.prices import cost_so_far
from services.campaigns.story import instance_names

TOP_ERRORS: Final = 10
TOP_PROBLEMS: Final = 10
HOURLY_UP_TO: Final = timedelta(days=2)
MANY: Final = 200_000
"""People up to whom everything is told to the hour and counted one by one; beyond, the rollup of days answers."""
BUCKETS_PER_E: Final = 20
"""Durations are counted in steps of 5 %: exact enough for a 95th percentile, and nothing has to be sorted."""


@dataclass(frozen=True, slots=True)
class InstanceFigures:
    """What one number did in the campaign. `failed` holds the invalid too; the rate is sent / (sent + failed), with its
    interval, in percent."""

    instance_id: int
    name: str
    sent: int
    delivered: int
    read: int
    failed: int
    replied: int

    @property
    def success_rate(self) -> float:
        return share(self.sent, self.sent + self.failed)

    @property
    def success_interval(self) -> Interval:
        return interval_of(self.sent, self.sent + self.failed)


@dataclass(frozen=True, slots=True)
class VariationFigures:
    """What became of one variation; `number` counts from 1 as on the page. Rates in percent: success is
    sent / (sent + failed + invalid), replies are of the sent."""

    message_id: int
    number: int
    content: str
    sent: int
    delivered: int
    read: int
    replied: int
    failed: int
    invalid: int

    @property
    def success_rate(self) -> float:
        return share(self.sent, self.sent + self.failed + self.invalid)

    @property
    def success_interval(self) -> Interval:
        return interval_of(self.sent, self.sent + self.failed + self.invalid)

    @property
    def reply_rate(self) -> float:
        return share(self.replied, self.sent)

    @property
    def reply_interval(self) -> Interval:
        return interval_of(min(self.replied, self.sent), self.sent)


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """A reason and how many people it kept from the message."""

    reason: str
    error: str
    count: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A grave kind of line in the story: how often it came and when last."""

    log_type: LogType
    severity: Severity
    message: str
    count: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """What left in one hour or on one day, at its beginning (aware)."""

    at: datetime
    sent: int
    delivered: int
    read: int
    failed: int


@dataclass(frozen=True, slots=True)
class Analytics:
    """Durations run from the claim to the provider's answer (the last 200,000 people's), None while nothing was sent;
    the 95th percentile is true to 5 %. `step` is `hour` or `day`. `best_message_id` is the variation with the most
    replies, None while that may be chance: as long as two intervals overlap nobody has won. `cost` None = no official
    number."""

    by_instance: Sequence[InstanceFigures]
    by_message: Sequence[VariationFigures]
    best_message_id: int | None
    top_errors: Sequence[ErrorCount]
    problems: Sequence[Problem]
    mean_duration_ms: int | None
    p95_duration_ms: int | None
    step: str
    timeline: Sequence[TimelinePoint]
    cost: Cost | None
    follow_ups: Sequence[FollowUp]


def analytics_of(session: Session, tenant_id: int, campaign_id: int, now: datetime) -> Analytics:
    """NotFound for a stranger's campaign."""
    campaign = campaign_of(session, tenant_id, campaign_id)
    step, timeline = _timeline(session, campaign)
    by_instance = _by_instance(session, tenant_id, campaign_id)
    by_message = _by_message(session, tenant_id, campaign_id)
    mean, p95 = _durations(session, tenant_id, campaign_id)
    return Analytics(
        by_instance=by_instance,
        by_message=by_message,
        best_message_id=clear_winner({one.message_id: one.reply_interval for one in by_message}),
        top_errors=_top_errors(session, tenant_id, campaign_id),
        problems=_problems(session, tenant_id, campaign_id),
        mean_duration_ms=mean,
        p95_duration_ms=p95,
        step=step,
        timeline=timeline,
        cost=cost_so_far(session, tenant_id, campaign_id, [one.instance_id for one in by_instance]),
        follow_ups=follow_ups_of(session, tenant_id, [campaign_id], now)[campaign_id],
    )


def percentile_of(buckets: Mapping[int, int], percent: int) -> int:
    """The upper edge, in ms, of the bucket that holds this percentile. Pure."""
    wanted = sum(buckets.values()) * percent / 100
    reached = 0
    for bucket in sorted(buckets):
        reached += buckets[bucket]
        if reached >= wanted:
            return round(exp((bucket + 1) / BUCKETS_PER_E))
    return 0


def _by_instance(session: Session, tenant_id: int, campaign_id: int) -> list[InstanceFigures]:
    columns = ("sent", "delivered", "read", "failed", "replied")
    rows = session.execute(
        select(CampaignDay.instance_id, *(func.sum(getattr(CampaignDay, name)).label(name) for name in columns))
        .where(CampaignDay.tenant_id == tenant_id, CampaignDay.campaign_id == campaign_id, CampaignDay.instance_id != 0)
        .group_by(CampaignDay.instance_id)
        .order_by(CampaignDay.instance_id)
    ).all()
    names = instance_names(session, tenant_id, (row.instance_id for row in rows))
    return [
        InstanceFigures(
            instance_id=row.instance_id,
            name=names.get(row.instance_id, ""),
            **{name: int(getattr(row, name)) for name in columns},
        )
        for row in rows
    ]


def _by_message(session: Session, tenant_id: int, campaign_id: int) -> list[VariationFigures]:
    status = CampaignContact.status
    figures: dict[str, Any] = {
        "sent": status.in_(TAKEN),
        "delivered": status.in_((ContactStatus.DELIVERED, ContactStatus.READ)),
        "read": status == ContactStatus.READ,
        "replied": CampaignContact.replied_at.is_not(None),
        "failed": status == ContactStatus.FAILED,
        "invalid": status == ContactStatus.INVALID,
    }
    rows = session.execute(
        select(CampaignContact.message_id, *(func.count().filter(one).label(name) for name, one in figures.items()))
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.message_id.is_not(None),
        )
        .group_by(CampaignContact.message_id)
    )
    by_id = {row.message_id: row for row in rows}
    return [
        VariationFigures(
            message_id=message.id,
            number=message.position + 1,
            content=message.content,
            **{name: getattr(by_id.get(message.id), name, 0) for name in figures},
        )
        for message in messages_of(session, tenant_id, campaign_id)
    ]


def _top_errors(session: Session, tenant_id: int, campaign_id: int) -> list[ErrorCount]:
    troubled = (ContactStatus.FAILED, ContactStatus.UNCONFIRMED, ContactStatus.INVALID)
    reason, error = (func.coalesce(column, "") for column in (CampaignContact.reason, CampaignContact.error))
    rows = session.execute(
        select(reason, error, func.count())
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.status.in_(troubled),
        )
        .group_by(reason, error)
        .order_by(func.count().desc(), reason, error)
        .limit(TOP_ERRORS)
    )
    return [ErrorCount(*row) for row in rows]


def _problems(session: Session, tenant_id: int, campaign_id: int) -> list[Problem]:
    """Messages that failed are errors of their rows; here stand the grave things beside them, and those too when they
    stopped something."""
    times, last = func.count(), func.max(CampaignLog.created_at)
    rows = session.execute(
        select(CampaignLog.log_type, CampaignLog.severity, CampaignLog.message, times, last)
        .where(
            CampaignLog.tenant_id == tenant_id,
            CampaignLog.campaign_id == campaign_id,
            CampaignLog.severity.in_((Severity.ERROR, Severity.CRITICAL)),
            CampaignLog.log_type != LogType.MESSAGE_FAILED,
        )
        .group_by(CampaignLog.log_type, CampaignLog.severity, CampaignLog.message)
        .order_by(CampaignLog.severity == Severity.ERROR, times.desc(), CampaignLog.message)
        .limit(TOP_PROBLEMS)
    )
    return [Problem(*row) for row in rows]


def _durations(session: Session, tenant_id: int, campaign_id: int) -> tuple[int | None, int | None]:
    """Mean and 95th percentile in ms, of at most the last MANY people: more would tell nothing new and take long."""
    newest = (
        select(CampaignContact.sent_at, CampaignContact.claimed_at)
        .where(CampaignContact.tenant_id == tenant_id, CampaignContact.campaign_id == campaign_id)
        .order_by(CampaignContact.id.desc())
        .limit(MANY)
        .subquery()
    )
    # `date_part` and not `extract`, whose numeric logarithms take twenty times as long.
    ms = func.date_part("epoch", newest.c.sent_at - newest.c.claimed_at) * 1000
    bucket = cast(func.floor(func.ln(func.greatest(ms, 1)) * BUCKETS_PER_E), Integer)
    rows = session.execute(
        select(bucket, func.count(), func.sum(ms))
        .where(newest.c.sent_at.is_not(None), newest.c.claimed_at.is_not(None))
        .group_by(bucket)
    ).all()
    if not rows:
        return None, None
    counted: Iterable[Any] = rows
    buckets = Counter({number: count for number, count, _ in counted})
    return round(float(sum(total for _, _, total in rows)) / buckets.total()), percentile_of(buckets, 95)


def _timeline(session: Session, campaign: Campaign) -> tuple[str, list[TimelinePoint]]:
    """Hours for a campaign of at most two days and MANY people, days for a larger one."""
    zone = zone_of_tenant(session, campaign.tenant_id)
    first, last = session.execute(
        select(func.min(CampaignDay.day), func.max(CampaignDay.day)).where(
            CampaignDay.tenant_id == campaign.tenant_id, CampaignDay.campaign_id == campaign.id
        )
    ).one()
    people = counts_of(session, campaign.tenant_id, campaign.id).total
    if first is not None and last - first < HOURLY_UP_TO and people <= MANY:
        return "hour", _by_hour(session, campaign, zone)
    return "day", _by_day(session, campaign, zone)


def _by_hour(session: Session, campaign: Campaign, zone: str) -> list[TimelinePoint]:
    """Counted by quarters of an hour, which is quick and fits every zone, and added up to the tenant's hours here."""
    moment = func.coalesce(CampaignContact.sent_at, CampaignContact.failed_at)
    quarter = func.date_bin(timedelta(minutes=15), moment, datetime(2000, 1, 1, tzinfo=UTC))
    status = CampaignContact.status
    rows = session.execute(
        select(
            quarter,
            func.count().filter(status.in_(TAKEN)),
            func.count().filter(status.in_((ContactStatus.DELIVERED, ContactStatus.READ))),
            func.count().filter(status == ContactStatus.READ),
            func.count().filter(status == ContactStatus.FAILED),
        )
        .where(
            CampaignContact.tenant_id == campaign.tenant_id,
            CampaignContact.campaign_id == campaign.id,
            moment.is_not(None),
        )
        .group_by(quarter)
        .order_by(quarter)
    )
    hours: dict[datetime, list[int]] = {}
    for at, *figures in rows:
        hour = at.astimezone(ZoneInfo(zone)).replace(minute=0)
        hours[hour] = [sum(pair) for pair in zip(hours.get(hour, [0] * 4), figures, strict=True)]
    return [TimelinePoint(hour, *figures) for hour, figures in hours.items()]


def _by_day(session: Session, campaign: Campaign, zone: str) -> list[TimelinePoint]:
    sums = [func.sum(getattr(CampaignDay, name)) for name in ("sent", "delivered", "read", "failed")]
    rows = session.execute(
        select(CampaignDay.day, *sums)
        .where(
            CampaignDay.tenant_id == campaign.tenant_id,
            CampaignDay.campaign_id == campaign.id,
            CampaignDay.instance_id != 0,
        )
        .group_by(CampaignDay.day)
        .order_by(CampaignDay.day)
    )
    return [
        TimelinePoint(datetime.combine(day, time.min, ZoneInfo(zone)), *(int(figure) for figure in figures))
        for day, *figures in rows
    ]
