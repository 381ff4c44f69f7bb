"""The sender's HTTP door: many calls in flight over one warm `aiohttp` pool.

Same words and rules as `core.http` (see there). How a failure is told apart: aiohttp raises
`ClientConnectorError` and its kin, or `ConnectionTimeoutError`, only while it connects, so those are
`not_sent`. Everything later is `unclear`. The connect budget is kept below the whole one, so that the
total time-out can't fire during connecting and look like a read time-out. aiohttp repeats a GET, PUT or
DELETE once when a kept connection turns out dead; that is switched off (a POST is never repeated).
"""

from __future__ import annotations

import socket
import time
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
from yarl import URL

from core.http_guard import (
    KEEPALIVE_SECONDS,
    InvalidRequest,
    PrivateAddress,
    count,
    failure,
    inflated,
    may_connect,
    tls_context,
)
from core.http_messages import (
    FailureKind,
    FailureReason,
    HttpAnswer,
    HttpFailure,
    HttpRequest,
    HttpResponse,
)

DNS_CACHE_SECONDS: Final = 30
# aiohttp rounds longer time-outs up to whole seconds; ours are meant as written.
NO_ROUNDING_SECONDS: Final = 10_000.0
CONNECT_SHARE: Final = 0.9
_BEFORE_SENDING: Final = (
    aiohttp.ClientConnectorError,
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    InvalidRequest,
)
_HEADERS: Final = {"User-Agent": "LeadsInfinitos/1", "Accept-Encoding": "identity"}


class AsyncTransport:
    """`async with AsyncTransport() as transport: answer = await transport.send(request)`.

    `limit` bounds open connections (0: none; the engine bounds what is in flight). Waiting for a free one
    counts as connecting.
    """

    def __init__(self, *, limit: int = 0) -> None:
        self._limit = limit
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._limit,
            ttl_dns_cache=DNS_CACHE_SECONDS,
            keepalive_timeout=KEEPALIVE_SECONDS,
            ssl=tls_context(),
            socket_factory=_checked_socket,
            timeout_ceil_threshold=NO_ROUNDING_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=_HEADERS,
            auto_decompress=False,
            trust_env=False,
        )
        # No public switch exists for this; a test holds it.
        self._session._retry_connection = False
        return self

    async def close(self) -> None:
        """Closes idle connections; call it after the last answer has been read."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """Makes the call and returns its answer or its failure; only cancellation passes through."""
        if self._session is None:
            raise RuntimeError("AsyncTransport is not open")
        started = time.monotonic()
        host = ""
        try:
            url = _url(request.url)
            host = url.host or ""
            answer = await _exchange(self._session, request, url=url, started=started)
        except _BEFORE_SENDING as error:
            answer = failure(FailureKind.NOT_SENT, error, _elapsed_ms(started))
        # Anything may come out of a client; whatever it was, the request may have left.
        except Exception as error:
            answer = failure(FailureKind.UNCLEAR, error, _elapsed_ms(started), _client_reason(error))
        count(host, answer)
        return answer


def _client_reason(error: Exception) -> FailureReason:
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return FailureReason.BAD_RESPONSE
    if isinstance(error, aiohttp.ClientConnectionError):
        return FailureReason.RESET
    return FailureReason.UNEXPECTED


async def _exchange(session: aiohttp.ClientSession, request: HttpRequest, *, url: URL, started: float) -> HttpAnswer:
    # aiohttp would only find a line break while writing, too late to be called "not sent".
    if not all(map(str.isprintable, request.headers.values())):
        raise InvalidRequest
    async with session.request(
        request.method,
        url,
        data=request.body or None,
        headers=request.headers,
        timeout=_timeouts(request.timeout_seconds, request.connect_timeout_seconds),
        allow_redirects=False,
    ) as response:
        body = await _body(response, request.max_response_bytes)
        if body is None:
            response.close()
            return HttpFailure(FailureKind.UNCLEAR, FailureReason.TOO_LARGE, "", _elapsed_ms(started))
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(response.status, headers, body, _elapsed_ms(started))


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The whole body, or None above the limit (nothing beyond it is read)."""
    body = await response.content.readany()
    if not response.content.at_eof():
        pieces = [body]
        size = len(body)
        while size <= limit and (piece := await response.content.readany()):
            pieces.append(piece)
            size += len(piece)
        body = b"".join(pieces)
    if len(body) > limit:
        return None
    encoding = response.headers.get("Content-Encoding")
    return inflated(body, encoding.lower(), limit) if encoding else body


@lru_cache(maxsize=1024)
def _url(text: str) -> URL:
    """Taken as written: decoding and encoding again would change what a provider has signed or split."""
    try:
        url = URL(text, encoded=True)
        sound = url.scheme in {"http", "https"} and url.host and url.port and url.user is None
    except ValueError as error:
        raise InvalidRequest from error
    if not sound:
        raise InvalidRequest
    return url


@lru_cache(maxsize=256)
def _timeouts(timeout_seconds: float, connect_timeout_seconds: float) -> aiohttp.ClientTimeout:
    connect = min(connect_timeout_seconds, timeout_seconds * CONNECT_SHARE)
    return aiohttp.ClientTimeout(total=timeout_seconds, connect=connect)


def _checked_socket(info: Any) -> socket.socket:
    """Called for each address about to be connected to, names and literals alike: nothing goes around it."""
    family, kind, proto, _, address = info
    if not may_connect(str(address[0])):
        raise PrivateAddress
    return socket.socket(family=family, type=kind, proto=proto)


def _elapsed_ms(started: float) -> float:
    return (time.monotonic() - started) * 1000
