"""What the pretend shop sells and to whom it has sold: plain data."""

import secrets
from calendar import monthrange
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

PRODUCT_ID = 4810001
PRODUCT_NAME = "Leads Infinitos"


@dataclass(frozen=True, slots=True)
class Offer:
    """One monthly subscription; `code` is the offer's code at the shop."""

    code: str
    plan_id: int
    plan: str
    price_centavos: int
    promise: str


OFFERS = {
    offer.code: offer
    for offer in (
        Offer("starter", 700001, "Starter", 4_700, "300 mensagens por dia, 1 número, 2.000 leads"),
        Offer("pro", 700002, "Pro", 9_700, "2.000 mensagens por dia, 5 números, 50.000 leads"),
        Offer("infinito", 700003, "Infinito", 29_700, "20.000 mensagens por dia, 50 números, 2 milhões de leads"),
    )
}


def new_transaction() -> str:
    """A purchase number in Hotmart's form."""
    return f"HP{secrets.randbelow(10**10):010d}"


def a_month_later(epoch_ms: int) -> int:
    """The same day and time of the next month, or its last day; epoch milliseconds, UTC."""
    at = datetime.fromtimestamp(epoch_ms / 1000, UTC)
    year, month = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
    later = at.replace(year=year, month=month, day=min(at.day, monthrange(year, month)[1]))
    return int(later.timestamp() * 1000)


@dataclass(slots=True)
class Purchase:
    """One subscription bought here. Times are epoch milliseconds; `last_event` is kept to be sent again."""

    id: int
    offer_code: str
    name: str
    email: str
    phone: str
    ordered_at: int
    next_charge_at: int
    transaction: str = field(default_factory=new_transaction)
    subscriber_code: str = field(default_factory=lambda: secrets.token_hex(4).upper())
    recurrence_number: int = 1
    last_event: dict[str, Any] = field(default_factory=dict)
    last_http_status: int | None = None
    last_error: str | None = None

    @property
    def offer(self) -> Offer:
        """What was bought, or switched to."""
        return OFFERS[self.offer_code]

    @property
    def was_taken(self) -> bool:
        """Whether the app answered the last event with a 2xx."""
        return self.last_http_status is not None and 200 <= self.last_http_status < 300

    def as_json(self) -> dict[str, Any]:
        """The whole purchase, for the state file and for tests."""
        return asdict(self)
