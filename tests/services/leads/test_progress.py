"""The figures a person waits with."""

from datetime import UTC, datetime, timedelta

import pytest

from models.leads import ImportStatus, LeadImport
from services.leads.progress import READING, WRITING, progress_of

BEGAN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def an_import(status: ImportStatus, phase: str, *, done: int, is_auto_confirmed: bool = False) -> LeadImport:
    return LeadImport(
        status=status,
        phase=phase,
        rows_done=done,
        rows_expected=1000,
        is_auto_confirmed=is_auto_confirmed,
        started_at=BEGAN,
        phase_started_at=BEGAN + timedelta(seconds=10),
    )


@pytest.mark.parametrize(
    ("status", "phase", "is_auto_confirmed", "percents"),
    [
        (ImportStatus.CHECKING, READING, False, (0, 42, 85)),
        (ImportStatus.CHECKING, READING, True, (0, 20, 40)),
        (ImportStatus.WRITING, READING, True, (0, 20, 40)),
        (ImportStatus.WRITING, WRITING, True, (40, 70, 99)),
        (ImportStatus.FINISHED, WRITING, True, (100, 100, 100)),
        (ImportStatus.MAPPING, "", False, (100, 100, 100)),
    ],
)
def test_the_bar_only_grows_and_is_full_at_the_end(
    status: ImportStatus, phase: str, is_auto_confirmed: bool, percents: tuple[int, ...]
) -> None:
    found = [an_import(status, phase, done=done, is_auto_confirmed=is_auto_confirmed) for done in (0, 500, 1000)]
    assert tuple(progress_of(one, BEGAN).percent for one in found) == percents


def test_the_rate_is_that_of_the_present_phase_and_the_time_left_that_of_all() -> None:
    found = an_import(ImportStatus.WRITING, WRITING, done=500, is_auto_confirmed=True)
    seen = progress_of(found, BEGAN + timedelta(seconds=14))
    assert (seen.rows_per_second, seen.percent, seen.seconds_left, seen.is_writing) == (125, 70, 6, True)


def test_nothing_is_reckoned_from_nothing() -> None:
    seen = progress_of(an_import(ImportStatus.CHECKING, READING, done=0), BEGAN + timedelta(seconds=10))
    assert (seen.rows_per_second, seen.seconds_left) == (0, None)
    waiting = progress_of(an_import(ImportStatus.READY, READING, done=1000), BEGAN + timedelta(days=3))
    assert (waiting.rows_per_second, waiting.seconds_left, waiting.is_moving) == (0, None, False)
