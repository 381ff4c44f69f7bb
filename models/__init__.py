"""Our tables. Columns, constraints and the states with their transition tables; no business rules.

Importing this package registers every table on `core.db.Base.metadata`.
"""

from models import (
    accounts,
    audit,
    campaigns,
    inbox,
    instances,
    leads,
    leads_extractions,
    leads_people,
    media,
    outgoing,
    privacy,
    sending,
)

__all__ = [
    "accounts",
    "audit",
    "campaigns",
    "inbox",
    "instances",
    "leads",
    "leads_extractions",
    "leads_people",
    "media",
    "outgoing",
    "privacy",
    "sending",
]
