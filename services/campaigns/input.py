"""What a person or a program says of a campaign: its shape, its cleaning, and each refusal with its remedy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.campaigns import Campaign, CampaignContact, RotationMode
from models.instances import Instance
from models.leads import LeadList
from services.accounts import entitlement_of
from services.campaigns.follow_up_input import FollowUpInput, step_problems
from services.campaigns.messages import MessageInput, clean_text, cleaned_messages, message_problems
from services.campaigns.rendering import FIRST_NAME, NAME, PHONE, canonical, placeholders
from services.campaigns.window import DEFAULT_WINDOW, BadWindow, checked_window
from services.instances import floors_of

NAME_CHARS: Final = 120
DESCRIPTION_CHARS: Final = 1000
FALLBACK_CHARS: Final = 200
MAX_INTERVAL_MS: Final = 3_600_000
MAX_DAILY_LIMIT: Final = 1_000_000
MAX_GUARD_DAYS: Final = 365
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Problems = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class CampaignInput:
    """What is said of a campaign. Intervals and limits None = the numbers' and the plan's own; `window` None = any
    hour; `fallbacks` by variable name for people who have nothing in that column."""

    name: str
    description: str = ""
    rotation_mode: RotationMode = RotationMode.ROUND_ROBIN
    messages: Sequence[MessageInput | str] = ()
    lists: Sequence[int] = ()
    instances: Sequence[int] = ()
    interval_min_ms: int | None = None
    interval_max_ms: int | None = None
    daily_limit: int | None = None
    schedule_at: datetime | None = None
    window: Mapping[str, Any] | None = field(default_factory=lambda: DEFAULT_WINDOW)
    repeat_guard_days: int | None = None
    exit_line: bool = True
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    leave_out_incomplete: bool = False
    follow_ups: Sequence[FollowUpInput] = ()


COLUMNS: Final = (
    "name",
    "description",
    "rotation_mode",
    "interval_min_ms",
    "interval_max_ms",
    "daily_limit",
    "schedule_at",
    "window",
    "repeat_guard_days",
    "exit_line",
    "leave_out_incomplete",
)
"""The fields that are columns of the campaign's row under the same name."""


def cleaned_input(said: CampaignInput) -> CampaignInput:
    """The same without control characters, blank texts and repeats. Pure."""
    fallbacks = {canonical(_line(name)[:FALLBACK_CHARS]): _line(text) for name, text in said.fallbacks.items()}
    return replace(
        said,
        name=_line(said.name),
        description=clean_text(said.description),
        messages=cleaned_messages(said.messages),
        lists=tuple(dict.fromkeys(said.lists)),
        instances=tuple(dict.fromkeys(said.instances)),
        window=None if said.window is None else dict(said.window),
        fallbacks={name: text for name, text in fallbacks.items() if name and text},
        follow_ups=tuple(replace(step, messages=cleaned_messages(step.messages)) for step in said.follow_ups),
    )


def check_input(session: Session, tenant_id: int, said: CampaignInput, *, now: datetime, is_new_schedule: bool) -> None:
    """InvalidInput with every problem of every field; nothing when all is well."""
    problems: Problems = {}
    for check in (_name_problems, _fallback_problems, _interval_problems, _limit_problems, _window_problems):
        problems |= check(said)
    problems |= _follow_up_problems(session, tenant_id, said)
    if is_new_schedule and said.schedule_at is not None and said.schedule_at <= now:
        problems["schedule_at"] = ["Este horário já passou. Escolha um no futuro, ou deixe vazio para enviar agora."]
    told = message_problems(session, tenant_id, cleaned_messages(said.messages))
    problems |= {"messages": told} if told else {}
    problems |= _list_problems(session, tenant_id, said)
    problems |= _instance_problems(session, tenant_id, said, now)
    if problems:
        raise InvalidInput(fields=problems)


def refuse_new_audience(session: Session, campaign: Campaign, before: CampaignInput, said: CampaignInput) -> None:
    """Once people are in the campaign: InvalidInput for other lists, for variables that weren't frozen with them or
    might be empty for somebody, and for taking away the last text or number: it would run and never send."""
    if set(said.lists) != set(before.lists):
        raise InvalidInput(
            fields={"lists": ["As pessoas já estão nesta campanha. Duplique-a para enviar a outras listas."]}
        )
    if before.messages and not said.messages:
        raise InvalidInput(fields={"messages": ["A campanha já começou. Deixe ao menos uma mensagem."]})
    if before.instances and not said.instances:
        raise InvalidInput(fields={"instances": ["A campanha já começou. Deixe ao menos um número."]})
    frozen = frozen_variables(session, campaign.tenant_id, campaign.id)
    filled = {one.name for text in all_texts(before) for one in placeholders(text) if one.fallback is None}
    for one in (one for text in all_texts(said) for one in placeholders(text)):
        has_spare = one.fallback is not None or one.name in said.fallbacks
        if one.name not in (frozen if has_spare else filled & frozen):
            sentence = (
                f"Esta campanha já começou e {{{one.written}}} não foi guardada com as pessoas. "
                "Use só as variáveis que já estavam nas mensagens, ou duplique a campanha."
            )
            raise InvalidInput(fields={"messages": [sentence]})


def frozen_variables(session: Session, tenant_id: int, campaign_id: int) -> frozenset[str]:
    """The variables every recipient of a launched campaign carries; all its rows have the same."""
    one_row: dict[str, str] | None = session.scalar(
        select(CampaignContact.variables)
        .where(CampaignContact.tenant_id == tenant_id, CampaignContact.campaign_id == campaign_id)
        .limit(1)
    )
    return frozenset(one_row or {}) | {NAME, FIRST_NAME, PHONE}


def all_texts(said: CampaignInput) -> list[str]:
    """Of the campaign and of its follow-ups: what people's variables have to fill."""
    whole = [*said.messages, *(one for step in said.follow_ups for one in step.messages)]
    return [text for one in cleaned_messages(whole) for text in one.texts]


def _line(text: str) -> str:
    return " ".join(_CONTROLS.sub("", text).split())


def _name_problems(said: CampaignInput) -> Problems:
    if not said.name:
        return {"name": ["Dê um nome à campanha, por exemplo: Volta às aulas. Só você e sua equipe veem."]}
    if len(said.name) > NAME_CHARS:
        return {"name": [f"O nome tem {len(said.name)} caracteres; o limite é {NAME_CHARS}."]}
    if len(said.description) > DESCRIPTION_CHARS:
        return {"description": [f"A descrição tem {len(said.description)} caracteres; use até {DESCRIPTION_CHARS}."]}
    return {}


def _fallback_problems(said: CampaignInput) -> Problems:
    if any(len(text) > FALLBACK_CHARS for text in said.fallbacks.values()):
        return {"fallbacks": [f"O texto para quem não tem o dado vai até {FALLBACK_CHARS} caracteres."]}
    return {}


def _follow_up_problems(session: Session, tenant_id: int, said: CampaignInput) -> Problems:
    of_messages = [message_problems(session, tenant_id, cleaned_messages(one.messages)) for one in said.follow_ups]
    told = step_problems(said.follow_ups, of_messages)
    return {"follow_ups": told} if told else {}


def _interval_problems(said: CampaignInput) -> Problems:
    low, high = said.interval_min_ms, said.interval_max_ms
    if any(value is not None and not 0 <= value <= MAX_INTERVAL_MS for value in (low, high)):
        return {"interval_min_ms": ["O intervalo entre mensagens vai de 0 a 3.600 segundos."]}
    if low is not None and high is not None and low > high:
        return {"interval_max_ms": ["O intervalo máximo não pode ser menor que o mínimo."]}
    return {}


def _limit_problems(said: CampaignInput) -> Problems:
    problems: Problems = {}
    if said.daily_limit is not None and not 1 <= said.daily_limit <= MAX_DAILY_LIMIT:
        problems["daily_limit"] = ["O limite por dia começa em 1. Deixe vazio para usar o do plano."]
    if said.repeat_guard_days is not None and not 0 <= said.repeat_guard_days <= MAX_GUARD_DAYS:
        problems["repeat_guard_days"] = [f"Use de 0 a {MAX_GUARD_DAYS} dias, ou deixe vazio para não usar."]
    return problems


def _window_problems(said: CampaignInput) -> Problems:
    try:
        checked_window(said.window)
    except BadWindow as problem:
        return {"window": [str(problem)]}
    return {}


def _list_problems(session: Session, tenant_id: int, said: CampaignInput) -> Problems:
    found = session.scalars(
        select(LeadList.id).where(
            LeadList.tenant_id == tenant_id, LeadList.id.in_(said.lists), LeadList.deleted_at.is_(None)
        )
    ).all()
    if set(said.lists) - set(found):
        return {"lists": ["Uma das listas escolhidas não existe mais. Escolha de novo."]}
    return {}


def _instance_problems(session: Session, tenant_id: int, said: CampaignInput, now: datetime) -> Problems:
    found = session.execute(
        select(Instance.id, Instance.is_sandbox, Instance.connector).where(
            Instance.tenant_id == tenant_id, Instance.id.in_(said.instances), Instance.deleted_at.is_(None)
        )
    ).all()
    if set(said.instances) - {row.id for row in found}:
        return {"instances": ["Um dos números escolhidos não existe mais. Escolha de novo."]}
    plan, floors = entitlement_of(session, tenant_id, now).plan, floors_of(session)
    of_numbers = [floors.of(plan, row.connector, is_sandbox=row.is_sandbox) for row in found]
    floor = max(of_numbers, default=plan.pace_floor_ms)
    low = min((value for value in (said.interval_min_ms, said.interval_max_ms) if value is not None), default=floor)
    if low >= floor:
        return {}
    sentence = f"Para proteger seus números, o menor intervalo no seu plano é de {-(-floor // 1000)} segundos."
    return {"interval_min_ms": [sentence]}
