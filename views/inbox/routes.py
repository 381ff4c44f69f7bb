"""`/inbox`: the conversations, one of them, answering, judging what a doubtful reply meant."""

from typing import Any, Final
from uuid import uuid4

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.errors import AppError
from services import inbox as room
from services import leads
from views.fragments import live_fragment
from views.inbox import words

ID: Final = "/<int(max=9223372036854775807):conversation_id>"
PER_PAGE: Final = 25
Page = str | Response | tuple[str, int]

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")


@blueprint.context_processor
def _context() -> dict[str, Any]:
    return {"nav_active": "inbox", "words": words, "is_hidden": room.is_hidden}


@blueprint.app_context_processor
def _navigation() -> dict[str, Any]:
    """Counted only by a page that shows the menu."""
    return {"unread_conversations": LocalProxy(_unread)}


def _unread() -> int:
    if "unread_conversations" not in g:
        may = current_user.is_authenticated and current_user.can("inbox.read")
        g.unread_conversations = (
            room.count_conversations(db.session(), current_user.tenant_id, room.Filter.UNREAD) if may else 0
        )
    count: int = g.unread_conversations
    return count


@blueprint.get("")
@requires("inbox.read")
def index() -> str:
    """The list, the latest first."""
    session, tenant_id = db.session(), current_principal().tenant_id
    counts = {one.value: room.count_conversations(session, tenant_id, one) for one in room.Filter}
    return render_template("inbox/index.html", counts=counts, **_listed())


@blueprint.get("/live")
@requires("inbox.read")
def live() -> Response:
    """The list alone, for polling."""
    return live_fragment("inbox/_list.html", **_listed())


@blueprint.get(ID)
@requires("inbox.read")
def show(conversation_id: int) -> str:
    """One conversation; whoever may answer has read it by opening it."""
    _mark_read(conversation_id)
    return _page(conversation_id, {})


@blueprint.get(f"{ID}/live")
@requires("inbox.read")
def show_live(conversation_id: int) -> Response:
    """Its newest messages alone, for polling."""
    _mark_read(conversation_id)
    return live_fragment("inbox/_messages.html", **_messages(conversation_id))


@blueprint.post(f"{ID}/messages")
@requires("inbox.answer")
def answer(conversation_id: int) -> Page:
    """Send one message to the person."""
    who, session = current_principal(), db.session()
    try:
        room.answer(
            session,
            who.tenant_id,
            conversation_id,
            request.form.get("text", ""),
            actor=who.user_id,
            now=utcnow(),
            form_key=request.form.get("form_key", "")[:36] or None,
        )
        session.commit()
    except AppError as refusal:
        if refusal.http_status == 404:
            raise
        session.rollback()
        errors = {"text": refusal.fields.get("text", [refusal.message])[0]}
        return _page(conversation_id, errors), refusal.http_status
    return redirect(url_for("inbox.show", conversation_id=conversation_id) + "#fim", 303)


@blueprint.post(f"{ID}/judge")
@requires("inbox.answer")
def judge(conversation_id: int) -> Response:
    """Say whether the person asked to leave."""
    who, session = current_principal(), db.session()
    is_leave = request.form.get("is_leave") == "1"
    room.judge(session, who.tenant_id, conversation_id, is_leave=is_leave, actor=who.user_id)
    session.commit()
    told = (
        _("Pronto: esta pessoa não recebe mais nada, e foi avisada.") if is_leave else _("Certo: nada muda para ela.")
    )
    flash(told, "success")
    return redirect(url_for("inbox.show", conversation_id=conversation_id), 303)


@blueprint.post(f"{ID}/unread")
@requires("inbox.answer")
def mark_unread(conversation_id: int) -> Response:
    """Put it back among what waits for us."""
    session = db.session()
    room.mark_unread(session, current_principal().tenant_id, conversation_id)
    session.commit()
    return redirect(url_for("inbox.index"), 303)


def _mark_read(conversation_id: int) -> None:
    who, session = current_principal(), db.session()
    if who.can("inbox.answer"):
        room.mark_read(session, who.tenant_id, conversation_id)
        session.commit()


def _listed() -> dict[str, Any]:
    session, tenant_id = db.session(), current_principal().tenant_id
    search, chosen, cursor = request.args.get("q", ""), request.args.get("only", ""), request.args.get("cursor")
    only = room.Filter(chosen) if chosen in set(room.Filter) else room.Filter.ALL
    page = room.page_of_conversations(session, tenant_id, query=search, only=only, limit=PER_PAGE, cursor=cursor)
    asked = {name: value for name, value in (("q", search), ("only", only.value), ("cursor", cursor)) if value}
    numbers = room.numbers_of(session, tenant_id, page.items)
    return {"page": page, "search": search, "only": only.value, "asked": asked, "numbers": numbers}


def _messages(conversation_id: int) -> dict[str, Any]:
    session, tenant_id = db.session(), current_principal().tenant_id
    page = room.messages_of(
        session, tenant_id, conversation_id, limit=PER_PAGE, cursor=request.args.get("cursor") or None
    )
    return {
        "conversation": room.conversation_of(session, tenant_id, conversation_id),
        "entries": list(reversed(page.items)),
        "page": page,
        "is_newest": not request.args.get("cursor"),
    }


def _page(conversation_id: int, errors: dict[str, str]) -> str:
    session, tenant_id = db.session(), current_principal().tenant_id
    shown = _messages(conversation_id)
    conversation = shown["conversation"]
    return render_template(
        "inbox/show.html",
        **shown,
        errors=errors,
        typed=request.form.get("text", ""),
        form_key=request.form.get("form_key") or str(uuid4()),
        number=room.numbers_of(session, tenant_id, [conversation]).get(conversation.instance_id),
        is_suppressed=leads.is_suppressed(session, tenant_id, conversation.phone_key),
        blocked=_blocked(conversation_id),
    )


def _blocked(conversation_id: int) -> str:
    """Why nothing can be written to this person now, "" when it can."""
    session, tenant_id = db.session(), current_principal().tenant_id
    try:
        room.refuse_writing(session, room.conversation_of(session, tenant_id, conversation_id), utcnow())
    except AppError as refusal:
        return refusal.message
    return ""
