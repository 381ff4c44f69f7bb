"""What the pages of people say of codes: filters, sources, events of a history."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from core.access import Principal
from core.formats import number
from models.leads import LeadList
from services import leads as room
from views.leads.blueprint import basis_words


def standings() -> dict[str, str]:
    """Whether a message may reach somebody."""
    return {"reachable": _("Pode receber"), "suppressed": _("Não perturbe"), "invalid": _("Sem WhatsApp")}


def sources() -> dict[str, str]:
    """Where a lead came from."""
    return {
        "import": _("Planilha"),
        "extraction": _("Google Maps"),
        "manual": _("Incluído à mão"),
        "api": _("Outro sistema"),
    }


def bases() -> dict[str, str]:
    """The legal bases in a few words."""
    return {value: label for value, label, _note in basis_words()}


def actions() -> dict[str, str]:
    """What can be done with many people."""
    return {
        "tag": _("Pôr etiqueta"),
        "untag": _("Tirar etiqueta"),
        "add_to_list": _("Pôr em outra lista"),
        "move": _("Mudar de lista"),
        "remove_from_list": _("Tirar da lista"),
        "suppress": _("Não perturbe"),
        "delete": _("Apagar"),
    }


def possible_actions(who: Principal, asked: room.LeadFilter) -> dict[str, str]:
    """Those this person may do here: leaving a list needs a list."""
    out = set() if asked.list_id else {"move", "remove_from_list"}
    out |= set() if who.can("leads.delete") else {"delete"}
    return {action: label for action, label in actions().items() if action not in out}


def list_options(lists: Sequence[LeadList]) -> list[tuple[int, str]]:
    """Lists as the options of a field."""
    return [(one.id, one.name) for one in lists]


def counted(count: room.Count) -> str:
    """ "12 pessoas", or `mais de 10.000 pessoas`."""
    people = str(ngettext("%(n)s pessoa", "%(n)s pessoas", count.number, n=number(count.number)))
    return str(_("mais de %(people)s", people=people)) if count.is_more else people


def events(history: room.History) -> list[dict[str, Any]]:
    """A history as entries of a timeline, the latest first."""
    found = [entry for one in history.encounters for entry in _of_encounter(one)]
    found += [
        {
            "at": one.created_at,
            "text": _("Entrou em não perturbe"),
            "tone": "warn",
            "icon": "user-off",
            "type": "opt_out",
        }
        for one in history.suppressions
    ]
    return sorted(found, key=lambda entry: entry["at"], reverse=True)


def _of_encounter(one: room.Encounter) -> list[dict[str, Any]]:
    contact = one.contact
    told = [
        (contact.sent_at, _("Mensagem enviada"), "info", "check", "sent"),
        (contact.delivered_at, _("Entregue"), "info", "checks", "delivered"),
        (contact.read_at, _("Lida"), "ok", "eye", "read"),
        (contact.replied_at, _("Respondeu"), "ok", "message-2", "replied"),
        (contact.failed_at, _("Não chegou"), "bad", "circle-x", "failed"),
    ]
    where = one.campaign_name
    if one.step:
        where = _("%(campaign)s, acompanhamento %(step)s", campaign=one.campaign_name, step=one.step)
    return [
        {"at": at, "text": text, "tone": tone, "icon": icon, "type": kind, "detail": where}
        for at, text, tone, icon, kind in told
        if at is not None
    ]
