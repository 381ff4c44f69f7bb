"""Signed texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signing import sign, unsign

payloads = st.dictionaries(st.text(max_size=5), st.integers() | st.text(), max_size=4)


@given(payloads)
def test_what_was_signed_is_read_again(payload: dict[str, object]) -> None:
    assert unsign(sign(payload, purpose="a"), purpose="a") == payload


@given(payloads)
def test_a_text_signed_for_one_purpose_is_worthless_for_another(payload: dict[str, object]) -> None:
    assert unsign(sign(payload, purpose="a"), purpose="b") is None


@pytest.mark.parametrize("text", ["", ".", "a.b.c", "é", "x" * 10_000, sign({"t": 1}, purpose="a")[:-1]])
def test_anything_else_is_nothing(text: str) -> None:
    assert unsign(text, purpose="a") is None
