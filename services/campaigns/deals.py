"""Closed deals: counted for a campaign and, when a person says whose they are, kept with the recipient. Who has bought
gets no follow-up any more."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput, NotFound
from models.campaigns import Campaign, CampaignContact, CampaignCounts, ContactStatus
from services.audit import record_audit
from services.campaigns.find import campaign_of

DEAL: Final = "deal"
NOBODY: Final = "Esta pessoa não está nesta campanha."


class NoDealToRemove(Conflict):
    """Closed deals never go below zero."""

    code = "no_deal_to_remove"
    message = "Esta campanha não tem negócio fechado para descontar."


class DealCountedAlready(Conflict):
    """One deal a person and campaign: pressing twice counts once."""

    code = "deal_counted_already"
    message = "O negócio desta pessoa já foi contado nesta campanha."


def add_deal(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    delta: int,
    *,
    actor: int | None,
    contact_id: int | None = None,
    now: datetime | None = None,
) -> int:
    """Count one closed deal more (1) or less (-1) -> how many there are. Atomic; NoDealToRemove at zero.

    With `contact_id` (and then `now`) it is that recipient's: kept with the row, counted once, and their waiting
    follow-ups are cancelled. Taking it back doesn't queue those again.
    """
    if delta not in (1, -1):
        raise InvalidInput(fields={"delta": ["Use 1 para somar um negócio fechado ou -1 para descontar."]})
    spared = 0
    if contact_id is not None:
        phone_key = _mark(session, (tenant_id, campaign_id, contact_id), now if delta == 1 else None)
        spared = _spare(session, tenant_id, campaign_id, phone_key) if delta == 1 else 0
    closed = session.execute(
        update(Campaign)
        .where(Campaign.tenant_id == tenant_id, Campaign.id == campaign_id, Campaign.closed_deals + delta >= 0)
        .values(closed_deals=Campaign.closed_deals + delta)
        .returning(Campaign.closed_deals)
        .execution_options(synchronize_session=False)
    ).scalar()
    if closed is None:
        campaign_of(session, tenant_id, campaign_id)
        raise NoDealToRemove
    details: dict[str, Any] = {"contact_id": contact_id, "spared": spared} if contact_id is not None else {}
    record_audit(
        session, tenant_id, "campaigns.deal", actor_user_id=actor, target=("campaign", campaign_id), delta=delta,
        **details,
    )  # fmt: skip
    session.flush()
    return closed


def _mark(session: Session, row: tuple[int, int, int], at: datetime | None) -> str:
    """Set or clear the recipient's deal -> the key of their phone."""
    tenant_id, campaign_id, contact_id = row
    mine = (
        CampaignContact.tenant_id == tenant_id,
        CampaignContact.campaign_id == campaign_id,
        CampaignContact.id == contact_id,
    )
    may_change = CampaignContact.deal_at.is_(None) if at is not None else CampaignContact.deal_at.is_not(None)
    marked = session.execute(
        update(CampaignContact)
        .where(*mine, may_change)
        .values(deal_at=at)
        .returning(CampaignContact.phone_key)
        .execution_options(synchronize_session=False)
    ).scalar()
    if marked is not None:
        return marked
    campaign_of(session, tenant_id, campaign_id)
    if session.scalar(select(CampaignContact.id).where(*mine)) is None:
        raise NotFound(NOBODY)
    if at is not None:
        raise DealCountedAlready
    raise NoDealToRemove("Esta pessoa não tem negócio fechado para descontar.")


def _spare(session: Session, tenant_id: int, campaign_id: int, phone_key: str) -> int:
    """Cancel what still waits for this person in the campaign's follow-ups -> how many rows."""
    family = campaign_of(session, tenant_id, campaign_id)
    first = family.parent_id or family.id
    steps = select(Campaign.id).where(Campaign.tenant_id == tenant_id, Campaign.parent_id == first)
    spared = session.execute(
        update(CampaignContact)
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id.in_(steps),
            CampaignContact.phone_key == phone_key,
            CampaignContact.status == ContactStatus.PENDING,
        )
        .values(status=ContactStatus.CANCELLED, reason=DEAL)
        .returning(CampaignContact.campaign_id)
        .execution_options(synchronize_session=False)
    ).scalars().all()  # fmt: skip
    for step_id in sorted(spared):
        session.execute(
            update(CampaignCounts)
            .where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id == step_id)
            .values(pending=CampaignCounts.pending - 1, cancelled=CampaignCounts.cancelled + 1)
            .execution_options(synchronize_session=False)
        )
    return len(spared)
