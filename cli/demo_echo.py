"""What a finished campaign of the demonstration left behind: an answer that somebody must judge, the bell's notice."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from cli.demo_content import DemoCampaign
from models.inbox import Wish
from models.outgoing import NoticeKind
from services.inbox import store_arrived
from services.instances import Arrived, MessagesArrived
from services.outgoing import News, tell_people


def write_what_came_back(
    session: Session, tenant_id: int, campaign: DemoCampaign, campaign_id: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """`rows` are the campaign's contacts; the first of them who answered wrote the campaign's doubtful answer."""
    answered = next((row for row in rows if row["replied_at"] is not None), None)
    if answered is not None and campaign.answer:
        store_arrived(session, MessagesArrived([_arrived(tenant_id, campaign.answer, campaign_id, answered)]))
    told = News(
        tenant_id,
        NoticeKind.CAMPAIGN_FINISHED,
        f"campaign_finished:{campaign_id}",
        f"A campanha “{campaign.name}” terminou",
        f"Mensagens enviadas: {sum(row['sent_at'] is not None for row in rows)}.",
        f"/campaigns/{campaign_id}",
    )
    tell_people(session, [told])


def _arrived(tenant_id: int, text: str, campaign_id: int, row: Mapping[str, Any]) -> Arrived:
    return Arrived(
        tenant_id=tenant_id,
        instance_id=row["instance_id"],
        phone=row["phone"],
        phone_key=row["phone_key"],
        name=row["name"],
        text=text,
        at=row["replied_at"],
        provider_message_id=f"DEMOREPLY{campaign_id}",
        wish=Wish.MAYBE,
        campaign_id=campaign_id,
    )
