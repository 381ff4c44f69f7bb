"""`/api/direct-messages`: what became of a message to one person outside a campaign."""

import marshmallow as ma

from api.common import Blueprint, Schema
from core.access import current_principal, requires
from core.db import db
from models.instances import DirectKind, DirectMessage, DirectStatus
from services import instances as room

blueprint = Blueprint(
    "direct_messages_api", __name__, url_prefix="/api/direct-messages", description="Mensagens avulsas"
)


class DirectMessageSchema(Schema):
    """`unconfirmed` may have arrived; `error` says in words why it waits, failed or isn't certain."""

    id = ma.fields.Integer()
    kind = ma.fields.Enum(DirectKind, by_value=True)
    status = ma.fields.Enum(DirectStatus, by_value=True)
    instance_id = ma.fields.Integer()
    campaign_id = ma.fields.Integer(allow_none=True)
    conversation_id = ma.fields.Integer(allow_none=True)
    phone = ma.fields.String()
    attempts = ma.fields.Integer()
    reason = ma.fields.String(allow_none=True)
    error = ma.fields.String(allow_none=True)
    created_at = ma.fields.AwareDateTime()
    sent_at = ma.fields.AwareDateTime(allow_none=True)
    delivered_at = ma.fields.AwareDateTime(allow_none=True)
    read_at = ma.fields.AwareDateTime(allow_none=True)
    failed_at = ma.fields.AwareDateTime(allow_none=True)


@blueprint.get("/<int(max=9223372036854775807):direct_id>")
@blueprint.response(200, DirectMessageSchema)
@requires("campaigns.read")
def get_direct_message(direct_id: int) -> DirectMessage:
    """Its state now."""
    return room.direct_message_of(db.session(), current_principal().tenant_id, direct_id)
