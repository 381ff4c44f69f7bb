"""Key-set paging: a page starts behind the last row of the one before it, so any depth costs the same.

The cursor is the last row's sort values in JSON and base64: opaque to the caller, not secret, and worthless in
another tenant, since the tenant's condition stands in the query and not in the cursor.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Row, Select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from core.errors import InvalidInput

ItemT = TypeVar("ItemT")
DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 500
BAD_CURSOR: Final = "O marcador de página (cursor) não é válido. Recomece a lista sem ele."


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """One page of a list; `next_cursor` is None on the last."""

    items: Sequence[ItemT]
    next_cursor: str | None = None


def encode_cursor(values: Sequence[Any]) -> str:
    """The sort values of the last row shown -> an opaque text for the address."""
    plain = [{"t": value.isoformat()} if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, size: int) -> list[Any]:
    """The sort values again; InvalidInput when the text isn't one of ours or has another number of values."""
    try:
        plain = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        values = [datetime.fromisoformat(value["t"]) if isinstance(value, dict) else value for value in plain]
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise InvalidInput(BAD_CURSOR, fields={"cursor": [BAD_CURSOR]}) from problem
    if len(values) != size or not all(isinstance(value, str | int | float | datetime) for value in values):
        raise InvalidInput(BAD_CURSOR, fields={"cursor": [BAD_CURSOR]})
    return values


def values_behind(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The sort values of a cursor over columns of these types; InvalidInput when it is another list's, or made up."""
    values = decode_cursor(cursor, len(kinds))
    if not all(isinstance(value, kind) and _is_storable(value) for kind, value in zip(kinds, values, strict=True)):
        raise InvalidInput(BAD_CURSOR, fields={"cursor": [BAD_CURSOR]})
    return values


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return "\x00" not in value
    return not isinstance(value, int) or abs(value) < 2**63


def fetch_page(
    session: Session,
    statement: Select[ItemT],
    keys: Sequence[InstrumentedAttribute[Any]],
    *,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
    newest_first: bool = True,
) -> Page[ItemT]:
    """Run `statement` ordered by `keys` (whose last one must be unique within the tenant) and cut one page.

    All keys go the same way, so that one row comparison (and one index) serves. InvalidInput for a bad cursor.
    """
    limit = max(1, min(limit, MAX_LIMIT))
    if cursor:
        behind = tuple_(*keys), tuple_(*values_behind(cursor, [key.type.python_type for key in keys]))
        statement = statement.where(behind[0] < behind[1] if newest_first else behind[0] > behind[1])
    order = [key.desc() if newest_first else key.asc() for key in keys]
    rows = session.execute(statement.order_by(*order).add_columns(*keys).limit(limit + 1)).all()
    return Page([row[0] for row in rows[:limit]], _cursor_after(rows[:limit], keys) if len(rows) > limit else None)


def _cursor_after(rows: Sequence[Row[Any]], keys: Sequence[Any]) -> str:
    return encode_cursor(rows[-1][-len(keys) :])
