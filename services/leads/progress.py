"""How far an import is, in figures a person can wait with. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.leads import ImportStatus, LeadImport

MOVING: Final = frozenset({ImportStatus.UPLOADED, ImportStatus.CHECKING, ImportStatus.WRITING})
READING: Final = "reading"
WRITING: Final = "writing"
READING_SHARE: Final = 40
"""Of a hundred: reading and judging took two fifths of an import of a million rows (measured)."""
CHECK_SHARE: Final = 85
"""Of a hundred, where the import ends with a verdict: reading the rows, before they are judged together."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `expected` rows of the present phase, `rows_per_second` in it; `seconds_left` to the end of all the
    worker does now, None while there is nothing to reckon with."""

    percent: int
    done: int
    expected: int
    rows_per_second: int
    seconds_left: int | None
    is_moving: bool
    is_writing: bool


def progress_of(found: LeadImport, now: datetime) -> Progress:
    """The figures at `now`."""
    is_moving = found.status in MOVING
    percent = _percent(found) if is_moving else 100
    elapsed = (now - found.started_at).total_seconds() if found.started_at else 0.0
    in_phase = (now - found.phase_started_at).total_seconds() if found.phase_started_at else 0.0
    rate = round(found.rows_done / in_phase) if is_moving and in_phase > 0.5 else 0
    left = round(elapsed * (100 - percent) / percent) if is_moving and percent >= 3 and elapsed > 0.5 else None
    return Progress(
        percent,
        found.rows_done,
        max(found.rows_expected, found.rows_done),
        rate,
        left,
        is_moving,
        found.phase == WRITING,
    )


def _percent(found: LeadImport) -> int:
    share = min(found.rows_done / found.rows_expected, 1) if found.rows_expected else 0.0
    if found.status is ImportStatus.UPLOADED:
        return 0
    if found.phase == WRITING:
        return min(99, READING_SHARE + int(share * (100 - READING_SHARE)))
    will_write = found.is_auto_confirmed or found.status is ImportStatus.WRITING
    return int(share * (READING_SHARE if will_write else CHECK_SHARE))
