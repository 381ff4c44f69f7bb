"""What a tenant may do now: its best live licence, as plain numbers (issue: licences).

A licence is live until its paid date, then for its days of grace; a one-off purchase has no end. The tenant's plan is
the best live licence by the plan's position. Without one, sign-in and reading stay and sending stops.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Forbidden
from models.accounts import Licence, Plan, Tenant, TenantStatus


class LicenceReason(StrEnum):
    """Why the tenant may send, or why not. The pages have a sentence for each."""

    ACTIVE = "active"
    GRACE = "grace"
    CANCELLED = "cancelled"
    DISPUTED = "protest"
    NONE = "none"
    EXPIRED = "expired"
    REFUNDED = "refunded"
    CHARGEBACK = "chargeback"
    ENDED = "ended"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """A plan as its row says; `ai_usd_micros_per_month` are millionths of a dollar."""

    slug: str
    name: str
    position: int
    daily_messages: int
    max_instances: int
    max_leads: int
    pace_floor_ms: int
    ai_usd_micros_per_month: int


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """One licence, its plan beside it."""

    plan: PlanLimits
    starts_at: datetime
    paid_until: datetime | None
    has_no_end: bool
    grace_until: datetime | None
    is_cancelled: bool
    is_disputed: bool
    ended_at: datetime | None
    end_reason: str | None

    def live_until(self) -> datetime | None:
        """The last moment of access, grace included; None = no end."""
        if self.has_no_end:
            return None
        ends = [moment for moment in (self.paid_until, self.grace_until) if moment is not None]
        return max(ends, default=self.starts_at)

    def is_live(self, now: datetime) -> bool:
        """True while it allows sending."""
        if self.ended_at is not None or now < self.starts_at:
            return False
        until = self.live_until()
        return until is None or now < until


NO_PLAN: Final = PlanLimits("", "", 0, 0, 0, 0, 60_000, 0)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a tenant may do at one moment. `plan` is the best live licence's, else the last one's, so that a page can
    name it; the limits below are zero where `is_live` is False, so that nobody sends by mistake."""

    tenant_id: int
    plan: PlanLimits
    is_live: bool
    reason: LicenceReason
    paid_until: datetime | None
    live_until: datetime | None

    @property
    def daily_messages(self) -> int:
        """WhatsApp campaign messages a day of the tenant's; 0 without a live licence."""
        return self.plan.daily_messages if self.is_live else 0

    @property
    def max_instances(self) -> int:
        """Numbers that may be connected; 0 without a live licence (those there stay)."""
        return self.plan.max_instances if self.is_live else 0

    @property
    def max_leads(self) -> int:
        """Leads that may be kept; those there stay whatever happens."""
        return self.plan.max_leads if self.is_live else 0

    @property
    def pace_floor_ms(self) -> int:
        """The shortest gap between two messages of one unofficial number."""
        return self.plan.pace_floor_ms

    @property
    def ai_usd_micros_per_month(self) -> int:
        """The assistant's budget; 0 without a live licence."""
        return self.plan.ai_usd_micros_per_month if self.is_live else 0


class NoLiveLicence(Forbidden):
    """Sending and growing need a live licence; reading doesn't."""

    code = "no_live_licence"
    message = "Sua licença não está ativa, então os envios estão parados. Seus dados estão guardados: veja em Conta."


def decide_entitlement(
    tenant_id: int, licences: Iterable[LicenceFacts], now: datetime, *, is_suspended: bool = False
) -> Entitlement:
    """The rule itself, pure: best live licence by plan position, else the one that lived longest."""
    everything = sorted(licences, key=lambda licence: (licence.plan.position, _end_key(licence, now)))
    live = [] if is_suspended else [licence for licence in everything if licence.is_live(now)]
    if live:
        best = live[-1]
        return Entitlement(tenant_id, best.plan, True, _live_reason(best, now), best.paid_until, best.live_until())
    last = max(everything, key=lambda licence: _end_key(licence, now), default=None)
    if last is None:
        reason = LicenceReason.SUSPENDED if is_suspended else LicenceReason.NONE
        return Entitlement(tenant_id, NO_PLAN, False, reason, None, None)
    reason = LicenceReason.SUSPENDED if is_suspended else _dead_reason(last)
    return Entitlement(tenant_id, last.plan, False, reason, last.paid_until, last.ended_at or last.live_until())


def entitlement_of(session: Session, tenant_id: int, now: datetime) -> Entitlement:
    """What the tenant may do at `now`. One query."""
    return entitlements_of(session, [tenant_id], now)[tenant_id]


def entitlements_of(session: Session, tenant_ids: Sequence[int], now: datetime) -> dict[int, Entitlement]:
    """The same for many tenants in two queries: for the engine and the super-admin (system scope)."""
    suspended = set(
        session.scalars(select(Tenant.id).where(Tenant.id.in_(tenant_ids), Tenant.status != TenantStatus.ACTIVE))
    )
    rows = session.execute(
        select(Licence, Plan)
        .join(Plan, Plan.slug == Licence.plan_slug)
        .where(Licence.tenant_id.in_(tenant_ids))
        .order_by(Licence.tenant_id, Licence.id)
    )
    held: dict[int, list[LicenceFacts]] = defaultdict(list)
    for licence, plan in rows:
        held[licence.tenant_id].append(licence_facts(licence, plan))
    return {
        tenant_id: decide_entitlement(tenant_id, held[tenant_id], now, is_suspended=tenant_id in suspended)
        for tenant_id in tenant_ids
    }


def require_live_licence(session: Session, tenant_id: int, now: datetime) -> Entitlement:
    """The entitlement; NoLiveLicence when nothing may be sent."""
    entitlement = entitlement_of(session, tenant_id, now)
    if not entitlement.is_live:
        raise NoLiveLicence
    return entitlement


def licence_facts(licence: Licence, plan: Plan) -> LicenceFacts:
    """The two rows as plain values."""
    return LicenceFacts(
        plan=plan_limits(plan),
        starts_at=licence.starts_at,
        paid_until=licence.paid_until,
        has_no_end=licence.has_no_end,
        grace_until=licence.grace_until,
        is_cancelled=licence.is_cancelled,
        is_disputed=licence.is_disputed,
        ended_at=licence.ended_at,
        end_reason=licence.end_reason,
    )


def plan_limits(plan: Plan) -> PlanLimits:
    """The plan's row as plain values."""
    return PlanLimits(
        plan.slug,
        plan.name,
        plan.position,
        plan.daily_messages,
        plan.max_instances,
        plan.max_leads,
        plan.pace_floor_ms,
        plan.ai_usd_micros_per_month,
    )


def _end_key(licence: LicenceFacts, now: datetime) -> tuple[bool, datetime]:
    """Sorts by how long it lasts: no end last of all."""
    until = licence.ended_at or licence.live_until()
    return until is None, until or now


def _live_reason(licence: LicenceFacts, now: datetime) -> LicenceReason:
    if licence.is_disputed:
        return LicenceReason.DISPUTED
    if licence.is_cancelled:
        return LicenceReason.CANCELLED
    if not licence.has_no_end and licence.paid_until is not None and now >= licence.paid_until:
        return LicenceReason.GRACE
    return LicenceReason.ACTIVE


def _dead_reason(licence: LicenceFacts) -> LicenceReason:
    if licence.ended_at is None:
        return LicenceReason.EXPIRED
    if licence.end_reason in {LicenceReason.REFUNDED, LicenceReason.CHARGEBACK}:
        return LicenceReason(licence.end_reason)
    return LicenceReason.ENDED
