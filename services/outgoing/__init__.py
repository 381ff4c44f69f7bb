"""What leaves the house after a commit: e-mails for now, signed webhooks and notices later."""

from services.outgoing.email import (
    PreparedEmail,
    apply_email,
    due_emails,
    prepare_email,
    queue_email,
)
from services.outgoing.listeners import write_link_email
from services.outgoing.rendering import EmailTemplate

__all__ = [
    "EmailTemplate",
    "PreparedEmail",
    "apply_email",
    "due_emails",
    "prepare_email",
    "queue_email",
    "write_link_email",
]
