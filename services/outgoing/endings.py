"""Licences that end soon: said 7, 3 and 1 days ahead, once each.

A subscription that renews by itself is nobody's news; a cancelled one, one whose payment is late, and one that was
given for a time are. The day is what counts, so a clock that comes late says the nearest of the three.
"""

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.accounts import Licence, LicenceSource, Tenant
from models.outgoing import NoticeKind
from services.accounts import Entitlement, LicenceReason, entitlements_of
from services.outgoing.notices import News, tell_people

DAYS_AHEAD: Final = (1, 3, 7)
SENTENCES: Final = {
    LicenceReason.GRACE: "O pagamento não foi confirmado. Confira no Hotmart para os envios não pararem.",
    LicenceReason.CANCELLED: "A assinatura foi cancelada. Depois dessa data os envios param; seus dados ficam.",
}
GIVEN: Final = "Depois dessa data os envios param; seus dados ficam. Renove para continuar."


def warn_of_endings(session: Session, now: datetime) -> int:
    """Tell every tenant whose sending stops within 7 days -> how many were looked at. As the system, by the clock."""
    zones = _may_end(session, now)
    found = entitlements_of(session, list(zones), now) if zones else {}
    news = [one for tenant_id, zone in zones.items() if (one := ending_news(found[tenant_id], zone, now)) is not None]
    tell_people(session, news)
    return len(zones)


def ending_news(entitlement: Entitlement, zone: str, now: datetime) -> News | None:
    """What to say of a licence that ends within 7 days; None otherwise. Pure."""
    until = entitlement.live_until
    if not entitlement.is_live or until is None:
        return None
    days = next((days for days in DAYS_AHEAD if until - now <= timedelta(days=days)), None)
    if days is None:
        return None
    day = until.astimezone(ZoneInfo(zone))
    return News(
        entitlement.tenant_id,
        NoticeKind.LICENCE_ENDING,
        f"licence_ending:{day:%Y-%m-%d}:{days}",
        f"Sua licença termina em {day:%d/%m}",
        SENTENCES.get(entitlement.reason, GIVEN),
        "/account",
    )


def _may_end(session: Session, now: datetime) -> dict[int, str]:
    """Tenants with a licence that doesn't renew by itself, or whose payment is late, and their zones."""
    query = (
        select(Tenant.id, Tenant.time_zone)
        .join(Licence, Licence.tenant_id == Tenant.id)
        .where(
            Licence.ended_at.is_(None),
            Licence.has_no_end.is_(False),
            or_(Licence.is_cancelled, Licence.source != LicenceSource.HOTMART, Licence.paid_until <= now),
            or_(Licence.paid_until <= now + timedelta(days=7), Licence.grace_until <= now + timedelta(days=7)),
        )
        .distinct()
    )
    return {row.id: row.time_zone for row in session.execute(query)}
