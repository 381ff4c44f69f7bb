"""`POST /api/campaigns/{id}/test`: one message of a campaign to oneself."""

from typing import Any

import marshmallow as ma

from api.campaigns_schemas import BIGINT, SMALL
from api.common import Blueprint, StrictSchema
from api.instances_direct import DirectMessageSchema
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from models.instances import DirectMessage
from services import campaigns as room

blueprint = Blueprint("campaigns_trial_api", __name__, url_prefix="/api/campaigns", description="Teste de campanha")
POSITION = ma.validate.And(SMALL, ma.validate.Range(min=1))


class TrialSchema(StrictSchema):
    """To whom, through which number (else the first connected one), as which row of the audience would get it, and
    `message` for another variation than that person's; rows and variations are counted from 1."""

    phone = ma.fields.String(required=True)
    instance_id = ma.fields.Integer(load_default=None, allow_none=True, validate=BIGINT)
    row = ma.fields.Integer(load_default=1, validate=POSITION)
    message = ma.fields.Integer(load_default=None, allow_none=True, validate=POSITION)


@blueprint.post("/<int(max=9223372036854775807):campaign_id>/test")
@blueprint.arguments(TrialSchema)
@blueprint.response(202, DirectMessageSchema)
@requires("campaigns.launch")
def send_test(said: dict[str, Any], campaign_id: int) -> DirectMessage:
    """Queue it ahead of everything; follow it at `/api/direct-messages/{id}`. Uses no quota; 30 an hour at most."""
    who, session = current_principal(), db.session()
    variation = said.pop("message")
    made = room.send_test(
        session, who.tenant_id, campaign_id, now=utcnow(), actor=who.user_id, variation=variation, **said
    )
    session.commit()
    return made
