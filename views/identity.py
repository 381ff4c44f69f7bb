"""Who is looking at a page: the session cookie, and what every template is told about it."""

from typing import Any

from flask import Flask, current_app, g, request, session
from flask_login import current_user, login_user
from werkzeug.local import LocalProxy

from core.clock import utcnow
from core.db import db
from core.doors import bearer_key, request_id
from core.extensions import login_manager
from core.tenancy import enter_tenant, leave_scope
from services.accounts import Entitlement, Person, entitlement_of, parse_cookie_id, person_of_cookie
from services.outgoing import unread_notices
from views.licence_words import Notice, notice_about


def init_identity(app: Flask) -> None:
    """Load people from their cookie and hand the templates what the frame needs."""
    login_manager.user_loader(load_from_cookie)
    app.context_processor(page_context)


def load_from_cookie(text: str) -> Person | None:
    """The person of a `tenant.user.epoch` cookie, inside whose tenant the rest of the request then works.

    None for a program's request: its key, not a browser's leftover cookie, says who it is.
    """
    named = parse_cookie_id(text)
    if named is None or bearer_key() is not None:
        return None
    act_as(named[0])
    person = person_of_cookie(db.session(), *named)
    if person is None:
        act_as(None)
    return person


def act_as(tenant_id: int | None) -> None:
    """Let go of the session and work as this tenant (or nobody) from here on: a transaction can't change hands."""
    db.session.remove()
    leave_scope()
    if tenant_id is not None:
        enter_tenant(tenant_id)


def sign_in(person: Person, *, remember: bool) -> None:
    """Give the browser its cookie. What an earlier visitor left in the session goes first."""
    session.clear()
    session.permanent = remember
    login_user(person)


def user_language() -> str | None:
    """The locale of the tenant, for whoever has not chosen one."""
    return current_user.tenant.language if current_user.is_authenticated else None


def user_zone() -> str | None:
    """The time zone that moments are shown in."""
    return current_user.tenant.time_zone if current_user.is_authenticated else None


def page_context() -> dict[str, Any]:
    """What `layouts/` need. The licence notice costs a query, so it is looked up only by a page that shows it."""
    return {
        "tenant": current_user.tenant if current_user.is_authenticated else None,
        "licence_notice": LocalProxy(_licence_notice),
        "unread_notices": LocalProxy(_unread_notices),
        "sandbox_url": current_app.config["SETTINGS"].sandbox_url,
        "nav_active": request.blueprint,
        "request_id": request_id(),
    }


def current_entitlement() -> Entitlement:
    """The signed-in tenant's entitlement, looked up once a request."""
    if "entitlement" not in g:
        g.entitlement = entitlement_of(db.session(), current_user.tenant_id, utcnow())
    entitlement: Entitlement = g.entitlement
    return entitlement


def _licence_notice() -> Notice | None:
    return notice_about(current_entitlement()) if current_user.is_authenticated else None


def _unread_notices() -> int:
    """What the bell counts; looked up once a request, by pages that show it."""
    if "unread_notices" not in g:
        is_somebody = current_user.is_authenticated
        g.unread_notices = unread_notices(db.session(), current_user.tenant_id) if is_somebody else 0
    count: int = g.unread_notices
    return count
