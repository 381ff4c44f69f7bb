"""`/instances`: list, add, connect by QR, test, edit, pause, remove."""

import base64
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from connectors.whatsapp import connector, connector_infos, connector_names
from core.access import current_principal, requires
from core.clock import utcnow
from core.config import get_settings
from core.db import db
from core.errors import InvalidInput
from core.outside import call_outside
from services import instances as room
from views.fragments import live_fragment
from views.instances.forms import SANDBOX_SECRETS, changes_from, first_values, new_instance_from

blueprint = Blueprint("instances", __name__, url_prefix="/instances")
Page = str | Response | tuple[str, int]


def _warm_ups() -> room.WarmUps:
    """Read once a request, however many numbers it shows."""
    if "warm_ups" not in g:
        g.warm_ups = room.warm_ups_of(db.session(), current_principal().tenant_id, utcnow())
    read: room.WarmUps = g.warm_ups
    return read


@blueprint.context_processor
def _context() -> dict[str, Any]:
    return {
        "nav_active": "instances",
        "warm_up_of": lambda one: _warm_ups().of(one),
        "cap_of": lambda one: _warm_ups().cap_of(one),
        "health_status": room.health_status,
        "figures_of": room.figures_of,
        "is_healthy": room.is_healthy,
    }


@blueprint.get("")
@requires("instances.read")
def index() -> str:
    """All numbers with their health and today's figures."""
    found = room.instances_of(db.session(), current_principal().tenant_id)
    return render_template("instances/index.html", instances=found)


@blueprint.get("/live")
@requires("instances.read")
def live() -> Response:
    """The cards alone, for polling."""
    found = room.instances_of(db.session(), current_principal().tenant_id)
    return live_fragment("instances/_cards.html", instances=found)


@blueprint.get("/new")
@requires("instances.connect")
def new() -> str:
    """Which provider (`?connector=`), then its form; with the simulator running it is offered as the address."""
    chosen = request.args.get("connector", "")
    if chosen not in connector_names():
        return render_template("instances/choose.html", infos=connector_infos())
    return _form(first_values(connector(chosen).info, get_settings().sandbox_url), {})


@blueprint.post("/new")
@requires("instances.connect")
def create() -> Page:
    """Add, tell the provider where to call us, go on to the QR."""
    who, session = current_principal(), db.session()
    try:
        made = room.create_instance(
            session,
            who.tenant_id,
            new_instance_from(request.form),
            actor=who.user_id,
            now=utcnow(),
            sandbox_url=get_settings().sandbox_url,
        )
    except InvalidInput as refusal:
        session.rollback()
        errors = {name: told[0] for name, told in refusal.fields.items()}
        if "connector" in errors:
            return render_template("instances/choose.html", infos=connector_infos(), problem=errors["connector"]), 422
        return _form(request.form.to_dict(), errors), 422
    instance_id = made.id
    session.commit()
    problem = _set_up(instance_id)
    if problem:
        flash(
            _("O número foi salvo, mas ainda não está pronto no provedor: %(why)s", why=problem),
            "warning",
        )
    return redirect(url_for("instances.connect", instance_id=instance_id), 303)


@blueprint.get("/<int:instance_id>")
@requires("instances.read")
def show(instance_id: int) -> str:
    """One number: state, today, last error in words, address for the provider, edit."""
    instance = room.instance_of(db.session(), current_principal().tenant_id, instance_id)
    return render_template(
        "instances/show.html",
        instance=instance,
        info=connector(instance.connector).info,
        webhook_url=room.webhook_url(instance, get_settings().public_url),
        values={},
        errors={},
    )


@blueprint.post("/<int:instance_id>")
@requires("instances.edit")
def edit(instance_id: int) -> Page:
    """Save changes; what was typed stays when something is refused. With another address or key the provider is told
    again where to call us."""
    who, session = current_principal(), db.session()
    reach = room.reach_of(room.instance_of(session, who.tenant_id, instance_id))
    try:
        changed = room.update_instance(
            session, who.tenant_id, instance_id, changes_from(request.form), actor=who.user_id, now=utcnow()
        )
    except InvalidInput as refusal:
        session.rollback()
        instance = room.instance_of(session, who.tenant_id, instance_id)
        errors = {name: told[0] for name, told in refusal.fields.items()}
        return render_template(
            "instances/show.html",
            instance=instance,
            info=connector(instance.connector).info,
            webhook_url=room.webhook_url(instance, get_settings().public_url),
            values=request.form.to_dict(),
            errors=errors,
        ), 422
    has_moved = room.reach_of(changed) != reach
    session.commit()
    flash(_("Alterações salvas."), "success")
    if has_moved and (problem := _set_up(instance_id)):
        flash(_("O número ainda não está pronto no provedor: %(why)s", why=problem), "warning")
    return redirect(url_for("instances.show", instance_id=instance_id), 303)


@blueprint.get("/<int:instance_id>/connect")
@requires("instances.connect")
def connect(instance_id: int) -> str:
    """The QR, or the pairing code for a phone, with the steps to follow."""
    return render_template("instances/connect.html", **_connection(instance_id, request.args.get("phone", "")))


@blueprint.get("/<int:instance_id>/connection")
@requires("instances.connect")
def connection(instance_id: int) -> Response:
    """The QR block alone: a new code as the provider turns it, or the good news."""
    return live_fragment("instances/_connection.html", **_connection(instance_id, ""))


@blueprint.post("/<int:instance_id>/restart")
@requires("instances.connect")
def restart(instance_id: int) -> Response:
    """Wake the number at its provider and go back to the QR."""
    tenant_id = current_principal().tenant_id
    problem = call_outside(
        db.session(),
        lambda session: room.prepare_restart(session, tenant_id, instance_id),
        lambda session, answer: room.apply_restart(session, tenant_id, instance_id, answer),
    )
    if problem:
        flash(problem, "danger")
    return redirect(url_for("instances.connect", instance_id=instance_id), 303)


@blueprint.post("/<int:instance_id>/refresh")
@requires("instances.test")
def refresh(instance_id: int) -> Response:
    """Ask the provider how the number stands."""
    tenant_id = current_principal().tenant_id
    problem = call_outside(
        db.session(),
        lambda session: room.prepare_refresh(session, tenant_id, instance_id),
        lambda session, answer: room.apply_refresh(session, tenant_id, instance_id, answer),
    )
    flash(problem or _("Situação atualizada."), "danger" if problem else "success")
    return redirect(url_for("instances.show", instance_id=instance_id), 303)


@blueprint.post("/<int:instance_id>/test")
@requires("instances.test")
def test(instance_id: int) -> Response:
    """One message to a phone of one's own, now."""
    tenant_id, phone = current_principal().tenant_id, request.form.get("phone", "")
    try:
        result = call_outside(
            db.session(),
            lambda session: room.prepare_test(session, tenant_id, instance_id, phone=phone, app_name="Leads Infinitos"),
            lambda session, answer: room.apply_test(session, tenant_id, instance_id, answer),
        )
    except InvalidInput as refusal:
        flash(refusal.first_sentence, "danger")
    else:
        flash(result.message, "success" if result.is_sent else "warning" if result.is_unclear else "danger")
    return redirect(url_for("instances.show", instance_id=instance_id), 303)


@blueprint.post("/<int:instance_id>/pause")
@requires("instances.edit")
def pause(instance_id: int) -> Response:
    who, session = current_principal(), db.session()
    room.pause_instance(session, who.tenant_id, instance_id, actor=who.user_id)
    session.commit()
    flash(_("Número pausado. As campanhas seguem pelos outros números."), "success")
    return redirect(_came_from(instance_id), 303)


@blueprint.post("/<int:instance_id>/resume")
@requires("instances.edit")
def resume(instance_id: int) -> Response:
    who, session = current_principal(), db.session()
    room.resume_instance(session, who.tenant_id, instance_id, actor=who.user_id)
    session.commit()
    flash(_("Número retomado."), "success")
    return redirect(_came_from(instance_id), 303)


@blueprint.post("/<int:instance_id>/delete")
@requires("instances.delete")
def delete(instance_id: int) -> Response:
    """Remove a number; its name has to be typed."""
    who, session = current_principal(), db.session()
    name = room.instance_of(session, who.tenant_id, instance_id).name
    if request.form.get("confirm_name", "").strip() != name:
        flash(_("Para remover, digite o nome do número exatamente como aparece."), "danger")
        return redirect(url_for("instances.show", instance_id=instance_id), 303)
    room.delete_instance(session, who.tenant_id, instance_id, actor=who.user_id, now=utcnow())
    session.commit()
    flash(_("Número removido. O histórico das campanhas continua."), "success")
    return redirect(url_for("instances.index"), 303)


def _came_from(instance_id: int) -> str:
    if request.form.get("back") == "list":
        return url_for("instances.index")
    return url_for("instances.show", instance_id=instance_id)


def _form(values: dict[str, Any], errors: dict[str, str]) -> str:
    info = connector(values["connector"]).info
    known = SANDBOX_SECRETS if get_settings().sandbox_url else {}
    simulated = {field.name: known.get((info.name, field.name), "") for field in info.fields}
    return render_template("instances/new.html", values=values, errors=errors, info=info, simulated=simulated)


def _set_up(instance_id: int) -> str:
    session, tenant_id = db.session(), current_principal().tenant_id
    steps = room.set_up_steps(session, tenant_id, instance_id, app_url=get_settings().public_url)
    return room.set_up_problem([call_outside(session, *step) for step in steps])


def _connection(instance_id: int, phone: str) -> dict[str, Any]:
    tenant_id, session = current_principal().tenant_id, db.session()
    error = ""
    try:
        step = call_outside(
            session,
            lambda session: room.prepare_connect(session, tenant_id, instance_id, phone=phone),
            lambda session, answer: room.apply_connect(session, tenant_id, instance_id, answer),
        )
    except InvalidInput as refusal:
        step, error = room.ConnectStep(), refusal.fields["phone"][0]
    instance = room.instance_of(session, tenant_id, instance_id)
    return {
        "instance": instance,
        "info": connector(instance.connector).info,
        "step": step,
        "qr": base64.b64encode(step.qr_png).decode() if step.qr_png else "",
        "phone": phone,
        "phone_error": error,
    }
