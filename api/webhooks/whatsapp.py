"""`/webhooks/whatsapp/{instance_token}`: a provider tells us what became of a message, or what somebody wrote."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from core.db import db
from core.errors import Forbidden, TooLarge, Unauthenticated
from core.extensions import csrf
from core.tenancy import tenant_scope
from core.wake import wake_sender_after_commit
from services.instances import challenge_of, find_webhook_owner, store_webhook

MAX_BYTES = 1024 * 1024

blueprint = Blueprint("whatsapp_webhook", __name__)
csrf.exempt(blueprint)


@blueprint.post("/webhooks/whatsapp/<token>")
def receive(token: str) -> ResponseReturnValue:
    """Store and answer 200. 413 over 1 MiB, 401 for a wrong secret, 503 when the database is out (the one handler
    turns its refusal into that), whatever the body says."""
    if (request.content_length or 0) > MAX_BYTES:
        raise TooLarge
    body = request.stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge
    owner = find_webhook_owner(db.session(), token)
    if owner is None:
        raise Unauthenticated
    with tenant_scope(owner.tenant_id):
        session = db.session()
        if not store_webhook(session, owner, token, dict(request.headers), body):
            session.rollback()
            raise Unauthenticated
        wake_sender_after_commit(session)
        session.commit()
    return {"status": "stored"}


@blueprint.get("/webhooks/whatsapp/<token>")
def shake_hands(token: str) -> ResponseReturnValue:
    """Meta asks whether this address is ours: its challenge goes back as plain text, 403 for a wrong token."""
    challenge = challenge_of(db.session(), token, request.args)
    if challenge is None:
        raise Forbidden
    return challenge, 200, {"Content-Type": "text/plain; charset=utf-8"}
