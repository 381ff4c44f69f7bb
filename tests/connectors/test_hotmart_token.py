"""Hotmart's token: where it may stand, and what is believed."""

from connectors.hotmart import body_token, verify

V1 = b"hottok=segredo&prod=4810001&email=maria%40example.com&transaction=HP0000000001&status=approved"


def test_the_token_is_believed_from_the_header_first() -> None:
    assert verify({"X-HOTMART-HOTTOK": "segredo"}, "", "segredo")
    assert verify({"x-hotmart-hottok": "segredo"}, "wrong", "segredo")
    assert verify({}, "segredo", "segredo")
    assert not verify({"X-Hotmart-Hottok": "wrong"}, "segredo", "segredo")
    assert not verify({}, "", "segredo")
    assert not verify({}, "", "")
    assert not verify({"X-Hotmart-Hottok": "segredé\ud800"}, "", "segredo")


def test_the_token_is_found_in_both_kinds_of_body() -> None:
    assert body_token(b'{"hottok":"segredo","data":{}}') == "segredo"
    assert body_token(V1) == "segredo"
    assert [body_token(b) for b in (b"", b"{}", b"[1]", b"\xff", b"&" * 1000)] == [""] * 5
