"""Who is left alone by every account of the platform: the super-admin's block list. Held in import, audience and claim
beside an account's own list, and never shown to accounts."""

from datetime import datetime
from typing import Any, BinaryIO, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.privacy import PlatformSuppression
from services.leads import sql
from services.leads.block_lists import BLOCK_LIST, MAX_REASON, BlockListResult, take_in
from services.leads.suppressions import Entry, identity_of

NO_TENANT: Final = 0


def block_for_everybody(session: Session, entry: Entry) -> bool:
    """Nobody may write to this phone or e-mail. True when it is new; InvalidInput when it is neither."""
    _key, values = identity_of(entry)
    made = session.execute(
        insert(PlatformSuppression)
        .values(reason=entry.reason.strip()[:MAX_REASON] or BLOCK_LIST, **values)
        .on_conflict_do_nothing()
        .returning(PlatformSuppression.id)
    ).scalar()
    return made is not None


def block_file_for_everybody(session: Session, stream: BinaryIO, *, reason: str) -> BlockListResult:
    """Everybody a file names. FileRefused, FileTooBig."""
    values = {"reason": reason.strip()[:MAX_REASON] or BLOCK_LIST}
    return take_in(session, stream, sql.ADD_PLATFORM_SUPPRESSIONS, values, owner=NO_TENANT)


def unblock_for_everybody(session: Session, entry: Entry) -> bool:
    """Take somebody off. False when they weren't on it."""
    key, values = identity_of(entry)
    gone = session.execute(
        delete(PlatformSuppression)
        .where(getattr(PlatformSuppression, key) == values[key])
        .returning(PlatformSuppression.id)
    ).scalar()
    return gone is not None


def blocked_for_everybody(session: Session, *, newest: int) -> tuple[int, list[dict[str, Any]]]:
    """How many there are, and the newest of them."""
    total = session.scalar(select(func.count()).select_from(PlatformSuppression)) or 0
    rows = session.scalars(select(PlatformSuppression).order_by(PlatformSuppression.id.desc()).limit(newest))
    return total, [_line(row.phone, row.email, row.reason, row.created_at) for row in rows]


def _line(phone: str | None, email: str | None, reason: str, since: datetime) -> dict[str, Any]:
    return {"phone": phone, "email": email, "reason": reason, "created_at": since}
