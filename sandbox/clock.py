"""Time as the sandbox writes it on the wire and shows it on its pages."""

import time
from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

SHOWN_ZONE = ZoneInfo("America/Sao_Paulo")
JITTER_SHARE = 0.2


def now_iso() -> str:
    """The present moment, aware UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def now_ms() -> int:
    """The present moment as epoch milliseconds, the unit Hotmart uses."""
    return time.time_ns() // 1_000_000


def jittered_seconds(milliseconds: int, rng: Random) -> float:
    """A delay in seconds around `milliseconds`, up to 20 % longer or shorter; zero stays zero."""
    if milliseconds == 0:
        return 0.0
    return milliseconds * rng.uniform(1 - JITTER_SHARE, 1 + JITTER_SHARE) / 1000


def shown(moment: str | int | None) -> str:
    """An ISO text or epoch milliseconds as a person in São Paulo reads it; empty for nothing."""
    if moment is None or moment == "":
        return ""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else datetime.fromtimestamp(moment / 1000, UTC)
    return at.astimezone(SHOWN_ZONE).strftime("%d/%m/%Y %H:%M:%S")
