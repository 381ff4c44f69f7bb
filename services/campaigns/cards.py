"""The list of campaigns: each with its counters, searched, filtered, paged."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.paging import DEFAULT_LIMIT, Page, fetch_page
from models.campaigns import ACTIVE, Campaign, CampaignCounts, CampaignStatus
from services.campaigns.figures import conversion_rate, progress_percent, share, success_rate
from services.campaigns.find import campaign_of, counts_of
from services.campaigns.launch import PREPARING

MAX_SEARCH_CHARS: Final = 120
RECEIPTS_SHOWN: Final = timedelta(minutes=30)
"""How long a finished campaign's page follows who has received and read it; later ones show when it is opened again."""


@dataclass(frozen=True, slots=True)
class Card:
    """A campaign and its counters, which agree with its rows at every moment."""

    campaign: Campaign
    counts: CampaignCounts
    looked_at: datetime = field(default_factory=utcnow)

    @property
    def success_rate(self) -> float:
        """In percent."""
        return success_rate(self.counts)

    @property
    def conversion_rate(self) -> float:
        """In percent."""
        return conversion_rate(self.campaign.closed_deals, self.counts.sent)

    @property
    def progress_percent(self) -> float:
        """In percent."""
        return progress_percent(self.counts)

    @property
    def done(self) -> int:
        """People whose row has come to an end."""
        return self.counts.total - self.counts.pending - self.counts.sending

    @property
    def is_moving(self) -> bool:
        """True while figures may change by themselves: it runs or is being prepared, its last messages are still being
        settled, or it has just ended and not everybody has read."""
        return (
            self.campaign.status in ACTIVE or self.is_prepared or self.counts.sending > 0 or self._are_receipts_awaited
        )

    @property
    def _are_receipts_awaited(self) -> bool:
        ended = self.campaign.finished_at
        return ended is not None and self.looked_at - ended < RECEIPTS_SHOWN and self.counts.read < self.counts.sent

    @property
    def is_prepared(self) -> bool:
        """True while the sender writes its people down."""
        return self.campaign.status is CampaignStatus.SCHEDULED and self.campaign.pause_reason == PREPARING


@dataclass(frozen=True, slots=True)
class Totals:
    """Over all campaigns of a tenant: how many there are by status (a follow-up is part of its campaign), and their
    counters' sums, those of the follow-ups included."""

    by_status: dict[CampaignStatus, int]
    sent: int
    delivered: int
    read: int
    failed: int
    invalid: int
    replied: int
    closed_deals: int

    @property
    def success_rate(self) -> float:
        """In percent."""
        return share(self.sent, self.sent + self.failed + self.invalid)

    @property
    def conversion_rate(self) -> float:
        """In percent."""
        return conversion_rate(self.closed_deals, self.sent)

    @property
    def active(self) -> int:
        """Running, or waiting for hours or quota."""
        return sum(self.by_status.get(status, 0) for status in ACTIVE)

    @property
    def campaigns(self) -> int:
        """Of any status."""
        return sum(self.by_status.values())


def card_of(session: Session, tenant_id: int, campaign_id: int) -> Card:
    """One campaign with its counters; NotFound for a stranger's."""
    return Card(campaign_of(session, tenant_id, campaign_id), counts_of(session, tenant_id, campaign_id))


def cards_of(
    session: Session,
    tenant_id: int,
    *,
    search: str = "",
    statuses: Collection[CampaignStatus] = (),
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[Card]:
    """Newest first, without follow-ups. `search` looks into the name; no status means all."""
    query = select(Campaign).where(Campaign.tenant_id == tenant_id, Campaign.parent_id.is_(None))
    if search.strip():
        query = query.where(Campaign.name.icontains(search.strip()[:MAX_SEARCH_CHARS], autoescape=True))
    if statuses:
        query = query.where(Campaign.status.in_(statuses))
    page = fetch_page(session, query, [Campaign.id], limit=limit, cursor=cursor)
    return Page(_with_counts(session, tenant_id, page.items), page.next_cursor)


def totals_of(session: Session, tenant_id: int) -> Totals:
    """Two queries over narrow rows, one per campaign."""
    by_status = session.execute(
        select(Campaign.status, func.count())
        .where(Campaign.tenant_id == tenant_id, Campaign.parent_id.is_(None))
        .group_by(Campaign.status)
    )
    columns = ("sent", "delivered", "read", "failed", "invalid", "replied")
    sums = session.execute(
        select(*(func.coalesce(func.sum(getattr(CampaignCounts, name)), 0) for name in columns)).where(
            CampaignCounts.tenant_id == tenant_id
        )
    ).one()
    deals = session.scalar(select(func.sum(Campaign.closed_deals)).where(Campaign.tenant_id == tenant_id))
    figures = {name: int(value) for name, value in zip(columns, sums, strict=True)}
    return Totals(by_status=dict(by_status.all()), closed_deals=int(deals or 0), **figures)


def _with_counts(session: Session, tenant_id: int, campaigns: Sequence[Campaign]) -> list[Card]:
    counts = session.scalars(
        select(CampaignCounts).where(
            CampaignCounts.tenant_id == tenant_id,
            CampaignCounts.campaign_id.in_([campaign.id for campaign in campaigns]),
        )
    )
    by_campaign = {one.campaign_id: one for one in counts}
    return [Card(campaign, by_campaign[campaign.id]) for campaign in campaigns]
