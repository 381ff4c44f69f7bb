"""A campaign of the demonstration that has already happened: the ledger, the counts, the days and the story of a real
one, written for the past. Only the demonstration may do this; real rows are written by the sender."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from cli.demo_content import DemoCampaign
from cli.demo_echo import write_what_came_back
from core.clock import day_in_zone, start_of_day
from models.accounts import DailyUsage
from models.campaigns import (
    Campaign,
    CampaignContact,
    CampaignCounts,
    CampaignDay,
    CampaignInstance,
    CampaignList,
    CampaignLog,
    CampaignMessage,
    CampaignStatus,
    ContactStatus,
    LogType,
)
from models.leads import Lead, LeadListMember
from services import campaigns

DAYS_AGO: Final = 5
GAP: Final = timedelta(seconds=41)
REACHED: Final = frozenset({ContactStatus.DELIVERED, ContactStatus.READ})
TAKEN: Final = REACHED | {ContactStatus.SENT}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose campaign, made by whom, to which list, through which numbers."""

    tenant_id: int
    owner_id: int
    list_id: int
    numbers: Sequence[int]


def write_finished_campaign(session: Session, place: Place, campaign: DemoCampaign, now: datetime) -> None:
    """Everybody of the list got it some days ago; the phones' endings say what became of each."""
    started = _start(now)
    campaign_id, messages = _write_campaign(session, place, campaign, started)
    rows = _contacts(session, place, campaign, campaign_id=campaign_id, messages=messages, started=started)
    session.execute(insert(CampaignContact), rows)
    finished = max(row["queued_at"] + GAP * (number + 1) for number, row in enumerate(rows))
    _write_figures(session, place, campaign_id, rows)
    _write_story(session, place, campaign_id, rows, started=started, finished=finished)
    write_what_came_back(session, place.tenant_id, campaign, campaign_id, rows)
    session.execute(
        update(Campaign)
        .where(Campaign.tenant_id == place.tenant_id, Campaign.id == campaign_id)
        .values(finished_at=finished, closed_deals=campaign.deals)
    )


def _start(now: datetime) -> datetime:
    """Nine in the morning some days ago, but never in a month whose log partition was not made."""
    today = day_in_zone(now)
    return start_of_day(today - timedelta(days=min(DAYS_AGO, today.day - 1))) + timedelta(hours=9)


def _write_campaign(
    session: Session, place: Place, campaign: DemoCampaign, started: datetime
) -> tuple[int, list[tuple[int, str]]]:
    tenant = {"tenant_id": place.tenant_id}
    made = Campaign(
        **tenant,
        name=campaign.name,
        status=CampaignStatus.COMPLETED,
        window=campaigns.DEFAULT_WINDOW,
        created_by=place.owner_id,
        created_at=started - timedelta(hours=1),
        started_at=started,
    )
    session.add(made)
    session.flush()
    both = tenant | {"campaign_id": made.id}
    texts = [CampaignMessage(**both, position=at, content=text) for at, text in enumerate(campaign.variations)]
    session.add_all(texts)
    session.add_all([CampaignInstance(**both, instance_id=number) for number in place.numbers])
    session.add(CampaignList(**both, list_id=place.list_id))
    session.flush()
    return made.id, [(one.id, one.content) for one in texts]


def _contacts(
    session: Session,
    place: Place,
    campaign: DemoCampaign,
    *,
    campaign_id: int,
    messages: Sequence[tuple[int, str]],
    started: datetime,
) -> list[dict[str, Any]]:
    chance = random.Random(campaign.name)
    rows = []
    for number, lead in enumerate(_people(session, place)):
        message_id, template = messages[campaigns.variation_of(campaign_id, lead.phone, len(messages))]
        values = campaigns.recipient_values(lead.name, lead.phone, lead.extra)
        at = started + GAP * number
        rows.append(
            {
                "tenant_id": place.tenant_id,
                "campaign_id": campaign_id,
                "phone": lead.phone,
                "phone_key": lead.phone_key,
                "lead_id": lead.id,
                "name": lead.name,
                "variables": lead.extra,
                "attempts": 1,
                "queued_at": started,
                "claimed_at": at,
                "claimed_day": day_in_zone(at),
                "instance_id": place.numbers[number % len(place.numbers)],
                "message_id": message_id,
                "rendered_text": campaigns.whole_text(template, values, {}, has_exit_line=True),
            }
            | _outcome(lead.phone, at, number, chance)
        )
    return rows


def _people(session: Session, place: Place) -> Sequence[Lead]:
    return (
        session.execute(
            select(Lead)
            .join(LeadListMember, (LeadListMember.tenant_id == Lead.tenant_id) & (LeadListMember.lead_id == Lead.id))
            .where(Lead.tenant_id == place.tenant_id, LeadListMember.list_id == place.list_id)
            .order_by(Lead.id)
        )
        .scalars()
        .all()
    )


def _outcome(phone: str, at: datetime, number: int, chance: random.Random) -> dict[str, Any]:
    """The phone's ending decides as it does in the sandbox; the rest mostly read it, some answer."""
    moments: dict[str, Any] = dict.fromkeys(("sent_at", "delivered_at", "read_at", "failed_at", "replied_at"))
    kept: dict[str, Any] = {"reason": None, "error": None, "provider_message_id": None}
    if phone.endswith("0404"):
        told = {"reason": "not_on_whatsapp", "error": "Este número não tem WhatsApp."}
        return moments | kept | told | {"status": ContactStatus.INVALID, "failed_at": at}
    kept["provider_message_id"] = f"DEMO{number:06d}"
    moments["sent_at"] = at + timedelta(milliseconds=300 + number * 37 % 900)
    status = ContactStatus.SENT
    if not phone.endswith("0666"):
        status, moments["delivered_at"] = ContactStatus.DELIVERED, at + timedelta(seconds=chance.randint(2, 90))
        if not phone.endswith("0007") and chance.random() < 0.74:
            status, moments["read_at"] = ContactStatus.READ, at + timedelta(minutes=chance.randint(2, 240))
            if chance.random() < 0.16:
                moments["replied_at"] = moments["read_at"] + timedelta(minutes=chance.randint(1, 30))
    return moments | kept | {"status": status}


def _write_figures(session: Session, place: Place, campaign_id: int, rows: Sequence[dict[str, Any]]) -> None:
    keys = {"tenant_id": place.tenant_id, "campaign_id": campaign_id}
    session.add(CampaignCounts(**keys, **_figures(rows), total=len(rows), invalid=_invalid(rows)))
    for (day, instance_id), _count in Counter((row["claimed_day"], row["instance_id"]) for row in rows).items():
        some = [row for row in rows if row["claimed_day"] == day and row["instance_id"] == instance_id]
        session.add(CampaignDay(**keys, day=day, instance_id=instance_id, **_figures(some), failed=_invalid(some)))
    for day, claimed in Counter(row["claimed_day"] for row in rows if row["status"] in TAKEN).items():
        session.add(CampaignDay(**keys, day=day, instance_id=0, claimed=claimed))
        _use_quota(session, place.tenant_id, day, claimed)


def _use_quota(session: Session, tenant_id: int, day: date, messages: int) -> None:
    """The plan's day paid for these. A number without WhatsApp is not among them: its refusal gives the place back."""
    usage = pg_insert(DailyUsage).values(tenant_id=tenant_id, day=day, messages_reserved=messages)
    session.execute(
        usage.on_conflict_do_update(
            index_elements=[DailyUsage.tenant_id, DailyUsage.day],
            set_={"messages_reserved": DailyUsage.messages_reserved + messages},
        )
    )


def _figures(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    return {
        "sent": sum(row["status"] in TAKEN for row in rows),
        "delivered": sum(row["status"] in REACHED for row in rows),
        "read": sum(row["status"] is ContactStatus.READ for row in rows),
        "replied": sum(row["replied_at"] is not None for row in rows),
    }


def _invalid(rows: Sequence[dict[str, Any]]) -> int:
    return sum(row["status"] is ContactStatus.INVALID for row in rows)


def _write_story(
    session: Session,
    place: Place,
    campaign_id: int,
    rows: Sequence[dict[str, Any]],
    *,
    started: datetime,
    finished: datetime,
) -> None:
    lines: tuple[tuple[LogType, str, datetime, dict[str, int]], ...] = (
        (LogType.CREATED, "Campanha criada.", started - timedelta(hours=1), {}),
        (LogType.CONTACT_ADDED, "Público definido.", started, {"count": len(rows)}),
        (LogType.STARTED, "Campanha iniciada.", started, {}),
        (LogType.COMPLETED, "Campanha concluída.", finished, {"sent": _figures(rows)["sent"]}),
    )
    session.execute(
        insert(CampaignLog),
        [
            {
                "tenant_id": place.tenant_id,
                "campaign_id": campaign_id,
                "log_type": kind,
                "message": message,
                "created_at": at,
                "details": details,
                "created_by": place.owner_id,
            }
            for kind, message, at, details in lines
        ],
    )
