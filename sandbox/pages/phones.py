"""The phones: every WhatsApp number of every gateway, its chats, and a person answering as the contact."""

from aiohttp import web

from sandbox.pages.render import Paging, read_fields, render
from sandbox.whatsapp.gateway import Gateway
from sandbox.whatsapp.phones import Instance
from sandbox.whatsapp.qr import qr_png_data_url, turn
from sandbox.world import WORLD, World

CHATS_PER_PAGE = 20
REPLY_CHARACTERS = 4_096
REPLY_KINDS = ("text", "image")


def _gateways(world: World) -> list[Gateway]:
    return world.all_of(Gateway)


def _gateway(request: web.Request) -> Gateway:
    for gateway in _gateways(request.app[WORLD]):
        if gateway.name == request.match_info["provider"]:
            return gateway
    raise web.HTTPNotFound(text="Este provedor não tem celulares. Volte à lista de celulares.")


def _instance(request: web.Request, gateway: Gateway) -> Instance:
    instance = gateway.phones.find(request.match_info["key"])
    if instance is None:
        raise web.HTTPNotFound(text="Este número ainda não foi usado. Conecte-o primeiro pelo aplicativo.")
    return instance


async def phones(request: web.Request) -> web.Response:
    """Every number: state, buttons, newest chats."""
    numbers = [(gateway, instance) for gateway in _gateways(request.app[WORLD]) for instance in gateway.phones]
    return render(request, "phones.html", paging=Paging.of(request, numbers, CHATS_PER_PAGE))


async def chats(request: web.Request) -> web.Response:
    """One number: its QR code while it waits, its chats with paging and search."""
    gateway = _gateway(request)
    instance = _instance(request, gateway)
    search = "".join(character for character in request.query.get("q", "") if character.isdigit())
    return render(
        request,
        "chats.html",
        gateway=gateway,
        instance=instance,
        search=search,
        qr=None if instance.is_connected else qr_png_data_url(instance.key, turn()),
        paging=Paging.of(request, instance.newest_chats(search), CHATS_PER_PAGE),
    )


async def chat(request: web.Request) -> web.Response:
    """One chat, its last 50 messages and a field to answer as the contact."""
    gateway = _gateway(request)
    instance = _instance(request, gateway)
    phone = request.match_info["phone"]
    messages = dict(instance.newest_chats(phone)).get(phone, [])
    return render(request, "chat.html", gateway=gateway, instance=instance, phone=phone, messages=messages)


async def reply(request: web.Request) -> web.Response:
    """The contact writes to us."""
    gateway = _gateway(request)
    instance = _instance(request, gateway)
    phone = request.match_info["phone"]
    fields = await read_fields(request)
    text, kind = str(fields.get("text") or "").strip(), str(fields.get("kind") or "text")
    if kind not in REPLY_KINDS or (kind == "text" and not text) or len(text) > REPLY_CHARACTERS:
        raise web.HTTPBadRequest(text=f"Escreva a resposta do contato, até {REPLY_CHARACTERS} caracteres.")
    gateway.reply(instance, phone, text, kind)
    raise web.HTTPSeeOther(f"/sandbox/phones/{gateway.name}/{instance.key}/{phone}")


def _switch(*, is_connected: bool, is_for_programs: bool) -> web.RouteDef:
    word = "connect" if is_connected else "disconnect"

    async def handle(request: web.Request) -> web.Response:
        if is_for_programs:
            return _switch_everywhere(request, is_connected=is_connected)
        gateway = _gateway(request)
        gateway.connect(_instance(request, gateway), is_connected=is_connected)
        raise web.HTTPSeeOther(f"/sandbox/phones/{gateway.name}/{request.match_info['key']}")

    path = f"/instances/{{key}}/{word}" if is_for_programs else f"/phones/{{provider}}/{{key}}/{word}"
    return web.post(path, handle)


def _switch_everywhere(request: web.Request, *, is_connected: bool) -> web.Response:
    """By key alone, for tests: the gateway that knows the key."""
    key = request.match_info["key"]
    for gateway in _gateways(request.app[WORLD]):
        instance = gateway.phones.find(key)
        if instance is not None:
            gateway.connect(instance, is_connected=is_connected)
            return web.json_response({"provider": gateway.name, "key": key, "connected": is_connected})
    raise web.HTTPNotFound(text=f"Nenhum provedor conhece o número {key!r}; ele nasce na primeira chamada.")


ROUTES = [
    web.get("/phones", phones),
    web.get("/phones/{provider}/{key}", chats),
    _switch(is_connected=True, is_for_programs=False),
    _switch(is_connected=False, is_for_programs=False),
    web.get(r"/phones/{provider}/{key}/{phone:\d{8,15}}", chat),
    web.post(r"/phones/{provider}/{key}/{phone:\d{8,15}}/reply", reply),
    _switch(is_connected=True, is_for_programs=True),
    _switch(is_connected=False, is_for_programs=True),
]
