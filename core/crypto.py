"""Secrets at rest: AES-256-GCM with a ring of keys, bound to the row they belong to.

A sealed value is `key_id:base64(nonce + ciphertext)`. The first key of the ring writes; all of them read, so that
`flask secrets rotate` can re-seal row by row.
"""

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.config import get_settings, parse_encryption_keys

NONCE_BYTES = 12


class CannotUnseal(RuntimeError):
    """The value was sealed with a key that is not on the ring, for another row, or was tampered with."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """`keys` in order; the first one writes."""

    keys: Mapping[str, bytes]

    def seal(self, plain: str, *, bound_to: str) -> str:
        """Encrypt; `bound_to` (`instances:7:credentials`) must be given again to read, so that a sealed value
        copied to another row is worthless there."""
        key_id, key = next(iter(self.keys.items()))
        nonce = os.urandom(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, plain.encode(), bound_to.encode())
        return f"{key_id}:{base64.b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, *, bound_to: str) -> str:
        """The text again; CannotUnseal when key, binding or content don't fit."""
        key_id, _, encoded = sealed.partition(":")
        key = self.keys.get(key_id)
        if key is None:
            raise CannotUnseal(f"key {key_id!r} is not on the ring")
        raw = base64.b64decode(encoded)
        try:
            return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to.encode()).decode()
        except InvalidTag as problem:
            raise CannotUnseal("sealed for another row or changed since") from problem


@lru_cache(maxsize=1)
def key_ring() -> KeyRing:
    """The ring from `ENCRYPTION_KEYS`."""
    return KeyRing(parse_encryption_keys(get_settings().encryption_keys))


def new_secret(size: int = 32) -> str:
    """A random URL-safe secret of `size` bytes."""
    return secrets.token_urlsafe(size)


def fingerprint(secret: str) -> str:
    """SHA-256 in hex: what is kept of a random secret in order to recognise it. Not for passwords."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(one: str, other: str) -> bool:
    """Compare without telling by time how much agreed."""
    return hmac.compare_digest(one.encode(), other.encode())
