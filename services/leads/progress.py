"""How far an import is, in figures a person can wait with. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.leads import ImportStatus, LeadImport

MOVING: Final = frozenset({ImportStatus.UPLOADED, ImportStatus.CHECKING, ImportStatus.WRITING})
READING_SHARE: Final = 40
"""Of a hundred: reading and judging took two fifths of an import of a million rows (measured)."""


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `expected` rows of the present stage; `seconds_left` None while there is nothing to reckon with."""

    percent: int
    done: int
    expected: int
    rows_per_second: int
    seconds_left: int | None
    is_moving: bool


def progress_of(found: LeadImport, now: datetime) -> Progress:
    """The figures at `now`."""
    is_moving = found.status in MOVING
    percent = _percent(found) if is_moving else 100
    elapsed = (now - found.started_at).total_seconds() if found.started_at else 0.0
    rate = round(found.rows_done / elapsed) if elapsed > 0.5 and found.status is ImportStatus.CHECKING else 0
    left = round(elapsed * (100 - percent) / percent) if is_moving and percent >= 3 and elapsed > 0.5 else None
    return Progress(percent, found.rows_done, max(found.rows_expected, found.rows_done), rate, left, is_moving)


def _percent(found: LeadImport) -> int:
    share = min(found.rows_done / found.rows_expected, 1) if found.rows_expected else 0.0
    if found.status is ImportStatus.CHECKING:
        return int(share * READING_SHARE)
    if found.status is ImportStatus.WRITING:
        return min(99, READING_SHARE + int(share * (100 - READING_SHARE)))
    return 0
