"""The first page: what this is, where everything stands, the switches and the magic numbers."""

from aiohttp import web

from sandbox.magic import MAGIC
from sandbox.mail.smtp import MAGIC_RECIPIENTS
from sandbox.misbehaviour import DEFAULTS, NAMES
from sandbox.pages.render import render
from sandbox.world import WORLD


async def index(request: web.Request) -> web.Response:
    """Every provider with its switches."""
    world = request.app[WORLD]
    providers = [
        {
            "name": dialect.name,
            "title": dialect.title,
            "base_url": world.base_url + dialect.prefix if dialect.prefix else "",
            "addresses": dialect.addresses(),
            "total": world.ledger.total(dialect.name),
            "switches": world.behaviour.shown(dialect.name),
            "is_misbehaving": world.behaviour.of(dialect.name) != DEFAULTS,
        }
        for dialect in world.dialects.values()
    ]
    return render(
        request,
        "index.html",
        providers=providers,
        magic=MAGIC.values(),
        magic_recipients=MAGIC_RECIPIENTS,
        names=NAMES,
        app_url=world.options.app_url,
        hottok=world.options.hottok,
        counts=dict(world.courier.counts),
        waiting=world.courier.waiting,
    )


ROUTES = [web.get("/", index)]
