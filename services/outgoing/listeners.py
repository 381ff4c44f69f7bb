"""What other rooms said -> the e-mail it means. Connected in `services.subscriptions`."""

from typing import Final

from sqlalchemy.orm import Session

from models.accounts import TokenPurpose
from services.accounts import OneTimeLinkMade
from services.outgoing.email import queue_email
from services.outgoing.rendering import EmailTemplate

TEMPLATES: Final = {
    TokenPurpose.CHOOSE_PASSWORD: EmailTemplate.WELCOME,
    TokenPurpose.RESET_PASSWORD: EmailTemplate.RESET_PASSWORD,
}


def write_link_email(session: Session, made: OneTimeLinkMade) -> None:
    """The e-mail that carries a one-time link."""
    queue_email(
        session,
        made.tenant_id,
        made.email,
        TEMPLATES[made.purpose],
        values={"name": made.name, "address": made.address, "email": made.email},
        language=made.language,
    )
