"""Reading strangers' JSON without ever raising: missing, renamed, nested too deep or of the wrong type is
an empty value. All text that leaves here can be stored (no NUL, no lone surrogate)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC).timestamp()
_LONGEST_WAIT_SECONDS: Final = 86_400.0
_DECODER: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _: None)


class _Nothing:
    """Told apart from JSON's null, which is a body like any other."""


NOTHING: Final = _Nothing()


def json_of(body: bytes) -> Any:
    """The parsed body, or NOTHING when it isn't JSON. Decimals stay exact; NaN and Infinity become None."""
    try:
        return _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    # Nesting too deep ends in RecursionError, 5,000 digits in ValueError, an absurd exponent in the last.
    except (ValueError, RecursionError, ArithmeticError):
        return NOTHING


def at(value: Any, *path: str | int) -> Any:
    """What lies at the end of keys and indexes, None where the way ends early."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def text_at(value: Any, *path: str | int) -> str:
    """Storable text; whole numbers are written out, everything else is empty."""
    found = at(value, *path)
    if isinstance(found, str):
        return storable(found)
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else ""


def dict_at(value: Any, *path: str | int) -> dict[str, Any]:
    found = at(value, *path)
    return found if isinstance(found, dict) else {}


def list_at(value: Any, *path: str | int) -> list[Any]:
    found = at(value, *path)
    return found if isinstance(found, list) else []


def int_at(value: Any, *path: str | int) -> int | None:
    """A whole number, also when it came as a string of digits."""
    found = at(value, *path)
    if isinstance(found, bool):
        return None
    if isinstance(found, str) and len(found) <= 18 and found.lstrip("-").isdecimal() and found.isascii():
        return int(found) if found.count("-") <= 1 else None
    return found if isinstance(found, int) and abs(found) < 10**18 else None


def is_true(value: Any) -> bool:
    """true, "true" or 1."""
    return value is True or value == 1 or (isinstance(value, str) and value.lower() == "true")


def storable(text: str) -> str:
    """Without NUL (PostgreSQL refuses it) and without lone surrogates (UTF-8 refuses them)."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def moment_at(value: Any, *path: str | int) -> datetime | None:
    """Unix seconds or milliseconds, as number, string or Baileys' `{"low": n}`; aware UTC."""
    found = at(value, *path)
    seconds = int_at(found, "low") if isinstance(found, dict) else int_at([found], 0)
    if seconds is None:
        return None
    instant = seconds / 1000 if abs(seconds) >= 100_000_000_000 else float(seconds)
    return datetime.fromtimestamp(instant, UTC) if _EARLIEST <= instant < _LATEST else None


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value in whatever case its name came; "" when missing."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, or as a date read against the answer's own `Date` (no clock here)."""
    value = header(headers, "retry-after").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:9]), _LONGEST_WAIT_SECONDS)
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(header(headers, "date"))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait.total_seconds(), 0.0), _LONGEST_WAIT_SECONDS)
