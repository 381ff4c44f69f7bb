"""Writing to one person: an answer in a conversation, a conversation opened with a lead."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.whatsapp import connector, may_write_freely
from core.errors import InvalidInput
from models.campaigns import CampaignContact
from models.inbox import Conversation
from models.instances import DirectKind, DirectMessage, Instance, InstanceStatus
from models.leads import Lead
from services.inbox.find import conversation_of
from services.inbox.refusals import MustNotWrite, NumberGone, WindowClosed
from services.instances import DirectContent, instance_of, instances_of, queue_direct
from services.leads import LeadNotFound, is_suppressed

MOST_CHARS: Final = 4096


def answer(
    session: Session,
    tenant_id: int,
    conversation_id: int,
    text: str,
    *,
    actor: int | None,
    now: datetime,
    form_key: str | None = None,
) -> DirectMessage:
    """Queue one message to the person; the sender sends it ahead of every campaign. Refused for people who must not be
    written to, outside the official API's 24 hours, and through a number that is gone. `form_key` names the form it
    was typed into: the same text from the same form is one message, however often it is sent."""
    conversation = conversation_of(session, tenant_id, conversation_id)
    body = text.strip()
    if not body:
        raise InvalidInput(fields={"text": ["Escreva a mensagem."]})
    if len(body) > MOST_CHARS:
        raise InvalidInput(fields={"text": [f"A mensagem passa de {MOST_CHARS} caracteres; divida em duas."]})
    if form_key and (known := _queued_already(session, conversation, form_key, body)) is not None:
        return known
    refuse_writing(session, conversation, now)
    return queue_direct(
        session,
        tenant_id,
        conversation.instance_id,
        conversation.phone,
        DirectContent(body),
        kind=DirectKind.ANSWER,
        conversation_id=conversation.id,
        actor=actor,
        form_key=form_key,
    )


def _queued_already(session: Session, conversation: Conversation, form_key: str, body: str) -> DirectMessage | None:
    """What this form has sent before. Two clicks at the same moment: the second waits for the first's commit."""
    session.refresh(conversation, with_for_update={"key_share": True})
    return session.scalars(
        select(DirectMessage).where(
            DirectMessage.tenant_id == conversation.tenant_id,
            DirectMessage.conversation_id == conversation.id,
            DirectMessage.form_key == form_key,
            DirectMessage.body == body,
        )
    ).first()


def refuse_writing(session: Session, conversation: Conversation, now: datetime) -> None:
    """Raise why this person can't be written to now; nothing when they can."""
    tenant_id = conversation.tenant_id
    number = session.scalar(
        select(Instance).where(Instance.tenant_id == tenant_id, Instance.id == conversation.instance_id)
    )
    if number is None or number.deleted_at is not None:
        raise NumberGone
    if is_suppressed(session, tenant_id, conversation.phone_key):
        raise MustNotWrite
    if not may_write_freely(connector(number.connector).info, conversation.last_inbound_at, now):
        raise WindowClosed


def open_conversation(
    session: Session, tenant_id: int, lead_id: int, *, instance_id: int | None = None, now: datetime
) -> tuple[Conversation, bool]:
    """The conversation with a lead -> (it, whether it is new). Without `instance_id`: the one they wrote in last, else
    through the number that wrote to them last, else through a connected one."""
    lead = session.scalar(select(Lead).where(Lead.tenant_id == tenant_id, Lead.id == lead_id))
    if lead is None:
        raise LeadNotFound
    numbers = [instance_of(session, tenant_id, instance_id)] if instance_id else instances_of(session, tenant_id)
    found = session.scalars(
        select(Conversation)
        .where(
            Conversation.tenant_id == tenant_id,
            Conversation.instance_id.in_([one.id for one in numbers]),
            Conversation.phone_key == lead.phone_key,
        )
        .order_by(Conversation.last_message_at.desc())
        .limit(1)
    ).first()
    if found is not None:
        return found, False
    number_id = instance_id or _number_for(session, lead, list(numbers))
    made = Conversation(
        tenant_id=tenant_id,
        instance_id=number_id,
        phone=lead.phone,
        phone_key=lead.phone_key,
        name=lead.name,
        lead_id=lead.id,
        last_message_at=now,
    )
    session.add(made)
    session.flush()
    return made, True


def _number_for(session: Session, lead: Lead, numbers: list[Instance]) -> int:
    if not numbers:
        raise InvalidInput(fields={"instance_id": ["Nenhum número de WhatsApp cadastrado. Conecte um primeiro."]})
    used = session.scalar(
        select(CampaignContact.instance_id)
        .where(
            CampaignContact.tenant_id == lead.tenant_id,
            CampaignContact.phone_key == lead.phone_key,
            CampaignContact.instance_id.in_([one.id for one in numbers]),
        )
        .order_by(CampaignContact.claimed_at.desc())
        .limit(1)
    )
    connected = next((one.id for one in numbers if one.status is InstanceStatus.CONNECTED), numbers[0].id)
    return used or connected


def mark_read(session: Session, tenant_id: int, conversation_id: int) -> None:
    """Nothing in it waits for us any more."""
    session.execute(
        update(Conversation)
        .where(Conversation.tenant_id == tenant_id, Conversation.id == conversation_id, Conversation.unread_count > 0)
        .values(unread_count=0)
    )


def mark_unread(session: Session, tenant_id: int, conversation_id: int) -> None:
    """Put it back among what waits for us."""
    conversation_of(session, tenant_id, conversation_id)
    session.execute(
        update(Conversation)
        .where(Conversation.tenant_id == tenant_id, Conversation.id == conversation_id, Conversation.unread_count == 0)
        .values(unread_count=1)
    )
