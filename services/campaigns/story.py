"""A campaign's story: its log lines with filters, and the names that the page joins to their ids."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.paging import DEFAULT_LIMIT, Page, fetch_page
from models.accounts import User
from models.campaigns import CampaignContact, CampaignLog, LogType, Severity
from models.instances import Instance
from services.campaigns.find import campaign_of

MOST_LINES: Final = 100


@dataclass(frozen=True, slots=True)
class Names:
    """Who and what the ids of some rows stand for."""

    people: Mapping[int, str]
    instances: Mapping[int, str]
    contacts: Mapping[int, tuple[str, str]]
    """Contact id -> name and phone."""


@dataclass(frozen=True, slots=True)
class ContactStory:
    """A recipient and the lines of the story that are about them."""

    contact: CampaignContact
    story: Sequence[CampaignLog]


def logs_of(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    *,
    log_type: LogType | None = None,
    severity: Severity | None = None,
    limit: int = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> Page[CampaignLog]:
    """Newest first. NotFound for a stranger's campaign."""
    campaign_of(session, tenant_id, campaign_id)
    query = select(CampaignLog).where(CampaignLog.tenant_id == tenant_id, CampaignLog.campaign_id == campaign_id)
    if log_type is not None:
        query = query.where(CampaignLog.log_type == log_type)
    if severity is not None:
        query = query.where(CampaignLog.severity == severity)
    return fetch_page(session, query, [CampaignLog.id], limit=limit, cursor=cursor)


def contact_story(session: Session, tenant_id: int, campaign_id: int, contact_id: int) -> ContactStory:
    """One recipient with what happened to them, newest first, 100 lines at most. NotFound for a stranger's."""
    campaign = campaign_of(session, tenant_id, campaign_id)
    contact = session.scalars(
        select(CampaignContact).where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.id == contact_id,
        )
    ).one_or_none()
    if contact is None:
        raise NotFound("Esta pessoa não está nesta campanha.")
    lines = session.scalars(
        select(CampaignLog)
        .where(
            CampaignLog.tenant_id == tenant_id,
            CampaignLog.campaign_id == campaign_id,
            CampaignLog.contact_id == contact_id,
            # Months before the campaign are passed over; a day of grace for clocks that differ.
            CampaignLog.created_at >= campaign.created_at - timedelta(days=1),
        )
        .order_by(CampaignLog.id.desc())
        .limit(MOST_LINES)
    )
    return ContactStory(contact, list(lines))


def names_for_logs(session: Session, tenant_id: int, campaign_id: int, logs: Sequence[CampaignLog]) -> Names:
    """The names of the people, numbers and recipients that these lines point at."""
    wanted = _ids(log.contact_id for log in logs)
    contacts = session.execute(
        select(CampaignContact.id, CampaignContact.name, CampaignContact.phone).where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.id.in_(wanted),
        )
    )
    return Names(
        people=_people(session, tenant_id, (log.created_by for log in logs)),
        instances=instance_names(session, tenant_id, (log.instance_id for log in logs)),
        contacts={contact_id: (name, phone) for contact_id, name, phone in contacts},
    )


def instance_names(session: Session, tenant_id: int, ids: Iterable[int | None]) -> dict[int, str]:
    """Number id -> its name, removed numbers included: what they sent stays told."""
    query = select(Instance.id, Instance.name).where(Instance.tenant_id == tenant_id, Instance.id.in_(_ids(ids)))
    return dict(session.execute(query).all())


def _people(session: Session, tenant_id: int, ids: Iterable[int | None]) -> dict[int, str]:
    query = select(User.id, User.name).where(User.tenant_id == tenant_id, User.id.in_(_ids(ids)))
    return dict(session.execute(query).all())


def _ids(ids: Iterable[int | None]) -> set[int]:
    return {one for one in ids if one is not None}
