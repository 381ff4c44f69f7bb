"""How long an account keeps people it has no contact with: months, off by default.

Contact is a message to them, an answer, a change of the lead or its arrival. Who is due goes in pieces by the clock, as
if deleted by hand: suppressions stay as hashes, campaigns keep their own rows.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.accounts import Tenant
from services.audit import record_audit
from services.leads import delete_leads, lock_leads
from services.privacy import sql

FEWEST_MONTHS: Final = 3
MOST_MONTHS: Final = 120
DAYS_A_MONTH: Final = 30.44
PEOPLE_A_PIECE: Final = 2_000


def retention_of(session: Session, tenant_id: int) -> int | None:
    """Months, None = people stay."""
    return session.scalars(select(Tenant.retention_months).where(Tenant.id == tenant_id)).one()


def keep_for(session: Session, tenant_id: int, months: int | None, *, actor: int | None) -> None:
    """Set it. InvalidInput outside FEWEST_MONTHS to MOST_MONTHS."""
    if months is not None and not FEWEST_MONTHS <= months <= MOST_MONTHS:
        sentence = f"Use de {FEWEST_MONTHS} a {MOST_MONTHS} meses, ou deixe vazio para guardar sem prazo."
        raise InvalidInput(fields={"retention_months": [sentence]})
    before = retention_of(session, tenant_id)
    session.execute(update(Tenant).where(Tenant.id == tenant_id).values(retention_months=months))
    record_audit(session, tenant_id, "privacy.retention", actor_user_id=actor, before=before, after=months)


def ask_for_proof(session: Session, tenant_id: int, is_needed: bool, *, actor: int | None) -> None:
    """Whether imports by consent must say where the proof is."""
    session.execute(update(Tenant).where(Tenant.id == tenant_id).values(needs_consent_proof=is_needed))
    record_audit(session, tenant_id, "privacy.consent_proof", actor_user_id=actor, after=is_needed)


def count_stale(session: Session, tenant_id: int, months: int, now: datetime) -> int:
    """How many would go today."""
    return int(session.execute(sql.COUNT_STALE, _before(tenant_id, months, now)).scalar_one())


def sweep_stale(session: Session, tenant_id: int, *, after: int, now: datetime) -> tuple[int, int]:
    """Remove one piece of the people who are due, with ids above `after` -> (how many went, the last id looked at; 0 =
    that was the last piece)."""
    months = retention_of(session, tenant_id)
    if months is None:
        return 0, 0
    lock_leads(session, tenant_id)
    values = _before(tenant_id, months, now) | {"after": after, "most": PEOPLE_A_PIECE}
    due = session.execute(sql.STALE, values).all()
    if not due:
        return 0, 0
    delete_leads(session, tenant_id, [one.id for one in due])
    record_audit(session, tenant_id, "privacy.retention_sweep", removed=len(due), months=months)
    return len(due), due[-1].id if len(due) == PEOPLE_A_PIECE else 0


def tenants_with_retention(session: Session) -> list[int]:
    """For the clock, in system scope."""
    return list(session.scalars(select(Tenant.id).where(Tenant.retention_months.is_not(None)).order_by(Tenant.id)))


def _before(tenant_id: int, months: int, now: datetime) -> dict[str, object]:
    return {"tenant": tenant_id, "before": now - timedelta(days=months * DAYS_A_MONTH)}
