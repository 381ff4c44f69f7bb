"""Who a filter finds: a page at any depth, forwards and back; how many, honestly; all of them, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.paging import BAD_CURSOR, DEFAULT_LIMIT, MAX_LIMIT, decode_cursor, encode_cursor
from models.leads import Lead
from services.leads.finding.conditions import conditions_of, text_conditions
from services.leads.finding.filter import LeadFilter
from services.leads.finding.text_search import ids_with
from services.leads.finding.words import phone_in, pieces_of

COUNTED: Final = 5_000
COUNTED_WITH_TEXT: Final = 1_000
"""More aren't told apart: each costs some microseconds, and the page waits for them."""
BLOCKS_COUNTED: Final = 1_500
"""And no more than some 60,000 people are looked at for a count: two common names together may be a rare person."""
FEW: Final = 2_000
"""So few that the rest of the filter leaves over are read and compared one by one."""
_FORWARDS, _BACK = "n", "p"


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page, the newest first, with the ways on and back."""

    items: Sequence[Lead]
    next_cursor: str | None = None
    previous_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """`number` of them; with `is_more` at least so many, and the rest wasn't counted."""

    number: int
    is_more: bool = False


def page_of_people(
    session: Session, tenant_id: int, asked: LeadFilter, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> PeoplePage:
    """The leads a filter finds. InvalidInput for a cursor that is none of ours."""
    limit = max(1, min(limit, MAX_LIMIT))
    behind, goes_back = _read(cursor)
    ids = list(islice(_ids(session, tenant_id, asked, newest_first=not goes_back, behind=behind), limit + 1))
    has_more, ids = len(ids) > limit, ids[:limit]
    if goes_back:
        ids.reverse()
    has_next, has_previous = (bool(ids), has_more) if goes_back else (has_more, behind is not None and bool(ids))
    return PeoplePage(
        _leads(session, tenant_id, ids),
        encode_cursor([_FORWARDS, ids[-1]]) if has_next else None,
        encode_cursor([_BACK, ids[0]]) if has_previous else None,
    )


def first_page(
    session: Session, tenant_id: int, asked: LeadFilter, *, limit: int = DEFAULT_LIMIT
) -> tuple[PeoplePage, Count]:
    """The first page and how many there are, for little more than the count costs."""
    ids, is_more = _counted_ids(session, tenant_id, asked)
    shown = ids[:limit]
    if is_more and len(ids) <= limit:
        page = page_of_people(session, tenant_id, asked, limit=limit)
        return page, Count(max(len(ids), len(page.items)), is_more=True)
    next_cursor = encode_cursor([_FORWARDS, shown[-1]]) if len(ids) > limit else None
    return PeoplePage(_leads(session, tenant_id, shown), next_cursor), Count(len(ids), is_more)


def count_people(session: Session, tenant_id: int, asked: LeadFilter) -> Count:
    """How many there are: exact up to COUNTED (COUNTED_WITH_TEXT when words are looked for)."""
    ids, is_more = _counted_ids(session, tenant_id, asked)
    return Count(len(ids), is_more)


def ids_of_people(session: Session, tenant_id: int, asked: LeadFilter, *, after: int, most: int) -> list[int]:
    """The next `most` ids behind `after`, upwards: for whoever works through all of them in steps."""
    return list(islice(_ids(session, tenant_id, asked, newest_first=False, behind=after), most))


def _conditions(session: Session, tenant_id: int, asked: LeadFilter) -> list[ColumnElement[bool]]:
    """All conditions that need no search: a whole number is one of them."""
    return conditions_of(session, tenant_id, asked) + (text_conditions(asked.q) if phone_in(asked.q) else [])


def _ids(
    session: Session, tenant_id: int, asked: LeadFilter, *, newest_first: bool = True, behind: int | None = None
) -> Iterator[int]:
    conditions = _conditions(session, tenant_id, asked)
    if phone_in(asked.q) is not None or not pieces_of(asked.q):
        yield from _in_order(session, conditions, newest_first=newest_first, behind=behind)
        return
    if _is_narrow(session, asked, conditions):
        conditions = conditions + text_conditions(asked.q)
        yield from _in_order(session, conditions, newest_first=newest_first, behind=behind)
        return
    for some in ids_with(session, tenant_id, asked.q, newest_first=newest_first, behind=behind):
        yield from _kept(session, conditions, some.ids)


def _counted_ids(session: Session, tenant_id: int, asked: LeadFilter) -> tuple[list[int], bool]:
    """The newest, as many as are counted, and whether there are more."""
    conditions = _conditions(session, tenant_id, asked)
    has_text = phone_in(asked.q) is None and bool(pieces_of(asked.q))
    if has_text and not _is_narrow(session, asked, conditions):
        return _counted_by_text(session, tenant_id, asked, conditions)
    conditions = conditions + (text_conditions(asked.q) if has_text else [])
    statement = select(Lead.id).where(*conditions).order_by(Lead.id.desc()).limit(COUNTED + 1)
    ids = list(session.scalars(statement))
    return ids[:COUNTED], len(ids) > COUNTED


def _counted_by_text(
    session: Session, tenant_id: int, asked: LeadFilter, conditions: list[ColumnElement[bool]]
) -> tuple[list[int], bool]:
    found: list[int] = []
    for some in ids_with(session, tenant_id, asked.q):
        found += _kept(session, conditions, some.ids)
        if len(found) > COUNTED_WITH_TEXT:
            return found[:COUNTED_WITH_TEXT], True
        if some.left and some.looked >= BLOCKS_COUNTED:
            return found, True
    return found, False


def _leads(session: Session, tenant_id: int, ids: Sequence[int]) -> Sequence[Lead]:
    found = select(Lead).where(Lead.tenant_id == tenant_id, Lead.id.in_(ids)).order_by(Lead.id.desc())
    return session.scalars(found).all() if ids else []


def _is_narrow(session: Session, asked: LeadFilter, conditions: list[ColumnElement[bool]]) -> bool:
    """Whether the filter without its text leaves few people."""
    return not replace(asked, q="").is_empty and _count(session, conditions, FEW) <= FEW


def _in_order(
    session: Session, conditions: list[ColumnElement[bool]], *, newest_first: bool, behind: int | None
) -> Iterator[int]:
    """In steps that grow, since most readers take one page."""
    size = MAX_LIMIT // 4
    while True:
        statement = select(Lead.id).where(*conditions)
        if behind is not None:
            statement = statement.where(Lead.id < behind if newest_first else Lead.id > behind)
        ids = session.scalars(statement.order_by(Lead.id.desc() if newest_first else Lead.id).limit(size)).all()
        yield from ids
        if len(ids) < size:
            return
        behind, size = ids[-1], 4 * MAX_LIMIT


def _kept(session: Session, conditions: list[ColumnElement[bool]], ids: list[int]) -> list[int]:
    """Those of `ids`, in their order, for whom the other conditions hold."""
    if not ids or len(conditions) == 1:
        return ids
    good = set(session.scalars(select(Lead.id).where(*conditions, Lead.id.in_(ids))))
    return [one for one in ids if one in good]


def _count(session: Session, conditions: list[ColumnElement[bool]], most: int) -> int:
    some = select(Lead.id).where(*conditions).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _read(cursor: str | None) -> tuple[int | None, bool]:
    if not cursor:
        return None, False
    way, lead_id = decode_cursor(cursor, 2)
    if way not in (_FORWARDS, _BACK) or type(lead_id) is not int or not 0 <= lead_id < 2**63:
        raise InvalidInput(BAD_CURSOR, fields={"cursor": [BAD_CURSOR]})
    return lead_id, way == _BACK
