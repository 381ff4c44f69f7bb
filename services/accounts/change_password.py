"""A signed-in person changes their own password, knowing the present one."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.accounts import User
from services.accounts.one_time import set_password
from services.accounts.passwords import MAX_LENGTH, check_password, refuse_weak_password
from services.accounts.principal import Person


class WrongPassword(InvalidInput):
    """The present password isn't the one given."""

    code = "wrong_password"
    message = "A senha atual não confere."

    def __init__(self) -> None:
        super().__init__(fields={"current_password": [self.message]})


def change_password(session: Session, person: Person, *, current: str, new: str) -> Person:
    """The person with a new session epoch: the caller gives this browser a new cookie, all others are signed out."""
    stored = session.scalar(
        select(User.password_hash).where(User.tenant_id == person.tenant_id, User.id == person.user_id)
    )
    if len(current) > MAX_LENGTH or not check_password(current, stored):
        raise WrongPassword
    refuse_weak_password(new, email=person.email, name=person.name)
    return set_password(session, person.tenant_id, person.user_id, new)
