"""The six figures of the dashboard, of all time or of some of the tenant's days."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Integer, cast, func, select
from sqlalchemy.orm import Session

from core.clock import start_of_day
from models.audit import AuditEvent
from models.campaigns import CampaignDay
from models.leads import Lead
from services.campaigns.cards import totals_of
from services.campaigns.figures import conversion_rate, share
from services.campaigns.find import zone_of_tenant

TOP_ERRORS: Final = 10
HOURLY_UP_TO: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Overview:
    """The dashboard's six figures; rates in percent. `active_campaigns` is of this moment whatever the period."""

    leads: int
    messages_sent: int
    success_rate: float
    active_campaigns: int
    closed_deals: int
    conversion_rate: float


def overview(session: Session, tenant_id: int, first_day: date | None = None, last_day: date | None = None) -> Overview:
    """The six figures, of all time or of the tenant's days from `first_day` to `last_day`, both included."""
    if first_day is None and last_day is None:
        return _overview_of_all_time(session, tenant_id)
    zone = zone_of_tenant(session, tenant_id)
    first, last = first_day or date(2000, 1, 1), last_day or date(2999, 12, 31)
    since, until = start_of_day(first, zone), start_of_day(last + timedelta(days=1), zone)
    sums = session.execute(
        select(func.sum(CampaignDay.sent), func.sum(CampaignDay.failed)).where(
            CampaignDay.tenant_id == tenant_id, CampaignDay.day.between(first, last), CampaignDay.instance_id != 0
        )
    ).one()
    sent, failed = (int(figure or 0) for figure in sums)
    deals = session.scalar(
        select(func.sum(cast(AuditEvent.details["delta"].astext, Integer))).where(
            AuditEvent.tenant_id == tenant_id,
            AuditEvent.action == "campaigns.deal",
            AuditEvent.created_at >= since,
            AuditEvent.created_at < until,
        )
    )
    leads = session.scalar(
        select(func.count()).where(Lead.tenant_id == tenant_id, Lead.created_at >= since, Lead.created_at < until)
    )
    closed = max(0, int(deals or 0))
    return Overview(
        leads=leads or 0,
        messages_sent=sent,
        success_rate=share(sent, sent + failed),
        active_campaigns=totals_of(session, tenant_id).active,
        closed_deals=closed,
        conversion_rate=conversion_rate(closed, sent),
    )


def _overview_of_all_time(session: Session, tenant_id: int) -> Overview:
    totals = totals_of(session, tenant_id)
    leads = session.scalar(select(func.count()).where(Lead.tenant_id == tenant_id))
    return Overview(
        leads=leads or 0,
        messages_sent=totals.sent,
        success_rate=totals.success_rate,
        active_campaigns=totals.active,
        closed_deals=totals.closed_deals,
        conversion_rate=totals.conversion_rate,
    )
