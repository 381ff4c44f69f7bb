"""What the operator asks for at the command line. Runs as the system."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import NotFound
from models.accounts import Tenant, User
from services.accounts.creation import NewTenant, create_tenant
from services.accounts.directory import EMAIL, DirectoryEntry, find_here
from services.accounts.emails import normalise_email
from services.accounts.entitlement import entitlements_of
from services.audit import record_audit

ADMIN_TENANT: Final = "Administração"


class NoSuchPerson(NotFound):
    """Nobody signs in with this e-mail."""

    code = "no_such_person"
    message = "Ninguém entra com este e-mail. Confira o endereço."


def require_account(session: Session, email: str) -> DirectoryEntry:
    """Whose e-mail it is; NoSuchPerson otherwise."""
    found = find_here(session, EMAIL, normalise_email(email))
    if found is None:
        raise NoSuchPerson
    return found


def create_super_admin(session: Session, *, email: str, password: str) -> NewTenant:
    """A super-admin, in an account of their own so that nobody's data hangs on it. BadEmail, EmailTaken."""
    made = create_tenant(session, name=ADMIN_TENANT, email=email, password=password)
    session.execute(
        update(User).where(User.tenant_id == made.tenant_id, User.id == made.user_id).values(is_super_admin=True)
    )
    record_audit(session, made.tenant_id, "accounts.super_admin_created", actor_user_id=made.user_id)
    return made


def tenant_lines(session: Session, now: datetime) -> list[dict[str, Any]]:
    """Every tenant with what its licence allows, in the order made."""
    rows = session.execute(select(Tenant.id, Tenant.name, Tenant.email).order_by(Tenant.id)).all()
    entitlements = entitlements_of(session, [row.id for row in rows], now)
    lines = []
    for row in rows:
        found = entitlements[row.id]
        lines.append(
            {
                "tenant_id": row.id,
                "name": row.name,
                "email": row.email,
                "plan": found.plan.slug or None,
                "status": str(found.reason),
                "paid_until": found.paid_until.isoformat() if found.paid_until else None,
            }
        )
    return lines
