"""The server: mounts every dialect under its prefix and the pages under `/sandbox`, listens, stops
cleanly.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys

from aiohttp import web

from sandbox import wire
from sandbox.dialect import ENTRY, Dialect, Handler, Refused, Route
from sandbox.dialects import DIALECTS
from sandbox.door import Door
from sandbox.misbehaviour import RETRY_AFTER_SECONDS
from sandbox.pages import build_pages
from sandbox.world import WORLD, Options, World

MOST_BODY_BYTES = 32 * 1024 * 1024
# Held-open answers must not hold up a stop: what still runs then is cancelled.
SHUTDOWN_SECONDS = 0.5


async def _misbehave(dialect: Dialect, request: web.Request) -> web.Response | None:
    behaviour = dialect.world.behaviour
    if behaviour.hits(dialect.name, "hang", purpose="calls"):
        return await wire.hold(request, behaviour.of(dialect.name).hang_ms)
    if behaviour.hits(dialect.name, "fail", purpose="calls"):
        return dialect.refuse(500, "internal error (sandbox)")
    if behaviour.hits(dialect.name, "throttle", purpose="calls"):
        return _throttled(dialect)
    if behaviour.hits(dialect.name, "throttle_bare", purpose="calls"):
        return dialect.refuse(429, "too many requests (sandbox)")
    return None


def _throttled(dialect: Dialect) -> web.Response:
    answer = dialect.refuse(429, "too many requests (sandbox)")
    answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


async def _handle(dialect: Dialect, route: Route, request: web.Request) -> web.StreamResponse:
    try:
        refusal = None if route.decides else await _misbehave(dialect, request)
        return refusal or await route.handler(request)
    except Refused as refused:
        return dialect.refuse(refused.status, refused.message)


def guarded(dialect: Dialect, route: Route) -> Handler:
    """A route's handler with the shared misbehaviours around it, and the ledger told whether the answer
    went out.
    """
    world, name = dialect.world, dialect.name

    async def handle(request: web.Request) -> web.StreamResponse:
        if world.behaviour.hits(name, "drop"):
            return wire.reset(request)
        if not route.decides:
            world.ledger.count_call(name, route.path)
        response = await _handle(dialect, route, request)
        latency_ms = world.behaviour.of(name).latency_ms
        if latency_ms:
            await asyncio.sleep(latency_ms / 1000)
        entry = request.get(ENTRY)
        if entry is not None and wire.is_open(request):
            world.ledger.amend(name, entry, answered=True)
        return response

    return handle


def _mount(app: web.Application, dialect: Dialect) -> None:
    if not dialect.prefix:
        return
    for route in dialect.routes():
        app.router.add_route(route.method, dialect.prefix + route.path, guarded(dialect, route))

    async def unknown(request: web.Request) -> web.Response:
        return dialect.refuse(404, f"Cannot {request.method} {request.path}")

    app.router.add_route("*", dialect.prefix + "/{tail:.*}", unknown)


def build_app(world: World) -> web.Application:
    """The whole HTTP side of the sandbox."""
    app = web.Application(client_max_size=MOST_BODY_BYTES)
    app[WORLD] = world
    for dialect in world.dialects.values():
        _mount(app, dialect)
    app.add_subapp("/sandbox", build_pages(world))

    async def home(_: web.Request) -> web.Response:
        raise web.HTTPFound("/sandbox/")

    app.router.add_get("/", home)
    app.router.add_get("/sandbox", home)
    return app


def addresses(world: World) -> dict[str, str | int]:
    """Everything the sandbox can be reached at, as its first line of output shows it."""
    found: dict[str, str | int] = {
        "url": world.base_url,
        "sandbox": f"{world.base_url}/sandbox/",
        "pid": os.getpid(),
    }
    for dialect in world.dialects.values():
        if dialect.prefix:
            found[dialect.name] = world.base_url + dialect.prefix
        found |= dialect.addresses()
    return found


async def _start(world: World, runner: web.AppRunner) -> None:
    await runner.setup()
    world.door = Door(runner, world.options.host, world.options.port)
    port = await world.door.open()
    world.base_url = f"http://{world.options.host}:{port}"
    await world.courier.start()
    for dialect in world.dialects.values():
        await dialect.start()


async def _stop(world: World, runner: web.AppRunner) -> None:
    for dialect in world.dialects.values():
        await dialect.stop()
    await world.courier.stop()
    await runner.cleanup()
    world.flush()


async def serve(options: Options) -> None:
    """Run until SIGTERM or SIGINT. Prints one JSON line with the addresses once everything listens.

    Raises `OSError` when a port is taken.
    """
    world = World(options, DIALECTS)
    runner = web.AppRunner(build_app(world), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    stopping = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopping.set)
    flusher = asyncio.create_task(world.flush_forever())
    try:
        await _start(world, runner)
        sys.stdout.write(json.dumps(addresses(world)) + "\n")
        sys.stdout.flush()
        await stopping.wait()
    finally:
        flusher.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await flusher
        await _stop(world, runner)
