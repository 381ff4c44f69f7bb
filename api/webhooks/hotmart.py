"""`POST /webhooks/hotmart`: size, secret, store, answer. What it means is worked out by a job after the commit."""

from typing import Final

from flask import Blueprint, current_app, request
from flask.typing import ResponseReturnValue

from connectors.hotmart import body_token, verify
from core.db import db
from core.errors import TooLarge, Unauthenticated
from core.extensions import csrf
from core.tenancy import system_scope
from services.accounts import store_hotmart_event

MAX_BYTES: Final = 1024 * 1024

blueprint = Blueprint("hotmart_webhook", __name__)
csrf.exempt(blueprint)


class WrongHottok(Unauthenticated):
    """The caller isn't Hotmart, or the token was copied wrong."""

    code = "wrong_hottok"
    message = "O hottok não confere com o configurado (HOTMART_HOTTOK)."


@blueprint.post("/webhooks/hotmart")
def receive() -> ResponseReturnValue:
    """413 over 1 MiB, 401 for a wrong hottok, 503 while the database is out, 200 otherwise, whatever the event is."""
    body = bounded_body()
    if not verify(dict(request.headers), body_token(body), current_app.config["SETTINGS"].hotmart_hottok):
        raise WrongHottok
    with system_scope("hotmart webhook: store the raw event"):
        session = db.session()
        store_hotmart_event(session, body)
        session.commit()
        db.session.remove()
    return {"status": "stored"}


def bounded_body() -> bytes:
    """The body; TooLarge beyond 1 MiB, also when the caller announced less or nothing at all."""
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge
    body = request.stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge
    return body
