"""One deed on many people: those ticked on a page, or everybody its filter finds."""

from typing import Any, Final

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from core.access import current_principal, requires
from core.db import db
from core.errors import Forbidden, InvalidInput
from core.formats import number
from models.leads_people import DeedStatus
from services import leads as room
from views.fragments import live_fragment
from views.leads import words
from views.leads.blueprint import Page, blueprint, typed

ASKED_FIRST: Final = ("suppress", "delete")
"""What can't be taken back by a click is asked again, with the number."""
MOST_TICKED: Final = 1_000


@blueprint.post("/people/deed")
@requires("leads.edit")
def do_deed() -> Page:
    """Do it now for few, leave it to a worker for many, ask first where it matters."""
    who, session = current_principal(), db.session()
    asked, deed, ids = room.LeadFilter.of(request.form), _deed(), _ticked()
    if deed.action == "delete" and not who.can("leads.delete"):
        raise Forbidden
    is_all = typed("everybody") == "1"
    if not ids and not is_all:
        flash(_("Marque ao menos uma pessoa, ou escolha “todas as encontradas”."), "danger")
        return redirect(_back(asked), 303)
    count = room.count_people(session, who.tenant_id, asked) if is_all else room.Count(len(ids))
    if typed("confirmed") != "1" and (is_all or deed.action in ASKED_FIRST):
        return _question(deed, asked, count, ids)
    try:
        answer = _now(deed, asked, ids) if not is_all else _all(deed, asked, count)
    except InvalidInput as refusal:
        session.rollback()
        flash(refusal.first_sentence, "danger")
        return redirect(_back(asked), 303)
    return answer


@blueprint.get("/deeds/<int:deed_id>")
@requires("leads.read")
def show_deed(deed_id: int) -> str:
    """How far a large one is."""
    return render_template("leads/deed.html", **_shown(deed_id))


@blueprint.get("/deeds/<int:deed_id>/live")
@requires("leads.read")
def live_deed(deed_id: int) -> BaseResponse:
    """The moving part alone."""
    return live_fragment("leads/_deed.html", **_shown(deed_id))


def _now(deed: room.Deed, asked: room.LeadFilter, ids: list[int]) -> BaseResponse:
    who, session = current_principal(), db.session()
    done = room.do_deed(session, who.tenant_id, deed, ids, actor=who.user_id)
    session.commit()
    flash(_done(done), "success")
    return redirect(_back(asked), 303)


def _all(deed: room.Deed, asked: room.LeadFilter, count: room.Count) -> BaseResponse:
    who, session = current_principal(), db.session()
    if count.is_more or count.number > room.DEED_IN_REQUEST:
        made = room.start_deed(session, who.tenant_id, deed, asked, actor=who.user_id)
        session.commit()
        return redirect(url_for("leads.show_deed", deed_id=made.id), 303)
    ids = room.ids_of_people(session, who.tenant_id, asked, after=0, most=room.DEED_IN_REQUEST)
    return _now(deed, asked, ids)


def _done(done: int) -> str:
    return str(ngettext("Feito: mudou para %(n)s pessoa.", "Feito: mudou para %(n)s pessoas.", done, n=number(done)))


def _question(deed: room.Deed, asked: room.LeadFilter, count: room.Count, ids: list[int]) -> str:
    session, tenant_id = db.session(), current_principal().tenant_id
    names = {one.id: one.name for one in room.all_lists(session, tenant_id)}
    return render_template(
        "leads/deed_ask.html",
        deed=deed,
        asked=asked,
        people=words.counted(count),
        ids=ids,
        list_names=names,
        label=words.actions()[deed.action],
        back=_back(asked),
    )


def _deed() -> room.Deed:
    action = typed("action")
    if action not in room.ACTIONS:
        raise InvalidInput(_("Escolha o que fazer com estas pessoas."))
    return room.Deed(action, typed("deed_tag"), _id(typed("target_list")), _id(typed("list_id")))


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _ticked() -> list[int]:
    return [one for one in map(_id, request.form.getlist("ids")[:MOST_TICKED]) if one is not None]


def _back(asked: room.LeadFilter) -> str:
    """The page the person came from: the list's own when the filter is by a list."""
    said = asked.asked()
    if asked.list_id and typed("on_list") == "1":
        return url_for("leads.show_list", **said)
    return url_for("leads.people", **said)


def _shown(deed_id: int) -> dict[str, Any]:
    deed = room.deed_of(db.session(), current_principal().tenant_id, deed_id)
    is_moving = deed.status is not DeedStatus.FINISHED
    width = max(1, deed.last_id - deed.first_id + 1)
    percent = round(100 * (deed.after_id - deed.first_id + 1) / width) if is_moving else 100
    return {"deed": deed, "is_moving": is_moving, "percent": min(percent, 100), "words": words}
