"""An account that holds one person in every place it can."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.accounts import IdempotencyKey
from models.campaigns import CampaignContact, CampaignCounts, ContactStatus
from models.inbox import Conversation, Direction, InboxMessage
from models.instances import DirectKind, DirectMessage, DirectStatus, InboxStatus, NumberCheck, WebhookDelivery
from models.leads import LeadImport, LeadImportReject, Suppression
from models.outgoing import EmailStatus, Notice, NoticeKind, OutgoingEmail
from services import campaigns
from tests.support.campaigns import NOW, add_campaign, add_number
from tests.support.lead_files import Importer, csv_of
from tests.support.world import TenantHandle

HEADER = "nome;telefone;email"
ANA = "Ana Quaresma;11987650001;ana.quaresma@example.com"
BIA = "Bia;11987650002;bia@example.com"
KEY, OTHER = "5511987650001", "5511987650002"
TRACES = ("11987650001", "1187650001", "quaresma", "segredo", "lid-da-ana")
"""What must be found nowhere once she is forgotten."""


@dataclass
class Held:
    """The account, one campaign of it and its number."""

    tenant: TenantHandle
    factory: sessionmaker[Session]
    campaign_id: int
    instance_id: int


@pytest.fixture
def held(factory: sessionmaker[Session], tenant: TenantHandle) -> Held:
    """Ana and Bia: imported twice, sent to, answered, refused, checked, told about."""
    importer = Importer(factory, tenant.id)
    found = importer.send(csv_of(ANA, BIA, "x;11 98765-0001 999999;x@example.com", header=HEADER))
    importer.send(csv_of("Ana Q. Quaresma;11987650001;", BIA, header=HEADER))
    with tenant_scope(tenant.id), factory.begin() as session:
        number = add_number(session, tenant.id)
        campaign = add_campaign(session, tenant.id, lists=[found.list_id], instances=[number])
        campaigns.launch_campaign(session, tenant.id, campaign.id, actor=None, now=NOW)
        _send_to_ana(session, tenant.id, campaign.id)
        _talk_with(session, tenant.id, number, KEY, "segredo da Ana Quaresma")
        _talk_with(session, tenant.id, number, OTHER, "olá")
        _tell_of_ana(session, tenant.id, number)
        return Held(tenant, factory, campaign.id, number)


def _send_to_ana(session: Session, tenant_id: int, campaign_id: int) -> None:
    row = session.execute(
        select(CampaignContact).where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.phone_key == KEY,
        )
    ).scalar_one()
    row.status, row.reason, row.error = ContactStatus.FAILED, "refused", f"no chat with {KEY}"
    row.rendered_text, row.variables = "Oi Ana Quaresma", {"cidade": "segredo"}
    row.provider_message_id, row.recipient_id, row.claimed_at = f"true_{KEY}@c.us_A", "lid-da-ana", NOW
    counts = session.get_one(CampaignCounts, (tenant_id, campaign_id))
    counts.pending, counts.failed = counts.pending - 1, counts.failed + 1
    session.flush()


def _talk_with(session: Session, tenant_id: int, number: int, key: str, words: str) -> None:
    talk = Conversation(
        tenant_id=tenant_id, instance_id=number, phone=key, phone_key=key, name=words, last_text=words,
        last_message_at=NOW,
    )  # fmt: skip
    session.add(talk)
    session.flush()
    session.add(InboxMessage(tenant_id=tenant_id, conversation_id=talk.id, direction=Direction.IN, body=words, at=NOW))
    session.add(
        DirectMessage(tenant_id=tenant_id, instance_id=number, phone=key, phone_key=key, kind=DirectKind.ANSWER,
                      body=words, status=DirectStatus.SENT, conversation_id=talk.id)
    )  # fmt: skip
    session.add(NumberCheck(tenant_id=tenant_id, phone_key=key, has_whatsapp=True, recipient_id=f"{words[:3]}@lid"))
    body = json.dumps({"from": f"{key}@c.us", "text": words}).encode()
    session.add(
        WebhookDelivery(tenant_id=tenant_id, instance_id=number, body=body, status=InboxStatus.APPLIED, applied_at=NOW)
    )


def _tell_of_ana(session: Session, tenant_id: int, number: int) -> None:
    hidden = b'{"from": "lid-da-ana@lid", "text": "segredo"}'
    session.add(WebhookDelivery(tenant_id=tenant_id, instance_id=number, body=hidden, status=InboxStatus.APPLIED))
    session.add(
        OutgoingEmail(tenant_id=tenant_id, recipient="Ana.Quaresma@example.com", subject="Oi", text_body="",
                      html_body="", status=EmailStatus.SENT)
    )  # fmt: skip
    session.add(
        Notice(tenant_id=tenant_id, kind=NoticeKind.NUMBER_DOWN, key="k", title="Falhou",
               body="Não deu para escrever a (11) 98765-0001.")
    )  # fmt: skip
    session.add(IdempotencyKey(tenant_id=tenant_id, key="k", fingerprint="f", body=f'{{"phone": "{KEY}"}}'))
    session.add(Suppression(tenant_id=tenant_id, phone=KEY, phone_key=KEY, reason="opt_out", source="reply"))
    made = session.scalars(select(LeadImport).where(LeadImport.tenant_id == tenant_id)).first()
    assert made is not None
    session.add(
        LeadImportReject(tenant_id=tenant_id, import_id=made.id, row_number=900, reason="too_many_cells",
                         value="ana.quaresma@example.com", cells=["Ana", "ana.quaresma@example.com", "segredo"])
    )  # fmt: skip


def long_ago() -> datetime:
    """Before any limit of the tests."""
    return datetime.now(UTC) - timedelta(days=400)
