"""A nudge for the sender once there is something new to send. Only speed hangs on it: it looks by itself anyway."""

from typing import Final

import structlog
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.queue import redis_connection

SENDER_WAKE: Final = "sender:wake"
"""The Redis channel that the sender listens to; what a message says doesn't matter."""

_FLAG: Final = "wakes_sender"
log = structlog.get_logger()


def wake_sender_after_commit(session: Session) -> None:
    """Publish to `SENDER_WAKE` once `session` has committed; nothing happens if it rolls back."""
    session.info[_FLAG] = True


@event.listens_for(Session, "after_commit")
def _publish(session: Session) -> None:
    if not session.info.pop(_FLAG, False):
        return
    try:
        redis_connection().publish(SENDER_WAKE, "look")
    except RedisError as problem:
        log.info("sender_not_woken", problem=str(problem))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_FLAG, None)
