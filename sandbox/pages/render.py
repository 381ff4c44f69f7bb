"""Rendering, the security headers of every page, errors as sentences, paging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sandbox.clock import shown
from sandbox.dialect import Handler
from sandbox.ledger import Entry

PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_TICKS = {-1: "✗", 0: "", 1: "◷", 2: "✓", 3: "✓✓", 4: "✓✓"}
_TICK_WORDS = {-1: "falhou", 0: "recebida", 1: "aceita", 2: "enviada", 3: "entregue", 4: "lida"}


def _money(centavos: int) -> str:
    return f"R$ {centavos / 100:,.2f}".translate(str.maketrans(",.", ".,"))


def _first_said(*names: str) -> Callable[[Entry], str]:
    """What a dialect's entry says under the first of these names; dialects name their fields as they like."""
    return lambda entry: next((str(entry[name]) for name in names if entry.get(name)), "")


def _result(entry: Entry) -> str:
    said = _first_said("outcome", "http_status", "error")(entry)
    return f"{said} · {_TICK_WORDS[entry['status']]}" if entry.get("status") else said


def _environment() -> Environment:
    folder = Path(__file__).parent.parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "shown": shown,
        "money": _money,
        "tick": _TICKS.get,
        "tick_word": _TICK_WORDS.get,
        "what": _first_said("event", "subject", "text", "media"),
        "result": _result,
    }
    return environment


_TEMPLATES = _environment()


def render(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """A page from a template in `sandbox/templates`."""
    text = _TEMPLATES.get_template(template).render(path=request.path, **values)
    return web.Response(text=text, content_type="text/html", status=status)


def is_json(request: web.Request) -> bool:
    """Whether a program asks, not a person's form."""
    return request.content_type == "application/json"


async def read_fields(request: web.Request) -> dict[str, Any]:
    """The fields of a form or a JSON object. Raises 400."""
    if not is_json(request):
        return dict(await request.post())
    return await read_json_object(request)


async def read_json_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object, whatever its content type says; an empty body is an empty object. Raises
    400.
    """
    try:
        data = await request.json() if request.can_read_body else {}
    except ValueError:
        raise web.HTTPBadRequest(text="O corpo não é JSON válido.") from None
    if not isinstance(data, dict):
        raise web.HTTPBadRequest(text='O corpo deve ser um objeto JSON, como {"provider": "mega"}.')
    return data


def json_error(code: str, message: str, *, status: int = 400) -> web.Response:
    """An error for a program."""
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def _error(request: web.Request, error: web.HTTPException) -> web.Response:
    message = error.text or error.reason
    if error.status == 404 and message.startswith("404"):
        message = "Não há nada neste endereço do sandbox."
    if "text/html" in request.headers.get("Accept", "") and not is_json(request):
        return render(request, "error.html", status=error.status, message=message)
    return json_error(error.reason.lower().replace(" ", "_"), message, status=error.status)


@web.middleware
async def friendly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other sites' forms, turn errors into sentences, put the security headers on."""
    response: web.StreamResponse
    try:
        if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise web.HTTPForbidden(text="Este pedido veio de outro site.")
        response = await handler(request)
    except web.HTTPException as error:
        response = error if error.status < 400 else _error(request, error)
    response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    if not request.path.startswith("/sandbox/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a list, with the addresses of its neighbours (None at the ends)."""

    items: Sequence[Any]
    total: int
    number: int
    previous: str | None
    following: str | None

    @classmethod
    def of(cls, request: web.Request, items: Sequence[Any], size: int) -> Paging:
        """The page the request's `page` asks for; nonsense means the first."""
        wanted = request.query.get("page", "1")
        number = max(1, int(wanted)) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 1
        end = number * size

        def address(page: int) -> str:
            return "?" + urlencode({**request.query, "page": page})

        return cls(
            items[end - size : end],
            len(items),
            number,
            address(number - 1) if number > 1 else None,
            address(number + 1) if end < len(items) else None,
        )
