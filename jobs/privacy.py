"""Forgetting people, and what time does to those nobody has contact with."""

from core.clock import utcnow
from core.queue import DEFAULT, Job, enqueue
from jobs.base import job, system_work, tenant_work
from services import privacy


@job
def erase(tenant_id: int, erasure_id: int) -> bool:
    """Forget somebody; False while something of theirs is under way, and the clock comes back."""
    with tenant_work(tenant_id) as session:
        return privacy.erase(session, tenant_id, erasure_id, utcnow())


@job
def sweep_erasures() -> int:
    """Leave a job for every erasure that waits."""
    with system_work("privacy: find erasures") as session:
        waiting = privacy.erasures_waiting(session)
    return sum(enqueue(Job("jobs.privacy.erase", ids, DEFAULT)) for ids in waiting)


@job
def sweep_stale_leads() -> int:
    """Remove who has been without contact for as long as their account says, in pieces of their own transactions."""
    with system_work("privacy: find accounts with a limit") as session:
        tenants = privacy.tenants_with_retention(session)
    removed = 0
    for tenant_id in tenants:
        after = 0
        while True:
            with tenant_work(tenant_id) as session:
                gone, after = privacy.sweep_stale(session, tenant_id, after=after, now=utcnow())
            removed += gone
            if not after:
                break
    return removed
