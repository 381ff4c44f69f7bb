"""Whether a campaign may send now and, when not, why and until when. Pure; the sentences are for its page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.clock import start_of_next_day
from models.campaigns import CampaignStatus
from services.sending.window import Rule, is_open, next_opening

NO_LICENCE: Final = "A licença terminou: os envios voltam sozinhos quando ela for renovada."
OUT_OF_PLAN: Final = "O limite diário do plano foi atingido; os envios continuam sozinhos no próximo dia."
OUT_OF_CAMPAIGN: Final = "O limite diário desta campanha foi atingido; os envios continuam sozinhos no próximo dia."
OUT_OF_HOURS: Final = "Fora do horário de envio; os envios continuam sozinhos quando ele abrir."
NEVER_OPENS: Final = "O horário de envio não abre em nenhum dia: ajuste a janela da campanha."
NO_NUMBER: Final = "Nenhum número desta campanha está conectado e saudável: conecte ou retome um número."

WAITING: Final = frozenset({CampaignStatus.WAITING_QUOTA, CampaignStatus.WAITING_WINDOW})


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides it. `plan_left` None = no live licence; `campaign_left` None = no limit of its own.
    `zone` is the tenant's, where its day begins; `window_zone` the one the window's hours are meant in.
    `in_flight` counts messages under way: until they are settled a quota may come back."""

    status: CampaignStatus
    zone: str
    window_zone: str
    window: tuple[Rule, ...] | None
    plan_left: int | None
    campaign_left: int | None
    usable_numbers: int
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """The status the campaign should have, whether it may give messages, why not and until when."""

    status: CampaignStatus
    may_send: bool = False
    reason: str = ""
    until: datetime | None = None


def standing(now: datetime, at: Situation) -> Standing:
    """Judge one running or waiting campaign. A limit reached only becomes `waiting_quota` once nothing is under way,
    so that a refund doesn't make the status flicker."""
    running = CampaignStatus.RUNNING
    if at.plan_left is None:
        return Standing(running, reason=NO_LICENCE)
    if not is_open(at.window, now, at.window_zone):
        opens = next_opening(at.window, now, at.window_zone)
        return Standing(CampaignStatus.WAITING_WINDOW, reason=OUT_OF_HOURS if opens else NEVER_OPENS, until=opens)
    if at.plan_left <= 0 or (at.campaign_left is not None and at.campaign_left <= 0):
        reason = OUT_OF_PLAN if at.plan_left <= 0 else OUT_OF_CAMPAIGN
        if at.in_flight and at.status is running:
            return Standing(running)
        return Standing(CampaignStatus.WAITING_QUOTA, reason=reason, until=start_of_next_day(now, at.zone))
    if not at.usable_numbers:
        return Standing(running, reason=NO_NUMBER)
    return Standing(running, may_send=True)
