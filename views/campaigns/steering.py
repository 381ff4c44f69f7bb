"""What the campaigns' buttons do. Each is a POST that comes back to where it was pressed."""

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from core.access import current_principal, requires
from core.clock import utcnow
from core.db import db
from core.formats import number
from core.i18n import current_locale
from models.campaigns import CampaignStatus
from models.states import NotAllowedNow
from services import campaigns as room
from views.campaigns.blueprint import ID, blueprint, came_from, page_of


@blueprint.post(f"{ID}/start")
@requires("campaigns.launch")
def start(campaign_id: int) -> Response:
    """Send, or schedule. More people than the button said are not written to without asking again."""
    who, session = current_principal(), db.session()
    promised = request.form.get("recipients", "")
    at_most = int(promised[:12]) if promised.isdecimal() else None
    try:
        status = room.start_campaign(
            session, who.tenant_id, campaign_id, actor=who.user_id, now=utcnow(), at_most=at_most
        )
    except room.MorePeople as refusal:
        session.rollback()
        flash(refusal.message, "warning")
        return redirect(url_for("campaigns.check", campaign_id=campaign_id), 303)
    except (room.NotReady, NotAllowedNow) as refusal:
        session.rollback()
        flash(refusal.message, "danger")
        return redirect(url_for("campaigns.check", campaign_id=campaign_id), 303)
    session.commit()
    if room.campaign_of(session, who.tenant_id, campaign_id).pause_reason == room.PREPARING:
        flash(
            _("Estamos preparando os destinatários. Os envios começam sozinhos; você pode fechar esta página."),
            "success",
        )
    elif status is CampaignStatus.SCHEDULED:
        flash(_("Campanha agendada. Ela começa sozinha; você pode fechar esta página."), "success")
    else:
        flash(_("Os envios começaram. Você pode fechar esta página; tudo continua."), "success")
    return redirect(page_of(campaign_id), 303)


@blueprint.post(f"{ID}/pause")
@requires("campaigns.launch")
def pause(campaign_id: int) -> Response:
    """Hold the sending."""
    who, session = current_principal(), db.session()
    room.pause_campaign(session, who.tenant_id, campaign_id, actor=who.user_id)
    session.commit()
    flash(_("Campanha pausada. Quem ainda não recebeu espera na fila."), "success")
    return redirect(came_from(page_of(campaign_id)), 303)


@blueprint.post(f"{ID}/resume")
@requires("campaigns.launch")
def resume(campaign_id: int) -> Response:
    """Go on."""
    who, session = current_principal(), db.session()
    room.resume_campaign(session, who.tenant_id, campaign_id, actor=who.user_id, now=utcnow())
    session.commit()
    flash(_("Campanha retomada."), "success")
    return redirect(came_from(page_of(campaign_id)), 303)


@blueprint.post(f"{ID}/cancel")
@requires("campaigns.launch")
def cancel(campaign_id: int) -> Response:
    """End it: the status first and at once, then the rows, of which there may be a million."""
    who, session = current_principal(), db.session()
    room.cancel_campaign(session, who.tenant_id, campaign_id, actor=who.user_id, now=utcnow())
    session.commit()
    spared = room.cancel_pending(session, who.tenant_id, campaign_id)
    session.commit()
    flash(
        ngettext("Campanha cancelada: %(num)s pessoa que esperava não recebe mais.",
                 "Campanha cancelada: %(num)s pessoas que esperavam não recebem mais.", spared)
        if spared else _("Campanha cancelada."),
        "success",
    )  # fmt: skip
    return redirect(page_of(campaign_id), 303)


@blueprint.post(f"{ID}/delete")
@requires("campaigns.delete")
def delete(campaign_id: int) -> Response:
    """Remove it with its recipients and its story; its name has to be typed."""
    who, session = current_principal(), db.session()
    name = room.campaign_of(session, who.tenant_id, campaign_id).name
    if request.form.get("confirm_name", "").strip() != name:
        flash(_("Para apagar, escreva o nome da campanha exatamente como aparece."), "danger")
        return redirect(page_of(campaign_id), 303)
    room.delete_campaign(session, who.tenant_id, campaign_id, actor=who.user_id)
    session.commit()
    flash(_("Campanha apagada, com todos os registros dela."), "success")
    return redirect(url_for("campaigns.index"), 303)


@blueprint.post(f"{ID}/duplicate")
@requires("campaigns.edit")
def duplicate(campaign_id: int) -> Response:
    """A draft with the same texts and settings."""
    who, session = current_principal(), db.session()
    copy = room.duplicate_campaign(session, who.tenant_id, campaign_id, actor=who.user_id, now=utcnow())
    copy_id = copy.id
    session.commit()
    flash(_("Cópia criada. Mude o que quiser e confira antes de enviar."), "success")
    return redirect(url_for("campaigns.edit", campaign_id=copy_id), 303)


@blueprint.post(f"{ID}/resend")
@requires("campaigns.launch")
def resend(campaign_id: int) -> Response:
    """The failed, or the unconfirmed, go back into the queue; these only from the panel that says they may arrive
    twice."""
    who, session = current_principal(), db.session()
    only = room.Resend.UNCONFIRMED if request.form.get("only") == "unconfirmed" else room.Resend.FAILED
    if only is room.Resend.UNCONFIRMED and not request.form.get("confirmed"):
        flash(_("Essas mensagens podem ter chegado. Confirme que alguém pode receber duas vezes."), "warning")
        return redirect(page_of(campaign_id), 303)
    count = room.resend(session, who.tenant_id, campaign_id, only, actor=who.user_id)
    session.commit()
    flash(ngettext("%(num)s mensagem voltou para a fila.", "%(num)s mensagens voltaram para a fila.", count), "success")
    return redirect(page_of(campaign_id), 303)


@blueprint.post(f"{ID}/deal")
@requires("campaigns.edit")
def deal(campaign_id: int) -> Response:
    """One closed deal more or less; of one recipient on their page."""
    who, session = current_principal(), db.session()
    delta = -1 if request.form.get("delta") == "-1" else 1
    whose = request.form.get("contact_id", "")
    contact_id = int(whose) if whose.isdecimal() and len(whose) <= 18 else None
    try:
        closed = room.add_deal(
            session, who.tenant_id, campaign_id, delta, actor=who.user_id, contact_id=contact_id, now=utcnow()
        )
    except (room.NoDealToRemove, room.DealCountedAlready) as refusal:
        session.rollback()
        flash(refusal.message, "info")
    else:
        session.commit()
        count = number(closed, locale=current_locale())
        flash(ngettext("%(count)s negócio fechado.", "%(count)s negócios fechados.", closed, count=count), "success")
    return redirect(came_from(page_of(campaign_id)), 303)
