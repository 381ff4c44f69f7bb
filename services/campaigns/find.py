"""Loading a campaign and what belongs to it: load and authorise in one call."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.errors import NotFound
from models.accounts import Tenant
from models.campaigns import (
    Campaign,
    CampaignCounts,
    CampaignInstance,
    CampaignList,
    CampaignMessage,
)
from models.instances import Instance
from models.leads import LeadList
from services.campaigns.messages import texts_of

GONE = "Esta campanha não existe ou foi apagada."


@dataclass(frozen=True, slots=True)
class Parts:
    """What a campaign is made of. Lists and numbers that were removed meanwhile aren't there."""

    messages: Sequence[CampaignMessage]
    lists: Sequence[LeadList]
    instances: Sequence[Instance]


@dataclass(frozen=True, slots=True)
class Members:
    """The same in short: messages in their order, ids of lists and numbers."""

    messages: Sequence[CampaignMessage]
    lists: Sequence[int]
    instances: Sequence[int]


def campaign_of(session: Session, tenant_id: int, campaign_id: int) -> Campaign:
    """This tenant's campaign as the database has it now; NotFound for a stranger's or a deleted one."""
    return _one(session, select(Campaign).where(Campaign.tenant_id == tenant_id, Campaign.id == campaign_id))


def locked_campaign(session: Session, tenant_id: int, campaign_id: int) -> Campaign:
    """The same, locked until the end of the transaction: who comes second sees what the first one did."""
    statement = select(Campaign).where(Campaign.tenant_id == tenant_id, Campaign.id == campaign_id)
    return _one(session, statement.with_for_update(key_share=True))


def counts_of(session: Session, tenant_id: int, campaign_id: int) -> CampaignCounts:
    """The campaign's counters, read anew; NotFound like `campaign_of`."""
    found = session.execute(
        select(CampaignCounts)
        .where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id == campaign_id)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound(GONE)
    return found


def parts_of(session: Session, tenant_id: int, campaign_id: int) -> Parts:
    """Messages in their order, lists and numbers by name."""
    return Parts(
        messages_of(session, tenant_id, campaign_id),
        session.scalars(
            select(LeadList)
            .join(CampaignList, (CampaignList.tenant_id == LeadList.tenant_id) & (CampaignList.list_id == LeadList.id))
            .where(
                CampaignList.tenant_id == tenant_id,
                CampaignList.campaign_id == campaign_id,
                LeadList.deleted_at.is_(None),
            )
            .order_by(LeadList.name)
        ).all(),
        session.scalars(
            select(Instance)
            .join(
                CampaignInstance,
                (CampaignInstance.tenant_id == Instance.tenant_id) & (CampaignInstance.instance_id == Instance.id),
            )
            .where(
                CampaignInstance.tenant_id == tenant_id,
                CampaignInstance.campaign_id == campaign_id,
                Instance.deleted_at.is_(None),
            )
            .order_by(Instance.name)
        ).all(),
    )


def members_of(session: Session, tenant_id: int, campaign_ids: Sequence[int]) -> dict[int, Members]:
    """Messages, list ids and number ids of many campaigns, three queries for all of them."""
    messages: dict[int, list[CampaignMessage]] = {one: [] for one in campaign_ids}
    for message in session.scalars(
        select(CampaignMessage)
        .where(CampaignMessage.tenant_id == tenant_id, CampaignMessage.campaign_id.in_(campaign_ids))
        .order_by(CampaignMessage.position)
    ):
        messages[message.campaign_id].append(message)
    lists: dict[int, list[int]] = {one: [] for one in campaign_ids}
    for campaign_id, list_id in session.execute(
        select(CampaignList.campaign_id, CampaignList.list_id)
        .where(CampaignList.tenant_id == tenant_id, CampaignList.campaign_id.in_(campaign_ids))
        .order_by(CampaignList.list_id)
    ):
        lists[campaign_id].append(list_id)
    instances: dict[int, list[int]] = {one: [] for one in campaign_ids}
    for campaign_id, instance_id in session.execute(
        select(CampaignInstance.campaign_id, CampaignInstance.instance_id)
        .where(CampaignInstance.tenant_id == tenant_id, CampaignInstance.campaign_id.in_(campaign_ids))
        .order_by(CampaignInstance.instance_id)
    ):
        instances[campaign_id].append(instance_id)
    return {one: Members(messages[one], lists[one], instances[one]) for one in campaign_ids}


def messages_of(session: Session, tenant_id: int, campaign_id: int) -> Sequence[CampaignMessage]:
    """The variations in their order."""
    return session.scalars(
        select(CampaignMessage)
        .where(CampaignMessage.tenant_id == tenant_id, CampaignMessage.campaign_id == campaign_id)
        .order_by(CampaignMessage.position)
    ).all()


def steps_of(session: Session, tenant_id: int, campaign_ids: Sequence[int]) -> Sequence[Campaign]:
    """The follow-ups of these campaigns, by campaign and step."""
    return session.scalars(
        select(Campaign)
        .where(Campaign.tenant_id == tenant_id, Campaign.parent_id.in_(campaign_ids))
        .order_by(Campaign.parent_id, Campaign.step)
        .execution_options(populate_existing=True)
    ).all()


def texts_of_steps(session: Session, tenant_id: int, campaign_id: int) -> list[str]:
    """What the campaign's follow-ups say: their variables are frozen with the campaign's own."""
    messages = session.scalars(
        select(CampaignMessage)
        .join(
            Campaign, (Campaign.tenant_id == CampaignMessage.tenant_id) & (Campaign.id == CampaignMessage.campaign_id)
        )
        .where(CampaignMessage.tenant_id == tenant_id, Campaign.parent_id == campaign_id)
        .order_by(Campaign.step, CampaignMessage.position)
    )
    return texts_of(messages)


def zone_of_tenant(session: Session, tenant_id: int) -> str:
    """The zone the tenant's days and schedules are in."""
    return session.scalars(select(Tenant.time_zone).where(Tenant.id == tenant_id)).one()


def _one(session: Session, statement: Select[Campaign]) -> Campaign:
    found = session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NotFound(GONE)
    return found
