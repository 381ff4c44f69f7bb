"""The hours a campaign may send in (contract 3.3): how they are said, checked and kept. When they are open is
`services.campaigns.hours`' to say. Pure.

Kept as `{"days": [1..7], "start": "09:00", "end": "21:00", "timezone": ..., "holidays": ...}`, Monday is 1, or with
several rules as `{"rules": [{days, start, end}, ...], "timezone": ..., "holidays": ...}`. None = always. An `end`
before its `start` lies on the next day.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

TIMEZONES: Final = ("tenant", "recipient")
HOLIDAYS: Final = ("skip", "send")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")

DEFAULT_WINDOW: Final[Mapping[str, Any]] = {
    "rules": [
        {"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "21:00"},
        {"days": [6], "start": "10:00", "end": "16:00"},
    ],
    "timezone": "recipient",
    "holidays": "skip",
}
"""What a campaign gets that says nothing: Brazilian telemarketing manners."""


class BadWindow(ValueError):
    """The window can't be understood; the text says what to write, in Portuguese."""


def checked_window(said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The window as it is kept; BadWindow when something in it makes no sense."""
    if said is None:
        return None
    timezone, holidays = said.get("timezone", "recipient"), said.get("holidays", "skip")
    if timezone not in TIMEZONES and timezone not in available_timezones():
        raise BadWindow('O fuso do horário é "tenant", "recipient" ou um nome como "America/Sao_Paulo".')
    if holidays not in HOLIDAYS:
        raise BadWindow('Em feriados, escolha "skip" (não enviar) ou "send" (enviar).')
    several = said.get("rules")
    if several is None:
        return _checked_rule(said) | {"timezone": timezone, "holidays": holidays}
    if not isinstance(several, list) or not 1 <= len(several) <= 7:
        raise BadWindow("O horário tem de uma a sete regras.")
    return {"rules": [_checked_rule(rule) for rule in several], "timezone": timezone, "holidays": holidays}


def _checked_rule(said: object) -> dict[str, Any]:
    if not isinstance(said, Mapping):
        raise BadWindow("Cada regra do horário tem days, start e end.")
    days, start, end = said.get("days"), said.get("start"), said.get("end")
    if not isinstance(days, list) or not days or not all(type(day) is int and 1 <= day <= 7 for day in days):
        raise BadWindow("Escolha ao menos um dia da semana, de 1 (segunda) a 7 (domingo).")
    if not _is_clock(start) or not _is_clock(end) or start == "24:00":
        raise BadWindow("Escreva as horas como 09:00; o fim pode ser 24:00.")
    if start == end:
        raise BadWindow("O horário começa e termina na mesma hora. Para enviar a qualquer hora, não use janela.")
    return {"days": sorted(set(days)), "start": start, "end": end}


def _is_clock(said: object) -> bool:
    return isinstance(said, str) and _CLOCK.fullmatch(said) is not None
