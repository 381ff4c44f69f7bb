"""`GET /api/dashboard/overview` (contract 3.3)."""

from typing import Any

import marshmallow as ma

from api.common import Blueprint, Schema
from core.access import current_principal, requires
from core.db import db
from core.errors import InvalidInput
from services import campaigns as room

blueprint = Blueprint("dashboard_api", __name__, url_prefix="/api/dashboard", description="Painel")


class PeriodArgs(ma.Schema):
    """Days of the tenant, both included; without them, all time."""

    class Meta:
        unknown = ma.EXCLUDE

    first_day = ma.fields.Date(data_key="from", load_default=None)
    last_day = ma.fields.Date(data_key="to", load_default=None)


class OverviewSchema(Schema):
    """The six figures; rates in percent, `active_campaigns` of this moment."""

    leads = ma.fields.Integer()
    messages_sent = ma.fields.Integer()
    success_rate = ma.fields.Float()
    active_campaigns = ma.fields.Integer()
    closed_deals = ma.fields.Integer()
    conversion_rate = ma.fields.Float()


@blueprint.get("/overview")
@blueprint.arguments(PeriodArgs, location="query")
@blueprint.response(200, OverviewSchema)
@requires("dashboard.read")
def overview(args: dict[str, Any]) -> room.Overview:
    """The dashboard in six figures."""
    first, last = args["first_day"], args["last_day"]
    if first and last and first > last:
        raise InvalidInput(fields={"to": ["O fim do período vem antes do começo."]})
    return room.overview(db.session(), current_principal().tenant_id, first, last)
