"""`/api/instances` (contract 3.2). Secrets go in and never come back."""

import base64
from typing import Any

import marshmallow as ma
from flask import g
from sqlalchemy.orm import Session

from api.common import Blueprint, Page, PageArgs, Schema, StrictSchema, page_of
from core.access import current_principal, requires
from core.clock import utcnow
from core.config import get_settings
from core.db import db
from core.http_messages import HttpAnswer
from core.outside import call_outside
from core.paging import encode_cursor, values_behind
from models.instances import Instance
from services import instances as room

blueprint = Blueprint("instances_api", __name__, url_prefix="/api/instances", description="Números de WhatsApp")


class NewInstanceSchema(StrictSchema):
    """What a number needs; intervals left out take the connector's careful defaults."""

    name = ma.fields.String(required=True)
    connector = ma.fields.String(required=True)
    base_url = ma.fields.String(required=True)
    instance_key = ma.fields.String(required=True)
    credentials = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), load_default=dict)
    min_interval_ms = ma.fields.Integer(load_default=None, allow_none=True)
    max_interval_ms = ma.fields.Integer(load_default=None, allow_none=True)
    daily_cap = ma.fields.Integer(load_default=None, allow_none=True)
    warm_up = ma.fields.Boolean(load_default=True)
    check_numbers = ma.fields.Boolean(load_default=None, allow_none=True)


class InstanceChangesSchema(StrictSchema):
    """Only what is sent changes."""

    name = ma.fields.String()
    base_url = ma.fields.String()
    credentials = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String())
    min_interval_ms = ma.fields.Integer()
    max_interval_ms = ma.fields.Integer()
    daily_cap = ma.fields.Integer()
    warm_up = ma.fields.Boolean()
    check_numbers = ma.fields.Boolean()


def _warm_ups() -> room.WarmUps:
    """Read once a request, however many numbers it lists."""
    if "warm_ups" not in g:
        g.warm_ups = room.warm_ups_of(db.session(), current_principal().tenant_id, utcnow())
    read: room.WarmUps = g.warm_ups
    return read


class InstanceSchema(Schema):
    """A number as programs see it. `warm_up_day` of `warm_up_days` while the warm-up limits it, else null;
    `effective_daily_cap` is what it may send today, null = no cap of its own."""

    id = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True)
    connector = ma.fields.String(required=True)
    base_url = ma.fields.String(required=True)
    instance_key = ma.fields.String(required=True)
    phone = ma.fields.String(allow_none=True)
    status = ma.fields.String(required=True)
    status_reason = ma.fields.String()
    last_error = ma.fields.String()
    health_score = ma.fields.Float()
    health_status = ma.fields.Function(lambda one: room.health_status(one.health_score))
    is_healthy = ma.fields.Function(room.is_healthy)
    sent_today = ma.fields.Integer()
    delivered_today = ma.fields.Integer()
    read_today = ma.fields.Integer()
    failed_today = ma.fields.Integer()
    delivery_rate = ma.fields.Function(lambda one: room.figures_of(one).delivery_rate)
    read_rate = ma.fields.Function(lambda one: room.figures_of(one).read_rate)
    consecutive_errors = ma.fields.Integer()
    last_success_at = ma.fields.AwareDateTime(allow_none=True)
    last_health_update = ma.fields.AwareDateTime(allow_none=True)
    health_last_reset = ma.fields.AwareDateTime(allow_none=True)
    next_allowed_at = ma.fields.AwareDateTime()
    min_interval_ms = ma.fields.Integer()
    max_interval_ms = ma.fields.Integer()
    daily_cap = ma.fields.Integer(allow_none=True)
    effective_daily_cap = ma.fields.Function(lambda one: _warm_ups().cap_of(one))
    warm_up = ma.fields.Boolean()
    warm_up_day = ma.fields.Function(lambda one: stage.day if (stage := _warm_ups().of(one)) else None)
    warm_up_days = ma.fields.Function(lambda one: stage.days if (stage := _warm_ups().of(one)) else None)
    check_numbers = ma.fields.Boolean()
    is_sandbox = ma.fields.Boolean()
    webhook_url = ma.fields.Function(lambda one: room.webhook_url(one, get_settings().public_url))
    created_at = ma.fields.AwareDateTime()


class ConnectArgs(StrictSchema):
    """With a phone, a pairing code is asked for instead of a QR."""

    phone = ma.fields.String(load_default="")


class ConnectSchema(Schema):
    """What to show the person."""

    qr_png_base64 = ma.fields.String(allow_none=True)
    pairing_code = ma.fields.String(allow_none=True)
    is_connected = ma.fields.Boolean()
    problem = ma.fields.String()


class TestArgs(StrictSchema):
    """Whose phone receives the test message."""

    __test__ = False
    phone = ma.fields.String(required=True)


class TestResultSchema(Schema):
    """What became of it; `is_unclear` = it may have arrived."""

    __test__ = False
    is_sent = ma.fields.Boolean()
    is_unclear = ma.fields.Boolean()
    message = ma.fields.String()


def _mine(instance_id: int) -> Instance:
    return room.instance_of(db.session(), current_principal().tenant_id, instance_id)


@blueprint.get("")
@blueprint.arguments(PageArgs, location="query")
@blueprint.response(200, page_of(InstanceSchema))
@requires("instances.read")
def list_instances(args: dict[str, Any]) -> Page[Instance]:
    """Every number, in the order added."""
    after = values_behind(args["cursor"], [int])[0] if args["cursor"] else 0
    limit = args["limit"]
    found = room.instances_of(db.session(), current_principal().tenant_id, after_id=after, limit=limit + 1)
    return Page(found[:limit], encode_cursor([found[limit - 1].id]) if len(found) > limit else None)


@blueprint.post("")
@blueprint.arguments(NewInstanceSchema)
@blueprint.response(201, InstanceSchema)
@requires("instances.connect")
def create_instance(said: dict[str, Any]) -> Instance:
    """Add a number: make it at its provider where that can be done, and tell it where to call us."""
    who, session = current_principal(), db.session()
    made = room.create_instance(
        session,
        who.tenant_id,
        room.NewInstance(**said),
        actor=who.user_id,
        now=utcnow(),
        sandbox_url=get_settings().sandbox_url,
    )
    instance_id = made.id
    session.commit()
    _set_up(who.tenant_id, instance_id)
    return _mine(instance_id)


@blueprint.get("/<int:instance_id>")
@blueprint.response(200, InstanceSchema)
@requires("instances.read")
def get_instance(instance_id: int) -> Instance:
    """One number."""
    return _mine(instance_id)


@blueprint.patch("/<int:instance_id>")
@blueprint.arguments(InstanceChangesSchema)
@blueprint.response(200, InstanceSchema)
@requires("instances.edit")
def update_instance(changes: dict[str, Any], instance_id: int) -> Instance:
    """Change what is sent. With another address or key the provider is told again where to call us."""
    who, session = current_principal(), db.session()
    reach = room.reach_of(_mine(instance_id))
    changed = room.update_instance(session, who.tenant_id, instance_id, changes, actor=who.user_id, now=utcnow())
    has_moved = room.reach_of(changed) != reach
    session.commit()
    if has_moved:
        _set_up(who.tenant_id, instance_id)
    return _mine(instance_id)


@blueprint.delete("/<int:instance_id>")
@blueprint.response(204)
@requires("instances.delete")
def delete_instance(instance_id: int) -> None:
    """Remove a number; its history stays with the campaigns."""
    who, session = current_principal(), db.session()
    room.delete_instance(session, who.tenant_id, instance_id, actor=who.user_id, now=utcnow())
    session.commit()


@blueprint.post("/<int:instance_id>/connect")
@blueprint.arguments(ConnectArgs, required=False)
@blueprint.response(200, ConnectSchema)
@requires("instances.connect")
def connect_instance(said: dict[str, Any], instance_id: int) -> dict[str, Any]:
    """A QR to scan or a code to type; `is_connected` when there is nothing left to do."""
    tenant_id = current_principal().tenant_id

    def take(session: Session, answer: HttpAnswer) -> room.ConnectStep:
        return room.apply_connect(session, tenant_id, instance_id, answer)

    step = call_outside(
        db.session(),
        lambda session: room.prepare_connect(session, tenant_id, instance_id, phone=said["phone"]),
        take,
    )
    return {
        "qr_png_base64": base64.b64encode(step.qr_png).decode() if step.qr_png else None,
        "pairing_code": step.pairing_code,
        "is_connected": step.is_connected,
        "problem": step.problem,
    }


@blueprint.post("/<int:instance_id>/refresh")
@blueprint.response(200, InstanceSchema)
@requires("instances.test")
def refresh_instance(instance_id: int) -> Instance:
    """Ask the provider how the number stands."""
    tenant_id = current_principal().tenant_id
    call_outside(
        db.session(),
        lambda session: room.prepare_refresh(session, tenant_id, instance_id),
        lambda session, answer: room.apply_refresh(session, tenant_id, instance_id, answer),
    )
    return _mine(instance_id)


@blueprint.post("/<int:instance_id>/test")
@blueprint.arguments(TestArgs)
@blueprint.response(200, TestResultSchema)
@requires("instances.test")
def test_instance(said: dict[str, Any], instance_id: int) -> room.TestResult:
    """One message to a phone of one's own, now."""
    tenant_id = current_principal().tenant_id
    return call_outside(
        db.session(),
        lambda session: room.prepare_test(
            session, tenant_id, instance_id, phone=said["phone"], app_name="Leads Infinitos"
        ),
        lambda session, answer: room.apply_test(session, tenant_id, instance_id, answer),
    )


@blueprint.post("/<int:instance_id>/pause")
@blueprint.response(200, InstanceSchema)
@requires("instances.edit")
def pause_instance(instance_id: int) -> Instance:
    """Stop sending through it."""
    who, session = current_principal(), db.session()
    room.pause_instance(session, who.tenant_id, instance_id, actor=who.user_id)
    session.commit()
    return _mine(instance_id)


@blueprint.post("/<int:instance_id>/resume")
@blueprint.response(200, InstanceSchema)
@requires("instances.edit")
def resume_instance(instance_id: int) -> Instance:
    """Let a paused number send again."""
    who, session = current_principal(), db.session()
    room.resume_instance(session, who.tenant_id, instance_id, actor=who.user_id)
    session.commit()
    return _mine(instance_id)


def _set_up(tenant_id: int, instance_id: int) -> None:
    session = db.session()
    for step in room.set_up_steps(session, tenant_id, instance_id, app_url=get_settings().public_url):
        call_outside(session, *step)
