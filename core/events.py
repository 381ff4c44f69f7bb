"""Rooms say what happened; others listen, inside the emitter's transaction (architecture section 1).

The one list of who listens is `services/subscriptions.py`, which only the roof imports, so no room calls upwards.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

EventT = TypeVar("EventT")
_listeners: dict[type, list[Callable[[Session, Any], None]]] = defaultdict(list)


def subscribe(event_type: type[EventT], listener: Callable[[Session, EventT], None]) -> None:
    """Call `listener(session, event)` for each event of this type; registering twice is the same as once."""
    if listener not in _listeners[event_type]:
        _listeners[event_type].append(listener)


def emit(session: Session, event: object) -> None:
    """Tell every listener, in order of subscription. What a listener raises undoes the emitter's transaction too."""
    for listener in _listeners[type(event)]:
        listener(session, event)
