"""A program's key: `Authorization: Bearer KEY` -> the key's owner, limited by its scopes."""

from flask import Flask, Request

from core.clock import utcnow
from core.db import db
from core.doors import bearer_key
from core.extensions import login_manager
from core.tenancy import enter_tenant, leave_scope
from services.accounts import Person, find_api_key, note_key_used, person_of_key


def init_identity(app: Flask) -> None:
    """Teach flask-login to read keys. Only `/api` does: a page is for people."""
    login_manager.request_loader(load_from_key)


def load_from_key(request: Request) -> Person | None:
    """The principal of the request's key; None when there is none or it is unknown, revoked or past its end."""
    key = bearer_key()
    if not key or not request.path.startswith("/api"):
        return None
    found = find_api_key(db.session(), key)
    if found is None:
        return None
    db.session.remove()
    enter_tenant(found.tenant_id)
    now = utcnow()
    person = person_of_key(db.session(), found, key, now)
    if person is None:
        db.session.remove()
        leave_scope()
    elif note_key_used(db.session(), found, now):
        db.session.commit()
    return person
