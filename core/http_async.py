"""The sender's HTTP door: many calls in flight over one warm pool of `core.http_wire` connections.

Same words and rules as `core.http` (see there). How a failure is told apart needs no guessing: until a connection is
made nothing of ours has left, so everything up to then (the name, the address, TLS, the time for it) is `not_sent`;
from the first byte written on it is `unclear`. A kept connection that was closed meanwhile is seen before use; nothing
is ever repeated.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from aiohappyeyeballs import start_connection
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
from core.http_wire import BadResponse, RawAnswer, TooLarge, Wire

DNS_CACHE_SECONDS: Final = 30.0
NEXT_ADDRESS_AFTER: Final = 0.25
"""Seconds until the next address is tried beside the first (RFC 8305)."""
CONNECT_SHARE: Final = 0.9
"""Of the whole budget at most: what is left must be enough to hear an answer."""
METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
_DEFAULTS: Final = {"user-agent": "LeadsInfinitos/1", "accept-encoding": "identity", "accept": "*/*"}

Addresses = list[tuple[Any, ...]]


class Origin(NamedTuple):
    """Whose connections may be shared."""

    host: str
    port: int
    is_tls: bool


@dataclass(frozen=True, slots=True)
class Target:
    """A URL as a connection needs it: `path` and query as they were written."""

    origin: Origin
    authority: str
    path: str


class AsyncTransport:
    """`async with AsyncTransport() as transport: answer = await transport.send(request)`. It opens as many
    connections as there are calls in flight; the engine bounds those."""

    def __init__(self) -> None:
        self._is_open = False
        self._idle: dict[Origin, deque[Wire]] = {}
        self._names: dict[tuple[str, int], tuple[float, asyncio.Task[Addresses]]] = {}
        self._reaper: asyncio.TimerHandle | None = None

    async def open(self) -> Self:
        self._tls = tls_context()
        self._is_open = True
        return self

    async def close(self) -> None:
        """Closes idle connections; call it after the last answer has been read."""
        self._is_open = False
        if self._reaper is not None:
            self._reaper.cancel()
        for wires in self._idle.values():
            for wire in wires:
                wire.close()
        self._idle.clear()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """Makes the call and returns its answer or its failure; only cancellation passes through."""
        if not self._is_open:
            raise RuntimeError("AsyncTransport is not open")
        started = time.monotonic()
        kind, host = FailureKind.NOT_SENT, ""
        answer: HttpAnswer
        try:
            target = _target(request.url)
            host = target.origin.host
            head = _head(request, target)
            deadline = asyncio.get_running_loop().time() + request.timeout_seconds
            wire = self._kept(target.origin) or await self._connected(target.origin, request)
            kind = FailureKind.UNCLEAR
            raw = await wire.exchange(head, request.body, deadline=deadline, limit=request.max_response_bytes)
            self._keep(target.origin, wire)
            answer = _response(raw, request.max_response_bytes, started)
        # Anything may come out of a connection; what it means for the message depends on when, not on what.
        except Exception as error:
            answer = failure(kind, error, _elapsed_ms(started), _reason(error))
        count(host, answer)
        return answer

    def _kept(self, origin: Origin) -> Wire | None:
        """The connection used last: the others may rest until they are let go."""
        wires = self._idle.get(origin)
        oldest = time.monotonic() - KEEPALIVE_SECONDS
        while wires:
            wire = wires.pop()
            if wire.is_open and wire.idle_since > oldest:
                return wire
            wire.close()
        return None

    def _keep(self, origin: Origin, wire: Wire) -> None:
        if not (wire.is_reusable and wire.is_open and self._is_open):
            wire.close()
            return
        wire.idle_since = time.monotonic()
        self._idle.setdefault(origin, deque()).append(wire)
        if self._reaper is None:
            self._reap_later()

    def _reap_later(self) -> None:
        self._reaper = asyncio.get_running_loop().call_later(KEEPALIVE_SECONDS / 2, self._reap)

    def _reap(self) -> None:
        """Let go of what nobody has used for `KEEPALIVE_SECONDS`."""
        oldest = time.monotonic() - KEEPALIVE_SECONDS
        for origin, wires in list(self._idle.items()):
            while wires and (wires[0].idle_since <= oldest or not wires[0].is_open):
                wires.popleft().close()
            if not wires:
                del self._idle[origin]
        self._reaper = None
        if self._idle:
            self._reap_later()

    async def _connected(self, origin: Origin, request: HttpRequest) -> Wire:
        seconds = min(request.connect_timeout_seconds, request.timeout_seconds * CONNECT_SHARE)
        async with asyncio.timeout(seconds):
            addresses = await self._addresses(origin)
            sock = await start_connection(
                addresses, happy_eyeballs_delay=NEXT_ADDRESS_AFTER, interleave=1, socket_factory=_checked_socket
            )
            try:
                _, wire = await asyncio.get_running_loop().create_connection(
                    Wire,
                    sock=sock,
                    ssl=self._tls if origin.is_tls else None,
                    server_hostname=origin.host if origin.is_tls else None,
                )
            except BaseException:
                sock.close()
                raise
        return wire

    async def _addresses(self, origin: Origin) -> Addresses:
        """What the name leads to; asked once for all who want it now, and again after half a minute."""
        key, now = (origin.host, origin.port), time.monotonic()
        known = self._names.get(key)
        if known is None or known[0] < now or (known[1].done() and _has_failed(known[1])):
            self._names = {one: found for one, found in self._names.items() if found[0] >= now}
            loop = asyncio.get_running_loop()
            look = asyncio.ensure_future(loop.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM))
            look.add_done_callback(_has_failed)
            known = self._names[key] = (now + DNS_CACHE_SECONDS, look)
        # One who gives up must not take the answer from the others.
        return await asyncio.shield(known[1])


def _has_failed(task: asyncio.Task[Addresses]) -> bool:
    """Asked of each when it is done, too: a failure nobody waits for any more is not worth a warning."""
    return task.cancelled() or task.exception() is not None


def _reason(error: Exception) -> FailureReason:
    if isinstance(error, TooLarge):
        return FailureReason.TOO_LARGE
    return FailureReason.BAD_RESPONSE if isinstance(error, BadResponse) else FailureReason.UNEXPECTED


def _response(raw: RawAnswer, limit: int, started: float) -> HttpAnswer:
    encoding = raw.headers.get("content-encoding")
    body = inflated(raw.body, encoding.lower(), limit) if encoding else raw.body
    if body is None:
        return HttpFailure(FailureKind.UNCLEAR, FailureReason.TOO_LARGE, "", _elapsed_ms(started))
    return HttpResponse(raw.status, raw.headers, body, _elapsed_ms(started))


@lru_cache(maxsize=4096)
def _target(text: str) -> Target:
    """Taken as written: decoding and encoding again would change what a provider has signed or split."""
    try:
        url = URL(text, encoded=True)
        host, port = url.raw_host, url.port
        sound = url.scheme in {"http", "https"} and host and port and url.user is None
    except ValueError as error:
        raise InvalidRequest from error
    path = url.raw_path_qs
    if not sound or not host or not port or not path.isprintable() or " " in path:
        raise InvalidRequest
    return Target(Origin(host, port, url.scheme == "https"), url.host_port_subcomponent or host, path or "/")


def _head(request: HttpRequest, target: Target) -> bytes:
    if request.method not in METHODS or not all(map(_is_sound, request.headers.items())):
        raise InvalidRequest
    lines = [f"{request.method} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    given = {name.lower() for name in request.headers}
    lines += [f"{name}: {value}" for name, value in _DEFAULTS.items() if name not in given]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    if request.body or request.method in _WITH_LENGTH:
        lines.append(f"Content-Length: {len(request.body)}")
    return "\r\n".join((*lines, "", "")).encode()


def _is_sound(header: tuple[str, str]) -> bool:
    """A line break in a header would be a second request."""
    name, value = header
    return name.isascii() and name.isprintable() and not {" ", ":"} & set(name) and value.isprintable()


def _checked_socket(info: Any) -> socket.socket:
    """Called for each address about to be connected to, names and literals alike: nothing goes around it."""
    family, kind, proto, _, address = info
    if not may_connect(str(address[0])):
        raise PrivateAddress
    return socket.socket(family=family, type=kind, proto=proto)


def _elapsed_ms(started: float) -> float:
    return (time.monotonic() - started) * 1000
