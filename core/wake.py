"""Telling the sender daemons, after the commit, that there may be something to send or to read.

Only a hint through Redis: a daemon looks every 250 ms anyway, so a lost wake costs that and no more.
"""

from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.queue import redis_connection

SENDER_CHANNEL: Final = "sender:wake"
log = structlog.get_logger()


def wake_sender_after_commit(session: Session) -> None:
    """Wake every sender once `session` has committed: after a launch, a resume, a stored webhook."""
    session.info["wake_sender"] = True


@event.listens_for(Session, "after_commit")
def _wake(session: Session) -> None:
    if not session.info.pop("wake_sender", False):
        return
    try:
        redis_connection().publish(SENDER_CHANNEL, b"1")
    except RedisError as problem:
        log.info("sender_not_woken", problem=type(problem).__name__)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("wake_sender", None)
