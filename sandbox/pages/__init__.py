"""The sandbox's own pages and its control, below `/sandbox`."""

from pathlib import Path

from aiohttp import web

from sandbox.pages import control, index, ledger, phones
from sandbox.pages.render import friendly
from sandbox.world import WORLD, World

STATIC = Path(__file__).parent.parent / "static"


def build_pages(world: World) -> web.Application:
    """The application mounted at `/sandbox`: shared pages and those of every dialect."""
    app = web.Application(middlewares=[friendly])
    app[WORLD] = world
    for room in (index, control, ledger, phones):
        app.router.add_routes(room.ROUTES)
    for dialect in world.dialects.values():
        app.router.add_routes(dialect.pages())
    app.router.add_static("/static/", STATIC)
    return app
