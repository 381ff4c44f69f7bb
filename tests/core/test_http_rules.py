"""What may be spoken to, and what may be written down about it."""

from __future__ import annotations

import gzip

import pytest

from core.http import (
    FailureKind,
    FailureReason,
    HttpFailure,
    HttpRequest,
    HttpResponse,
    redacted,
    redacted_answer,
    redacted_url,
)
from core.http_guard import inflated, is_public_address


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("172.16.3.4", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::808:808", True),
        ("2002:7f00:1::", False),
        ("nonsense", False),
    ],
)
def test_only_global_unicast_addresses_are_public(address: str, public: bool) -> None:
    assert is_public_address(address) is public


def test_logs_hold_no_secret_no_phone_and_no_text() -> None:
    request = HttpRequest(
        "POST",
        "https://api.example.com:8443/bot123456:AAbb-cc_dd/send/5511900000001?token=abc&jid=5511900000001%40x",
        {"Authorization": "Bearer abc", "apikey": "k", "X-Api-Key": "z", "Content-Type": "application/json"},
        b'{"text":"Ola Maria"}',
    )
    assert redacted(request) == {
        "method": "POST",
        "url": "https://api.example.com:8443/***/send/***?token=***&jid=***",
        "headers": {
            "Authorization": "***",
            "apikey": "***",
            "X-Api-Key": "***",
            "Content-Type": "application/json",
        },
        "body_bytes": 20,
    }
    for text in (repr(request), str(request)):
        assert not any(secret in text for secret in ("abc", "AAbb", "Maria", "5511900000001"))
    assert redacted_url("https://u:p@h.example.com/x") == "https://h.example.com/x"
    assert redacted_url("http://[broken") == "***"
    assert redacted_url("https://h.example.com/rest/instance/megastart-exemplo01").endswith("/megastart-exemplo01")


def test_logged_answers_quote_only_errors_and_mask_them() -> None:
    body = b'{"message":"5511900000001 and maria@example.com with abcdefghijklmnopqrstuvwxyz01\x00"}'
    shown = redacted_answer(HttpResponse(400, {"set-cookie": "x", "content-type": "a/b"}, body, 12.0))
    assert shown["body"] == '{"message":"*** and *** with ***"}'
    assert shown["headers"] == {"content-type": "a/b"}
    assert "body" not in redacted_answer(HttpResponse(200, {}, body))
    assert redacted_answer(HttpFailure(FailureKind.UNCLEAR, FailureReason.TIMEOUT, "X")) == {
        "failure": "unclear",
        "reason": "timeout",
        "detail": "X",
    }


def test_a_zipped_body_may_be_exactly_as_large_as_the_limit() -> None:
    assert inflated(gzip.compress(b"x" * 10), "gzip", 10) == b"x" * 10
    assert inflated(gzip.compress(b"x" * 11), "gzip", 10) is None
    assert inflated(gzip.compress(b"x" * 10)[:-4], "gzip", 10) is None
    assert inflated(b"no zip", "deflate", 10) is None
    assert inflated(b"plain", "", 10) == b"plain"
