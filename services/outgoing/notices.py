"""Notices: things worth knowing, told once each, by the bell and by e-mail.

A room writes them with its own transaction (`tell_people`). The bell shows them at once; a job gathers what is new
into one e-mail to the tenant's owners, so that a bad hour is one letter and not twenty.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.paging import Page, fetch_page
from models.accounts import Role, Tenant, User
from models.outgoing import Notice, NoticeKind
from services.outgoing.email import queue_email
from services.outgoing.rendering import EmailTemplate

STALE_AFTER: Final = timedelta(days=1)
"""News older than this is no news: it stays with the bell and is no longer written about."""
SHOWN_COUNT: Final = 100
"""The bell counts up to here."""


@dataclass(frozen=True, slots=True)
class News:
    """What to tell a tenant's people, in Portuguese. `key` names the occasion (say `number_down:17:2026-11-25`): the
    same one is told once, however often it is said. `link` is a path of ours."""

    tenant_id: int
    kind: NoticeKind
    key: str
    title: str
    body: str = ""
    link: str = ""


def tell_people(session: Session, news: Sequence[News]) -> None:
    """Write them with the caller's transaction; what was told before is left out."""
    if news:
        rows = [asdict(one) for one in news]
        statement = insert(Notice).on_conflict_do_nothing(index_elements=[Notice.tenant_id, Notice.key])
        session.execute(statement, rows)


def notices_of(session: Session, tenant_id: int, *, limit: int = 30, cursor: str | None = None) -> Page[Notice]:
    """A tenant's notices, newest first."""
    return fetch_page(
        session, select(Notice).where(Notice.tenant_id == tenant_id), [Notice.id], limit=limit, cursor=cursor
    )


def unread_notices(session: Session, tenant_id: int) -> int:
    """How many nobody of the tenant has read, up to 100."""
    unread = (
        select(Notice.id).where(Notice.tenant_id == tenant_id, Notice.read_at.is_(None)).limit(SHOWN_COUNT).subquery()
    )
    return session.scalar(select(func.count()).select_from(unread)) or 0


def mark_notices_read(session: Session, tenant_id: int, up_to_id: int, now: datetime) -> int:
    """Everything up to the newest one the person has seen -> how many. What came since stays unread."""
    marked = session.execute(
        update(Notice)
        .where(Notice.tenant_id == tenant_id, Notice.id <= up_to_id, Notice.read_at.is_(None))
        .values(read_at=now)
        .returning(Notice.id)
    )
    return len(marked.all())


def tenants_to_write_to(session: Session, now: datetime) -> list[int]:
    """Tenants with news that no e-mail has told yet. As the system, by the clock."""
    waiting = select(Notice.tenant_id).where(Notice.emailed_at.is_(None), Notice.created_at > now - STALE_AFTER)
    return list(session.scalars(waiting.distinct()))


def write_notices_email(session: Session, tenant_id: int, now: datetime, *, base_url: str) -> int:
    """One e-mail with all that is new to each of the tenant's owners -> how many notices. The rows are taken by the
    UPDATE that marks them, so that two jobs at once write one letter."""
    news = session.scalars(
        update(Notice)
        .where(Notice.tenant_id == tenant_id, Notice.emailed_at.is_(None), Notice.created_at > now - STALE_AFTER)
        .values(emailed_at=now)
        .returning(Notice)
    ).all()
    if not news:
        return 0
    told = [_as_told(one, base_url) for one in sorted(news, key=lambda one: one.id)]
    language = session.scalar(select(Tenant.language).where(Tenant.id == tenant_id)) or "pt_BR"
    for owner in _owners(session, tenant_id):
        values = {"name": owner.name, "news": told, "address": f"{base_url}/notices"}
        queue_email(session, tenant_id, owner.email, EmailTemplate.NOTICES, values=values, language=language)
    return len(news)


def _as_told(one: Notice, base_url: str) -> dict[str, str]:
    return {"title": one.title, "body": one.body, "address": f"{base_url}{one.link}" if one.link else ""}


def _owners(session: Session, tenant_id: int) -> Sequence[User]:
    owners = select(User).where(User.tenant_id == tenant_id, User.role == Role.OWNER, User.is_active)
    return session.scalars(owners.order_by(User.id)).all()
