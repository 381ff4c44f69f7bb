"""A person decides what a doubtful reply meant."""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.inbox import Conversation, InboxMessage, Wish
from models.instances import DirectKind
from services.audit import record_audit
from services.campaigns import count_opt_out
from services.inbox.find import conversation_of, is_hidden
from services.inbox.refusals import NothingToJudge, UnknownPerson
from services.instances import GOODBYE, DirectContent, queue_direct
from services.leads import suppress_person

REASON, SOURCE = "opt_out", "reply"
"""As if the reply itself had been plain, so that VOLTAR undoes it as the confirmation promises; who judged it stands in
the audit trail."""


def judge(session: Session, tenant_id: int, conversation_id: int, *, is_leave: bool, actor: int | None) -> Conversation:
    """Settle a conversation that waits for a judgement. A wish to leave suppresses the person for the whole tenant at
    once, counts for the campaign they answered and is confirmed to them, as if they had written SAIR."""
    conversation = conversation_of(session, tenant_id, conversation_id)
    if is_leave and is_hidden(conversation):
        raise UnknownPerson
    decided = session.execute(
        update(Conversation)
        .where(Conversation.tenant_id == tenant_id, Conversation.id == conversation_id, Conversation.wish == Wish.MAYBE)
        .values(wish=Wish.LEAVE if is_leave else Wish.NONE)
        .returning(Conversation.id)
    ).scalar()
    if decided is None:
        raise NothingToJudge
    if is_leave and suppress_person(session, tenant_id, conversation.phone, reason=REASON, source=SOURCE):
        _let_go(session, conversation)
    record_audit(
        session,
        tenant_id,
        "inbox.judge",
        actor_user_id=actor,
        target=("conversation", conversation_id),
        wish=(Wish.LEAVE if is_leave else Wish.NONE).value,
    )
    return conversation


def _let_go(session: Session, conversation: Conversation) -> None:
    campaign_id = session.scalars(
        select(InboxMessage.campaign_id)
        .where(
            InboxMessage.tenant_id == conversation.tenant_id,
            InboxMessage.conversation_id == conversation.id,
            InboxMessage.wish == Wish.MAYBE,
        )
        .order_by(InboxMessage.id.desc())
        .limit(1)
    ).first()
    queue_direct(
        session,
        conversation.tenant_id,
        conversation.instance_id,
        conversation.phone,
        DirectContent(GOODBYE),
        kind=DirectKind.CONFIRMATION,
        conversation_id=conversation.id,
        campaign_id=campaign_id,
    )
    if campaign_id is not None:
        count_opt_out(session, conversation.tenant_id, campaign_id)
