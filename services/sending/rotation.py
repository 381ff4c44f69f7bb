"""Which of a campaign's free numbers sends next, and why. Pure: the generator is an argument.

Ranking once for all the messages of a tick and handing the ranks out costs O(n log n) a tick; choosing anew for each
message would cost O(n) a message (20 us with 200 numbers).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from models.campaigns import RotationMode

MIN_SAMPLE: Final = 20
"""Below so many attempts today a failure rate says nothing: 1 failure of 1 is not 100 %."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A free number as the rotation sees it; figures are of the tenant's day, health is 0-100."""

    instance_id: int
    used_today: int = 0
    daily_cap: int | None = None
    sent_today: int = 0
    failed_today: int = 0
    health: float = 100.0

    @property
    def load(self) -> float:
        """Share of the cap used; without a cap the plain number used, which compares among its like."""
        return self.used_today / self.daily_cap if self.daily_cap else float(self.used_today)

    @property
    def weight(self) -> float:
        """For `intelligent`: health, less the failure rate once the sample is worth something, times what is free.

        Never zero, so that a number can show that it has recovered.
        """
        attempts = self.sent_today + self.failed_today
        success = 1 - self.failed_today / attempts if attempts >= MIN_SAMPLE else 1.0
        free = 1 - min(self.load, 1.0) if self.daily_cap else 1.0
        return max((self.health / 100) ** 2 * success * max(free, 0.05), 0.01)


def rank(mode: RotationMode, candidates: Sequence[Candidate], *, last_id: int | None, rng: Random) -> list[Candidate]:
    """The candidates in the order they should be used, best first.

    round_robin: ascending ids, beginning after the one used last. balanced: least used relative to its cap.
    intelligent: a random order in which a number comes early in proportion to its weight.
    """
    if mode is RotationMode.BALANCED:
        return sorted(candidates, key=lambda one: (one.load, one.used_today, one.instance_id))
    if mode is RotationMode.INTELLIGENT:
        # Efraimidis and Spirakis: keys u^(1/w) in descending order are a weighted shuffle.
        return sorted(candidates, key=lambda one: rng.random() ** (1 / one.weight), reverse=True)
    after = -1 if last_id is None else last_id
    return sorted(candidates, key=lambda one: (one.instance_id <= after, one.instance_id))


def explain(mode: RotationMode, chosen: Candidate) -> str:
    """Why this number, in a sentence for the campaign's log."""
    if mode is RotationMode.BALANCED:
        of_cap = f" de {chosen.daily_cap}" if chosen.daily_cap else ""
        return f"o menos usado hoje: {chosen.used_today}{of_cap}"
    if mode is RotationMode.INTELLIGENT:
        return f"peso {chosen.weight:.2f}: saúde {chosen.health:.0f}, {chosen.failed_today} falhas hoje"
    return "o próximo da vez"
