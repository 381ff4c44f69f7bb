"""The one handler that turns a refusal or a failure into a page, a fragment or the JSON envelope.

Refusals (`core.errors`) say what to do. Failures of the database or Redis are a 503. Whatever else goes wrong is
logged with its stack and answered with a code the person can quote; nothing of the inside is shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_limiter.errors import RateLimitExceeded
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from redis.exceptions import ConnectionError as RedisDown
from redis.exceptions import TimeoutError as RedisSlow
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from core.db import db
from core.doors import is_api, request_id
from core.errors import AppError, Unauthenticated, Unavailable
from core.extensions import login_manager

TEMPLATES: Final = {400, 401, 403, 404, 409, 413, 422, 429, 500, 503}
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered. `sentence` is for everybody; None lets the page of that status speak for itself."""

    status: int
    code: str
    sentence: str | None
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def init_errors(app: Flask) -> None:
    """Register the handlers."""
    handlers: dict[type[Exception], Callable[[Any], Problem]] = {
        AppError: _of_app_error,
        HTTPException: _of_http_error,
        **dict.fromkeys((OperationalError, InterfaceError, PoolTimeout, RedisDown, RedisSlow), _of_outage),
        Exception: _of_unexpected,
    }
    for kind, describe in handlers.items():
        app.register_error_handler(kind, _handler(describe))


def _handler(describe: Callable[[Any], Problem]) -> Callable[[Exception], ResponseReturnValue]:
    """Let go of the database first: already the language of the sentence asks who is signed in."""

    def handle(error: Exception) -> ResponseReturnValue:
        _let_go_of_the_database()
        return answer(describe(error))

    return handle


def answer(problem: Problem) -> ResponseReturnValue:
    """Page, fragment or JSON, as the request calls for."""
    if is_api(request.path):
        return _as_json(problem)
    if problem.status == Unauthenticated.http_status and not _wants_fragment():
        return redirect(url_for("accounts.login", next=_page_asked_for()), 303)
    template = _template_of(problem.status)
    page = render_template(
        "errors/_fragment.html" if _wants_fragment() else f"errors/{template}.html",
        code=problem.status,
        message=problem.sentence,
        request_id=request_id(),
    )
    response = make_response(page, problem.status)
    response.headers.update(problem.headers)
    return response


def _of_outage(error: Exception) -> Problem:
    log.error("part_out", problem=str(error).splitlines()[0], kind=type(error).__name__)
    return _of_app_error(Unavailable())


def _of_unexpected(error: Exception) -> Problem:
    log.exception("unexpected_error", kind=type(error).__name__)
    sentence = _("O erro foi nosso e já ficou registrado. Tente de novo; se continuar, diga o código %(code)s.",
                 code=request_id())  # fmt: skip
    return Problem(500, "unexpected", sentence if is_api(request.path) else None)


def _of_app_error(error: AppError) -> Problem:
    return Problem(error.http_status, error.code, _(error.message), error.fields)


def _of_http_error(error: HTTPException) -> Problem:
    status = error.code or 500
    code, words = _words_of(status)
    sentence: str | None = words
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After"}}
    if isinstance(error, RateLimitExceeded):
        sentence = _("Foram muitas tentativas em pouco tempo. Espere %(minutes)s min e tente de novo.",
                     minutes=-(-error.limit.limit.get_expiry() // 60))  # fmt: skip
    elif isinstance(error, CSRFError):
        code = "csrf"
        sentence = _("Esta página ficou aberta por tempo demais. Atualize a página e tente de novo.")
    elif not is_api(request.path):
        sentence = None
    return Problem(status, code, sentence, _fields_of(error), headers)


def _words_of(status: int) -> tuple[str, str]:
    words = {
        400: ("bad_request", _("Não entendemos o pedido: confira se o corpo é JSON válido.")),
        401: ("unauthenticated", _("Entre na sua conta ou envie uma chave válida.")),
        403: ("forbidden", _("Seu papel ou o escopo da chave não permite esta ação.")),
        404: ("not_found", _("Não encontramos o que você procura. Confira o endereço.")),
        405: ("method_not_allowed", _("Este endereço não aceita este método.")),
        409: ("conflict", _("A situação mudou. Leia de novo antes de repetir.")),
        413: ("too_large", _("O conteúdo enviado é grande demais.")),
        415: ("unsupported_media_type", _("Este endereço não aceita este tipo de conteúdo.")),
        422: ("invalid_input", _("Alguns campos precisam de atenção.")),
        429: ("too_many_requests", _("Muitas tentativas seguidas. Espere um pouco.")),
    }
    fallback = ("unexpected", _("O erro foi nosso.")) if status >= 500 else words[400]
    return words.get(status, fallback)


def _fields_of(error: HTTPException) -> dict[str, list[str]]:
    """What webargs found, without the name of the part of the request it was found in."""
    found: Any = getattr(error, "data", None) or {}
    messages = found.get("messages", {}) if isinstance(found, dict) else {}
    flat: dict[str, list[str]] = {}
    for part in messages.values() if isinstance(messages, dict) else []:
        if isinstance(part, dict):
            flat |= _flattened(part)
    return flat


def _flattened(part: Mapping[Any, Any], prefix: str = "") -> dict[str, list[str]]:
    """Nested problems as `messages.0.content`."""
    flat: dict[str, list[str]] = {}
    for name, problems in part.items():
        path = f"{prefix}{name}"
        if isinstance(problems, dict):
            flat |= _flattened(problems, f"{path}.")
        else:
            flat[path] = [str(problem) for problem in (problems if isinstance(problems, list) else [problems])]
    return flat


def _as_json(problem: Problem) -> Response:
    sentence = problem.sentence or _words_of(problem.status)[1]
    body = {"code": problem.code, "message": sentence, "fields": dict(problem.fields), "request_id": request_id()}
    response = jsonify({"error": body})
    response.status_code = problem.status
    response.headers.update(problem.headers)
    return response


def _template_of(status: int) -> int:
    if status in TEMPLATES:
        return status
    return 500 if status >= 500 else 400


def _wants_fragment() -> bool:
    return "HX-Request" in request.headers


def _page_asked_for() -> str | None:
    """Where to go after signing in: the page that was asked for, never the target of a form."""
    return request.full_path.rstrip("?") if request.method == "GET" and request.path != "/" else None


def _let_go_of_the_database() -> None:
    """Undo what the door began, and make sure that showing the error doesn't need a database that is out."""
    try:
        db.session.rollback()
        current_user.is_authenticated  # noqa: B018 - loads the person now, while a failure can still be caught
    except Exception as problem:
        log.warning("error_page_without_user", problem=type(problem).__name__)
        db.session.remove()
        g._login_user = login_manager.anonymous_user()
