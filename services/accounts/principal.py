"""Who is asking, as plain values: loaded once per request, safe to keep after the session is gone."""

from dataclasses import dataclass

from models.accounts import Role
from services.accounts.permissions import role_may, scope_covers


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user, or (with `scopes`) a program using that user's key."""

    tenant_id: int
    user_id: int
    name: str
    email: str
    role: Role
    session_epoch: int
    is_super_admin: bool = False
    scopes: frozenset[str] | None = None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def can(self, action: str) -> bool:
        """True when the role, and the key's scopes where a key is used, allow the action."""
        return role_may(self.role, action) and (self.scopes is None or scope_covers(self.scopes, action))

    def get_id(self) -> str:
        """What the signed session cookie holds: `tenant.user.epoch`."""
        return f"{self.tenant_id}.{self.user_id}.{self.session_epoch}"
