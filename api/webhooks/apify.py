"""`POST /webhooks/apify/{token}`: a run has ended. The address holds the secret; the run is read with our own token."""

from typing import Final

from flask import Blueprint
from flask.typing import ResponseReturnValue

from api.webhooks.hotmart import bounded_body
from core.clock import utcnow
from core.db import db
from core.errors import Unauthenticated
from core.extensions import csrf
from core.tenancy import tenant_scope
from services.leads import extraction as room

blueprint: Final = Blueprint("apify_webhook", __name__)
csrf.exempt(blueprint)


@blueprint.post("/webhooks/apify/<token>")
def receive(token: str) -> ResponseReturnValue:
    """413 over 1 MiB, 401 for a wrong secret, 503 while the database is out, 200 otherwise, whatever the body says."""
    body = bounded_body()
    owner = room.find_call_owner(db.session(), token)
    if owner is None:
        raise Unauthenticated
    with tenant_scope(owner.tenant_id):
        session = db.session()
        if not room.store_call(session, owner, body, now=utcnow()):
            session.rollback()
            raise Unauthenticated
        session.commit()
    return {"status": "stored"}
