"""Several people left alone at once, typed or pasted; and the account's list as a file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.db import SessionFactory
from core.errors import InvalidInput
from core.phone import display
from core.tenancy import tenant_scope
from models.leads import Suppression
from services.leads.suppressions import Entry, suppress_entry

MOST_AT_ONCE: Final = 1_000
SHOWN: Final = 3
PAGE_ROWS: Final = 2_000
_SEPARATORS: Final = re.compile(r"[\n;,\t]+")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """How many came in, and how many were there already."""

    added: int
    already: int


def suppress_typed(session: Session, tenant_id: int, typed: str, *, reason: str, actor: int | None) -> Suppressed:
    """Leave everybody alone whom a text names, by phone or e-mail, one a line (or split by commas). All or nobody:
    InvalidInput names what can't be read, and nothing is written then."""
    wanted = list(dict.fromkeys(filter(None, (one.strip() for one in _SEPARATORS.split(typed)))))
    if not wanted:
        raise InvalidInput(fields={"phone": ["Informe um telefone ou um e-mail."]})
    if len(wanted) > MOST_AT_ONCE:
        raise InvalidInput(fields={"phone": [f"Até {MOST_AT_ONCE} de uma vez. Para mais, envie um arquivo."]})
    unread: dict[str, str] = {}
    outcomes = []
    for one in wanted:
        entry = Entry(email=one, reason=reason) if "@" in one else Entry(phone=one, reason=reason)
        try:
            outcomes.append(suppress_entry(session, tenant_id, entry, actor=actor)[1])
        except InvalidInput as refusal:
            unread[one] = next(iter(refusal.fields.values()))[0]
    if unread:
        raise InvalidInput(fields={"phone": [_unread_words(unread, alone=len(wanted) == 1)]})
    return Suppressed(sum(outcomes), len(outcomes) - sum(outcomes))


def suppression_rows(factory: SessionFactory, tenant_id: int) -> Iterator[list[str]]:
    """Header, then a row each, the oldest first, read in short transactions. Who was forgotten isn't in it: there is
    nothing left to write down."""
    yield ["telefone", "email", "motivo", "origem", "desde"]
    after = 0
    while True:
        with tenant_scope(tenant_id), factory() as session:
            rows = session.scalars(
                select(Suppression)
                .where(Suppression.tenant_id == tenant_id, Suppression.id > after, ~Suppression.is_hashed)
                .order_by(Suppression.id)
                .limit(PAGE_ROWS)
            ).all()
        for one in rows:
            phone = display(one.phone) if one.phone else ""
            yield [phone, one.email or "", one.reason, one.source, one.created_at.date().isoformat()]
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1].id


def _unread_words(unread: dict[str, str], *, alone: bool) -> str:
    if alone:
        return next(iter(unread.values()))
    told = "; ".join(f"“{one[:40]}”: {why}" for one, why in list(unread.items())[:SHOWN])
    more = f" E mais {len(unread) - SHOWN}." if len(unread) > SHOWN else ""
    return f"Ninguém foi incluído ainda. Corrija ou apague: {told}{more}"
