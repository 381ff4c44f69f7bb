"""Who hears from this tenant for the first time: people who should be told how to leave."""

from sqlalchemy import Subquery, exists, func, select
from sqlalchemy.orm import Session

from models.campaigns import CampaignContact, ContactStatus


def count_first_contacts(session: Session, tenant_id: int, people: Subquery) -> int:
    """Of an audience (`audience.audience`), the recipients whom no campaign has ever written to."""
    was_written_to = exists().where(
        CampaignContact.tenant_id == tenant_id,
        CampaignContact.phone_key == people.c.phone_key,
        CampaignContact.claimed_at.is_not(None),
    )
    statement = select(func.count()).select_from(people)
    return session.scalar(statement.where(people.c.status == ContactStatus.PENDING.value, ~was_written_to)) or 0
