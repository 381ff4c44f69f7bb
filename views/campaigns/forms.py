"""The campaign form: as typed (kept word for word when something is wrong) and as understood."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from models.campaigns import RotationMode
from services.campaigns import DEFAULT_WINDOW, CampaignInput
from views.campaigns.steps import TypedStep, steps_from, steps_in, understood_steps
from views.campaigns.variations import TypedMessage, messages_from, messages_in

ANY_HOUR: Final = "always"
CAREFUL_HOURS: Final = "default"
OWN_HOURS: Final = "custom"
KEPT_HOURS: Final = "keep"
"""Hours that a program gave and this form can't show: they stay as they are."""

MAX_DIGITS: Final = 9

Problems = dict[str, str]


@dataclass
class Typed:
    """What stands in the form's fields: texts, nothing interpreted."""

    name: str = ""
    description: str = ""
    lists: list[str] = field(default_factory=list)
    messages: list[TypedMessage] = field(default_factory=lambda: [TypedMessage()])
    exit_line: bool = True
    instances: list[str] = field(default_factory=list)
    rotation_mode: str = RotationMode.ROUND_ROBIN
    interval_min: str = ""
    interval_max: str = ""
    daily_limit: str = ""
    repeat_guard_days: str = ""
    hours: str = CAREFUL_HOURS
    days: list[str] = field(default_factory=lambda: ["1", "2", "3", "4", "5"])
    start: str = "09:00"
    end: str = "18:00"
    schedule_at: str = ""
    steps: list[TypedStep] = field(default_factory=list)


def typed_in(form: MultiDict[str, str]) -> Typed:
    """The form as it was sent."""
    return Typed(
        **{name: form.get(name, "").strip("\x00") for name in _LINES},
        lists=form.getlist("lists"),
        messages=messages_in(form),
        exit_line=bool(form.get("exit_line")),
        instances=form.getlist("instances"),
        days=form.getlist("days"),
        steps=steps_in(form),
    )


def typed_from(said: CampaignInput, zone: str) -> Typed:
    """The form for a campaign that exists."""
    at = said.schedule_at
    typed = Typed(
        name=said.name,
        description=said.description,
        lists=[str(one) for one in said.lists],
        messages=messages_from(said.messages),
        exit_line=said.exit_line,
        instances=[str(one) for one in said.instances],
        rotation_mode=said.rotation_mode,
        interval_min=_seconds(said.interval_min_ms),
        interval_max=_seconds(said.interval_max_ms),
        daily_limit=_shown(said.daily_limit),
        repeat_guard_days=_shown(said.repeat_guard_days),
        hours=_hours_of(said.window),
        schedule_at=at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M") if at else "",
        steps=steps_from(said.follow_ups),
    )
    if said.window is not None and typed.hours == OWN_HOURS:
        typed.days = [str(day) for day in said.window["days"]]
        typed.start, typed.end = said.window["start"], said.window["end"].replace("24:00", "00:00")
    return typed


def understood(typed: Typed, zone: str) -> tuple[dict[str, Any], Problems]:
    """The fields of a CampaignInput, and what could not be read, by field of the form."""
    problems: Problems = {}
    said: dict[str, Any] = {
        "name": typed.name,
        "description": typed.description,
        "messages": tuple(one.understood() for one in typed.messages),
        "lists": _ids(typed.lists),
        "instances": _ids(typed.instances),
        "exit_line": typed.exit_line,
        "rotation_mode": _rotation(typed.rotation_mode),
        "interval_min_ms": _whole(typed.interval_min, "interval_min_ms", problems, times=1000),
        "interval_max_ms": _whole(typed.interval_max, "interval_max_ms", problems, times=1000),
        "daily_limit": _whole(typed.daily_limit, "daily_limit", problems),
        "repeat_guard_days": _whole(typed.repeat_guard_days, "repeat_guard_days", problems),
        **({} if typed.hours == KEPT_HOURS else {"window": _window(typed)}),
        "schedule_at": _moment(typed.schedule_at, zone, problems),
        "follow_ups": understood_steps(typed.steps, problems),
    }
    return said, problems


_LINES: Final = (
    "name",
    "description",
    "rotation_mode",
    "interval_min",
    "interval_max",
    "daily_limit",
    "repeat_guard_days",
    "hours",
    "start",
    "end",
    "schedule_at",
)


def _window(typed: Typed) -> Mapping[str, Any] | None:
    if typed.hours == ANY_HOUR:
        return None
    if typed.hours != OWN_HOURS:
        return DEFAULT_WINDOW
    days = [int(day) for day in typed.days if day in "1234567" and len(day) == 1]
    # A browser can't say 24:00; midnight as an end is what is meant by it.
    end = "24:00" if typed.end == "00:00" else typed.end
    return {"days": days, "start": typed.start, "end": end, "timezone": "recipient", "holidays": "skip"}


def _hours_of(window: Mapping[str, Any] | None) -> str:
    if window is None:
        return ANY_HOUR
    if window == DEFAULT_WINDOW:
        return CAREFUL_HOURS
    fits = "days" in window and window.get("timezone") == "recipient" and window.get("holidays") == "skip"
    return OWN_HOURS if fits else KEPT_HOURS


def _moment(text: str, zone: str, problems: Problems) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=ZoneInfo(zone))
    except ValueError:
        problems["schedule_at"] = _("Escreva dia e hora, por exemplo 23/11/2026 14:30, ou deixe vazio.")
        return None


def _whole(text: str, name: str, problems: Problems, *, times: int = 1) -> int | None:
    digits = text.strip().replace(".", "")
    if not digits:
        return None
    if digits.isdecimal() and len(digits) <= MAX_DIGITS:
        return int(digits) * times
    problems[name] = _("Escreva um número inteiro, ou deixe vazio.")
    return None


def _ids(texts: list[str]) -> tuple[int, ...]:
    return tuple(int(text) for text in texts if text.isdecimal() and len(text) <= 18)


def _rotation(text: str) -> RotationMode:
    return RotationMode(text) if text in set(RotationMode) else RotationMode.ROUND_ROBIN


def _seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else str(-(-milliseconds // 1000))


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)
