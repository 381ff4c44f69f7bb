"""Columns of values as PostgreSQL array literals, for `unnest`.

psycopg2 writes a list as `ARRAY[1, 2, ...]`, adapting each element in Python and leaving one parser node per element
to PostgreSQL; one literal costs a quarter of that on both sides (100 rows of 12 columns: 0.5 ms against 2 ms).
"""

from collections.abc import Iterable


def plain(values: Iterable[object]) -> str:
    """Numbers, dates, UUIDs, booleans and other values whose text needs no quoting; None becomes NULL."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def texts(values: Iterable[str | None]) -> str:
    """Free text, quoted. A NUL, which PostgreSQL can't store, is dropped."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if '"' in value:
        value = value.replace('"', '\\"')
    if "\x00" in value:
        value = value.replace("\x00", "")
    return f'"{value}"'
