"""Messages to one person outside a campaign. Written here with the caller's transaction; the engine sends them ahead of
every campaign (`services.sending`), exempt from gap and quota, never from disconnection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.events import emit
from core.phone import key_of
from core.wake import wake_sender_after_commit
from models.instances import DirectKind, DirectMessage
from services.instances.events import DirectQueued


@dataclass(frozen=True, slots=True)
class DirectContent:
    """What is said: a text, or a file with the text as its caption, or an approved template of the Cloud API."""

    text: str = ""
    media_id: int | None = None
    template: Mapping[str, Any] | None = None


def queue_direct(
    session: Session,
    tenant_id: int,
    instance_id: int,
    phone: str,
    content: DirectContent,
    *,
    kind: DirectKind,
    conversation_id: int | None = None,
    campaign_id: int | None = None,
    actor: int | None = None,
    form_key: str | None = None,
) -> DirectMessage:
    """Queue one message -> its row, pending. `phone` is canonical digits. It leaves after the caller's commit."""
    row = DirectMessage(
        tenant_id=tenant_id,
        instance_id=instance_id,
        phone=phone,
        phone_key=key_of(phone),
        kind=kind,
        body=content.text,
        media_id=content.media_id,
        template=dict(content.template) if content.template else None,
        conversation_id=conversation_id,
        campaign_id=campaign_id,
        created_by=actor,
        form_key=form_key,
    )
    _queue(session, [row])
    return row


def direct_message_of(session: Session, tenant_id: int, direct_id: int) -> DirectMessage:
    """One message of the tenant's own; NotFound else."""
    found = session.scalars(
        select(DirectMessage).where(DirectMessage.tenant_id == tenant_id, DirectMessage.id == direct_id)
    ).first()
    if found is None:
        raise NotFound("Esta mensagem não existe mais, ou não é desta conta.")
    return found


class Confirmation(NamedTuple):
    """Whom to tell, through which of our numbers, that what they asked for was done."""

    tenant_id: int
    instance_id: int
    phone: str
    text: str


def queue_confirmations(session: Session, told: Sequence[Confirmation]) -> None:
    """Queue one message each, set-based."""
    if told:
        _queue(
            session,
            [
                DirectMessage(
                    tenant_id=one.tenant_id,
                    instance_id=one.instance_id,
                    phone=one.phone,
                    phone_key=key_of(one.phone),
                    kind=DirectKind.CONFIRMATION,
                    body=one.text,
                )
                for one in told
            ],
        )


def _queue(session: Session, rows: Sequence[DirectMessage]) -> None:
    session.add_all(rows)
    session.flush()
    emit(session, DirectQueued(rows))
    wake_sender_after_commit(session)
