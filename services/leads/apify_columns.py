"""The datasets of Apify's Google Maps actor as they are downloaded, CSV or XLSX: hundreds of columns a place.

Their leads are the same as those of an extraction: the business's name, number, category, city, first e-mail, and the
facts worth a variable. The rest (opening hours, reviews, pictures) is left out.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.leads.columns import ColumnPlan
from services.leads.text import variable_name

MARKS: Final = frozenset({"title", "placeId"})
SOME_OF: Final = frozenset({"categoryName", "totalScore", "searchString", "phoneUnformatted", "fid", "cid"})
KEPT: Final = ("placeId", "address", "neighborhood", "state", "website", "totalScore", "reviewsCount", "url")
"""Apify's names of what becomes a variable: `placeid`, `address`..."""
EMAILS: Final = ("email", "emails/0")
MOST_COLUMNS: Final = 5_000


def is_places(headers: Sequence[str]) -> bool:
    """Whether these are Apify's own column names."""
    names = {header.strip() for header in headers}
    return names >= MARKS and bool(names & SOME_OF)


def plan_places(plan: ColumnPlan) -> ColumnPlan:
    """The plan a person would make of such a file. A number with its country code goes before one without."""
    places = {header.strip(): at for at, header in reversed(list(enumerate(plan.headers)))}
    numbers = [places[name] for name in ("phoneUnformatted", "phone") if name in places]
    numbers += [at for at in plan.phones if at not in numbers]
    return replace(
        plan,
        phones=tuple(numbers),
        name=places["title"],
        category=places.get("categoryName"),
        city=places.get("city"),
        email=next((places[name] for name in EMAILS if name in places), None),
        status=None,
        extras=tuple((variable_name(name, 0), places[name]) for name in KEPT if name in places),
    )


def place_notes(plan: ColumnPlan) -> list[dict[str, str]]:
    """What a person is told about the columns that were left out."""
    if not is_places(plan.headers):
        return []
    message = "Arquivo do Google Maps (Apify): guardamos nome, telefone, categoria, cidade, e-mail e endereço."
    return [{"code": "places", "message": message}]
