"""What an extraction will cost and how long it will take: from what the tenant's own runs cost and took, else from the
price table, else nothing is said. No figure is made up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.leads_extractions import Extraction, ExtractionPrice, ExtractionStatus

RUNS_LOOKED_AT: Final = 5
FEWEST_PLACES: Final = 20
"""A run that found fewer says little about the next one: what it costs to begin weighs too much."""
MICROS: Final = 1_000_000
SMALLEST_CAP: Final = MICROS // 2
"""Seen: the Maps actor refuses a maximum below half a dollar."""
CAP_WITHOUT_PRICE: Final = 5 * MICROS
"""What a run may spend when nobody said a maximum and no price is known: our own limit, not Apify's price."""


@dataclass(frozen=True, slots=True)
class Past:
    """A finished run: places, cost in millionths of a dollar, seconds."""

    found: int
    cost_usd_micros: int | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Price:
    """What 1,000 places and a start cost, in millionths of a dollar, from a day on, and who says so."""

    actor: str
    valid_from: date
    usd_micros_per_thousand: int
    usd_micros_per_start: int
    source: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """`cost_source`: `history` (the mean of `runs` runs of one's own), `table` (then `price` says whose) or "" (no
    price known). None = can't be said."""

    cost_usd_micros: int | None = None
    cost_source: str = ""
    price: Price | None = None
    seconds: int | None = None
    runs: int = 0

    @property
    def cap_usd_micros(self) -> int:
        """A sensible maximum: a quarter more than expected."""
        if self.cost_usd_micros is None:
            return CAP_WITHOUT_PRICE
        return max(SMALLEST_CAP, self.cost_usd_micros * 5 // 4)


def estimate(max_items: int, past: Sequence[Past], price: Price | None) -> Estimate:
    """At most `max_items` places will be found, so this is at most what it costs. Pure."""
    telling = [one for one in past if one.found >= FEWEST_PLACES]
    priced = [(one.found, one.cost_usd_micros) for one in telling if one.cost_usd_micros is not None]
    timed = [(one.found, one.seconds) for one in telling if one.seconds is not None]
    seconds = round(max_items * sum(s for _, s in timed) / sum(found for found, _ in timed)) if timed else None
    if priced:
        cost = max_items * sum(cost for _, cost in priced) // sum(found for found, _ in priced)
        return Estimate(cost, "history", None, seconds, len(priced))
    if price is not None:
        cost = price.usd_micros_per_start + max_items * price.usd_micros_per_thousand // 1000
        return Estimate(cost, "table", price, seconds)
    return Estimate(seconds=seconds)


def estimate_for(session: Session, tenant_id: int, *, actor: str, max_items: int, today: date) -> Estimate:
    """The estimate for this tenant now."""
    rows = session.scalars(
        select(Extraction)
        .where(
            Extraction.tenant_id == tenant_id,
            Extraction.actor == actor,
            Extraction.status == ExtractionStatus.FINISHED,
            Extraction.found >= FEWEST_PLACES,
        )
        .order_by(Extraction.id.desc())
        .limit(RUNS_LOOKED_AT)
    )
    past = [Past(one.found, one.cost_usd_micros, _seconds(one)) for one in rows]
    return estimate(max_items, past, price_on(session, actor, today))


def price_on(session: Session, actor: str, day: date) -> Price | None:
    """The price in force on a day."""
    row = session.scalars(
        select(ExtractionPrice)
        .where(ExtractionPrice.actor == actor, ExtractionPrice.valid_from <= day)
        .order_by(ExtractionPrice.valid_from.desc())
        .limit(1)
    ).first()
    return None if row is None else _price(row)


def list_extraction_prices(session: Session) -> list[Price]:
    """Every price ever entered, newest first within an actor."""
    rows = session.scalars(select(ExtractionPrice).order_by(ExtractionPrice.actor, ExtractionPrice.valid_from.desc()))
    return [_price(row) for row in rows]


def set_extraction_price(session: Session, price: Price) -> None:
    """Enter or correct one. InvalidInput without a source: a price nobody vouches for is made up."""
    if not price.source.strip():
        raise InvalidInput(fields={"source": ["Diga de onde vem o preço (página e data, por exemplo)."]})
    if price.usd_micros_per_thousand < 0 or price.usd_micros_per_start < 0:
        raise InvalidInput(fields={"usd_micros_per_thousand": ["O preço não pode ser negativo."]})
    said = {
        "usd_micros_per_thousand": price.usd_micros_per_thousand,
        "usd_micros_per_start": price.usd_micros_per_start,
        "source": price.source.strip()[:200],
    }
    keys = {"actor": price.actor, "valid_from": price.valid_from}
    session.execute(
        insert(ExtractionPrice).values(**keys, **said).on_conflict_do_update(index_elements=list(keys), set_=said)
    )


def _price(row: ExtractionPrice) -> Price:
    return Price(row.actor, row.valid_from, row.usd_micros_per_thousand, row.usd_micros_per_start, row.source)


def _seconds(one: Extraction) -> float | None:
    if one.started_at is None or one.ended_at is None:
        return None
    return (one.ended_at - one.started_at).total_seconds()
