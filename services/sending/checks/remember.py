"""What is known of a phone: kept for the tenant, under the one key of both forms of a Brazilian number."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from core.phone import key_of
from services.sending.arrays import plain, texts
from services.sending.checks import sql
from services.sending.pipe import defer

_OF_PHONES: Final = frozenset({"", "s.whatsapp.net", "c.us"})


class Known(NamedTuple):
    """`recipient_id` is the address WhatsApp confirmed, '' where there is none."""

    tenant_id: int
    phone_key: str
    has_whatsapp: bool
    recipient_id: str = ""


def remember(session: Session, known: Sequence[Known], now: datetime) -> None:
    """Positive answers are believed for 30 days, negative ones for 7."""
    if not known:
        return
    columns = {
        "tenants": plain(one.tenant_id for one in known),
        "keys": texts(one.phone_key for one in known),
        "have": plain(one.has_whatsapp for one in known),
        "addresses": texts(one.recipient_id for one in known),
        "now": now,
    }
    defer(session, sql.REMEMBER_CHECKS, columns)


def remember_addresses(session: Session, sent: Sequence[tuple[int, str, str]], now: datetime) -> None:
    """`sent`: tenant, the phone we wrote to, the address the provider really used. Only what differs is news."""
    known = [
        Known(tenant_id, key_of(phone), True, address)
        for tenant_id, phone, said in sent
        if (address := address_of(said)) and address.partition("@")[0] != phone
    ]
    remember(session, known, now)


def address_of(recipient_id: str) -> str:
    """The one form every gateway understands, '' for hidden ids, which only the number that got them can use."""
    name, _, suffix = recipient_id.partition("@")
    digits = name.partition(":")[0]
    is_phone = suffix in _OF_PHONES and digits.isascii() and digits.isdecimal()
    return f"{digits}@s.whatsapp.net" if is_phone else ""
