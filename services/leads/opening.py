"""A stored file -> a table, whatever its name says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.leads.csv_reading import open_csv
from services.leads.sniffing import Kind, kind_of
from services.leads.table import Source, Table, understand
from services.leads.xlsx_reading import open_xlsx, refuse_bombs

SMALL_WORKBOOK_BYTES: Final = 1024 * 1024
"""Read on the spot in half a second; a larger one would take a request's time and a hundred megabytes."""


def inspect_file(path: Path, mapping: Mapping[str, str]) -> None:
    """Look at an upload: FileRefused with a sentence for what can be told at once. Of a large workbook only that it
    is one and no bomb; its columns are looked at by the worker."""
    if kind_of(path) is Kind.XLSX:
        refuse_bombs(path)
        if path.stat().st_size > SMALL_WORKBOOK_BYTES:
            return
    open_table(path, mapping).source.close()


def open_table(path: Path, mapping: Mapping[str, str]) -> Table:
    """The table in a file that `inspect_file` has let through. FileRefused; the caller closes `table.source`."""
    source = open_xlsx(path) if kind_of(path) is Kind.XLSX else open_csv(path)
    try:
        return understand(source, mapping)
    except BaseException:
        source.close()
        raise


def open_source(path: Path) -> Source:
    """The rows of any file, its columns not understood yet. FileRefused for bombs and damage; the caller closes it."""
    if kind_of(path) is Kind.XLSX:
        refuse_bombs(path)
        return open_xlsx(path)
    return open_csv(path)
