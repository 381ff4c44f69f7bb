"""What a tenant has done already: the checklist of a first visit."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from models.campaigns import Campaign, CampaignStatus
from models.instances import Instance, InstanceStatus
from models.leads import Lead, LeadList


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """The way to a first campaign; the four steps of the checklist in their order."""

    has_leads: bool
    has_number: bool
    has_campaign: bool
    has_started: bool

    @property
    def are_done(self) -> bool:
        """Nothing left to show."""
        return self.has_leads and self.has_number and self.has_campaign and self.has_started


@dataclass(frozen=True, slots=True)
class Choices:
    """What a campaign may be made of: lists with their sizes, numbers with their states."""

    lists: list[LeadList]
    instances: list[Instance]


def first_steps(session: Session, tenant_id: int) -> FirstSteps:
    """One query."""
    number = exists().where(
        Instance.tenant_id == tenant_id, Instance.deleted_at.is_(None), Instance.status == InstanceStatus.CONNECTED
    )
    campaign = Campaign.tenant_id == tenant_id
    started = exists().where(campaign, Campaign.status != CampaignStatus.DRAFT)
    row = session.execute(
        select(exists().where(Lead.tenant_id == tenant_id), number, exists().where(campaign), started)
    ).one()
    return FirstSteps(*row)


def choices_of(session: Session, tenant_id: int) -> Choices:
    """The tenant's lists and numbers, newest list first."""
    lists = session.scalars(
        select(LeadList)
        .where(LeadList.tenant_id == tenant_id, LeadList.deleted_at.is_(None))
        .order_by(LeadList.id.desc())
    )
    instances = session.scalars(
        select(Instance).where(Instance.tenant_id == tenant_id, Instance.deleted_at.is_(None)).order_by(Instance.id)
    )
    return Choices(list(lists), list(instances))
