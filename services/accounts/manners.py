"""How an account treats the people it writes to."""

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.accounts import Tenant
from services.audit import record_audit

MOST_A_WEEK: Final = 50


def messages_per_person_week(session: Session, tenant_id: int) -> int | None:
    """The most messages a person gets in seven days over all campaigns; None = any number."""
    return session.scalars(select(Tenant.messages_per_person_week).where(Tenant.id == tenant_id)).one()


def limit_messages_per_person(session: Session, tenant_id: int, most: int | None, *, actor: int | None) -> None:
    """Set it; the sender follows with its next message. InvalidInput outside 1 to MOST_A_WEEK."""
    if most is not None and not 1 <= most <= MOST_A_WEEK:
        sentence = f"Use de 1 a {MOST_A_WEEK}, ou deixe vazio para não ter limite."
        raise InvalidInput(fields={"messages_per_person_week": [sentence]})
    before = messages_per_person_week(session, tenant_id)
    session.execute(update(Tenant).where(Tenant.id == tenant_id).values(messages_per_person_week=most))
    record_audit(session, tenant_id, "accounts.limit_per_person", actor_user_id=actor, before=before, after=most)
