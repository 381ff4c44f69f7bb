"""Words spoken with the outside world: one request, and one of two answers.

Pure data, no client: services and connectors build and read these; only `core.http` and
`core.http_async` put them on a wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

MASK: Final = "***"
DEFAULT_RESPONSE_LIMIT_BYTES: Final = 8 * 1024 * 1024
EXCERPT_CHARS: Final = 300

# Allow-list, because every provider invents its own name for a secret header.
_SAFE_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "date",
        "retry-after",
        "server",
        "user-agent",
    }
)
_SECRET_SEGMENT: Final = re.compile(r"^(?:bot)?\d+:[\w-]+$|^[\w-]{32,}$|^\+?\d{8,}(?:@.*)?$")
_LONG_SECRET: Final = re.compile(r"[A-Za-z0-9_\-]{24,}")
_LONG_NUMBER: Final = re.compile(r"\d{6,}")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


class FailureKind(StrEnum):
    """Whether the other side may have acted on a request that got no answer."""

    NOT_SENT = "not_sent"
    """Surely nothing left: DNS, refused, TLS, connect time-out, refused address. Safe to repeat."""
    UNCLEAR = "unclear"
    """The request, or part of it, left. The other side may have acted. Never repeat blindly."""


class FailureReason(StrEnum):
    """What went wrong, for logs and counters; decisions look at `FailureKind`."""

    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    CONNECT_TIMEOUT = "connect_timeout"
    PRIVATE_ADDRESS = "private_address"
    INVALID_REQUEST = "invalid_request"
    TIMEOUT = "timeout"
    RESET = "reset"
    BAD_RESPONSE = "bad_response"
    TOO_LARGE = "too_large"
    UNEXPECTED = "unexpected"


@dataclass(frozen=True, slots=True, repr=False)
class HttpRequest:
    """One call to make. `timeout_seconds` bounds the whole of it, connecting and reading included;
    `connect_timeout_seconds` bounds each connection attempt inside that. `repr` shows no secret."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout_seconds: float = 15.0
    connect_timeout_seconds: float = 5.0
    max_response_bytes: int = DEFAULT_RESPONSE_LIMIT_BYTES

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {redacted_url(self.url)}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True, repr=False)
class HttpResponse:
    """A complete answer of any status. Header names are lower case; `body` is unzipped."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    elapsed_ms: float = 0.0

    def __repr__(self) -> str:
        return f"HttpResponse({self.status}, {len(self.body)} bytes, {self.elapsed_ms:.0f} ms)"


@dataclass(frozen=True, slots=True)
class HttpFailure:
    """No complete answer. `detail` names the exception only: messages of clients quote URLs."""

    kind: FailureKind
    reason: FailureReason
    detail: str = ""
    elapsed_ms: float = 0.0


HttpAnswer = HttpResponse | HttpFailure


def redacted(request: HttpRequest) -> dict[str, object]:
    """The request as a log may keep it: no credential, phone number or text; the body only by its size."""
    return {
        "method": request.method,
        "url": redacted_url(request.url),
        "headers": _redacted_headers(request.headers),
        "body_bytes": len(request.body),
    }


def redacted_answer(answer: HttpAnswer) -> dict[str, object]:
    """The answer as a log may keep it. Only an error's body is quoted (a success may echo the message),
    cut at 300 characters and with numbers, addresses and long tokens masked."""
    if isinstance(answer, HttpFailure):
        return {"failure": answer.kind.value, "reason": answer.reason.value, "detail": answer.detail}
    shown: dict[str, object] = {
        "status": answer.status,
        "headers": {k: v for k, v in answer.headers.items() if k.lower() in _SAFE_HEADERS},
        "body_bytes": len(answer.body),
    }
    if answer.status >= 400:
        shown["body"] = scrubbed(answer.body[: EXCERPT_CHARS * 4].decode("utf-8", "replace"))
    return shown


def scrubbed(text: str) -> str:
    """Free text with long numbers, e-mails and long tokens masked, at most 300 characters, no NUL."""
    masked = _LONG_NUMBER.sub(MASK, _LONG_SECRET.sub(MASK, _EMAIL.sub(MASK, text.replace("\x00", ""))))
    return masked[:EXCERPT_CHARS]


def redacted_url(url: str) -> str:
    """Scheme, host and path stay; user info goes, every query value and every path part that looks like a
    token or a phone number (Telegram keeps its bot token in the path, Apify takes `?token=`) becomes ***."""
    try:
        parts = urlsplit(url)
        host = _host_and_port(parts)
    except ValueError:
        return MASK
    path = "/".join(MASK if _SECRET_SEGMENT.match(p) else p for p in parts.path.split("/"))
    names = [(name, MASK) for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    query = "?" + urlencode(names, safe="*") if names else ""
    return f"{parts.scheme}://{host}{path}{query}"


def _host_and_port(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"{host}:{parts.port}" if parts.port else host


def _redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value if name.lower() in _SAFE_HEADERS else MASK for name, value in headers.items()}
