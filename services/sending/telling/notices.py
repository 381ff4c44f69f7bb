"""What the engine tells a tenant's people, in its own transactions: numbers down, quotas, campaigns done or stopped."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from core.clock import day_in_zone
from models.instances import InstanceStatus
from models.outgoing import NoticeKind
from services.campaigns import safe_zone
from services.outgoing import News, tell_people
from services.sending.arrays import plain
from services.sending.telling import sql

_DOWN: Final[Mapping[str, str]] = {
    InstanceStatus.PAUSED.value: "foi pausado",
    InstanceStatus.DISCONNECTED.value: "desconectou",
    InstanceStatus.BANNED.value: "foi bloqueado pelo WhatsApp",
}
OUT_OF_DAY: Final = "O limite diário do plano foi atingido"
GOES_ON: Final = "Os envios continuam sozinhos no próximo dia."
Key = tuple[int, int]


class Stopped(NamedTuple):
    """A number that stopped sending by itself: what it is now and why."""

    tenant_id: int
    instance_id: int
    status: str
    reason: str
    health: float | None = None


def number_down(session: Session, stopped: Sequence[Stopped], now: datetime) -> None:
    """Once for each number and day of its tenant, however often it stops."""
    names = _names(session, sql.NUMBER_NAMES, [(one.tenant_id, one.instance_id) for one in stopped])
    tell_people(session, [_down(one, names[one[:2]], now) for one in stopped if one[:2] in names])


def campaigns_finished(session: Session, rows: Sequence[tuple[int, int, int]], now: datetime) -> None:
    """`rows`: tenant, campaign, how many messages were taken. A campaign that was resumed and ends again is told of
    again."""
    names = _names(session, sql.CAMPAIGN_NAMES, [row[:2] for row in rows])
    news = [
        News(
            tenant_id,
            NoticeKind.CAMPAIGN_FINISHED,
            f"campaign_finished:{campaign_id}:{now:%Y%m%d%H%M}",
            f"A campanha “{names[tenant_id, campaign_id][0]}” terminou",
            f"Mensagens enviadas: {sent}.",
            f"/campaigns/{campaign_id}",
        )
        for tenant_id, campaign_id, sent in rows
        if (tenant_id, campaign_id) in names
    ]
    tell_people(session, news)


def campaigns_paused(session: Session, rows: Sequence[tuple[int, int, str]], now: datetime) -> None:
    """Those that stopped by themselves, each with its reason."""
    names = _names(session, sql.CAMPAIGN_NAMES, [row[:2] for row in rows])
    news = [
        News(
            tenant_id,
            NoticeKind.CAMPAIGN_PAUSED,
            f"campaign_paused:{campaign_id}:{now:%Y%m%d%H%M}",
            f"A campanha “{names[tenant_id, campaign_id][0]}” parou sozinha",
            reason,
            f"/campaigns/{campaign_id}",
        )
        for tenant_id, campaign_id, reason in rows
        if (tenant_id, campaign_id) in names
    ]
    tell_people(session, news)


def quota_reached(session: Session, tenants: Iterable[tuple[int, str]], now: datetime) -> None:
    """`tenants` with their zones; once for each and its day."""
    days = {tenant_id: day_in_zone(now, safe_zone(zone)) for tenant_id, zone in tenants}
    news = [
        News(tenant_id, NoticeKind.QUOTA_REACHED, f"quota_reached:{day}", OUT_OF_DAY, GOES_ON, "/account")
        for tenant_id, day in days.items()
    ]
    tell_people(session, news)


def _down(one: Stopped, names: tuple[str, str], now: datetime) -> News:
    name, zone = names
    return News(
        one.tenant_id,
        NoticeKind.NUMBER_DOWN,
        f"number_down:{one.instance_id}:{day_in_zone(now, safe_zone(zone))}",
        f"O número “{name}” {_DOWN.get(one.status, 'parou de enviar')}",
        one.reason,
        f"/instances/{one.instance_id}",
    )


def _names(session: Session, statement: TextClause, keys: Sequence[Key]) -> dict[Key, Any]:
    """(tenant, id) -> the row's name and its tenant's zone."""
    if not keys:
        return {}
    columns = {"tenants": plain(key[0] for key in keys), "ids": plain(key[1] for key in keys)}
    return {(row[0], row[1]): row[2:] for row in session.execute(statement, columns)}
