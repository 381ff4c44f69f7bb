"""Hotmart's events, links for forgotten passwords, what ends by itself."""

from datetime import timedelta
from typing import Final

from core.clock import utcnow
from core.queue import DEFAULT, Job, enqueue
from jobs.base import job, session_factory, system_work, tenant_work
from services import accounts

SWEEP_AFTER: Final = timedelta(minutes=1)
"""Younger events have a job of their own on its way."""


@job
def apply_hotmart_event(stored_id: int) -> str | None:
    """Bring the event's licence up to date. What can't be applied is marked, and the sweep tries again."""
    try:
        with system_work("hotmart: apply a stored event") as session:
            return accounts.apply_hotmart_event(session, stored_id, utcnow())
    except Exception as problem:
        with system_work("hotmart: note a failure") as session:
            accounts.note_failure(session, stored_id, f"{type(problem).__name__}: {problem}")
        raise


@job
def sweep_hotmart_events() -> int:
    """Leave a job for every stored event that nobody applied."""
    with system_work("hotmart: sweep stored events") as session:
        waiting = accounts.open_hotmart_events(session, utcnow() - SWEEP_AFTER)
    return sum(enqueue(Job("jobs.accounts.apply_hotmart_event", (one,), DEFAULT)) for one in waiting)


@job
def send_reset_link(email: str) -> bool:
    """Send the link of “Esqueci minha senha” when the e-mail has an account; False (and silence) otherwise."""
    with session_factory()() as looking:
        account = accounts.find_account(looking, email)
    if account is None:
        return False
    with tenant_work(account.tenant_id) as session:
        return accounts.send_reset_link(session, account, utcnow())


@job
def forget_what_is_over() -> int:
    """Delete kept answers after 24 hours and programs' sign-in keys a day after their end."""
    with system_work("accounts: forget what is over") as session:
        now = utcnow()
        return accounts.forget_old_answers(session, now) + accounts.remove_expired_keys(session, now)
