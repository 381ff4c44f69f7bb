"""The hours a campaign may send in (contract 3.3): how they are said, checked, kept, and when they are open. Pure.

Kept as `{"days": [1..7], "start": "09:00", "end": "21:00", "timezone": ..., "holidays": ...}`, Monday is 1, or with
several rules as `{"rules": [{days, start, end}, ...], "timezone": ..., "holidays": ...}`. None = always. An `end`
before its `start` lies on the next day.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

DAY_MINUTES: Final = 24 * 60
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


@dataclass(frozen=True, slots=True)
class Rule:
    """Open on these ISO week days from `start` to `end`, minutes of the day; `end` may pass 1440 into the next."""

    days: frozenset[int]
    start: int
    end: int


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


def rules_of(window: Mapping[str, Any] | None) -> Sequence[Rule] | None:
    """The rules of a window as it is kept; None = always."""
    if window is None:
        return None
    return [_rule(rule) for rule in window.get("rules") or [window]]


def zone_of(window: Mapping[str, Any] | None, tenant_zone: str) -> str:
    """The zone a forecast reckons in. Recipients are taken to live where the tenant does."""
    zone: str = (window or {}).get("timezone", "tenant")
    return tenant_zone if zone in TIMEZONES else zone


def open_spans(rules: Sequence[Rule] | None, day: date, zone: str) -> list[tuple[datetime, datetime]]:
    """When the window is open on one local day: spans in UTC, ascending, not touching."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(_minutes_of(rules, day.isoweekday())):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(_moment(day, start, zone), _moment(day, end, zone)) for start, end in merged]


def _minutes_of(rules: Sequence[Rule] | None, weekday: int) -> Iterator[tuple[int, int]]:
    """The day's own rules up to midnight, and what runs over from the day before."""
    if rules is None:
        yield 0, DAY_MINUTES
    yesterday = (weekday + 5) % 7 + 1
    for rule in rules or ():
        if weekday in rule.days:
            yield rule.start, min(rule.end, DAY_MINUTES)
        if yesterday in rule.days and rule.end > DAY_MINUTES:
            yield 0, rule.end - DAY_MINUTES


def _moment(day: date, minute: int, zone: str) -> datetime:
    there = day + timedelta(days=minute // DAY_MINUTES)
    clock = time(minute % DAY_MINUTES // 60, minute % 60)
    return datetime.combine(there, clock, ZoneInfo(zone)).astimezone(UTC)


def _rule(said: Mapping[str, Any]) -> Rule:
    start, end = _minute(said["start"]), _minute(said["end"])
    return Rule(frozenset(said["days"]), start, end if end > start else end + DAY_MINUTES)


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


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
