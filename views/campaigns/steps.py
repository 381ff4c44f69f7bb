"""The later steps in the campaign's form: added and taken away without JavaScript, kept word for word.

Files and templates of a step are chosen by programs only; the form carries them along as they came.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from services.campaigns import MAX_FOLLOW_UPS, FollowUpInput, MessageInput

USUAL_DAYS: Final = "3"


@dataclass
class TypedStep:
    """What stands in one step's fields; `kept` is what comes along with each message, as JSON ("" = nothing)."""

    days: str = USUAL_DAYS
    messages: list[str] = field(default_factory=lambda: [""])
    kept: list[str] = field(default_factory=lambda: [""])
    stop_on_reply: bool = True


def steps_in(form: MultiDict[str, str]) -> list[TypedStep]:
    """As they were sent, in their order."""
    return [
        TypedStep(
            days=days.strip("\x00"),
            messages=form.getlist(f"step_{place}_messages") or [""],
            kept=form.getlist(f"step_{place}_kept") or [""],
            stop_on_reply=bool(form.get(f"step_{place}_stop")),
        )
        for place, days in enumerate(form.getlist("step_days")[: MAX_FOLLOW_UPS + 1])
    ]


def steps_from(said: Sequence[FollowUpInput]) -> list[TypedStep]:
    """Of a campaign that exists."""
    return [_typed(step) for step in said]


def understood_steps(steps: Sequence[TypedStep], problems: dict[str, str]) -> tuple[FollowUpInput, ...]:
    """What was meant; days that aren't a number are told."""
    found = []
    for number, step in enumerate(steps, 1):
        digits = step.days.strip()
        days = int(digits) if digits.isdecimal() and len(digits) < 5 else 0
        if not days:
            problems["follow_ups"] = _("Etapa %(number)s: escreva quantos dias esperar.", number=number)
        messages = tuple(_message(text, kept) for text, kept in zip_longest(step.messages, step.kept, fillvalue=""))
        found.append(FollowUpInput(days or 1, messages, step.stop_on_reply))
    return tuple(found)


def _typed(step: FollowUpInput) -> TypedStep:
    whole = [MessageInput(one) if isinstance(one, str) else one for one in step.messages] or [MessageInput()]
    kept = [
        json.dumps({"media_id": one.media_id, "template": one.template}) if one.media_id or one.template else ""
        for one in whole
    ]
    return TypedStep(str(step.after_days), [one.text for one in whole], kept, step.stop_on_reply)


def _message(text: str, kept: str) -> MessageInput:
    """A message with what came along; what isn't ours is left out."""
    try:
        said = json.loads(kept) if kept else {}
        media_id, template = said.get("media_id"), said.get("template")
    except (ValueError, AttributeError, RecursionError):
        media_id, template = None, None
    is_file = type(media_id) is int and 0 < media_id < 2**63
    is_template = isinstance(template, dict) and isinstance(template.get("variables"), dict)
    return MessageInput(text, media_id if is_file else None, template if is_template else None)


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
