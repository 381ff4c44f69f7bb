"""Tenants and people to test with, written straight into the tables, each test in a tenant of its own."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from argon2 import PasswordHasher
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope
from models.accounts import Directory, Licence, LicenceSource, Role, Tenant, User

PASSWORD = "uma-senha-de-teste"


@lru_cache(maxsize=1)
def _password_hash() -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass(frozen=True)
class Human:
    """Somebody who can sign in."""

    tenant_id: int
    user_id: int
    email: str
    password: str = PASSWORD


@dataclass(frozen=True)
class TenantHandle:
    """A tenant and its owner."""

    id: int
    owner: Human
    plan_slug: str

    @property
    def owner_id(self) -> int:
        return self.owner.user_id

    @property
    def email(self) -> str:
        return self.owner.email

    @property
    def password(self) -> str:
        return self.owner.password


def make_tenant(
    factory: sessionmaker[Session], *, plan: str = "infinito", name: str = "Clínica Sorriso"
) -> TenantHandle:
    """A tenant with an owner and a licence without end for `plan` (no licence when `plan` is empty)."""
    with system_scope("test world"), factory.begin() as session:
        tenant = Tenant(name=name, email=f"contato-{secrets.token_hex(6)}@example.com")
        session.add(tenant)
        session.flush()
        if plan:
            session.add(
                Licence(
                    tenant_id=tenant.id,
                    source=LicenceSource.MANUAL,
                    external_key=f"test-{tenant.id}",
                    plan_slug=plan,
                    starts_at=datetime(2026, 1, 1, tzinfo=UTC),
                    has_no_end=True,
                )
            )
        tenant_id = tenant.id
    return TenantHandle(tenant_id, make_user(factory, tenant_id, role=Role.OWNER), plan)


def make_user(factory: sessionmaker[Session], tenant_id: int, *, role: Role | str = Role.VIEWER) -> Human:
    """A person of this tenant who can sign in with PASSWORD."""
    email = f"pessoa-{secrets.token_hex(6)}@example.com"
    with system_scope("test world"), factory.begin() as session:
        user = User(
            tenant_id=tenant_id, email=email, name="Pessoa de Teste", password_hash=_password_hash(), role=Role(role)
        )
        session.add(user)
        session.flush()
        session.add(Directory(kind="email", key=email, tenant_id=tenant_id, target_id=user.id))
        return Human(tenant_id, user.id, email)
