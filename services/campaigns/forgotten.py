"""The last look before a launch at people who were forgotten: an import doesn't save them again, but a lead can be
written in other ways. Their hashes can't be compared inside a statement, so the ledger is read once, and only in an
account that has ever forgotten somebody."""

from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.campaigns import Campaign, CampaignContact, ContactStatus
from services.campaigns.audience import Reason
from services.leads import forgotten_among, has_forgotten

PEOPLE_A_PIECE: Final = 5_000


def leave_out_forgotten(session: Session, campaign: Campaign) -> None:
    """Suppress them in the rows that were just written."""
    if not has_forgotten(session, campaign.tenant_id):
        return
    mine = (CampaignContact.tenant_id == campaign.tenant_id, CampaignContact.campaign_id == campaign.id)
    waiting = select(CampaignContact.phone_key).where(*mine, CampaignContact.status == ContactStatus.PENDING)
    streamed = {"stream_results": True, "yield_per": PEOPLE_A_PIECE}
    gone: set[str] = set()
    for keys in session.scalars(waiting, execution_options=streamed).partitions(PEOPLE_A_PIECE):
        gone |= forgotten_among(session, campaign.tenant_id, keys)
    if gone:
        session.execute(
            update(CampaignContact)
            .where(*mine, CampaignContact.status == ContactStatus.PENDING, CampaignContact.phone_key.in_(gone))
            .values(status=ContactStatus.SUPPRESSED, reason=Reason.OPT_OUT.value)
            .execution_options(synchronize_session=False)
        )
