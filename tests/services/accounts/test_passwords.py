"""Passwords are hashed by argon2, refused in friendly words, and cost the same whether or not the account exists."""

import time

import pytest

from services.accounts.passwords import (
    MIN_LENGTH,
    WeakPassword,
    check_password,
    hash_password,
    refuse_weak_password,
)


def test_a_password_fits_its_own_hash_and_no_other() -> None:
    stored = hash_password("um cavalo bateria grampo")
    assert stored.startswith("$argon2id$")
    assert check_password("um cavalo bateria grampo", stored)
    assert not check_password("um cavalo bateria grampO", stored)
    assert not check_password("um cavalo bateria grampo", "not a hash")


def test_nobodys_password_never_fits_and_costs_as_much_as_a_wrong_one() -> None:
    stored = hash_password("um cavalo bateria grampo")
    check_password("x", None)
    wrong, nobody = (_seconds(password_hash) for password_hash in (stored, None))
    assert not check_password("a password that nobody has", None)
    assert nobody > wrong / 4


def _seconds(stored: str | None) -> float:
    started = time.perf_counter()
    for _ in range(5):
        check_password("wrong", stored)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("a" * (MIN_LENGTH - 1), "pelo menos 10"),
        ("Maria@Example.com", "e-mail"),
        ("maria.silva", "e-mail"),
        ("Maria da Silva Souza", "nome"),
        ("Senha123456", "primeiras"),
        ("aaaaaaaaaaaaaa", "primeiras"),
        ("x" * 2000, "no máximo"),
    ],
)
def test_a_weak_password_is_refused_with_what_to_do(password: str, words: str) -> None:
    email = "maria@example.com" if "@" in password else "maria.silva@example.com"
    with pytest.raises(WeakPassword, match=words) as refused:
        refuse_weak_password(password, email=email, name="Maria da Silva Souza")
    assert refused.value.fields["password"] == [refused.value.message]


def test_a_sentence_of_ones_own_is_accepted() -> None:
    refuse_weak_password("meu gato come às sete", email="maria@example.com", name="Maria")
