"""Answers and requests as bytes, for contract tests."""

from __future__ import annotations

import json
from typing import Any

from connectors.whatsapp import Refused
from core.http_messages import FailureKind, FailureReason, HttpFailure, HttpRequest, HttpResponse

TIMED_OUT = HttpFailure(FailureKind.UNCLEAR, FailureReason.TIMEOUT)
NOT_REACHED = HttpFailure(FailureKind.NOT_SENT, FailureReason.REFUSED)


def response(status: int, body: Any = None, **headers: str) -> HttpResponse:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return HttpResponse(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def payload(request: HttpRequest | None) -> Any:
    assert request is not None
    return json.loads(request.body)


def line(request: HttpRequest | None) -> str:
    """`METHOD url`."""
    assert request is not None
    return f"{request.method} {request.url}"


def refused(outcome: object) -> Refused:
    assert isinstance(outcome, Refused), outcome
    return outcome
