"""E-mails on their way out."""

from core.clock import utcnow
from core.config import get_settings
from core.queue import MAIL, Job, enqueue
from core.smtp import deliver
from jobs.base import job, system_work, tenant_work
from services.outgoing import (
    apply_email,
    due_emails,
    prepare_email,
    tenants_to_write_to,
    warn_of_endings,
    write_notices_email,
)


@job
def send_email(tenant_id: int, email_id: int) -> str:
    """Claim, commit, send with no connection held, settle. Returns what became of it.

    Called twice for one e-mail (a sweep and a retry at once) only one claim succeeds.
    """
    settings = get_settings()
    with tenant_work(tenant_id) as session:
        prepared = prepare_email(session, tenant_id, email_id, utcnow(), sender=settings.mail_from)
    if prepared is None:
        return "not due"
    delivery = deliver(settings.smtp_url, prepared.message)
    with tenant_work(tenant_id) as session:
        apply_email(session, prepared, delivery, utcnow())
    return str(delivery.outcome)


@job
def sweep_emails() -> int:
    """Leave a job for every e-mail that is due: a retry's time has come, or Redis lost the job."""
    with system_work("outgoing: sweep e-mails") as session:
        due = due_emails(session, utcnow())
    return sum(enqueue(Job("jobs.outgoing.send_email", ids, MAIL)) for ids in due)


@job
def email_notices() -> int:
    """One e-mail to each tenant that has news nobody has written about -> how many notices were told."""
    with system_work("outgoing: notices to write about") as session:
        tenants = tenants_to_write_to(session, utcnow())
    told = 0
    for tenant_id in tenants:
        with tenant_work(tenant_id) as session:
            told += write_notices_email(session, tenant_id, utcnow(), base_url=get_settings().public_url)
    return told


@job
def warn_of_ending_licences() -> int:
    """Notices for the tenants whose sending stops within a week."""
    with system_work("outgoing: licences that end") as session:
        return warn_of_endings(session, utcnow())
