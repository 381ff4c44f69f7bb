"""How far a message has come, whatever order its receipts arrive in. Pure.

The end of any set of receipts is the same in every order: read beats delivered beats failed beats sent. A provider
that first says "failed" and then "delivered" has delivered; after a delivery, "failed" says nothing new.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from connectors.whatsapp import ReceiptStatus
from models.campaigns import ContactStatus

_RANK: Final[Mapping[ContactStatus, int]] = {
    ContactStatus.UNCONFIRMED: 0,
    ContactStatus.SENT: 1,
    ContactStatus.FAILED: 2,
    ContactStatus.DELIVERED: 3,
    ContactStatus.READ: 4,
}
_NEWS: Final[Mapping[ReceiptStatus, ContactStatus]] = {
    ReceiptStatus.SENT: ContactStatus.SENT,
    ReceiptStatus.FAILED: ContactStatus.FAILED,
    ReceiptStatus.DELIVERED: ContactStatus.DELIVERED,
    ReceiptStatus.READ: ContactStatus.READ,
}
_COUNTED: Final[Mapping[ContactStatus, tuple[str, ...]]] = {
    ContactStatus.UNCONFIRMED: ("unconfirmed",),
    ContactStatus.SENT: ("sent",),
    ContactStatus.FAILED: ("failed",),
    ContactStatus.DELIVERED: ("sent", "delivered"),
    ContactStatus.READ: ("sent", "delivered", "read"),
}


def furthest(now: ContactStatus, news: Iterable[ReceiptStatus]) -> ContactStatus:
    """Where a message stands after these receipts. States that no receipt can change stay as they are."""
    if now not in _RANK:
        return now
    return max((now, *(_NEWS[one] for one in news)), key=_RANK.__getitem__)


def count_changes(was: ContactStatus, now: ContactStatus) -> dict[str, int]:
    """What a move changes in a campaign's counters: `sent` counts delivered and read ones too."""
    changes: dict[str, int] = {}
    for name in _COUNTED[was]:
        changes[name] = changes.get(name, 0) - 1
    for name in _COUNTED[now]:
        changes[name] = changes.get(name, 0) + 1
    return {name: change for name, change in changes.items() if change}
