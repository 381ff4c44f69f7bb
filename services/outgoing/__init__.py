"""What leaves the house after a commit: e-mails, and notices to the people of a tenant."""

from services.outgoing.email import (
    PreparedEmail,
    apply_email,
    due_emails,
    prepare_email,
    queue_email,
)
from services.outgoing.endings import ending_news, warn_of_endings
from services.outgoing.listeners import write_link_email
from services.outgoing.notices import (
    News,
    mark_notices_read,
    notices_of,
    tell_people,
    tenants_to_write_to,
    unread_notices,
    write_notices_email,
)
from services.outgoing.rendering import EmailTemplate

__all__ = [
    "EmailTemplate",
    "News",
    "PreparedEmail",
    "apply_email",
    "due_emails",
    "ending_news",
    "mark_notices_read",
    "notices_of",
    "prepare_email",
    "queue_email",
    "tell_people",
    "tenants_to_write_to",
    "unread_notices",
    "warn_of_endings",
    "write_link_email",
    "write_notices_email",
]
