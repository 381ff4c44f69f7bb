"""What every request goes through before its door: an id to quote, nobody's scope, who is asking, CSRF.

1. An id (`X-Request-ID`, ours unless a proxy gave one) on every log line and answer, so that a person can quote it.
2. The scope of nobody, whatever the thread served before.
3. The one who is asking, loaded before any other query: a transaction can't change hands once begun.
4. May they? A view marked by `core.access.requires` is refused here, before its body is even read.
5. CSRF: every form of a page; on `/api` only where the session cookie is what let them in, since another site can
   make a browser send a cookie but no `Authorization` header; never on the doors of providers.
"""

import re
import time
import uuid
from typing import Final

import structlog
from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from prometheus_client import Histogram

from core.access import current_principal
from core.db import db
from core.errors import Forbidden
from core.extensions import csrf
from core.tenancy import request_scope

UNNAMED_DOORS: Final = (
    "/static/",
    "/healthz",
    "/metrics",
    "/webhooks/",
    "/tg/",
    "/api/health",
    "/api/payments/webhook/",
)
"""Nobody is asked who they are here: these open without a database, or carry a secret of their own."""

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
SECONDS: Final = Histogram(
    "leads_request_seconds", "Time to answer a request", ["endpoint", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip


def init_doors(app: Flask) -> None:
    """Register the steps, in the order above."""
    app.before_request(_open)
    app.before_request(_identify)
    app.before_request(_authorise)
    app.before_request(_refuse_forged)
    app.after_request(_finish)
    app.teardown_request(_close)


def request_id() -> str:
    """The code of this request that a person may quote."""
    made: str = g.get("request_id", "")
    return made


def is_api(path: str) -> bool:
    """True for the addresses that programs use, and that answer errors as JSON."""
    return path.startswith(("/api/", "/webhooks/", "/tg/", "/healthz")) and path != "/api/docs"


def bearer_key() -> str | None:
    """The key of an `Authorization: Bearer KEY` header, None without one."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def csrf_exempt(view: object) -> bool:
    """True for a view marked with `core.extensions.csrf.exempt`, alone or by its blueprint."""
    name = f"{getattr(view, '__module__', '')}.{getattr(view, '__name__', '')}"
    blueprint = request.blueprint and current_app.blueprints.get(request.blueprint)
    return name in csrf._exempt_views or blueprint in csrf._exempt_blueprints


def _open() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex[:12]
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    # The rule and not the path: a path may carry a one-time link or a webhook's token.
    structlog.contextvars.bind_contextvars(
        request_id=g.request_id, route=str(request.url_rule or "none"), method=request.method
    )
    g.scope = request_scope()
    g.scope.__enter__()


def _identify() -> None:
    if request.path.startswith(UNNAMED_DOORS):
        return
    if current_user.is_authenticated:
        structlog.contextvars.bind_contextvars(tenant_id=current_user.tenant_id, user_id=current_user.user_id)


def _authorise() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    action = getattr(view, "required_action", None)
    if action is not None and not current_principal().can(action):
        raise Forbidden


def _refuse_forged() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.path.startswith(UNNAMED_DOORS) or view is None or csrf_exempt(view):
        return
    if is_api(request.path) and not _let_in_by_cookie():
        return
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()


def _let_in_by_cookie() -> bool:
    return bool(current_user.is_authenticated) and getattr(current_user, "scopes", None) is None


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = request_id()
    # What is shown belongs to whoever is signed in: no shared cache keeps it, and "back" asks again.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if "started" in g:
        SECONDS.labels(request.endpoint or "none", request.method, response.status_code).observe(
            time.perf_counter() - g.started
        )
    return response


def _close(_failure: BaseException | None) -> None:
    """The session is let go before the scope: what it began must not live on under another."""
    scope = g.pop("scope", None)
    if scope is not None:
        db.session.remove()
        scope.__exit__(None, None, None)
