"""What every room's API shares: the envelope, key-set paging, OpenAPI, addresses.

A room's file makes a `Blueprint` from here, declares its schemas with marshmallow and lets `views.errors` answer
refusals. Lists take `PageArgs` and answer `page_of(ItemSchema)`; `core.paging.fetch_page` cuts the page.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import marshmallow as ma
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from flask_smorest import Api as SmorestApi
from flask_smorest import Blueprint as SmorestBlueprint

from api import idempotency, words
from core.config import VERSION
from core.paging import DEFAULT_LIMIT, MAX_LIMIT, Page

__all__ = ["Blueprint", "ErrorSchema", "Page", "PageArgs", "Schema", "StrictSchema", "init_api", "page_of"]

# A field takes its sentences when it is made, so they are set before the first schema anywhere is declared.
words.speak_portuguese()

ViewT = TypeVar("ViewT", bound=Callable[..., Any])
MOVED: Final = {"/api/campaigns/campaigns": "/api/campaigns"}


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """A room's routes, described in `/api/openapi.json`; typed, since flask-smorest isn't."""

    if TYPE_CHECKING:

        def route(self, rule: str, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def get(self, rule: str, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def post(self, rule: str, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def put(self, rule: str, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def patch(self, rule: str, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def delete(self, rule: str, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def arguments(self, schema: Any, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def response(self, status_code: Any, schema: Any = None, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def alt_response(self, status_code: Any, **options: Any) -> Callable[[ViewT], ViewT]: ...
        def doc(self, **options: Any) -> Callable[[ViewT], ViewT]: ...


class Schema(ma.Schema):
    """Base of what we answer: fields in the order written."""


class StrictSchema(ma.Schema):
    """Base of what we accept: an unknown field is a mistake worth telling (422), not something to drop silently."""

    class Meta:
        unknown = ma.RAISE


class ErrorDetail(Schema):
    """`code` is stable, `message` is for people, `fields` names each field's problems."""

    code = ma.fields.String(required=True)
    message = ma.fields.String(required=True)
    fields_ = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()), data_key="fields", attribute="fields"
    )
    request_id = ma.fields.String()


class ErrorSchema(Schema):
    """Every refusal of the API."""

    error = ma.fields.Nested(ErrorDetail, required=True)


class PageArgs(ma.Schema):
    """`?limit=&cursor=` of every list. Other parameters are left to the room's own schema."""

    class Meta:
        unknown = ma.EXCLUDE

    limit = ma.fields.Integer(load_default=DEFAULT_LIMIT, validate=ma.validate.Range(min=1, max=MAX_LIMIT))
    cursor = ma.fields.String(load_default=None, allow_none=True)


def page_of(item: type[ma.Schema]) -> type[ma.Schema]:
    """The schema of a `Page` of items: `{"items": [...], "next_cursor": null}`."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    return Schema.from_dict(
        {
            "items": ma.fields.List(ma.fields.Nested(item), required=True),
            "next_cursor": ma.fields.String(allow_none=True, required=True),
        },
        name=name,
    )


class Api(SmorestApi):  # type: ignore[misc]
    """Errors are answered by the house's one handler, not by flask-smorest's."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        return


def init_api(app: Flask) -> Api:
    """OpenAPI, Portuguese field problems, `Idempotency-Key`, trailing slashes, moved addresses."""
    # Set before any rule is added: a rule without a trailing slash then takes the address with one, too.
    app.url_map.strict_slashes = False
    app.config.update(
        API_TITLE="Leads Infinitos",
        API_VERSION=VERSION,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api",
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"security": [{"bearer": []}, {"cookie": []}]},
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # sentences stay readable in a terminal
    made = Api(app)
    made.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    made.spec.components.security_scheme("cookie", {"type": "apiKey", "in": "cookie", "name": "leads_session"})
    idempotency.init_idempotency(app)
    for number, (old, new) in enumerate(MOVED.items()):
        _redirect_moved(app, f"api_moved_{number}", old, new)
    return made


def _redirect_moved(app: Flask, endpoint: str, old: str, new: str) -> None:
    """308 keeps method and body."""

    def moved(rest: str = "") -> ResponseReturnValue:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        return redirect(f"{new}/{rest}".rstrip("/") + query, 308)

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    app.add_url_rule(old, endpoint, moved, methods=methods)
    app.add_url_rule(f"{old}/<path:rest>", endpoint, moved, methods=methods)
