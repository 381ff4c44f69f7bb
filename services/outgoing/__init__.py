"""What leaves the house after a commit: e-mails, and notices to the people of a tenant."""

from services.outgoing.email import (
    PreparedEmail,
    apply_email,
    due_emails,
    prepare_email,
    queue_email,
)
from services.outgoing.listeners import write_link_email
from services.outgoing.notices import News, tell_people
from services.outgoing.rendering import EmailTemplate

__all__ = [
    "EmailTemplate",
    "News",
    "PreparedEmail",
    "apply_email",
    "due_emails",
    "prepare_email",
    "queue_email",
    "tell_people",
    "write_link_email",
]
