"""`/unsubscribe/{token}`: leave with one press, without signing in."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import render_template
from sqlalchemy.orm import Session

from core.db import db, make_session_factory, unit_of_work
from core.extensions import csrf
from core.tenancy import tenant_scope
from core.throttle import leaving_by_address
from services import privacy as room
from views.privacy import blueprint


@blueprint.get("/unsubscribe/<token>")
def unsubscribe(token: str) -> str:
    """Whom one would leave. Looking changes nothing: mail programs open links by themselves."""
    who = room.read_leaving(token)
    with _work(who) as session:
        name = room.name_of_sender(session, who)
    return render_template("privacy/unsubscribe.html", sender=name, who=who, token=token, is_done=False)


@blueprint.post("/unsubscribe/<token>", endpoint="leave")
@csrf.exempt  # type: ignore[untyped-decorator]
@leaving_by_address
def leave(token: str) -> str:
    """Do it. Mail programs press this themselves (RFC 8058), so it asks for no token of a form: the link is one."""
    who = room.read_leaving(token)
    with _work(who) as session:
        name = room.name_of_sender(session, who)
        room.leave(session, who)
    return render_template("privacy/unsubscribe.html", sender=name, who=who, token=token, is_done=True)


@contextmanager
def _work(who: room.Leaving) -> Iterator[Session]:
    """A transaction as the account the link names, whoever is signed in here."""
    with tenant_scope(who.tenant_id), unit_of_work(make_session_factory(db.engine)) as session:
        yield session
