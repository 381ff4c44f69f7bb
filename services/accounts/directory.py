"""The one way to find something before its tenant is known (architecture section 3)."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.tenancy import system_scope
from models.accounts import Directory

EMAIL: Final = "email"
"""The kind of the e-mails people sign in with."""

LICENCE: Final = "licence"
"""The kind of Hotmart's licence keys: subscriber codes and transactions."""


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """Whose it is, and which row of theirs."""

    tenant_id: int
    target_id: int


class AlreadyTaken(Conflict):
    """Another row, perhaps another tenant's, is registered under this key."""

    code = "already_taken"
    message = "Isto já está em uso. Escolha outro valor."


def find_in_directory(session: Session, kind: str, key: str) -> DirectoryEntry | None:
    """Look a key up as the system, on a connection of its own: the caller's transaction keeps its own scope."""
    with system_scope("directory look-up"), Session(session.get_bind()) as looking:
        return find_here(looking, kind, key)


def find_here(session: Session, kind: str, key: str) -> DirectoryEntry | None:
    """The same inside a transaction that already runs as the system, and sees what it has registered itself."""
    row = session.execute(
        select(Directory.tenant_id, Directory.target_id).where(Directory.kind == kind, Directory.key == key)
    ).one_or_none()
    return DirectoryEntry(*row) if row else None


def register_in_directory(session: Session, kind: str, key: str, *, tenant_id: int, target_id: int) -> None:
    """Make a row findable; AlreadyTaken when the key leads elsewhere. Registering the same again is fine."""
    statement = insert(Directory).values(kind=kind, key=key, tenant_id=tenant_id, target_id=target_id)
    made = session.execute(statement.on_conflict_do_nothing().returning(Directory.key)).scalar()
    if made is None and find_in_directory(session, kind, key) != DirectoryEntry(tenant_id, target_id):
        raise AlreadyTaken


def remove_from_directory(session: Session, kind: str, *, tenant_id: int, target_id: int) -> None:
    """Forget every key of this kind that leads to the row."""
    session.execute(
        delete(Directory).where(
            Directory.tenant_id == tenant_id, Directory.kind == kind, Directory.target_id == target_id
        )
    )
