"""People who were forgotten and must still be left alone: known again by a keyed hash, never by their number.

HMAC-SHA256 under a key of its own. A plain hash of a phone is undone in a minute, since there are few phones; the key
isn't in the database in the clear but sealed with the ring of ENCRYPTION_KEYS, so that neither the database alone nor
the ring alone tells who it was. It is never replaced: with another key everybody forgotten would be written to again.
Changing the ring seals it anew (`reseal`).
"""

import base64
import hmac
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.crypto import key_ring, new_secret
from models.leads import Suppression
from models.privacy import PlatformSecret

NAME: Final = "suppression_hash"
BOUND_TO: Final = f"platform_secrets:{NAME}"
MARK: Final = "#"
"""First letter of a hash where a phone or an e-mail would stand: no such thing begins with it."""
PHONE_LETTERS: Final = 19
"""114 bits behind the mark: what a column made for phones holds."""
KEYS_A_QUERY: Final = 5_000


class Hasher:
    """Makes hashes under one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def phone(self, phone_key: str) -> str:
        """Of a person by phone (`core.phone` key): what stands in `suppressions.phone_key`."""
        return MARK + self._hash(f"phone:{phone_key}")[:PHONE_LETTERS]

    def email(self, email: str) -> str:
        """Of a person by e-mail, in small letters: what stands in `suppressions.email`."""
        return MARK + self._hash(f"email:{email.lower()}")

    def _hash(self, text: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, text.encode(), "sha256")).decode().rstrip("=")


def hasher(session: Session) -> Hasher:
    """The platform's hasher; its key is made at the first need."""
    found = known_hasher(session)
    if found is None:
        sealed = key_ring().seal(new_secret(), bound_to=BOUND_TO)
        session.execute(insert(PlatformSecret).values(name=NAME, sealed=sealed).on_conflict_do_nothing())
        found = known_hasher(session)
        assert found is not None, "it was just written"
    return found


def known_hasher(session: Session) -> Hasher | None:
    """The same for looking somebody up: None while nobody has ever been forgotten."""
    sealed = session.scalar(select(PlatformSecret.sealed).where(PlatformSecret.name == NAME))
    return None if sealed is None else _of_sealed(sealed)


def reseal(session: Session) -> int:
    """Seal the platform's secrets with the ring's first key -> how many. What they say stays the same."""
    secrets = session.execute(select(PlatformSecret.name, PlatformSecret.sealed).with_for_update()).all()
    for name, sealed in secrets:
        bound_to = f"platform_secrets:{name}"
        again = key_ring().seal(key_ring().unseal(sealed, bound_to=bound_to), bound_to=bound_to)
        session.execute(update(PlatformSecret).where(PlatformSecret.name == name).values(sealed=again))
    return len(secrets)


def has_forgotten(session: Session, tenant_id: int) -> bool:
    """Whether the tenant has any hashed entry: one look at a small index, and most have none."""
    some = select(Suppression.id).where(Suppression.tenant_id == tenant_id, Suppression.is_hashed)
    return session.scalar(some.limit(1)) is not None


def forgotten_among(session: Session, tenant_id: int, phone_keys: Collection[str]) -> set[str]:
    """Which of these people were forgotten and left alone. Nothing but one small look where nobody was."""
    if not phone_keys or not has_forgotten(session, tenant_id):
        return set()
    made = known_hasher(session)
    return set() if made is None else _known(session, tenant_id, {made.phone(one): one for one in phone_keys})


def forgotten_emails_among(session: Session, tenant_id: int, emails: Collection[str]) -> set[str]:
    """The same by e-mail, in small letters."""
    if not emails or not has_forgotten(session, tenant_id):
        return set()
    made = known_hasher(session)
    return set() if made is None else _known(session, tenant_id, {made.email(one): one for one in emails})


def hashes_of(session: Session, phone_keys: Collection[str], emails: Collection[str]) -> list[str]:
    """What stands in the suppressions for these phones and e-mails, had they been forgotten."""
    made = known_hasher(session)
    if made is None:
        return []
    return [*(made.phone(one) for one in phone_keys), *(made.email(one) for one in emails)]


def _known(session: Session, tenant_id: int, of_hash: dict[str, str]) -> set[str]:
    hashes = list(of_hash)
    found: set[str] = set()
    for first in range(0, len(hashes), KEYS_A_QUERY):
        piece = hashes[first : first + KEYS_A_QUERY]
        there = select(func.coalesce(Suppression.phone_key, Suppression.email)).where(
            Suppression.tenant_id == tenant_id,
            or_(Suppression.phone_key.in_(piece), Suppression.email.in_(piece)),
        )
        found |= {of_hash[one] for one in session.scalars(there)}
    return found


@lru_cache(maxsize=4)
def _of_sealed(sealed: str) -> Hasher:
    return Hasher(key_ring().unseal(sealed, bound_to=BOUND_TO))
