"""What a batch of news changes on the numbers' rows: gathered per number, written once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from models.instances import InstanceStatus
from services.sending import sql
from services.sending.arrays import plain, texts
from services.sending.outcomes import HEALTH_PER_FAILURE
from services.sending.pipe import fetch
from services.sending.rotation import HALF_LIFE_SECONDS, SMOOTHING
from services.sending.words import Ruling

ILL: Final = (
    "A saúde deste número caiu abaixo de 50: ele foi pausado para não ser bloqueado. Retome quando estiver bem."
)
SILENT_AFTER: Final = 3
"""So many messages in a row of which WhatsApp says nothing make a number suspicious."""
HEALTH_PER_DELIVERED: Final = 0.5
HEALTH_PER_READ: Final = 1.0
NOBODY: Final = "00000000-0000-0000-0000-000000000000"
NumberKey = tuple[int, int]


class NumberNow(NamedTuple):
    """A number after a batch: `was` is its status before, `reason` why it is what it is."""

    instance_id: int
    health: float
    status: str
    was: str
    reason: str = ""

    @property
    def is_back(self) -> bool:
        return self.was != InstanceStatus.CONNECTED and self.status == InstanceStatus.CONNECTED

    @property
    def has_stopped(self) -> bool:
        return self.was == InstanceStatus.CONNECTED and self.status != InstanceStatus.CONNECTED


@dataclass(slots=True)
class NumberNews:
    """Sums for one number. `day` is the day the figures belong to; a later day's figures are left alone."""

    day: date
    sent: int = 0
    failed: int = 0
    delivered: int = 0
    read: int = 0
    reserved: int = 0
    health: float = 0.0
    is_fine: bool = False
    errors: int = 0
    unclear: int = 0
    hold_seconds: int = 0
    status: str = ""
    reason: str = ""
    last_error: str = ""
    is_released: bool = False
    tries: int = 0
    bad: int = 0
    answers: int = 0
    latency_ms: int = 0
    unacked: int = 0
    is_acked: bool = False

    def hear(self, ruling: Ruling, duration_ms: int = 0) -> None:
        """Add what one answer, which took so long, says about the number; answers come in their order."""
        is_bad = bool(ruling.number_errors or ruling.number_unclear)
        self.bad += is_bad
        self.tries += is_bad or bool(ruling.number_sent)
        self.answers += ruling.number_sent
        self.latency_ms += duration_ms if ruling.number_sent else 0
        self.unacked += ruling.number_sent + ruling.number_unclear
        self.sent += ruling.number_sent
        self.failed += ruling.number_failed
        self.reserved -= int(ruling.is_refunded)
        self.health += HEALTH_PER_FAILURE * ruling.number_failed
        if ruling.number_is_fine:
            self.is_fine, self.errors, self.unclear = True, 0, 0
        self.errors += ruling.number_errors
        self.unclear += ruling.number_unclear
        self.hold_seconds = max(self.hold_seconds, ruling.hold_seconds)
        if ruling.number_status:
            self.status, self.reason = ruling.number_status, ruling.number_reason
        self.last_error = ruling.number_reason or ruling.error or self.last_error


@dataclass(slots=True)
class Numbers:
    """The news of a batch, by number."""

    news: dict[NumberKey, NumberNews] = field(default_factory=dict)

    def of(self, key: NumberKey, day: date) -> NumberNews:
        """The sums of one number, begun when first asked for."""
        if key not in self.news:
            self.news[key] = NumberNews(day)
        return self.news[key]

    def write(self, session: Session, now: datetime, daemon_id: str = NOBODY) -> dict[int, NumberNow]:
        """Write the sums; what each number is now. A number whose health falls below 50 is paused here."""
        if not self.news:
            return {}
        values = (
            self._columns()
            | self._smoothing()
            | {
                "now": now,
                "ill": ILL,
                "daemon": daemon_id,
                "silent_after": SILENT_AFTER,
                "half_life": HALF_LIFE_SECONDS,
                "older": 1 - SMOOTHING,
            }
        )
        rows = fetch(session, sql.SETTLE_INSTANCES, values)
        return {row[0]: NumberNow(row[0], float(row[1]), *row[2:5]) for row in rows}

    def _columns(self) -> dict[str, str]:
        keys: Sequence[NumberKey] = list(self.news)
        news = list(self.news.values())
        return {
            "tenants": plain(key[0] for key in keys),
            "instances": plain(key[1] for key in keys),
            "days": plain(one.day for one in news),
            "sent": plain(one.sent for one in news),
            "failed": plain(one.failed for one in news),
            "delivered": plain(one.delivered for one in news),
            "read": plain(one.read for one in news),
            "reserved": plain(one.reserved for one in news),
            "health": plain(one.health for one in news),
            "resets": plain(one.is_fine for one in news),
            "errors": plain(one.errors for one in news),
            "unclear": plain(one.unclear for one in news),
            "hold_seconds": plain(one.hold_seconds for one in news),
            "statuses": texts(one.status for one in news),
            "reasons": texts(one.reason for one in news),
            "last_errors": texts(one.last_error for one in news),
            "releases": plain(one.is_released for one in news),
        }

    def _smoothing(self) -> dict[str, str]:
        news = list(self.news.values())
        return {
            "tries": plain(one.tries for one in news),
            "bad": plain(one.bad for one in news),
            "answers": plain(one.answers for one in news),
            "latencies": plain(one.latency_ms / max(one.answers, 1) for one in news),
            "unacked": plain(one.unacked for one in news),
            "acked": plain(one.is_acked for one in news),
        }
