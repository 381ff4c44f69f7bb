"""A provider that answers every POST like Mega API after a fixed latency: `python -m bench.provider_stub 20 [ledger]`.

A bare protocol on uvloop (about 20 us of CPU a request), so that the provider is never what is measured.
Prints its port. `GET /` answers how many POSTs were taken and when (epoch seconds) the first one was; with `ledger`
also to how many different people (kept out of the way otherwise: it costs).
"""

import asyncio
import json
import re
import sys
import time
from typing import cast

import uvloop

_taken = 0
_first_at = 0.0
_people: set[bytes] = set()
_TO = re.compile(rb'"to":\s*"(\d+)')
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
_BODY = (
    b'{"error":false,"message":"message sent","messageData":{"key":'
    b'{"remoteJid":"%s@s.whatsapp.net","fromMe":true,"id":"3EB0%016X"},"status":"PENDING"}}'
)


class Provider(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, latency_seconds: float, *, has_ledger: bool) -> None:
        self.latency_seconds = latency_seconds
        self.has_ledger = has_ledger
        self.buffer = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while True:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            whole = end + 4 + _content_length(self.buffer[:end].lower())
            if len(self.buffer) < whole:
                return
            is_post = self.buffer.startswith(b"POST")
            found = _TO.search(self.buffer, end)
            if self.has_ledger and found:
                _people.add(found[1])
            self.buffer = self.buffer[whole:]
            # As the real one: the address it sent to, which for most people is the phone itself.
            self.take(found[1] if found else b"5511900000001") if is_post else self.tell()

    def take(self, phone: bytes) -> None:
        global _first_at, _taken
        if not _taken:
            _first_at = time.time()
        _taken += 1
        body = _BODY % (phone, _taken)
        asyncio.get_running_loop().call_later(self.latency_seconds, self.answer, body)

    def tell(self) -> None:
        self.answer(json.dumps({"taken": _taken, "first_at": _first_at, "people": len(_people)}).encode())

    def answer(self, body: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(_HEAD % (len(body), body))


def _content_length(head: bytes) -> int:
    start = head.find(b"content-length:")
    return int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0


async def serve(latency_seconds: float, *, has_ledger: bool) -> None:
    server = await asyncio.get_running_loop().create_server(
        lambda: Provider(latency_seconds, has_ledger=has_ledger), "127.0.0.1", 0, backlog=2048
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(float(sys.argv[1]) / 1000, has_ledger="ledger" in sys.argv))
