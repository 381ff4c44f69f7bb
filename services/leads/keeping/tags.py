"""Words on leads."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.leads_people import LeadTag
from services.leads.keeping import sql
from services.leads.merging import rows_of
from services.leads.text import clean, one_line

MAX_TAG: Final = 40
MOST_TAGS: Final = 30
_BETWEEN: Final = re.compile(r"[,;\n]")


def tag_in(text: str) -> str:
    """One tag as it is kept: lower case, one blank between words. InvalidInput when it is empty or too long."""
    tag = one_line(clean(text)).lower()
    if not tag or len(tag) > MAX_TAG or _BETWEEN.search(tag):
        raise InvalidInput(fields={"tag": [f"Escreva uma etiqueta de até {MAX_TAG} letras, sem vírgula."]})
    return tag


def tags_in(text: str) -> list[str]:
    """Several tags with commas between them."""
    found = sorted({tag_in(one) for one in _BETWEEN.split(text) if one.strip()})
    if len(found) > MOST_TAGS:
        raise InvalidInput(fields={"tags": [f"Use no máximo {MOST_TAGS} etiquetas por pessoa."]})
    return found


def tags_of(session: Session, tenant_id: int, lead_ids: Iterable[int]) -> dict[int, list[str]]:
    """Lead id -> its tags by name."""
    rows = session.execute(
        select(LeadTag.lead_id, LeadTag.tag)
        .where(LeadTag.tenant_id == tenant_id, LeadTag.lead_id.in_(list(lead_ids)))
        .order_by(LeadTag.tag)
    )
    found: dict[int, list[str]] = {}
    for lead_id, tag in rows:
        found.setdefault(lead_id, []).append(tag)
    return found


def set_tags(session: Session, tenant_id: int, lead_id: int, tags: Sequence[str]) -> None:
    """Exactly these on one lead."""
    had, wanted = set(tags_of(session, tenant_id, [lead_id]).get(lead_id, [])), set(tags)
    for tag in sorted(had - wanted):
        rows_of(session, sql.REMOVE_TAG, {"tenant": tenant_id, "tag": tag, "ids": [lead_id]})
    for tag in sorted(wanted - had):
        rows_of(session, sql.ADD_TAG, {"tenant": tenant_id, "tag": tag, "ids": [lead_id]})
