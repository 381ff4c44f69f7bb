"""What the tests of both HTTP doors share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from core.http import FailureKind, FailureReason, HttpAnswer, HttpFailure, HttpRequest, HttpResponse, send
from core.http_async import AsyncTransport

Sender = Callable[..., list[HttpAnswer]]
NOT_SENT, UNCLEAR = FailureKind.NOT_SENT, FailureKind.UNCLEAR


def send_in_turn(*requests: HttpRequest, pause: float = 0) -> list[HttpAnswer]:
    result = []
    for request in requests:
        result.append(send(request))
        time.sleep(pause)
    return result


def send_async_in_turn(*requests: HttpRequest, pause: float = 0) -> list[HttpAnswer]:
    async def run() -> list[HttpAnswer]:
        result = []
        async with AsyncTransport() as transport:
            for request in requests:
                result.append(await transport.send(request))
                await asyncio.sleep(pause)
        return result

    return asyncio.run(run())


def post(url: str, *, seconds: float = 2.0, connect: float = 1.0, limit: int = 1_000_000) -> HttpRequest:
    return HttpRequest(
        "POST",
        url,
        {"Authorization": "Bearer segredo", "Content-Type": "application/json"},
        b'{"a":1}',
        timeout_seconds=seconds,
        connect_timeout_seconds=connect,
        max_response_bytes=limit,
    )


def failed(answer: HttpAnswer) -> tuple[FailureKind, FailureReason]:
    assert isinstance(answer, HttpFailure), answer
    return answer.kind, answer.reason


def answered(answer: HttpAnswer) -> HttpResponse:
    assert isinstance(answer, HttpResponse), answer
    return answer
