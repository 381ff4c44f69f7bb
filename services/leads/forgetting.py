"""What stays of a suppression when its person goes: the hash, and nothing else."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.campaigns import CampaignContact, ContactStatus
from models.leads import Suppression
from services.leads import sql
from services.leads.hashing import (
    KEYS_A_QUERY,
    Hasher,
    forgotten_among,
    forgotten_emails_among,
    has_forgotten,
    hasher,
)

ROWS_A_PIECE: Final = 1_000
OVER: Final = (ContactStatus.CANCELLED, ContactStatus.SUPPRESSED, ContactStatus.INVALID, ContactStatus.EXPIRED)


def hash_suppressions(
    session: Session, tenant_id: int, phone_keys: Collection[str], emails: Collection[str] = ()
) -> int:
    """Replace what these people's suppressions say of them by its hash -> how many. For whoever removes leads, in the
    same transaction: who asked to be left alone stays so, and a file that brings them back finds them out. Whoever a
    campaign may still write to keeps the plain one: the sender, follow-ups and resends ask for it, and the campaign's
    row names them anyway; an erasure empties those rows first."""
    keys = list(phone_keys)
    changed = 0
    for first in range(0, max(len(keys), 1), KEYS_A_QUERY):
        among = Suppression.phone_key.in_(keys[first : first + KEYS_A_QUERY])
        told: list[ColumnElement[bool]] = [among & ~_may_be_written_to(tenant_id)]
        if emails and not first:
            told.append(Suppression.email.in_([one.lower() for one in emails]))
        rows = session.execute(
            select(Suppression.id, Suppression.phone_key, Suppression.email, Suppression.reason, Suppression.source,
                   Suppression.created_at)
            .where(Suppression.tenant_id == tenant_id, ~Suppression.is_hashed, or_(*told))
            .with_for_update()
        ).all()  # fmt: skip
        changed += _replace(session, tenant_id, rows)
    return changed


def forget_for_good(session: Session, tenant_id: int, *, phone_key: str = "", email: str = "", reason: str) -> None:
    """Leave somebody alone by hash alone, whether or not they were before."""
    hash_suppressions(session, tenant_id, [phone_key] if phone_key else [], [email] if email else [])
    made = hasher(session)
    who = {"phone_key": made.phone(phone_key)} if phone_key else {"email": made.email(email)}
    session.execute(
        insert(Suppression)
        .values(tenant_id=tenant_id, reason=reason, source="privacy", is_hashed=True, **who)
        .on_conflict_do_nothing()
    )


def leave_out_forgotten(session: Session, tenant_id: int) -> int:
    """Take who was forgotten out of the transaction's staged rows -> how many people. They aren't saved again."""
    if not has_forgotten(session, tenant_id):
        return 0
    gone: set[str] = set()
    streamed = {"stream_results": True, "yield_per": KEYS_A_QUERY}
    for people in session.execute(sql.STAGED_IDENTITIES, execution_options=streamed).partitions(KEYS_A_QUERY):
        by_phone = forgotten_among(session, tenant_id, [one.phone_key for one in people])
        by_email = forgotten_emails_among(session, tenant_id, {one.lower for one in people if one.lower})
        gone |= by_phone | {one.phone_key for one in people if one.lower in by_email}
    if gone:
        session.execute(sql.LEAVE_OUT, {"keys": list(gone)})
    return len(gone)


def _may_be_written_to(tenant_id: int) -> ColumnElement[bool]:
    """Whether a campaign's row could still lead to a message: as it stands, sent again or followed up."""
    return exists().where(
        CampaignContact.tenant_id == tenant_id,
        CampaignContact.phone_key == Suppression.phone_key,
        CampaignContact.status.not_in(OVER),
    )


def _replace(session: Session, tenant_id: int, rows: Sequence[Any]) -> int:
    if not rows:
        return 0
    made = hasher(session)
    for first in range(0, len(rows), ROWS_A_PIECE):
        piece = rows[first : first + ROWS_A_PIECE]
        session.execute(
            delete(Suppression).where(Suppression.tenant_id == tenant_id, Suppression.id.in_([one.id for one in piece]))
        )
        kept = [_hashed(tenant_id, one, made) for one in piece]
        session.execute(insert(Suppression).values(kept).on_conflict_do_nothing())
    return len(rows)


def _hashed(tenant_id: int, row: Any, made: Hasher) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "phone_key": made.phone(row.phone_key) if row.phone_key else None,
        "email": made.email(row.email) if row.email else None,
        "reason": row.reason,
        "source": row.source,
        "created_at": row.created_at,
        "is_hashed": True,
    }
