"""Who may do what, at the door: load the principal, check the action, refuse in one place.

The doors decorate their functions with `requires("campaigns.launch")`; the table of roles and actions is
`services.accounts.permissions`, reached through the principal itself, so that this floor knows no room.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar, cast

from flask_login import current_user

from core.errors import Forbidden, Unauthenticated

P = ParamSpec("P")
R = TypeVar("R")


class Principal(Protocol):
    """Who is asking: a signed-in person or a program's key, always of one tenant."""

    tenant_id: int
    user_id: int
    name: str
    email: str

    def can(self, action: str) -> bool:
        """True when role (and, for a key, scope) allow the action."""


def current_principal() -> Principal:
    """The one who is asking; Unauthenticated when nobody is signed in."""
    if not current_user.is_authenticated:
        raise Unauthenticated
    return cast(Principal, current_user)


def requires(action: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a door open only for those who may do `action`. The route x role matrix reads `required_action`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not current_principal().can(action):
                raise Forbidden
            return function(*args, **kwargs)

        guarded.required_action = action  # type: ignore[attr-defined]
        return guarded

    return decorate
