"""A call to the outside from a page or a job: prepare, commit, send, apply, commit (architecture rules 2 and 5)."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from sqlalchemy.orm import Session

from core import http
from core.http_messages import HttpAnswer, HttpRequest

ResultT = TypeVar("ResultT")
MOST_PAGES: Final = 50


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


def call_outside_in_pages(
    session: Session, prepare: Callable[..., HttpRequest], apply: Callable[[Session, HttpAnswer], str]
) -> None:
    """The same for a list in pages: `prepare` takes `cursor` ("" first), `apply` gives the next one, "" at the end.
    Fifty pages at most, should a provider never say that it has ended."""
    cursor = ""
    for _ in range(MOST_PAGES):
        cursor = call_outside(session, partial(prepare, cursor=cursor), apply)
        if not cursor:
            return
