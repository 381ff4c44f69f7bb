"""`/sandbox/control` and `/sandbox/reset`: make a provider misbehave, and forget everything again."""

from typing import Any

from aiohttp import web

from sandbox.misbehaviour import MAX_MS, NAMES, Nonsense, read_changes
from sandbox.pages.render import json_error, read_json_object
from sandbox.world import WORLD, World


def _shown(world: World, provider: str) -> dict[str, Any]:
    names = world.dialects if provider == "*" else (provider,)
    return {"providers": {name: world.behaviour.shown(name) for name in names}}


async def show(request: web.Request) -> web.Response:
    """The switches of every provider."""
    return web.json_response(_shown(request.app[WORLD], "*"))


async def change(request: web.Request) -> web.Response:
    """Set the named switches of one provider or of `*`; the others stay as they are. With `*`, `closed_ms` closes the
    port for that long: connections are refused.
    """
    data = await read_json_object(request)
    world = request.app[WORLD]
    try:
        provider = _provider(data)
        closed_ms = _closed_ms(provider, data)
        world.behaviour.change(provider, read_changes(data))
    except Nonsense as error:
        return json_error("bad_control", str(error))
    _close(world, closed_ms)
    return web.json_response(_shown(world, provider))


async def change_by_form(request: web.Request) -> web.Response:
    """The same from the index page; an empty field leaves its switch alone."""
    form = {name: str(value).strip() for name, value in (await request.post()).items()}
    try:
        provider = _provider(dict(form))
        values = {name: _typed(name, value) for name, value in form.items() if name in NAMES and value}
        if not form.get("seed"):
            values["seed"] = None
        closed_ms = _closed_ms(provider, {"closed_ms": _typed("closed_ms", form.get("closed_ms") or "0")})
        request.app[WORLD].behaviour.change(provider, read_changes(values))
    except Nonsense as error:
        raise web.HTTPBadRequest(text=str(error)) from None
    _close(request.app[WORLD], closed_ms)
    if closed_ms:
        return web.Response(text="A porta do sandbox está fechada por um momento; volte à página inicial depois.")
    raise web.HTTPSeeOther(f"/sandbox/#{provider}")


async def reset(request: web.Request) -> web.Response:
    """Forget ledger, messages and misbehaviour of one provider or all.

    Connections and webhook addresses stay, so a running app goes on; `{"instances": true}` forgets them too.
    """
    data = await read_json_object(request)
    world = request.app[WORLD]
    provider = data.get("provider", "*")
    unknown = [name for name in data if name not in ("provider", "instances")]
    if provider != "*" and provider not in world.dialects:
        known = ", ".join(world.dialects)
        return json_error("bad_reset", f"Não conheço o provedor {provider!r}. Conheço: {known} e *.")
    if unknown or not isinstance(data.get("instances", False), bool):
        return json_error("bad_reset", "Conheço só provider (nome ou *) e instances (true ou false).")
    names = list(world.dialects) if provider == "*" else [provider]
    for name in names:
        world.reset(name, forget_accounts=data.get("instances", False))
    return web.json_response({"reset": names})


async def reset_by_form(request: web.Request) -> web.Response:
    """The button of the index page."""
    world = request.app[WORLD]
    for name in world.dialects:
        world.reset(name)
    raise web.HTTPSeeOther("/sandbox/")


def _provider(data: dict[str, Any]) -> str:
    provider = data.pop("provider", None)
    if not isinstance(provider, str):
        raise Nonsense('Diga qual provedor: {"provider": "mega", ...}, ou "*" para todos.')
    return provider


def _closed_ms(provider: str, data: dict[str, Any]) -> int:
    """How long the port is to be closed. It is one for all providers, so only `*` may ask for it."""
    value = data.pop("closed_ms", 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_MS:
        raise Nonsense(f"closed_ms deve ser um número inteiro de milissegundos, de 0 a {MAX_MS}; veio {value!r}.")
    if value and provider != "*":
        raise Nonsense('closed_ms fecha a porta de todos os provedores: use {"provider": "*"}.')
    return value


def _close(world: World, milliseconds: int) -> None:
    if milliseconds and world.door is not None:
        world.door.close_for(milliseconds)


def _typed(name: str, value: str) -> Any:
    try:
        if name == "receipt_delay_ms":
            return [int(part) for part in value.replace(",", " ").split()]
        return int(value) if name in ("seed", "copies") or name.endswith("_ms") else float(value.replace(",", "."))
    except ValueError:
        raise Nonsense(f"{name} deve ser um número; veio {value!r}.") from None


ROUTES = [
    web.get("/control", show),
    web.post("/control", change),
    web.post("/control/form", change_by_form),
    web.post("/reset", reset),
    web.post("/reset/form", reset_by_form),
]
