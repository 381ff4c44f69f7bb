"""`/api/instances/{id}/templates`: the approved templates of an official number."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import marshmallow as ma

from api.common import Blueprint, Schema
from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.outside import call_outside_in_pages
from models.instances import ApprovedTemplate
from services import instances as room

blueprint = Blueprint("instances_templates_api", __name__, url_prefix="/api/instances", description="Modelos aprovados")
PATH = "/<int(max=9223372036854775807):instance_id>/templates"


class ApprovedTemplateSchema(Schema):
    """A template as the provider listed it. `fields` is what a message has to fill."""

    name = ma.fields.String()
    language = ma.fields.String()
    status = ma.fields.String()
    category = ma.fields.String()
    body = ma.fields.String()
    fields_ = ma.fields.List(ma.fields.String(), data_key="fields", attribute="fields")
    header = ma.fields.String()
    fetched_at = ma.fields.AwareDateTime()


class TemplatesSchema(Schema):
    """Everything that is known of one number."""

    items = ma.fields.List(ma.fields.Nested(ApprovedTemplateSchema))


@blueprint.get(PATH)
@blueprint.response(200, TemplatesSchema)
@requires("instances.read")
def list_templates(instance_id: int) -> dict[str, Any]:
    """As they were listed last; nothing is asked of the provider."""
    return {"items": _of(instance_id)}


@blueprint.post(f"{PATH}/refresh")
@blueprint.response(200, TemplatesSchema)
@requires("campaigns.edit")
def refresh_templates(instance_id: int) -> dict[str, Any]:
    """Ask the provider now (422 with its reason when it does not list them)."""
    tenant_id = current_principal().tenant_id
    call_outside_in_pages(
        db.session(),
        partial(room.prepare_templates, tenant_id=tenant_id, instance_id=instance_id),
        partial(room.apply_templates, tenant_id=tenant_id, instance_id=instance_id, now=utcnow()),
    )
    return {"items": _of(instance_id)}


def _of(instance_id: int) -> Sequence[ApprovedTemplate]:
    session, tenant_id = db.session(), current_principal().tenant_id
    return room.templates_of(session, tenant_id, [room.instance_of(session, tenant_id, instance_id).id])
