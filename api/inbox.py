"""`/api/inbox`: conversations, their messages, answers, judgements (contract 3.3)."""

from typing import Any

import marshmallow as ma

from api.common import Blueprint, Page, PageArgs, Schema, StrictSchema, page_of
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from models.inbox import Conversation
from services import inbox as room

blueprint = Blueprint("inbox_api", __name__, url_prefix="/api/inbox", description="Conversas")
ID = "/conversations/<int(max=9223372036854775807):conversation_id>"


class ConversationArgs(PageArgs):
    """`?q=` looks in names, phones and last messages; `?only=unread|maybe`."""

    q = ma.fields.String(load_default="")
    which = ma.fields.String(
        data_key="only", load_default="", validate=ma.validate.OneOf([one.value for one in room.Filter])
    )


class ConversationSchema(Schema):
    """One person and one of our numbers. `wish`: none, maybe (waits for a judgement), leave, return. `phone` is ""
    where WhatsApp hides it."""

    id = ma.fields.Integer(required=True)
    instance_id = ma.fields.Integer(required=True)
    phone = ma.fields.Function(lambda one: "" if room.is_hidden(one) else one.phone_key)
    name = ma.fields.String()
    lead_id = ma.fields.Integer(allow_none=True)
    wish = ma.fields.String()
    unread_count = ma.fields.Integer()
    last_text = ma.fields.String()
    last_message_at = ma.fields.AwareDateTime()
    last_inbound_at = ma.fields.AwareDateTime(allow_none=True)
    created_at = ma.fields.AwareDateTime()


class ReceivedFileSchema(Schema):
    """A file that came with a message; it still lies at the provider."""

    kind = ma.fields.String()
    mime = ma.fields.String()
    file_name = ma.fields.String()


class InboxMessageSchema(Schema):
    """One message. `status` and `error` tell how far one of ours has come, null for theirs."""

    id = ma.fields.Integer(attribute="message.id", required=True)
    direction = ma.fields.String(attribute="message.direction", required=True)
    text = ma.fields.String(attribute="message.body")
    media = ma.fields.Nested(ReceivedFileSchema, attribute="message.media", allow_none=True)
    wish = ma.fields.String(attribute="message.wish")
    status = ma.fields.String(allow_none=True)
    error = ma.fields.String()
    campaign_id = ma.fields.Integer(attribute="message.campaign_id", allow_none=True)
    at = ma.fields.AwareDateTime(attribute="message.at")


class OpenArgs(StrictSchema):
    """With whom, and through which of our numbers (ours to choose when left out)."""

    lead_id = ma.fields.Integer(required=True)
    instance_id = ma.fields.Integer(load_default=None, allow_none=True)


class AnswerArgs(StrictSchema):
    """What to say."""

    text = ma.fields.String(required=True)


class JudgeArgs(StrictSchema):
    """Whether the person asked to leave."""

    is_leave = ma.fields.Boolean(required=True)


@blueprint.get("/conversations")
@blueprint.arguments(ConversationArgs, location="query")
@blueprint.response(200, page_of(ConversationSchema))
@requires("inbox.read")
def get_conversations(args: dict[str, Any]) -> Page[Conversation]:
    """The latest first."""
    query, only = args.pop("q"), room.Filter(args.pop("which"))
    return room.page_of_conversations(db.session(), current_principal().tenant_id, query=query, only=only, **args)


@blueprint.post("/conversations")
@blueprint.arguments(OpenArgs)
@blueprint.response(201, ConversationSchema)
@blueprint.alt_response(200, schema=ConversationSchema)
@requires("inbox.answer")
def open_conversation(said: dict[str, Any]) -> Conversation | tuple[Conversation, int]:
    """The conversation with a lead; 200 when there is one already."""
    session = db.session()
    found, is_new = room.open_conversation(session, current_principal().tenant_id, now=utcnow(), **said)
    session.commit()
    return found if is_new else (found, 200)


@blueprint.get(f"{ID}/messages")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, page_of(InboxMessageSchema))
@requires("inbox.read")
def get_messages(args: dict[str, Any], conversation_id: int) -> Page[room.Entry]:
    """A conversation's messages, the newest first."""
    return room.messages_of(db.session(), current_principal().tenant_id, conversation_id, **args)


@blueprint.post(f"{ID}/messages")
@blueprint.arguments(AnswerArgs)
@blueprint.response(201, InboxMessageSchema)
@requires("inbox.answer")
def answer(said: dict[str, str], conversation_id: int) -> room.Entry:
    """Send one message to the person, ahead of every campaign."""
    who, session = current_principal(), db.session()
    room.answer(session, who.tenant_id, conversation_id, said["text"], actor=who.user_id, now=utcnow())
    session.commit()
    return room.messages_of(session, who.tenant_id, conversation_id, limit=1).items[0]


@blueprint.post(f"{ID}/judge")
@blueprint.arguments(JudgeArgs)
@blueprint.response(200, ConversationSchema)
@requires("inbox.answer")
def judge(said: dict[str, bool], conversation_id: int) -> Conversation:
    """Settle what a doubtful reply meant; 409 when nothing waits for a judgement."""
    who, session = current_principal(), db.session()
    found = room.judge(session, who.tenant_id, conversation_id, is_leave=said["is_leave"], actor=who.user_id)
    session.commit()
    session.refresh(found)
    return found
