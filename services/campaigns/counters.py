"""`flask counters audit`: every counter recounted against the rows it counts."""

from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import Session

from core.clock import utcnow
from models.campaigns import CampaignContact, CampaignCounts, ContactStatus
from models.leads import LeadList, LeadListMember
from services.campaigns.recount import Drift, day_drifts

TAKEN: Final = (ContactStatus.SENT, ContactStatus.DELIVERED, ContactStatus.READ)
_STATES: Final = ("pending", "sending", "failed", "unconfirmed", "suppressed", "invalid", "cancelled", "expired")


def audit_counters(session: Session) -> list[Drift]:
    """All tenants' counters (system scope) -> those that are wrong; empty when all is well. A handful of set-based
    queries over one snapshot, so that it may run while messages go out."""
    if not session.in_transaction():
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    return [
        *_campaign_drifts(session),
        *_opt_out_drifts(session),
        *_list_drifts(session),
        *day_drifts(session, utcnow().date()),
    ]


def _opt_out_drifts(session: Session) -> list[Drift]:
    """Nobody leaves because of a message that never went: more leavers than messages can't be."""
    query = select(
        CampaignCounts.tenant_id, CampaignCounts.campaign_id, CampaignCounts.opted_out, CampaignCounts.sent
    ).where(CampaignCounts.opted_out > CampaignCounts.sent)
    return [
        Drift("campaign_counts", tenant_id, campaign_id, "opted_out", kept, most)
        for tenant_id, campaign_id, kept, most in session.execute(query)
    ]


def count_opt_out(session: Session, tenant_id: int, campaign_id: int) -> None:
    """One more person left because of this campaign. Written last in a transaction: counters are locked behind rows."""
    session.execute(
        update(CampaignCounts)
        .where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id == campaign_id)
        .values(opted_out=CampaignCounts.opted_out + 1)
    )


def _campaign_drifts(session: Session) -> list[Drift]:
    columns = _recounts()
    rows = (
        select(
            CampaignContact.tenant_id, CampaignContact.campaign_id, *(one.label(name) for name, one in columns.items())
        )
        .group_by(CampaignContact.tenant_id, CampaignContact.campaign_id)
        .subquery("recount")
    )
    joined = and_(rows.c.tenant_id == CampaignCounts.tenant_id, rows.c.campaign_id == CampaignCounts.campaign_id)
    compared = [
        column
        for name in columns
        for column in (getattr(CampaignCounts, name), func.coalesce(rows.c[name], 0).label(f"found_{name}"))
    ]
    query: Select[Any] = select(CampaignCounts.tenant_id, CampaignCounts.campaign_id, *compared).outerjoin(rows, joined)
    return [
        Drift("campaign_counts", row["tenant_id"], row["campaign_id"], name, row[name], row[f"found_{name}"])
        for row in session.execute(query).mappings()
        for name in columns
        if row[name] != row[f"found_{name}"]
    ]


def _recounts() -> dict[str, ColumnElement[int]]:
    status = CampaignContact.status
    return {
        "total": func.count(),
        **{name: func.count().filter(status == ContactStatus(name)) for name in _STATES},
        "sent": func.count().filter(status.in_(TAKEN)),
        "delivered": func.count().filter(status.in_((ContactStatus.DELIVERED, ContactStatus.READ))),
        "read": func.count().filter(status == ContactStatus.READ),
        "replied": func.count().filter(CampaignContact.replied_at.is_not(None)),
    }


def _list_drifts(session: Session) -> list[Drift]:
    members = (
        select(LeadListMember.tenant_id, LeadListMember.list_id, func.count().label("there"))
        .group_by(LeadListMember.tenant_id, LeadListMember.list_id)
        .subquery()
    )
    joined = and_(members.c.tenant_id == LeadList.tenant_id, members.c.list_id == LeadList.id)
    there = func.coalesce(members.c.there, 0)
    query = select(LeadList.tenant_id, LeadList.id, LeadList.lead_count, there).outerjoin(members, joined)
    return [
        Drift("lead_lists", tenant_id, list_id, "lead_count", kept, counted)
        for tenant_id, list_id, kept, counted in session.execute(query.where(LeadList.lead_count != there))
    ]
