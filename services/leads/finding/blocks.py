"""Keeping the search's copy of the leads: blocks of words, and where three letters occur.

Triggers mark a block whenever a lead of it is written, in the writer's own transaction; a worker makes marked blocks
again. Until it has, a search looks at the leads themselves there, so nothing is ever found late or after it is gone.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from models.leads_people import LeadBlock, LeadStaleBlock
from services.leads.finding import sql
from services.leads.finding.words import ACCENTED, BETWEEN_LEADS, PLAIN, SEGMENT_BLOCKS, grams_of_body, packed


def tenants_with_stale_blocks(session: Session) -> list[int]:
    """Who has marked blocks. For the clock, in system scope."""
    return list(session.scalars(select(LeadStaleBlock.tenant_id).distinct()))


def refresh_search(session: Session, tenant_id: int) -> bool:
    """Make one segment's marked blocks again, in the caller's transaction. True while there is more to do."""
    if not session.execute(sql.TRY_LOCK, {"tenant": tenant_id}).scalar():
        return False
    first = session.scalar(select(LeadStaleBlock.block).where(LeadStaleBlock.tenant_id == tenant_id).limit(1))
    if first is None:
        return False
    segment = first // SEGMENT_BLOCKS
    blocks = _take_marks(session, tenant_id, segment)
    values = {"tenant": tenant_id, "blocks": blocks, "accented": ACCENTED + BETWEEN_LEADS, "plain": PLAIN}
    session.execute(sql.MAKE_BLOCKS, values)
    _make_grams(session, tenant_id, segment)
    return True


def _take_marks(session: Session, tenant_id: int, segment: int) -> list[int]:
    """Forget the marks before the leads are read: what is written meanwhile leaves a mark of its own."""
    first = segment * SEGMENT_BLOCKS
    taken = session.scalars(
        delete(LeadStaleBlock)
        .where(LeadStaleBlock.tenant_id == tenant_id, LeadStaleBlock.block.between(first, first + SEGMENT_BLOCKS - 1))
        .returning(LeadStaleBlock.block)
    )
    return sorted(set(taken))


def _make_grams(session: Session, tenant_id: int, segment: int) -> None:
    first = segment * SEGMENT_BLOCKS
    rows = session.execute(
        select(LeadBlock.block, LeadBlock.body).where(
            LeadBlock.tenant_id == tenant_id, LeadBlock.block.between(first, first + SEGMENT_BLOCKS - 1)
        )
    )
    places: dict[str, int] = {}
    for block, body in rows:
        bit = 1 << (block - first)
        for gram in grams_of_body(body):
            places[gram] = places.get(gram, 0) | bit
    if places:
        values = {"grams": list(places), "blocks": [packed(bits) for bits in places.values()]}
        session.execute(sql.KEEP_GRAMS, {"tenant": tenant_id, "segment": segment, **values})
