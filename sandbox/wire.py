"""Doing harm to a connection: reset it, or keep it open without a word."""

import asyncio
import socket
import struct

from aiohttp import web

_LINGER_ZERO = struct.pack("ii", 1, 0)
_GLANCE_SECONDS = 0.1


def is_open(request: web.Request) -> bool:
    """Whether the other side still holds the connection."""
    transport = request.transport
    return transport is not None and not transport.is_closing()


def reset(request: web.Request) -> web.Response:
    """Close the connection at once with an RST. The response returned never reaches anybody."""
    transport = request.transport
    if transport is not None:
        peer = transport.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        transport.abort()
    return web.Response()


async def drip(request: web.Request, answer: web.Response, milliseconds: int) -> web.StreamResponse:
    """The answer's head at once, its body a byte at a time with so many milliseconds between two of them."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    slow = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    slow.content_length = len(body)
    await slow.prepare(request)
    for place in range(len(body)):
        await asyncio.sleep(milliseconds / 1000)
        if not is_open(request):
            break
        await slow.write(body[place : place + 1])
    return slow


async def hold(request: web.Request, milliseconds: int) -> web.Response:
    """Answer nothing until the client gives up, at most `milliseconds`; then reset the connection.

    aiohttp tells a handler nothing when its client leaves, so the transport is looked at ten times a second.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + milliseconds / 1000
    while is_open(request) and (left := end - loop.time()) > 0:
        await asyncio.sleep(min(left, _GLANCE_SECONDS))
    return reset(request)
