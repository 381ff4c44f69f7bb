"""Conversations as the sender's receipts make them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope, tenant_scope
from models.inbox import Conversation
from models.instances import DirectMessage
from services.inbox import store_arrived
from services.instances import Arrived, MessagesArrived
from services.sending.opt_out import wish_of
from tests.support.campaigns import add_number, phone


def arrive(factory: sessionmaker[Session], tenant_id: int, *texts: str, person: int = 1, **said: Any) -> int:
    """These messages of Pessoa N, through a number of the tenant's own -> the conversation's id."""
    said = {"phone": phone(person), "phone_key": said.get("phone", phone(person)), "name": f"Pessoa {person}"} | said
    with tenant_scope(tenant_id), factory.begin() as session:
        number = said.pop("instance_id", None) or add_number(session, tenant_id)
        at = said.pop("at", datetime.now(UTC))
        items = [
            Arrived(
                tenant_id=tenant_id,
                instance_id=number,
                text=text,
                at=at,
                provider_message_id=f"M{person}-{place}-{text[:20]}",
                wish=said.get("wish", wish_of(text)),
                **{name: value for name, value in said.items() if name != "wish"},
            )
            for place, text in enumerate(texts)
        ]
        store_arrived(session, MessagesArrived(items))
        found = session.scalar(
            select(Conversation.id).where(
                Conversation.tenant_id == tenant_id,
                Conversation.instance_id == number,
                Conversation.phone_key == said["phone_key"],
            )
        )
        assert found is not None
        return found


def conversation(factory: sessionmaker[Session], tenant_id: int, conversation_id: int) -> Conversation:
    with system_scope("test"), factory() as session:
        return session.get_one(Conversation, (tenant_id, conversation_id))


def direct_messages(factory: sessionmaker[Session], tenant_id: int) -> list[DirectMessage]:
    with tenant_scope(tenant_id), factory() as session:
        rows = select(DirectMessage).where(DirectMessage.tenant_id == tenant_id).order_by(DirectMessage.id)
        return list(session.scalars(rows))
