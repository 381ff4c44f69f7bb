"""Words spoken with Apify: runs, places, refusals and what each means for the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final


class RunStatus(StrEnum):
    """As Apify spells them; UNKNOWN for one it invented since."""

    READY = "READY"
    RUNNING = "RUNNING"
    TIMING_OUT = "TIMING-OUT"
    ABORTING = "ABORTING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED-OUT"
    ABORTED = "ABORTED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_final(self) -> bool:
        return self in {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.ABORTED}


class RefusalCode(StrEnum):
    TOKEN = "token"
    CREDIT = "credit"
    BUSY = "busy"
    THROTTLED = "throttled"
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    INVALID = "invalid"
    UNREACHABLE = "unreachable"


_TEMPORARY: Final = frozenset({RefusalCode.BUSY, RefusalCode.THROTTLED, RefusalCode.UNREACHABLE})
_SENTENCES: Final = {
    RefusalCode.TOKEN: "A Apify não reconhece o token. Confira-o em “Conta da Apify” e teste de novo.",
    RefusalCode.CREDIT: "A conta da Apify está sem crédito para esta busca. Ponha crédito na Apify ou espere o próximo "
    "ciclo, e tente de novo.",
    RefusalCode.BUSY: "A conta da Apify já tem buscas demais ao mesmo tempo; tentamos de novo em instantes.",
    RefusalCode.THROTTLED: "A Apify pediu para esperar um pouco; tentamos de novo em instantes.",
    RefusalCode.NOT_FOUND: "A Apify não tem mais esta busca. Repita a extração.",
    RefusalCode.FORBIDDEN: "Este token não pode usar o buscador do Google Maps. Confira as permissões dele na Apify.",
    RefusalCode.INVALID: "A Apify não aceitou o pedido. Mude o que procurar ou onde, e tente de novo.",
    RefusalCode.UNREACHABLE: "Não conseguimos falar com a Apify; tentamos de novo em instantes.",
}
TYPES: Final = {
    "token-not-provided": RefusalCode.TOKEN,
    "invalid-token": RefusalCode.TOKEN,
    "user-or-token-not-found": RefusalCode.TOKEN,
    "not-enough-usage-to-run-paid-actor": RefusalCode.CREDIT,
    "actor-memory-limit-exceeded": RefusalCode.BUSY,
    "concurrent-runs-limit-exceeded": RefusalCode.BUSY,
    "rate-limit-exceeded": RefusalCode.THROTTLED,
    "record-not-found": RefusalCode.NOT_FOUND,
}
STATUSES: Final = {
    401: RefusalCode.TOKEN,
    402: RefusalCode.CREDIT,
    403: RefusalCode.FORBIDDEN,
    404: RefusalCode.NOT_FOUND,
    410: RefusalCode.NOT_FOUND,
    429: RefusalCode.THROTTLED,
}


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not done. `is_permanent`: the same call again won't help; `wait_seconds` where Apify says how long."""

    code: RefusalCode
    wait_seconds: float | None = None

    @property
    def is_permanent(self) -> bool:
        return self.code not in _TEMPORARY

    @property
    def message(self) -> str:
        """For the person, in Portuguese, with what to do."""
        return _SENTENCES[self.code]


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may have been done: a time-out, a reset, a 5xx, a body that says nothing."""


@dataclass(frozen=True, slots=True, repr=False)
class ApifyAccount:
    """Where Apify is reached and with whose token. `repr` shows neither."""

    base_url: str
    token: str

    def __repr__(self) -> str:
        return "ApifyAccount(***)"


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for, where, and how many places at most."""

    words: str
    location: str
    max_places: int

    def as_input(self) -> dict[str, Any]:
        """The actor's input. Empty would mean "all" for several fields, so zeros are written out, and every add-on
        that costs extra is switched off."""
        return {
            "searchStringsArray": [self.words],
            "locationQuery": self.location,
            "maxCrawledPlacesPerSearch": self.max_places,
            "language": "pt-BR",
            "skipClosedPlaces": True,
            "website": "allPlaces",
            "maxReviews": 0,
            "maxImages": 0,
            "maximumLeadsEnrichmentRecords": 0,
            "scrapePlaceDetailPage": False,
            "scrapeContacts": False,
        }


@dataclass(frozen=True, slots=True)
class Run:
    """A run as Apify describes it. `cost_usd_micros` settles some ten seconds after the end; None = not said."""

    id: str
    status: RunStatus
    dataset_id: str = ""
    store_id: str = ""
    started_at: datetime | None = None
    cost_usd_micros: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a dataset; "" for what isn't known. `details` are further facts under Apify's own names."""

    title: str
    place_id: str = ""
    phone: str = ""
    category: str = ""
    city: str = ""
    email: str = ""
    details: tuple[str, ...] = ()


DETAILS: Final = ("address", "neighborhood", "state", "website", "totalScore", "reviewsCount", "url")
"""What else of a place is worth keeping, in the order of `Place.details`."""


@dataclass(frozen=True, slots=True)
class Items:
    """A page of places. `total` counts all of the dataset; `next_offset` is None behind the last page. A page may hold
    fewer than asked for without being the last: Apify leaves empty items out."""

    places: tuple[Place, ...]
    total: int
    next_offset: int | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose token it is."""

    username: str
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The account's month in millionths of a dollar; None = not said."""

    used_usd_micros: int | None
    most_usd_micros: int | None


@dataclass(frozen=True, slots=True)
class RunHint:
    """What a webhook claims. Only a hint: anybody who learned the address could have sent it."""

    run_id: str
    event: str
