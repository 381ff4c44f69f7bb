"""Whether a campaign may send now and, when not, why and until when. Pure; the sentences are for its page.

A sentence holds no time of its own: the page writes `until` behind it, and the database sees fewer changes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from core.clock import start_of_next_day
from core.zones import zone_bits
from models.campaigns import CampaignStatus
from services.campaigns import Opening

NO_LICENCE: Final = "A licença terminou: os envios voltam sozinhos quando ela for renovada."
OUT_OF_PLAN: Final = "O limite diário do plano foi atingido; os envios continuam sozinhos no próximo dia."
OUT_OF_CAMPAIGN: Final = "O limite diário desta campanha foi atingido; os envios continuam sozinhos no próximo dia."
OUT_OF_NUMBERS: Final = (
    "Todos os números desta campanha chegaram ao limite do dia; os envios continuam sozinhos no próximo."
)
OUT_OF_HOURS: Final = "Fora do horário de envio; os envios continuam sozinhos quando ele abrir."
HOLIDAY: Final = "Hoje é feriado nacional ({name}); os envios continuam sozinhos quando o horário abrir."
OTHER_ZONE: Final = (
    "As pessoas que faltam vivem em outro fuso, fora do horário de envio; continua sozinho quando abrir."
)
NEVER_OPENS: Final = "O horário de envio não abre em nenhum dia: ajuste a janela da campanha."
NO_NUMBER: Final = "Nenhum número desta campanha está conectado e saudável: conecte ou retome um número."
RETRIES: Final = "Todas as mensagens que faltam esperam uma nova tentativa."
LATER: Final = "As mensagens que faltam têm hora marcada."
PACE: Final = "Os números esperam o ritmo entre uma mensagem e outra."
RESTING: Final = "Os números descansam depois de uma falha do provedor."

WAITING: Final = frozenset({CampaignStatus.WAITING_QUOTA, CampaignStatus.WAITING_WINDOW})
OF_THE_QUEUE: Final = frozenset({OTHER_ZONE, RETRIES, LATER})
"""What only the rows themselves can say."""
OF_THE_PACE: Final = frozenset({PACE, RESTING})
WORTH_SAYING: Final = timedelta(seconds=5)
"""A shorter wait between two messages is no standstill."""


class Head(NamedTuple):
    """The first pending row of a zone: when it is due, and how often it was tried."""

    due_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Ready:
    """The campaign's numbers that are connected and healthy: how many, how many of them have something left of their
    day, and when the first of those is free by its pace or after its rest."""

    usable: int
    unspent: int
    next_at: datetime | None = None
    is_resting: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides it. `zone` is the tenant's, where its day begins. `plan_left` None = no live licence;
    `campaign_left` None = no limit of its own. `in_flight` counts messages under way: until they are settled a quota
    may come back. `heads` are the queue's by zone code, None where nobody had to ask."""

    status: CampaignStatus
    zone: str
    hours: Opening
    plan_left: int | None
    campaign_left: int | None
    numbers: Ready
    in_flight: int = 0
    heads: Mapping[int, Head] | None = None

    @property
    def inhabited(self) -> frozenset[int]:
        """Zone codes somebody waits in; all of them where nobody knows."""
        return frozenset(self.heads or {*self.hours.open_zones, *self.hours.opens_at})


@dataclass(frozen=True, slots=True)
class Standing:
    """The status the campaign should have, whether it may give messages and to which zones, why not and until when. A
    campaign may send and have a reason: its numbers' pace."""

    status: CampaignStatus
    may_send: bool = False
    reason: str = ""
    until: datetime | None = None
    zones: int = 0


def standing(now: datetime, at: Situation) -> Standing:
    """Judge one running or waiting campaign."""
    if at.plan_left is None:
        return Standing(CampaignStatus.RUNNING, reason=NO_LICENCE)
    if not at.inhabited & set(at.hours.open_zones):
        return _shut(at)
    limit = _limit_reached(at)
    if limit:
        return _spent(now, at, limit)
    if not at.numbers.usable:
        return Standing(CampaignStatus.RUNNING, reason=NO_NUMBER)
    return _queued(now, at) or _sending(now, at)


def _shut(at: Situation) -> Standing:
    opens = _earliest(_opens_for(at, code) for code in at.inhabited)
    if opens is None:
        reason = NEVER_OPENS
    elif at.hours.open_zones:
        reason = OTHER_ZONE
    else:
        reason = HOLIDAY.format(name=at.hours.holiday) if at.hours.holiday else OUT_OF_HOURS
    return Standing(CampaignStatus.WAITING_WINDOW, reason=reason, until=opens)


def _limit_reached(at: Situation) -> str:
    if at.plan_left is not None and at.plan_left <= 0:
        return OUT_OF_PLAN
    if at.campaign_left is not None and at.campaign_left <= 0:
        return OUT_OF_CAMPAIGN
    return OUT_OF_NUMBERS if at.numbers.usable and not at.numbers.unspent else ""


def _spent(now: datetime, at: Situation, reason: str) -> Standing:
    """A limit reached only becomes `waiting_quota` once nothing is under way, so that a refund doesn't make the status
    flicker."""
    if at.in_flight and at.status is CampaignStatus.RUNNING:
        return Standing(CampaignStatus.RUNNING)
    return Standing(CampaignStatus.WAITING_QUOTA, reason=reason, until=start_of_next_day(now, at.zone))


def _queued(now: datetime, at: Situation) -> Standing | None:
    """Nothing is due where the hours are open."""
    here = [at.heads[code] for code in at.hours.open_zones if code in at.heads] if at.heads else []
    if not here or min(here).due_at <= now:
        return None
    elsewhere = (_opens_for(at, code) for code in at.inhabited - set(at.hours.open_zones))
    until = _earliest([min(here).due_at, *elsewhere])
    return Standing(CampaignStatus.RUNNING, reason=RETRIES if min(here).attempts else LATER, until=until)


def _sending(now: datetime, at: Situation) -> Standing:
    running, zones = CampaignStatus.RUNNING, zone_bits(at.hours.open_zones)
    next_at = at.numbers.next_at
    if next_at is None or next_at - now <= WORTH_SAYING:
        return Standing(running, may_send=True, zones=zones)
    return Standing(running, may_send=True, reason=RESTING if at.numbers.is_resting else PACE, until=next_at,
                    zones=zones)  # fmt: skip


def _opens_for(at: Situation, code: int) -> datetime | None:
    """When the first message to a shut zone may go."""
    opens = at.hours.opens_at.get(code)
    head = at.heads.get(code) if at.heads else None
    return opens if opens is None or head is None else max(opens, head.due_at.astimezone(UTC))


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)
