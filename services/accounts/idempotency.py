"""Answers kept for 24 hours under the key a program gave (`Idempotency-Key`)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.accounts import IdempotencyKey

KEPT_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: HTTP status and JSON body."""

    status: int
    body: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What stands under a key; `status` None while the first request has not been answered."""

    fingerprint: str
    status: int | None
    body: str


def claim_idempotency_key(session: Session, tenant_id: int, key: str, fingerprint: str) -> KeptAnswer | None:
    """None when the key is now ours; what stands under it otherwise. The caller commits at once."""
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.tenant_id == tenant_id,
            IdempotencyKey.key == key,
            IdempotencyKey.created_at < func.now() - KEPT_FOR,
        )
    )
    claimed = session.execute(
        insert(IdempotencyKey)
        .values(tenant_id=tenant_id, key=key, fingerprint=fingerprint)
        .on_conflict_do_nothing()
        .returning(IdempotencyKey.key)
    ).scalar()
    if claimed is not None:
        return None
    row = session.execute(
        select(IdempotencyKey.fingerprint, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key
        )
    ).one_or_none()
    # Gone again: the first request let go of it this very moment. To the caller that is the same as still running.
    return KeptAnswer(row.fingerprint, row.status, row.body) if row else KeptAnswer(fingerprint, None, "")


def keep_answer(session: Session, tenant_id: int, key: str, answer: Answer) -> None:
    """Write the answer of the request that claimed the key."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key)
        .values(status=answer.status, body=answer.body)
    )


def release_idempotency_key(session: Session, tenant_id: int, key: str) -> None:
    """Let the key go: the request that claimed it did nothing."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == key))


def forget_old_answers(session: Session, now: datetime) -> int:
    """Delete what is older than 24 hours. As the system, by the clock; returns how many."""
    old = delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT_FOR)
    return len(session.scalars(old.returning(IdempotencyKey.key)).all())
