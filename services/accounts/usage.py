"""How much of the plan is used, and the licences behind it: what `/account` shows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import day_in_zone
from models.accounts import DailyUsage, Licence, LicenceSource, Plan, Tenant
from models.instances import Instance
from models.leads import Lead
from services.accounts.entitlement import LicenceReason, decide_entitlement, licence_facts


@dataclass(frozen=True, slots=True)
class Usage:
    """Messages reserved on the tenant's present day, numbers connected, leads kept."""

    messages_today: int
    instances: int
    leads: int


@dataclass(frozen=True, slots=True)
class LicenceLine:
    """One licence for a page; `status` as the status badge spells it."""

    plan_name: str
    source: LicenceSource
    status: LicenceReason
    starts_at: datetime
    paid_until: datetime | None
    live_until: datetime | None
    has_no_end: bool
    ended_at: datetime | None


def usage_of(session: Session, tenant_id: int, now: datetime) -> Usage:
    """The three figures, by the rows themselves."""
    zone = session.scalars(select(Tenant.time_zone).where(Tenant.id == tenant_id)).one()
    reserved = session.scalar(
        select(DailyUsage.messages_reserved).where(
            DailyUsage.tenant_id == tenant_id, DailyUsage.day == day_in_zone(now, zone)
        )
    )
    instances = session.scalar(
        select(func.count()).select_from(Instance).where(Instance.tenant_id == tenant_id, Instance.deleted_at.is_(None))
    )
    leads = session.scalar(select(func.count()).select_from(Lead).where(Lead.tenant_id == tenant_id))
    return Usage(reserved or 0, instances or 0, leads or 0)


def licences_of(session: Session, tenant_id: int, now: datetime) -> list[LicenceLine]:
    """Every licence the tenant ever had, newest first."""
    rows = session.execute(
        select(Licence, Plan)
        .join(Plan, Plan.slug == Licence.plan_slug)
        .where(Licence.tenant_id == tenant_id)
        .order_by(Licence.starts_at.desc(), Licence.id.desc())
    )
    return [_line(licence, plan, now) for licence, plan in rows]


def _line(licence: Licence, plan: Plan, now: datetime) -> LicenceLine:
    facts = licence_facts(licence, plan)
    return LicenceLine(
        plan_name=plan.name,
        source=licence.source,
        status=decide_entitlement(licence.tenant_id, [facts], now).reason,
        starts_at=facts.starts_at,
        paid_until=facts.paid_until,
        live_until=facts.live_until(),
        has_no_end=facts.has_no_end,
        ended_at=facts.ended_at,
    )
