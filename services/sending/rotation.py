"""Which of a campaign's free numbers sends next, and why. Pure: the generator is an argument.

Ranking once for all the messages of a tick and handing the ranks out costs O(n log n) a tick; choosing anew for each
message would cost O(n) a message (20 us with 200 numbers).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from models.campaigns import RotationMode

MIN_SAMPLE: Final = 20
"""Below so many attempts a rate says nothing: 1 failure of 1 is not 100 %."""
SMOOTHING: Final = 0.05
"""Weight of the newest message in the smoothed figures: they remember about the last 20."""
HALF_LIFE_SECONDS: Final = 6 * 3600.0
"""A number nobody used for this long has half of its smoothed failures and missing receipts forgiven."""
USUAL_LATENCY_MS: Final = 2_000.0
"""An answer this slow halves a number's weight."""
LEAST_WEIGHT: Final = 0.01
BAD_QUALITY: Final = 0.35
SLOWED: Final = 3
"""How many times longer the gap is while all of a campaign's numbers are bad."""
SLOWED_FROM_MS: Final = 1_000
"""What is slowed down is at least this gap: three times nothing is nothing."""


@dataclass(frozen=True, slots=True)
class Record:
    """A number's smoothed past (exponential, newest first): share of failures and of receipts in 0-1, the provider's
    answer time, and how many messages it rests on. The resting point is a clean sheet."""

    count: int = 0
    failures: float = 0.0
    acks: float = 1.0
    latency_ms: float = 0.0

    def rested(self, seconds: float) -> "Record":
        """After so many seconds without news: half of the way to the resting point every six hours."""
        kept: float = 0.5 ** (max(seconds, 0.0) / HALF_LIFE_SECONDS)
        return Record(self.count, self.failures * kept, 1 - (1 - self.acks) * kept, self.latency_ms)

    @property
    def is_telling(self) -> bool:
        return self.count >= MIN_SAMPLE


CLEAN: Final = Record()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A free number as the rotation sees it; figures are of the tenant's day, health is 0-100, `daily_cap` is the
    effective one, `warm_up` the share of the warm-up it has behind it (1 = done)."""

    instance_id: int
    used_today: int = 0
    daily_cap: int | None = None
    health: float = 100.0
    record: Record = CLEAN
    warm_up: float = 1.0

    @property
    def load(self) -> float:
        """Share of the cap used; without a cap the plain number used, which compares among its like."""
        return self.used_today / self.daily_cap if self.daily_cap else float(self.used_today)

    @property
    def quality(self) -> float:
        """How well it does, 0-1, whatever is left of its day: health, and once the sample is worth something what is
        refused and what is acknowledged."""
        record = self.record if self.record.is_telling else CLEAN
        return _share(self.health / 100) * (1 - _share(record.failures)) * (0.25 + 0.75 * _share(record.acks))

    @property
    def is_bad(self) -> bool:
        return self.quality < BAD_QUALITY

    @property
    def weight(self) -> float:
        """For `intelligent`: quality squared, times answer time, warm-up and what is free of the day.

        Never zero, so that a number can show that it has recovered.
        """
        record = self.record if self.record.is_telling else CLEAN
        free = 1 - min(self.load, 1.0) if self.daily_cap else 1.0
        speed = 1 / (1 + max(record.latency_ms, 0.0) / USUAL_LATENCY_MS)
        warmth = 0.5 + 0.5 * _share(self.warm_up)
        return max(self.quality**2 * speed * warmth * max(free, 0.05), LEAST_WEIGHT)


def _share(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def all_bad(mode: RotationMode, numbers: Iterable[Candidate]) -> bool:
    """Whether an `intelligent` campaign has only bad numbers to choose from: then it slows down instead of
    reshuffling, which would only spread the damage."""
    if mode is not RotationMode.INTELLIGENT:
        return False
    verdicts = [one.is_bad for one in numbers]
    return bool(verdicts) and all(verdicts)


def slowed_gap_ms(gap_ms: int) -> int:
    """The gap while all of a campaign's numbers are bad."""
    return max(gap_ms, SLOWED_FROM_MS) * SLOWED


def rank(
    mode: RotationMode,
    candidates: Sequence[Candidate],
    *,
    last_id: int | None,
    rng: Random,
    is_slowed: bool = False,
) -> list[Candidate]:
    """The candidates in the order they should be used, best first.

    round_robin: ascending ids, beginning after the one used last. balanced: least used relative to its cap.
    intelligent: a random order in which a number comes early in proportion to its weight; while all are bad in turn.
    """
    if mode is RotationMode.BALANCED:
        return sorted(candidates, key=lambda one: (one.load, one.used_today, one.instance_id))
    if mode is RotationMode.INTELLIGENT and not is_slowed:
        # Efraimidis and Spirakis: keys u^(1/w) in descending order are a weighted shuffle. The ids come first, so that
        # a seed means the same order however the candidates were collected.
        by_id = sorted(candidates, key=lambda one: one.instance_id)
        return sorted(by_id, key=lambda one: rng.random() ** (1 / one.weight), reverse=True)
    after = -1 if last_id is None else last_id
    return sorted(candidates, key=lambda one: (one.instance_id <= after, one.instance_id))


def explain(mode: RotationMode, chosen: Candidate, *, is_slowed: bool = False) -> str:
    """Why this number, in a sentence for the campaign's log, with the figures it was decided by."""
    if mode is RotationMode.BALANCED:
        of_cap = f" de {chosen.daily_cap}" if chosen.daily_cap else ""
        return f"o menos usado hoje: {chosen.used_today}{of_cap}"
    if mode is RotationMode.INTELLIGENT:
        facts = "; ".join(_facts(chosen))
        if is_slowed:
            return f"todos os números desta campanha vão mal: um por vez e {SLOWED} vezes mais devagar ({facts})"
        return f"peso {_decimal(chosen.weight, 2)}: {facts}"
    return "o próximo da vez"


def _facts(chosen: Candidate) -> list[str]:
    record = chosen.record
    facts = [f"saúde {chosen.health:.0f}"]
    if record.is_telling:
        facts += [
            f"falhas {record.failures * 100:.0f}%",
            f"confirmadas {record.acks * 100:.0f}%",
            f"resposta em {_decimal(record.latency_ms / 1000, 1)} s",
        ]
    else:
        facts.append(f"só {record.count} envios, ainda sem estatística")
    if chosen.warm_up < 1:
        facts.append(f"aquecimento {chosen.warm_up * 100:.0f}%")
    if chosen.daily_cap:
        facts.append(f"usou {chosen.used_today} de {chosen.daily_cap} hoje")
    return facts


def _decimal(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace(".", ",")
