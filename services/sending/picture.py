"""Everything that may send, as one look found it. Frozen data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache

from core.clock import DEFAULT_ZONE, day_in_zone
from core.zones import ALL_ZONES
from models.campaigns import RotationMode
from services.sending.rotation import CLEAN, Record
from services.sending.words import Terms


@lru_cache(maxsize=256)
def _day_of_minute(minute: datetime, zone: str) -> date:
    return day_in_zone(minute, zone)


def day_of(now: datetime, zone: str) -> date:
    """The tenant's day. Every zone's midnight falls on a whole minute, and a thousand tenants share a zone."""
    return _day_of_minute(now.replace(second=0, microsecond=0), zone)


@dataclass(frozen=True, slots=True)
class NumberView:
    """A connected, healthy number. `ready_at` (epoch seconds) is when pace, holds and another daemon's lease end;
    `pace_at` the same without the lease, which every daemon sees alike; `is_resting` when a hold makes it that late.
    `daily_cap` is the effective one, warm-up included; `floor_ms` the shortest gap its plan and connector allow."""

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
    used_today: int
    health: float
    consecutive_errors: int
    ready_at: float
    floor_ms: int = 0
    record: Record = CLEAN
    warm_up: float = 1.0
    pace_at: float = 0.0
    is_resting: bool = False

    @property
    def is_spent(self) -> bool:
        return self.daily_cap is not None and self.used_today >= self.daily_cap


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign that may send now. `left` is what it may still give: its pending rows, its own limit. `zones` are
    those where its hours are open (`core.zones.zone_bits`)."""

    tenant_id: int
    campaign_id: int
    mode: RotationMode
    interval_min_ms: int | None
    interval_max_ms: int | None
    members: frozenset[int]
    left: int
    zones: int = ALL_ZONES


@dataclass(frozen=True, slots=True)
class TenantView:
    """`left` is what the plan's day still has."""

    tenant_id: int
    terms: Terms
    left: int
    zone: str = DEFAULT_ZONE

    def terms_at(self, now: datetime) -> Terms:
        """The terms of the day it is now: the look may be from before the tenant's midnight."""
        day = day_of(now, self.zone)
        return self.terms if day == self.terms.day else replace(self.terms, day=day)


@dataclass(frozen=True, slots=True)
class Picture:
    """One look. Only campaigns that may send are in it."""

    tenants: Mapping[int, TenantView] = field(default_factory=dict)
    campaigns: Mapping[int, CampaignView] = field(default_factory=dict)
    numbers: Mapping[int, NumberView] = field(default_factory=dict)

    def open_zones(self, campaign_ids: Iterable[int]) -> dict[int, int]:
        """The open zones of those of these campaigns that can't send everywhere now; none of a campaign that is gone
        from the picture, so that a turn dealt from an older one finds nothing to send."""
        found = {one: self.campaigns[one].zones if one in self.campaigns else 0 for one in campaign_ids}
        return {one: zones for one, zones in found.items() if zones != ALL_ZONES}
