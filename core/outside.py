"""A call to the outside from a page or a job: prepare, commit, send, apply, commit (architecture rules 2 and 5)."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from core import http
from core.http_messages import HttpAnswer, HttpRequest

ResultT = TypeVar("ResultT")


def call_outside(
    session: Session, prepare: Callable[[Session], HttpRequest], apply: Callable[[Session, HttpAnswer], ResultT]
) -> ResultT:
    """Build the request in one transaction, send it with no connection held, take the answer in another.

    Belongs to doors: it commits twice.
    """
    request = prepare(session)
    session.commit()
    answer = http.send(request)
    result = apply(session, answer)
    session.commit()
    return result
