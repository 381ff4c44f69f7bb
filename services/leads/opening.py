"""A stored file -> a table, whatever its name says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.leads.csv_reading import open_csv
from services.leads.sniffing import Kind, kind_of
from services.leads.table import Source, Table, understand
from services.leads.workbooks import open_workbook
from services.leads.xlsx_guard import refuse_bombs

ARCHIVES: Final = frozenset({Kind.XLSX, Kind.ODS})
SMALL_WORKBOOK_BYTES: Final = 1024 * 1024
"""Read on the spot in half a second; a larger one would take a request's time and a hundred megabytes."""
SMALL_UNPACKED_BYTES: Final = 20 * 1024 * 1024


def inspect_file(path: Path, mapping: Mapping[str, str]) -> None:
    """Look at an upload: FileRefused with a sentence for what can be told at once. Of a large workbook only that it
    is one and no bomb; its columns are looked at by the worker."""
    if is_small(path):
        open_table(path, mapping).source.close()


def is_small(path: Path) -> bool:
    """Whether the file may be read within a request. FileRefused for a bomb."""
    kind = kind_of(path)
    if kind in ARCHIVES and refuse_bombs(path) > SMALL_UNPACKED_BYTES:
        return False
    return kind is Kind.CSV or path.stat().st_size <= SMALL_WORKBOOK_BYTES


def open_table(path: Path, mapping: Mapping[str, str]) -> Table:
    """The table in a file that `inspect_file` has let through. FileRefused; the caller closes `table.source`."""
    source = _opened(path, kind_of(path))
    try:
        return understand(source, mapping)
    except BaseException:
        source.close()
        raise


def open_source(path: Path) -> Source:
    """The rows of any file, its columns not understood yet. FileRefused for bombs and damage; the caller closes it."""
    kind = kind_of(path)
    if kind in ARCHIVES:
        refuse_bombs(path)
    return _opened(path, kind)


def _opened(path: Path, kind: Kind) -> Source:
    return open_csv(path) if kind is Kind.CSV else open_workbook(path, kind)
