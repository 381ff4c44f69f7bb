"""What messages through official numbers cost: prices by category, country and day. Pure.

A price nobody has entered is never 0: its messages are counted as unpriced. Money in millionths of its currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

import phonenumbers

ANYWHERE: Final = "*"
SERVICE: Final = "service"
"""What Meta calls a message without a template, which can only be sent within 24 h of the person's own."""
UNKNOWN: Final = "unknown"
CATEGORIES: Final = ("marketing", "utility", "authentication", SERVICE)
PREFIX_DIGITS: Final = 4
"""Enough of a phone's digits to know its country (+1 with its area code); islands that share +44 count as British."""


class Price(NamedTuple):
    """What one message of a category to a country costs from a day on; country `*` = any without a price of its own."""

    category: str
    country: str
    valid_from: date
    currency: str
    micros: int


class Sendings(NamedTuple):
    """So many messages of a category to a country on a day."""

    category: str
    country: str
    day: date
    messages: int


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of the bill; `total_micros` None and `currency` '' = no price has been entered."""

    category: str
    country: str
    messages: int
    currency: str
    total_micros: int | None


@dataclass(frozen=True, slots=True)
class Cost:
    """`totals` by currency; `unpriced` messages are in none of them. `is_most` = it may well be less."""

    charges: Sequence[Charge]
    totals: Mapping[str, int]
    unpriced: int
    is_most: bool = False

    @property
    def messages(self) -> int:
        """Priced and unpriced."""
        return sum(charge.messages for charge in self.charges)


def price_of(prices: Iterable[Price], category: str, country: str, day: date) -> Price | None:
    """The newest price that was valid on the day: the country's own, else the one for any country."""
    fitting = [
        price
        for price in prices
        if price.category == category and price.country in (country, ANYWHERE) and price.valid_from <= day
    ]
    return max(fitting, key=lambda price: (price.country == country, price.valid_from), default=None)


def cost_of(sendings: Iterable[Sendings], prices: Sequence[Price], *, is_most: bool = False) -> Cost:
    """The bill, largest line first."""
    messages: dict[tuple[str, str, str], int] = defaultdict(int)
    micros: dict[tuple[str, str, str], int] = defaultdict(int)
    for one in sendings:
        price = price_of(prices, one.category, one.country, one.day)
        key = (one.category, one.country, price.currency if price else "")
        messages[key] += one.messages
        micros[key] += price.micros * one.messages if price else 0
    charges = [
        Charge(category, country, count, currency, micros[category, country, currency] if currency else None)
        for (category, country, currency), count in messages.items()
        if count
    ]
    totals: dict[str, int] = defaultdict(int)
    for charge in charges:
        if charge.total_micros is not None:
            totals[charge.currency] += charge.total_micros
    unpriced = sum(charge.messages for charge in charges if charge.total_micros is None)
    ordered = sorted(charges, key=lambda one: (-one.messages, one.category, one.country))
    return Cost(ordered, dict(totals), unpriced, is_most)


def category_of(template: Mapping[str, Any] | None, known: Mapping[tuple[str, str], str]) -> str:
    """A message's category: its template's, by name and language as Meta listed it; one that was never listed has none
    that could be priced."""
    if not template:
        return SERVICE
    named = known.get((template["name"], template["language"]), "").lower()
    return named if named in CATEGORIES else UNKNOWN


def shared_out(messages: int, categories: Sequence[str]) -> dict[str, int]:
    """Messages by category when each variation goes to an equal share of the people."""
    found: dict[str, int] = defaultdict(int)
    for place, category in enumerate(categories):
        found[category] += messages // len(categories) + (place < messages % len(categories))
    return dict(found)


@lru_cache(maxsize=4096)
def country_of(phone: str) -> str:
    """ISO code of a canonical phone's country, `ZZ` when it has none."""
    if phone.startswith("55"):
        return "BR"
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{phone}")) or "ZZ"
    except phonenumbers.NumberParseException:
        return "ZZ"
