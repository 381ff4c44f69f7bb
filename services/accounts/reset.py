"""“Esqueci minha senha”: the work behind it runs in a job, so that the page answers the same, and as fast, whether or
not the e-mail has an account."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.accounts import TokenPurpose
from services.accounts.directory import DirectoryEntry
from services.accounts.one_time import send_one_time_link
from services.accounts.principal import load_person


def send_reset_link(session: Session, account: DirectoryEntry, now: datetime) -> bool:
    """Send the person a link that works once, for an hour. False when they can't sign in any more."""
    person = load_person(session, account.tenant_id, account.target_id)
    if person is None:
        return False
    send_one_time_link(session, person, TokenPurpose.RESET_PASSWORD, now)
    return True
