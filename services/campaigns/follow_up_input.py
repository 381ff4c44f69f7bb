"""What is said of a campaign's later steps, and each refusal with its remedy. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.campaigns.messages import MessageInput

MAX_FOLLOW_UPS: Final = 5
MAX_AFTER_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class FollowUpInput:
    """A message for those who got the step before it `after_days` days ago (of 24 hours) and, with `stop_on_reply`,
    haven't written back since."""

    after_days: int
    messages: Sequence[MessageInput | str] = ()
    stop_on_reply: bool = True


def step_problems(steps: Sequence[FollowUpInput], of_messages: Sequence[Sequence[str]]) -> list[str]:
    """Every problem of every step; `of_messages` holds what is wrong with each one's texts."""
    told: list[str] = []
    if len(steps) > MAX_FOLLOW_UPS:
        told.append(f"São {len(steps)} etapas; use até {MAX_FOLLOW_UPS}.")
    for number, (step, sentences) in enumerate(zip(steps, of_messages, strict=True), 1):
        if not 1 <= step.after_days <= MAX_AFTER_DAYS:
            told.append(f"Etapa {number}: espere de 1 a {MAX_AFTER_DAYS} dias depois da mensagem anterior.")
        if not step.messages:
            told.append(f"Etapa {number}: escreva a mensagem, ou tire a etapa.")
        told += [f"Etapa {number}: {sentence}" for sentence in sentences]
    return told
