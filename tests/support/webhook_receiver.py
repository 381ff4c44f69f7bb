"""A small web server in a thread that keeps every webhook it gets, in place of the app."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

T = TypeVar("T")


@dataclass(frozen=True)
class Received:
    """One webhook."""

    path: str
    headers: dict[str, str]
    payload: Any
    body: bytes = b""


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def eventually(look: Callable[[], T], *, seconds: float = 8) -> T:
    """Look again and again until the answer is true; the last answer when time is up."""
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(0.02)
    return seen


class WebhookReceiver:
    """Answers every POST with `status` and remembers it in `received`; gives Meta's GET its challenge back when the
    address ends in the token shown."""

    def __init__(self, port: int = 0) -> None:
        self.received: list[Received] = []
        self.status = 200
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(port,), daemon=True)
        self._thread.start()
        self._ready.wait(5)

    def of_type(self, message_type: str) -> list[dict[str, Any]]:
        """The payloads of one Mega API message type."""
        return [each.payload for each in self.received if each.payload.get("messageType") == message_type]

    def clear(self) -> None:
        """Forget what came and answer 200 again."""
        self.received.clear()
        self.status = 200

    def stop(self) -> None:
        """Close the server and its thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(5)

    async def _take(self, request: web.Request) -> web.Response:
        self.received.append(Received(request.path, dict(request.headers), await request.json(), await request.read()))
        return web.Response(status=self.status, text="taken")

    async def _shake_hands(self, request: web.Request) -> web.Response:
        if request.query.get("hub.verify_token") != request.path.rpartition("/")[2]:
            return web.Response(status=403)
        return web.Response(text=request.query.get("hub.challenge", ""))

    def _run(self, port: int) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(port))
        self._loop.close()

    async def _serve(self, port: int) -> None:
        self._stopping = asyncio.Event()
        app = web.Application()
        app.router.add_post("/{tail:.*}", self._take)
        app.router.add_get("/{tail:.*}", self._shake_hands)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stopping.wait()
        await runner.cleanup()
