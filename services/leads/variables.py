"""What a message can say about a lead: its own columns under two names each, and every further column of its files."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from services.leads import sql

LEAD_VARIABLES: Final[dict[str, str]] = {
    "nome": "name", "name": "name",
    "telefone": "phone", "phone": "phone",
    "email": "email", "e_mail": "email",
    "cidade": "city", "city": "city",
    "categoria": "category", "category": "category",
}  # fmt: skip
"""Variable -> column of `leads`. Any other variable is a key of `leads.extra`."""


def variables_of_lists(session: Session, tenant_id: int, list_ids: Sequence[int]) -> dict[str, dict[str, int]]:
    """Which variables the people of these lists have: `{"bairro": {"filled": 8, "total": 10}}` means two lack it.

    The lead's own columns come under their Portuguese names and are always there. Each person counts once, however
    many of the lists they are in. Reads every lead of the lists (about 0.3 s for 100,000).
    """
    session.execute(sql.TUNE)
    rows = session.execute(sql.VARIABLES, {"tenant": tenant_id, "lists": list(list_ids)}).all()
    session.execute(sql.UNTUNE)
    total = next(row.filled for row in rows if row.kind == "total")
    found = {row.name: row.filled for row in rows if row.kind == "own"} | {"telefone": total}
    found |= {row.name: row.filled for row in sorted(rows) if row.kind == "extra"}
    return {name: {"filled": filled, "total": total} for name, filled in found.items()}
