"""New tenants and people. Runs as the system: there is no tenant to work as before there is one."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import Conflict, NotFound
from models.accounts import Licence, LicenceSource, Plan, Role, Tenant, TokenPurpose, User
from services.accounts.directory import EMAIL, AlreadyTaken, register_in_directory
from services.accounts.emails import checked_email
from services.accounts.one_time import send_one_time_link
from services.accounts.passwords import hash_password
from services.accounts.principal import load_person
from services.audit import record_audit

PASSWORD_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without the ones that look alike, for a password somebody reads from a screen and types."""

PASSWORD_LENGTH: Final = 14
NAME_LENGTH: Final = 120


class EmailTaken(Conflict):
    """Somebody signs in with this e-mail already."""

    code = "email_taken"
    message = "Já existe uma conta com este e-mail. Entre nela ou use outro endereço."


class NoSuchPlan(NotFound):
    """No plan has this slug."""

    code = "no_such_plan"
    message = "Não existe um plano com este nome."


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What was made: the tenant and its owner."""

    tenant_id: int
    user_id: int
    email: str


def create_tenant(
    session: Session, *, name: str, email: str, password: str | None = None, is_demo: bool = False
) -> NewTenant:
    """A tenant and its owner, without a licence. Without a password the owner can't sign in until they choose one
    by a link (`welcome_owner`). BadEmail, EmailTaken."""
    address = checked_email(email)
    label = clean_name(name) or address
    tenant = Tenant(name=label, email=address, is_demo=is_demo)
    session.add(tenant)
    session.flush()
    user_id = create_user(session, tenant.id, name=label, email=address, role=Role.OWNER, password=password)
    record_audit(session, tenant.id, "accounts.tenant_created", actor_user_id=user_id)
    return NewTenant(tenant.id, user_id, address)


def create_user(
    session: Session, tenant_id: int, *, name: str, email: str, role: Role, password: str | None = None
) -> int:
    """A person of the tenant, findable by e-mail. Returns the id; BadEmail, EmailTaken."""
    address = checked_email(email)
    user = User(
        tenant_id=tenant_id,
        email=address,
        name=clean_name(name) or address,
        password_hash=hash_password(password) if password else None,
        role=role,
    )
    session.add(user)
    session.flush()
    try:
        register_in_directory(session, EMAIL, address, tenant_id=tenant_id, target_id=user.id)
    except AlreadyTaken as taken:
        raise EmailTaken from taken
    return user.id


def welcome_owner(session: Session, made: NewTenant, now: datetime) -> None:
    """Send the one-time link by which the owner chooses a password."""
    person = load_person(session, made.tenant_id, made.user_id)
    if person is not None:
        send_one_time_link(session, person, TokenPurpose.CHOOSE_PASSWORD, now)


def grant_manual_licence(
    session: Session, tenant_id: int, plan_slug: str, now: datetime, *, source: LicenceSource = LicenceSource.MANUAL
) -> None:
    """A licence without end, by hand (command line, demo). NoSuchPlan."""
    require_plan(session, plan_slug)
    session.add(
        Licence(
            tenant_id=tenant_id,
            source=source,
            external_key=f"{source}-{secrets.token_hex(8)}",
            plan_slug=plan_slug,
            starts_at=now,
            has_no_end=True,
        )
    )
    record_audit(session, tenant_id, "accounts.licence_granted", plan=plan_slug, source=str(source))


def require_plan(session: Session, slug: str) -> Plan:
    """The plan; NoSuchPlan otherwise."""
    plan = session.scalar(select(Plan).where(Plan.slug == slug))
    if plan is None:
        raise NoSuchPlan
    return plan


def new_password() -> str:
    """A random password that can be read aloud: 14 letters and digits, about 69 bits."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_LENGTH))


def clean_name(name: str) -> str:
    """One line of printable characters, at most 120."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:NAME_LENGTH]
