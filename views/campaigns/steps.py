"""The later steps in the campaign's form: added and taken away without JavaScript, kept word for word."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from services.campaigns import MAX_FOLLOW_UPS, FollowUpInput

USUAL_DAYS: Final = "3"


@dataclass
class TypedStep:
    """What stands in one step's fields."""

    days: str = USUAL_DAYS
    messages: list[str] = field(default_factory=lambda: [""])
    stop_on_reply: bool = True


def steps_in(form: MultiDict[str, str]) -> list[TypedStep]:
    """As they were sent, in their order."""
    return [
        TypedStep(
            days=days.strip("\x00"),
            messages=form.getlist(f"step_{place}_messages") or [""],
            stop_on_reply=bool(form.get(f"step_{place}_stop")),
        )
        for place, days in enumerate(form.getlist("step_days")[: MAX_FOLLOW_UPS + 1])
    ]


def steps_from(said: Sequence[FollowUpInput]) -> list[TypedStep]:
    """Of a campaign that exists."""
    return [TypedStep(str(step.after_days), list(step.messages) or [""], step.stop_on_reply) for step in said]


def understood_steps(steps: Sequence[TypedStep], problems: dict[str, str]) -> tuple[FollowUpInput, ...]:
    """What was meant; days that aren't a number are told."""
    found = []
    for number, step in enumerate(steps, 1):
        digits = step.days.strip()
        days = int(digits) if digits.isdecimal() and len(digits) < 5 else 0
        if not days:
            problems["follow_ups"] = _("Etapa %(number)s: escreva quantos dias esperar.", number=number)
        found.append(FollowUpInput(days or 1, tuple(step.messages), step.stop_on_reply))
    return tuple(found)


def changed_steps(steps: list[TypedStep], form: MultiDict[str, str]) -> bool:
    """True when the button pressed was "add" or "remove" a step, which has then been done to `steps`."""
    if "add_step" in form:
        if len(steps) < MAX_FOLLOW_UPS:
            steps.append(TypedStep())
        return True
    removed = form.get("remove_step", "")
    if removed.isdecimal() and len(removed) < 4:
        if int(removed) < len(steps):
            steps.pop(int(removed))
        return True
    return False
