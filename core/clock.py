"""Time: aware UTC everywhere; a tenant's day is the day in the tenant's own time zone (architecture rule 14)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DEFAULT_ZONE = "America/Sao_Paulo"


def utcnow() -> datetime:
    """The present moment, aware, in UTC. The one place that reads the clock for business code."""
    return datetime.now(UTC)


def day_in_zone(moment: datetime, zone: str = DEFAULT_ZONE) -> date:
    """The calendar day a moment belongs to for somebody living in `zone`."""
    return moment.astimezone(ZoneInfo(zone)).date()


def start_of_day(day: date, zone: str = DEFAULT_ZONE) -> datetime:
    """The first moment (UTC) of `day` in `zone`."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def start_of_next_day(moment: datetime, zone: str = DEFAULT_ZONE) -> datetime:
    """The first moment (UTC) of the day after the one `moment` belongs to in `zone`."""
    return start_of_day(day_in_zone(moment, zone) + timedelta(days=1), zone)


def from_epoch_ms(milliseconds: int) -> datetime:
    """An aware UTC time from milliseconds since 1970, as Hotmart sends them."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
