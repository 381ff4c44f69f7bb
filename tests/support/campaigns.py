"""Lists, numbers and campaigns to test with, written straight into the tables."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from models.campaigns import Campaign, CampaignContact, CampaignCounts, CampaignMessage, ContactStatus
from models.instances import ApprovedTemplate, Instance, InstanceStatus
from models.leads import Lead, LeadList, LeadListMember, LegalBasis, Suppression
from services import campaigns

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
"""A Monday, noon in São Paulo: every default window is open."""


MANY = campaigns.LARGE + 1
"""More people than a web request launches by itself."""


def phone(number: int) -> str:
    """A fictitious mobile."""
    return f"551190{number:07d}"


def add_list(
    session: Session,
    tenant_id: int,
    people: Sequence[Mapping[str, Any]] | int = 3,
    *,
    name: str = "",
    first: int = 1,
) -> int:
    """A list of these people (or of so many called Pessoa N) -> its id. Numbers already known stay the same leads."""
    if isinstance(people, int):
        people = [{"name": f"Pessoa {number}"} for number in range(first, first + people)]
    made = LeadList(tenant_id=tenant_id, name=name or f"Lista {secrets.token_hex(4)}", lead_count=len(people))
    session.add(made)
    numbers = [phone(number) for number in range(first, first + len(people))]
    known = select(Lead).where(Lead.tenant_id == tenant_id, Lead.phone.in_(numbers))
    there = {lead.phone: lead for lead in session.scalars(known)}
    leads = [
        there.get(number)
        or Lead(
            **{
                "tenant_id": tenant_id,
                "phone": number,
                "phone_key": number,
                "legal_basis": LegalBasis.CUSTOMER,
                **person,
            }
        )
        for number, person in zip(numbers, people, strict=True)
    ]
    session.add_all(leads)
    session.flush()
    session.add_all(LeadListMember(tenant_id=tenant_id, list_id=made.id, lead_id=lead.id) for lead in leads)
    session.flush()
    return made.id


def add_many(session: Session, tenant_id: int, count: int = MANY) -> int:
    """A list of so many people -> its id; written in one statement, for the ORM would take a while."""
    made = add_list(session, tenant_id, 0)
    who = {"tenant": tenant_id, "list": made, "count": count}
    session.execute(
        text(
            "WITH people AS (INSERT INTO leads (tenant_id, phone, phone_key, name, legal_basis)"
            " SELECT :tenant, '551190' || lpad(i::text, 7, '0'), '551190' || lpad(i::text, 7, '0'), 'Pessoa ' || i,"
            " 'customer' FROM generate_series(1, :count) i RETURNING id)"
            " INSERT INTO lead_list_members (tenant_id, list_id, lead_id) SELECT :tenant, :list, id FROM people"
        ),
        who,
    )
    session.execute(text("UPDATE lead_lists SET lead_count = :count WHERE tenant_id = :tenant AND id = :list"), who)
    return made


def add_number(
    session: Session,
    tenant_id: int,
    *,
    name: str = "Recepção",
    status: InstanceStatus = InstanceStatus.CONNECTED,
    **columns: Any,
) -> int:
    """A number at the sandbox -> its id."""
    made = Instance(
        **(
            {
                "tenant_id": tenant_id,
                "name": name,
                "connector": "mega_api",
                "base_url": "http://127.0.0.1:9",
                "instance_key": f"loja-{secrets.token_hex(4)}",
                "sealed_credentials": "",
                "webhook_token_hash": "",
                "sealed_webhook_token": "",
                "status": status,
                "min_interval_ms": 45_000,
                "max_interval_ms": 120_000,
            }
            | columns
        )
    )
    session.add(made)
    session.flush()
    return made.id


def suppress(session: Session, tenant_id: int, number: int) -> None:
    """This person must not be written to."""
    session.add(Suppression(tenant_id=tenant_id, phone_key=phone(number), phone=phone(number), reason="opt_out"))
    session.flush()


def add_campaign(session: Session, tenant_id: int, **said: Any) -> Campaign:
    """A draft with a list of three and a connected number unless told otherwise."""
    said = {"name": "Volta às aulas", "messages": ["Oi {nome}!"], "window": None} | said
    if "lists" not in said:
        said["lists"] = [add_list(session, tenant_id)]
    if "instances" not in said:
        said["instances"] = [add_number(session, tenant_id)]
    return campaigns.create_campaign(session, tenant_id, campaigns.CampaignInput(**said), actor=None, now=NOW)


def launched(session: Session, tenant_id: int, **said: Any) -> int:
    """A running campaign -> its id."""
    campaign_id = add_campaign(session, tenant_id, **said).id
    campaigns.launch_campaign(session, tenant_id, campaign_id, actor=None, now=NOW)
    return campaign_id


def move_contacts(
    session: Session, tenant_id: int, campaign_id: int, status: ContactStatus, *, count: int, **columns: Any
) -> None:
    """What the sender would have done to the first pending rows: rows and counters together."""
    if "sent_at" in columns:
        columns.setdefault("claimed_at", columns["sent_at"])
    moving = [
        row.id for row in campaigns.contacts_of(session, tenant_id, campaign_id, status="pending", limit=count).items
    ]
    session.execute(
        update(CampaignContact)
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.id.in_(moving),
        )
        .values(status=status, **columns)
    )
    gained = {ContactStatus.DELIVERED: ("sent", "delivered"), ContactStatus.READ: ("sent", "delivered", "read")}
    names = gained.get(status, (status.value,))
    session.execute(
        update(CampaignCounts)
        .where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id == campaign_id)
        .values(
            pending=CampaignCounts.pending - len(moving),
            **{name: getattr(CampaignCounts, name) + len(moving) for name in names},
        )
    )
    session.expire_all()


def give_template(session: Session, tenant_id: int, campaign_id: int, *, category: str = "marketing") -> None:
    """An approved template, known at each of the campaign's numbers, in every variation."""
    session.execute(
        update(CampaignMessage)
        .where(CampaignMessage.tenant_id == tenant_id, CampaignMessage.campaign_id == campaign_id)
        .values(template={"name": "oferta", "language": "pt_BR", "variables": {}})
    )
    for instance in campaigns.parts_of(session, tenant_id, campaign_id).instances:
        who = {"tenant_id": tenant_id, "instance_id": instance.id, "name": "oferta", "language": "pt_BR"}
        session.add(ApprovedTemplate(**who, status="approved", category=category, body="Oi!"))
    session.flush()
