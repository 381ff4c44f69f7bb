"""Who is asking, as plain values: loaded once per request, safe to keep after the session is gone."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.accounts import Role, Tenant, TenantStatus, User
from services.accounts.permissions import role_may, scope_covers


@dataclass(frozen=True, slots=True)
class Company:
    """What pages and jobs need to know of a tenant."""

    id: int
    name: str
    time_zone: str
    language: str
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in user, or (with `scopes`) a program using that user's key."""

    tenant_id: int
    user_id: int
    name: str
    email: str
    role: Role
    session_epoch: int
    tenant: Company
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


def load_person(
    session: Session, tenant_id: int, user_id: int, *, scopes: frozenset[str] | None = None
) -> Person | None:
    """The user as a principal; None when there is no such user, they were switched off, or the account is closed.

    A suspended account still signs in and reads: its entitlement says why nothing is sent.
    """
    row = session.execute(
        select(User, Tenant)
        .join(Tenant, Tenant.id == User.tenant_id)
        .where(User.tenant_id == tenant_id, User.id == user_id, User.is_active, Tenant.status != TenantStatus.CLOSED)
    ).one_or_none()
    return _as_person(row[0], row[1], scopes) if row else None


def person_of_cookie(session: Session, tenant_id: int, user_id: int, epoch: int) -> Person | None:
    """The user a session cookie names; None also when the password has changed since it was given."""
    person = load_person(session, tenant_id, user_id)
    return person if person and person.session_epoch == epoch else None


def parse_cookie_id(text: str) -> tuple[int, int, int] | None:
    """`tenant.user.epoch` -> the three numbers, None for anything else."""
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def _as_person(user: User, tenant: Tenant, scopes: frozenset[str] | None) -> Person:
    return Person(
        tenant_id=tenant.id,
        user_id=user.id,
        name=user.name,
        email=user.email,
        role=user.role,
        session_epoch=user.session_epoch,
        tenant=Company(tenant.id, tenant.name, tenant.time_zone, tenant.language, tenant.is_demo),
        is_super_admin=user.is_super_admin,
        scopes=scopes,
    )
