"""One HTTP/1.1 connection of the sender, one exchange at a time.

`httptools` parses (the parser of Node, which aiohttp uses as well); the rest is what a sender needs and no more. Why
not aiohttp: its request objects, cookies, traces and streams took half of the sender's time. What leaves is exactly
what was asked; nothing is ever repeated here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, cast

import httptools

MAX_HEAD_BYTES: Final = 64 * 1024
JOINED_BYTES: Final = 64 * 1024
"""Up to here head and body leave in one write; a larger body isn't copied for it."""


class BadResponse(ValueError):
    """What came back is no HTTP, or ended before its end."""


class TooLarge(ValueError):
    """The body passes the limit; nothing beyond it was read."""


@dataclass(slots=True)
class RawAnswer:
    """A complete answer. Header names are lower case; of a repeated one all values, joined as RFC 9110 5.3 says."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class Wire(asyncio.Protocol):
    """`exchange()` from when the connection is made, never two at once; `is_reusable` says whether another may
    follow."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.is_reusable = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._parser = httptools.HttpResponseParser(self)
        # As lenient as aiohttp with what gateways send: an answer that is only odd must not become an unclear message.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._waiter: asyncio.Future[RawAnswer] | None = None
        self._answer = RawAnswer()
        self._pieces: list[bytes] = []
        self._size = self._limit = self._head_bytes = 0
        self._has_head = False

    async def exchange(self, head: bytes, body: bytes, *, deadline: float, limit: int) -> RawAnswer:
        """Write the request and read its answer, until `deadline` (the loop's clock). Raises TimeoutError, OSError,
        BadResponse or TooLarge, and whatever it was: the request may have left."""
        waiter: asyncio.Future[RawAnswer] = self._loop.create_future()
        self._waiter, self._answer, self._pieces = waiter, RawAnswer(), []
        self._size, self._limit, self._head_bytes, self._has_head = 0, limit, 0, False
        self.is_reusable = False
        timer = self._loop.call_at(deadline, self._fail, TimeoutError("deadline passed"))
        try:
            self._write(head, body)
            return await waiter
        except BaseException:
            self._transport.abort()
            raise
        finally:
            timer.cancel()
            self._waiter = None

    @property
    def is_open(self) -> bool:
        """Whether a request may be written: asked right before."""
        return not self._transport.is_closing()

    def close(self) -> None:
        self._transport.close()

    def _write(self, head: bytes, body: bytes) -> None:
        if len(body) <= JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            # Nobody asked: whatever it is, the next answer must not be mistaken for it.
            self.is_reusable = False
            self._transport.abort()
            return
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self.is_reusable = False
            self._fail(error.__context__ if isinstance(error.__context__, TooLarge) else BadResponse(str(error)))
        if not self._has_head and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(BadResponse("endless head"))

    def connection_lost(self, error: Exception | None) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if self._has_head and error is None and self._ends_with_connection():
            self._finish(is_reusable=False)
        else:
            self._fail(BadResponse("cut short") if self._has_head else error or ConnectionResetError("closed"))

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._waiter is not None and self._waiter.done():
            raise BadResponse("a second answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        known = self._answer.headers.get(key)
        self._answer.headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        self._has_head = self._answer.status >= 200

    def on_body(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise TooLarge("body over the limit")
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        if self._answer.status < 200:
            # "100 Continue" and its kin: the real one follows.
            self._answer = RawAnswer()
            return
        is_all_out = self._transport.get_write_buffer_size() == 0
        self._finish(is_reusable=self._parser.should_keep_alive() and is_all_out)

    def _ends_with_connection(self) -> bool:
        headers = self._answer.headers
        return "content-length" not in headers and "chunked" not in headers.get("transfer-encoding", "").lower()

    def _finish(self, *, is_reusable: bool) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._answer.body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self.is_reusable = is_reusable
            self._waiter.set_result(self._answer)

    def _fail(self, error: BaseException) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
