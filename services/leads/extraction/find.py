"""Looking extractions up, and what is shown of one."""

from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.paging import DEFAULT_LIMIT, Page, fetch_page
from models.leads_extractions import Extraction, ExtractionStatus
from services.leads.extraction.words import ExtractionNotFound

MOVING: Final = frozenset(
    {ExtractionStatus.QUEUED, ExtractionStatus.STARTING, ExtractionStatus.RUNNING, ExtractionStatus.SAVING}
)
_SHOWN: Final = {ExtractionStatus.STARTING: "queued", ExtractionStatus.SAVING: "running"}


def extraction_of(session: Session, tenant_id: int, extraction_id: int) -> Extraction:
    """One extraction; ExtractionNotFound for a stranger's."""
    found = session.execute(
        select(Extraction).where(Extraction.tenant_id == tenant_id, Extraction.id == extraction_id)
    ).scalar_one_or_none()
    if found is None:
        raise ExtractionNotFound
    return found


def page_of_extractions(
    session: Session, tenant_id: int, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[Extraction]:
    """The newest first."""
    statement = select(Extraction).where(Extraction.tenant_id == tenant_id)
    return fetch_page(session, statement, [Extraction.id], limit=limit, cursor=cursor)


def count_moving(session: Session, tenant_id: int) -> int:
    """How many are under way."""
    query = select(func.count()).select_from(Extraction)
    return session.scalar(query.where(Extraction.tenant_id == tenant_id, Extraction.status.in_(MOVING))) or 0


def is_moving(found: Extraction) -> bool:
    """True while something may still happen by itself."""
    return found.status in MOVING


def shown_status(found: Extraction) -> str:
    """One of the contract's five words: queued, running, finished, failed, aborted."""
    return _SHOWN.get(found.status, str(found.status))


def can_retry(found: Extraction) -> bool:
    """Whether what was found (and paid) can still be fetched and saved, without a new search."""
    return found.status is ExtractionStatus.FAILED and bool(found.run_id)
