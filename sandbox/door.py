"""The server's port: open, and for a while closed when asked, so that connections are refused as in a real outage."""

import asyncio

from aiohttp import web

BEFORE_CLOSING_SECONDS = 0.05
"""So that the answer to the request that asks for it gets out."""


class Door:
    """One listening port. All providers live behind it, so it closes for all of them."""

    def __init__(self, runner: web.AppRunner, host: str, port: int) -> None:
        self._runner = runner
        self._host = host
        self._port = port
        self._site: web.TCPSite | None = None
        self._closing: asyncio.Task[None] | None = None

    async def open(self) -> int:
        """Listen; the port, which stays the same from then on. Raises `OSError` when it is taken."""
        self._site = web.TCPSite(self._runner, self._host, self._port, backlog=1024)
        await self._site.start()
        self._port = self._runner.addresses[0][1]
        return self._port

    def close_for(self, milliseconds: int) -> None:
        """Refuse new connections and cut those there are, then open again. Asked again meanwhile, it begins anew."""
        if self._closing is not None:
            self._closing.cancel()
        self._closing = asyncio.create_task(self._close_for(milliseconds / 1000))

    async def _close_for(self, seconds: float) -> None:
        await asyncio.sleep(BEFORE_CLOSING_SECONDS)
        if self._site is not None:
            await self._site.stop()
            self._site = None
        for connection in self._runner.server.connections if self._runner.server else ():
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(seconds)
        await self.open()
