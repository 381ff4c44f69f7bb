"""From what was typed to the ids of the leads that contain it, newest (or oldest) first, without reading a tenant's
million leads: grams say which blocks may hold it, the blocks' words decide. Blocks marked as changed are answered
from the leads themselves."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.leads import Lead
from models.leads_people import LeadBlock, LeadGram, LeadStaleBlock
from services.leads.finding import sql
from services.leads.finding.conditions import text_conditions
from services.leads.finding.words import (
    BLOCK_LEADS,
    MOST_WORDS,
    SEGMENT_BLOCKS,
    grams_of,
    pieces_of,
    places_in,
    unpacked,
)

FIRST_BLOCKS: Final = 128
MOST_BLOCKS: Final = 1_024
MOST_STALE_BLOCKS: Final = 1_000
"""More marked blocks than this (a large import has just ended): the leads are read one after the other for some
seconds, until a worker has caught up."""


class Piece(NamedTuple):
    """Some of the ids, in order; how many blocks were looked through so far, and how many are left."""

    ids: list[int]
    looked: int = 0
    left: int = 0


def ids_with(
    session: Session, tenant_id: int, query: str, *, newest_first: bool = True, behind: int | None = None
) -> Iterator[Piece]:
    """Pieces of the ids in order, as many as are taken; `behind` begins after that id."""
    stale = _stale_blocks(session, tenant_id)
    if stale is None:
        yield Piece(_ids_by_reading(session, tenant_id, query, None, newest_first=newest_first, behind=behind))
        return
    blocks = sorted(set(_candidates(session, tenant_id, query)) | stale, reverse=newest_first)
    if behind is not None:
        edge = behind // BLOCK_LEADS
        blocks = [block for block in blocks if (block <= edge if newest_first else block >= edge)]
    size, at = FIRST_BLOCKS, 0
    while at < len(blocks):
        some = blocks[at : at + size]
        found = _found_in(session, tenant_id, query, [block for block in some if block not in stale])
        changed = [block for block in some if block in stale]
        if changed:
            found += _ids_by_reading(session, tenant_id, query, changed, newest_first=newest_first, behind=behind)
        ids = sorted((one for one in found if _is_behind(one, behind, newest_first)), reverse=newest_first)
        at, size = at + size, min(2 * size, MOST_BLOCKS)
        yield Piece(ids, at, max(0, len(blocks) - at))


def _is_behind(one: int, behind: int | None, newest_first: bool) -> bool:
    return behind is None or (one < behind if newest_first else one > behind)


def _stale_blocks(session: Session, tenant_id: int) -> set[int] | None:
    marks = session.scalars(
        select(LeadStaleBlock.block).where(LeadStaleBlock.tenant_id == tenant_id).limit(4 * MOST_STALE_BLOCKS)
    ).all()
    found = set(marks)
    return None if len(marks) == 4 * MOST_STALE_BLOCKS or len(found) > MOST_STALE_BLOCKS else found


def _candidates(session: Session, tenant_id: int, query: str) -> list[int]:
    grams = grams_of(pieces_of(query))
    if not grams:
        return list(session.scalars(select(LeadBlock.block).where(LeadBlock.tenant_id == tenant_id)))
    rows = session.execute(
        select(LeadGram.segment, LeadGram.blocks).where(LeadGram.tenant_id == tenant_id, LeadGram.gram.in_(grams))
    )
    seen: dict[int, list[int]] = {}
    for segment, blocks in rows:
        seen.setdefault(segment, []).append(unpacked(bytes(blocks)))
    found: list[int] = []
    for segment, parts in seen.items():
        if len(parts) == len(grams):
            found += [segment * SEGMENT_BLOCKS + place for place in places_in(_all_of(parts))]
    return found


def _all_of(parts: Sequence[int]) -> int:
    bits = -1
    for part in parts:
        bits &= part
    return bits


def _found_in(session: Session, tenant_id: int, query: str, blocks: list[int]) -> list[int]:
    if not blocks:
        return []
    pieces = sorted(pieces_of(query), key=len, reverse=True) + [""] * MOST_WORDS
    each = {f"piece_{number}": piece for number, piece in enumerate(pieces[:MOST_WORDS])}
    return [int(one) for one in session.scalars(sql.FIND_IN_BLOCKS, {"tenant": tenant_id, "blocks": blocks, **each})]


def _ids_by_reading(
    session: Session, tenant_id: int, query: str, blocks: list[int] | None, *, newest_first: bool, behind: int | None
) -> list[int]:
    statement = select(Lead.id).where(Lead.tenant_id == tenant_id, *text_conditions(query))
    if blocks is not None:
        first = [block * BLOCK_LEADS + place for block in blocks for place in range(BLOCK_LEADS)]
        statement = statement.where(Lead.id.in_(first))
    if behind is not None:
        statement = statement.where(Lead.id < behind if newest_first else Lead.id > behind)
    order = Lead.id.desc() if newest_first else Lead.id.asc()
    return list(session.scalars(statement.order_by(order)))
