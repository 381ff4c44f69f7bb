"""What happened with one person: campaigns, follow-ups, conversations, wishes to leave. Found by the phone, so that it
holds for somebody who was deleted and came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.campaigns import Campaign, CampaignContact
from models.inbox import Conversation
from models.leads import Lead, Suppression

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Encounter:
    """One campaign (or one of its follow-ups, `step` > 0) and how far its message to this person came."""

    campaign_id: int
    campaign_name: str
    step: int
    contact: CampaignContact

    @property
    def at(self) -> datetime:
        """The latest thing that happened."""
        one = self.contact
        moments = (one.replied_at, one.read_at, one.delivered_at, one.sent_at, one.failed_at)
        return max((moment for moment in moments if moment), default=one.queued_at)


@dataclass(frozen=True, slots=True)
class History:
    """The latest first in each; MOST at most."""

    encounters: Sequence[Encounter]
    conversations: Sequence[Conversation]
    suppressions: Sequence[Suppression]


def history_of(session: Session, lead: Lead) -> History:
    """Everything that is kept of a person beside the lead itself."""
    tenant_id = lead.tenant_id
    rows = session.execute(
        select(CampaignContact, Campaign.name, Campaign.step)
        .join(
            Campaign, (Campaign.tenant_id == CampaignContact.tenant_id) & (Campaign.id == CampaignContact.campaign_id)
        )
        .where(
            CampaignContact.tenant_id == tenant_id,
            Campaign.tenant_id == tenant_id,
            CampaignContact.phone_key == lead.phone_key,
        )
        .order_by(CampaignContact.queued_at.desc())
        .limit(MOST)
    )
    encounters = [Encounter(contact.campaign_id, name, step, contact) for contact, name, step in rows]
    conversations = session.scalars(
        select(Conversation)
        .where(Conversation.tenant_id == tenant_id, Conversation.phone_key == lead.phone_key)
        .order_by(Conversation.last_message_at.desc())
        .limit(MOST)
    ).all()
    same = or_(Suppression.phone_key == lead.phone_key, Suppression.email == (lead.email.lower() or None))
    suppressions = session.scalars(select(Suppression).where(Suppression.tenant_id == tenant_id, same)).all()
    return History(sorted(encounters, key=lambda one: one.at, reverse=True), conversations, suppressions)
