"""What this room tells the others (through `core.events`, inside its own transaction)."""

from dataclasses import dataclass
from datetime import datetime

from models.accounts import TokenPurpose


@dataclass(frozen=True, slots=True)
class OneTimeLinkMade:
    """Somebody must be sent a link to choose a password; `outgoing` writes the e-mail."""

    tenant_id: int
    user_id: int
    email: str
    name: str
    purpose: TokenPurpose
    address: str
    language: str


@dataclass(frozen=True, slots=True)
class LicenceChanged:
    """A licence was granted, extended, changed or ended; `is_live` says whether the tenant may send at `at`."""

    tenant_id: int
    is_live: bool
    plan_slug: str
    at: datetime
