"""How long free text may go to a person after their last message: only official numbers have such a window. Asked in
the claim, for the messages of those numbers alone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy.orm import Session

from connectors.whatsapp import connector, connector_names
from core.phone import key_of
from services.sending import sql
from services.sending.arrays import plain, texts
from services.sending.pipe import fetch


class Ask(NamedTuple):
    """May free text go from this number to this phone?"""

    tenant_id: int
    instance_id: int
    contact_id: int
    phone: str


@lru_cache(maxsize=32)
def window_hours(name: str) -> int | None:
    """A connector's window; None = always open, as for one this version doesn't know."""
    return connector(name).info.reply_window_hours if name in connector_names() else None


def open_windows(session: Session, asks: Sequence[Ask], hours: Mapping[int, int], now: datetime) -> set[int]:
    """The contacts among these that free text may go to. `hours` by number."""
    if not asks:
        return set()
    columns = {
        "tenants": plain(one.tenant_id for one in asks),
        "instances": plain(one.instance_id for one in asks),
        "contacts": plain(one.contact_id for one in asks),
        "keys": texts(key_of(one.phone) for one in asks),
        "since": texts((now - timedelta(hours=hours[one.instance_id])).isoformat() for one in asks),
    }
    return {row[0] for row in fetch(session, sql.OPEN_WINDOWS, columns)}
