"""One writer of many leads at a time in a tenant: imports, undos and purges. Others (a form, the inbox) needn't ask.

Held to the end of the transaction. Under it the plan's limit is checked against what is really there, and nobody
removes a lead between an import's look at it and its membership.
"""

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.orm import Session

from core.errors import Conflict
from services.leads import sql

RETRY_SECONDS: Final = 0.2


class LeadsBusy(Conflict):
    """Another import, undo or purge of this tenant is writing."""

    code = "leads_busy"
    message = "Outra importação está gravando agora. Espere ela terminar e tente de novo."


def lock_leads(session: Session, tenant_id: int, *, while_waiting: Callable[[], None] = lambda: None) -> None:
    """Wait for the lock, with a call five times a second: a worker that waits must go on giving signs of life."""
    while not _got_it(session, tenant_id):
        while_waiting()
        time.sleep(RETRY_SECONDS)


def try_lock_leads(session: Session, tenant_id: int) -> None:
    """Take the lock or raise LeadsBusy: for a request, which doesn't wait."""
    if not _got_it(session, tenant_id):
        raise LeadsBusy


def _got_it(session: Session, tenant_id: int) -> bool:
    return bool(session.execute(sql.TRY_LOCK_LEADS, {"tenant": tenant_id}).scalar_one())
