"""Passwords: argon2 hashes, a policy in friendly sentences, no way to tell by time whether an account exists."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import InvalidInput

MIN_LENGTH: Final = 10
MAX_LENGTH: Final = 1024
"""Longer ones are refused before they are hashed: a megabyte would keep a thread busy."""

COMMON_PASSWORDS: Final = Path(__file__).with_name("common_passwords.txt")
"""What everybody tries first, of ten characters or more; shorter ones are refused by their length."""

_hasher = PasswordHasher()


class WeakPassword(InvalidInput):
    """The password isn't accepted; the sentence says how to choose a better one."""

    code = "weak_password"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, fields={"password": [sentence]})


def hash_password(password: str) -> str:
    """The argon2id hash to store. About 30 ms on purpose."""
    return _hasher.hash(password)


def check_password(password: str, stored: str | None) -> bool:
    """True when it fits. Without a stored hash the same work is done, and the answer is False."""
    try:
        return _hasher.verify(stored or _nobodys_hash(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """True when the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(stored)


def refuse_weak_password(password: str, *, email: str, name: str = "") -> None:
    """WeakPassword unless it is long enough, not the person's own e-mail or name, and not among the common ones."""
    plain = password.casefold().strip()
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"Use pelo menos {MIN_LENGTH} caracteres. Uma frase curta que só você diria funciona bem.")
    if len(password) > MAX_LENGTH:
        raise WeakPassword(f"Use no máximo {MAX_LENGTH} caracteres.")
    if plain in {email.casefold(), email.casefold().partition("@")[0], name.casefold()}:
        raise WeakPassword("A senha não pode ser o seu e-mail nem o seu nome. Escolha outra.")
    if plain in _common() or len(set(plain)) < 4:
        raise WeakPassword("Esta senha está entre as primeiras que alguém tentaria. Escolha outra.")


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("a password that nobody has")


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(COMMON_PASSWORDS.read_text("utf-8").split())
