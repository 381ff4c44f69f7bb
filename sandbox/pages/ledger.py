"""The ledger as JSON for programs and as a page for people, and the log of webhooks delivered."""

from aiohttp import web

from sandbox.pages.render import Paging, json_error, render
from sandbox.world import WORLD, World

MOST_ITEMS = 100_000
ENTRIES_PER_PAGE = 50


def _whole(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise web.HTTPBadRequest(text=f"{name} deve ser um número inteiro, zero ou mais; veio {text!r}.")
    return int(text)


def _known(world: World, provider: str) -> str:
    if provider not in world.dialects:
        known = ", ".join(world.dialects)
        raise web.HTTPNotFound(text=f"Não conheço o provedor {provider!r}. Conheço: {known}.")
    return provider


async def items(request: web.Request) -> web.Response:
    """Entries with an id above `since`, oldest first: `{items, total, next_since}`.

    `total` counts the whole book; `next_since` is null when nothing is left.
    """
    ledger = request.app[WORLD].ledger
    provider = _known(request.app[WORLD], request.match_info["provider"])
    limit = min(_whole(request, "limit", MOST_ITEMS), MOST_ITEMS)
    found = ledger.items(provider, since=_whole(request, "since", 0), limit=limit + 1)
    is_more, found = len(found) > limit, found[:limit]
    return web.json_response(
        {
            "items": found,
            "total": ledger.total(provider),
            "next_since": found[-1]["id"] if is_more and found else None,
        }
    )


async def summary(request: web.Request) -> web.Response:
    """The accepted entries in figures, per recipient, and how often every other call came."""
    world = request.app[WORLD]
    provider = _known(world, request.match_info["provider"])
    figures = world.dialects[provider].summary(world.ledger.items(provider))
    return web.json_response({**figures, "calls": world.ledger.calls(provider)})


async def page(request: web.Request) -> web.Response:
    """The newest entries of one provider."""
    world = request.app[WORLD]
    provider = _known(world, request.query.get("provider", next(iter(world.dialects))))
    return render(
        request,
        "ledger.html",
        providers={name: (dialect.title, world.ledger.total(name)) for name, dialect in world.dialects.items()},
        provider=provider,
        paging=Paging.of(request, world.ledger.items(provider)[::-1], ENTRIES_PER_PAGE),
        deliveries=list(reversed(world.courier.log))[:ENTRIES_PER_PAGE],
    )


async def webhooks(request: web.Request) -> web.Response:
    """What the courier brought: counts since the start and the last 500 deliveries, oldest first."""
    courier = request.app[WORLD].courier
    counts = {name: courier.counts[name] for name in ("delivered", "failed", "dropped")}
    return web.json_response({"waiting": courier.waiting, **counts, "items": list(courier.log)})


async def missing(request: web.Request) -> web.Response:
    """Any other address below a provider's ledger."""
    return json_error("not_found", "Peça /sandbox/ledger/{provider} ou .../summary.", status=404)


ROUTES = [
    web.get("/ledger", page),
    web.get("/ledger/{provider}", items),
    web.get("/ledger/{provider}/summary", summary),
    web.get("/ledger/{provider}/{tail:.*}", missing),
    web.get("/webhooks", webhooks),
]
