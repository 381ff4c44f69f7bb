"""Keys for programs: shown once, kept as a fingerprint, found through the directory before the tenant is known."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from core.crypto import fingerprint, new_secret, same_secret
from models.accounts import ApiKey, Directory
from services.accounts.directory import DirectoryEntry, find_in_directory, register_in_directory
from services.accounts.principal import Person, load_person
from services.audit import record_audit

KIND: Final = "api_key"
PREFIX: Final = "li_"
SHOWN: Final = 10
"""How many of the first characters stay readable, so that a person can tell keys apart."""

SIGN_IN_KEY_NAME: Final = "entrada pela API"
SIGN_IN_KEY_LIFE: Final = timedelta(hours=12)
USE_NOTED_EVERY: Final = timedelta(minutes=5)
EVERYTHING: Final = ("*",)


def create_api_key(
    session: Session,
    tenant_id: int,
    user_id: int,
    *,
    name: str,
    scopes: Iterable[str] = EVERYTHING,
    expires_at: datetime | None = None,
) -> str:
    """Make a key for a person of the tenant; the returned text is the only copy there will ever be.

    `scopes`: `*`, a room (`campaigns`) or an action (`campaigns.read`); the person's role limits them further.
    """
    key = PREFIX + new_secret(32)
    row = ApiKey(
        tenant_id=tenant_id,
        user_id=user_id,
        name=name,
        prefix=key[:SHOWN],
        key_hash=fingerprint(key),
        scopes=list(scopes),
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    register_in_directory(session, KIND, row.key_hash, tenant_id=tenant_id, target_id=row.id)
    record_audit(session, tenant_id, "accounts.api_key_created", actor_user_id=user_id, target=(KIND, row.id))
    return key


def create_sign_in_key(session: Session, person: Person, now: datetime) -> tuple[str, datetime]:
    """A key that ends by itself after 12 hours, for `POST /api/auth/login` -> (key, end)."""
    expires_at = now + SIGN_IN_KEY_LIFE
    key = create_api_key(session, person.tenant_id, person.user_id, name=SIGN_IN_KEY_NAME, expires_at=expires_at)
    return key, expires_at


def end_sign_in_keys(session: Session, tenant_id: int, user_id: int, now: datetime) -> None:
    """Sign programs out that signed in as this person; keys the person made by name stay."""
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.tenant_id == tenant_id,
            ApiKey.user_id == user_id,
            ApiKey.name == SIGN_IN_KEY_NAME,
            ApiKey.expires_at.is_not(None),
            ApiKey.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def find_api_key(session: Session, key: str) -> DirectoryEntry | None:
    """Whose key it is, before the tenant is known."""
    return find_in_directory(session, KIND, fingerprint(key)) if key.startswith(PREFIX) else None


def person_of_key(session: Session, found: DirectoryEntry, key: str, now: datetime) -> Person | None:
    """The key's owner with the key's scopes; None when it is revoked, past its end, or its owner was switched off."""
    row = session.execute(
        select(ApiKey.user_id, ApiKey.key_hash, ApiKey.scopes).where(
            ApiKey.tenant_id == found.tenant_id,
            ApiKey.id == found.target_id,
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
        )
    ).one_or_none()
    if row is None or not same_secret(row.key_hash, fingerprint(key)):
        return None
    return load_person(session, found.tenant_id, row.user_id, scopes=frozenset(row.scopes))


def note_key_used(session: Session, found: DirectoryEntry, now: datetime) -> bool:
    """Note when a key was last used, at most every five minutes. True when something was written, which the door then
    commits at once: most requests of a program only read and would commit nothing."""
    noted = session.scalar(
        update(ApiKey)
        .where(
            ApiKey.tenant_id == found.tenant_id,
            ApiKey.id == found.target_id,
            or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - USE_NOTED_EVERY),
        )
        .values(last_used_at=now)
        .returning(ApiKey.id)
    )
    return noted is not None


def remove_expired_keys(session: Session, now: datetime) -> int:
    """Forget keys that ended more than a day ago, and their directory rows. As the system, by the clock."""
    old = select(ApiKey.key_hash).where(ApiKey.expires_at < now - timedelta(days=1))
    hashes = list(session.scalars(old))
    session.execute(delete(Directory).where(Directory.kind == KIND, Directory.key.in_(hashes)))
    session.execute(delete(ApiKey).where(ApiKey.key_hash.in_(hashes)))
    return len(hashes)
