"""One person's data: given to them, forgotten, kept no longer than said; and the link by which they leave."""

from services.privacy.catalogue import GONE, KEPT
from services.privacy.erasure import erase, erase_soon, erasures_waiting, recent_erasures, request_erasure, reseal
from services.privacy.holdings import counted, export_person, holdings_of
from services.privacy.leaving import (
    Leaving,
    NoSuchLink,
    leave,
    leaving_token,
    name_of_sender,
    read_leaving,
    unsubscribe_headers,
)
from services.privacy.person import Person, known_person, read_person
from services.privacy.retention import (
    FEWEST_MONTHS,
    MOST_MONTHS,
    ask_for_proof,
    count_stale,
    keep_for,
    retention_of,
    sweep_stale,
    tenants_with_retention,
)

__all__ = [
    "FEWEST_MONTHS",
    "GONE",
    "KEPT",
    "MOST_MONTHS",
    "Leaving",
    "NoSuchLink",
    "Person",
    "ask_for_proof",
    "count_stale",
    "counted",
    "erase",
    "erase_soon",
    "erasures_waiting",
    "export_person",
    "holdings_of",
    "keep_for",
    "known_person",
    "leave",
    "leaving_token",
    "name_of_sender",
    "read_leaving",
    "read_person",
    "recent_erasures",
    "request_erasure",
    "reseal",
    "retention_of",
    "sweep_stale",
    "tenants_with_retention",
    "unsubscribe_headers",
]
