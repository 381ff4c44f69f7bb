"""Signing in with e-mail and password. The answer never tells whether the e-mail has an account."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import Unauthenticated
from models.accounts import User
from services.accounts.directory import EMAIL, DirectoryEntry, find_in_directory
from services.accounts.emails import normalise_email
from services.accounts.passwords import MAX_LENGTH, check_password, hash_password, is_outdated
from services.accounts.principal import Person, load_person
from services.audit import record_audit


class WrongCredentials(Unauthenticated):
    """No such account, wrong password, or a switched-off person: one sentence for all."""

    code = "wrong_credentials"
    message = "E-mail ou senha não conferem. Confira os dois e tente de novo."


def find_account(session: Session, email: str) -> DirectoryEntry | None:
    """Whose e-mail it is. Before the tenant is known: through the directory."""
    return find_in_directory(session, EMAIL, normalise_email(email))


def check_sign_in(session: Session, account: DirectoryEntry | None, password: str, now: datetime) -> Person:
    """The person, inside whose tenant's scope this runs; WrongCredentials otherwise, after the same work."""
    stored = _password_hash(session, account) if account else None
    is_right = len(password) <= MAX_LENGTH and check_password(password, stored)
    person = load_person(session, account.tenant_id, account.target_id) if account and is_right else None
    if person is None:
        raise WrongCredentials
    changes: dict[str, object] = {"last_sign_in_at": now}
    if stored and is_outdated(stored):
        changes["password_hash"] = hash_password(password)
    session.execute(update(User).where(User.tenant_id == person.tenant_id, User.id == person.user_id).values(changes))
    record_audit(session, person.tenant_id, "accounts.sign_in", actor_user_id=person.user_id)
    return person


def _password_hash(session: Session, account: DirectoryEntry) -> str | None:
    return session.scalar(
        select(User.password_hash).where(
            User.tenant_id == account.tenant_id, User.id == account.target_id, User.is_active
        )
    )
