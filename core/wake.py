"""Tapping the sender on the shoulder. Only speed hangs on it: the sender looks by itself every 250 ms anyway."""

import structlog
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from core.queue import redis_connection

CHANNEL = "sender:wake"
log = structlog.get_logger()


def wake_sender() -> None:
    """Publish now; Redis being out is logged and otherwise ignored."""
    try:
        redis_connection().publish(CHANNEL, b"1")
    except RedisError as problem:
        log.info("sender_not_woken", problem=str(problem))


def wake_sender_after_commit(session: Session) -> None:
    """Publish once the session has committed: before that there is nothing for the sender to see."""
    session.info["wake_sender"] = True


@event.listens_for(Session, "after_commit")
def _wake(session: Session) -> None:
    if session.info.pop("wake_sender", False):
        wake_sender()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("wake_sender", None)
