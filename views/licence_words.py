"""What a page says about a licence. No notice while all is well."""

from dataclasses import dataclass

from flask_babel import gettext as _
from markupsafe import Markup

from core.i18n import time_tag
from services.accounts import Entitlement, LicenceReason


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the banner; `level` is info, warning or danger."""

    text: str
    level: str


def badge(reason: LicenceReason) -> str:
    """The reason as `ui.status_badge('licence', ...)` spells it."""
    ended = {LicenceReason.EXPIRED, LicenceReason.SUSPENDED}
    return "ended" if reason in ended else "refunded" if reason is LicenceReason.CHARGEBACK else str(reason)


def notice_about(entitlement: Entitlement) -> Notice | None:
    """The banner of the signed-in pages, None while there is nothing to say."""
    if entitlement.is_live:
        return _live_notice(entitlement)
    return Notice(_dead_words(entitlement.reason), "danger")


def _live_notice(entitlement: Entitlement) -> Notice | None:
    if entitlement.reason is LicenceReason.GRACE and entitlement.live_until:
        words = _(
            "O pagamento da sua licença está atrasado. Os envios continuam até %(until)s; depois disso param, "
            "e seus dados ficam guardados."
        )
        return Notice(Markup(words) % {"until": time_tag(entitlement.live_until)}, "warning")
    if entitlement.reason is LicenceReason.CANCELLED and entitlement.live_until:
        words = _("Sua assinatura foi cancelada. Você envia até %(until)s.")
        return Notice(Markup(words) % {"until": time_tag(entitlement.live_until)}, "info")
    if entitlement.reason is LicenceReason.DISPUTED:
        return Notice(_("Há um pedido de reembolso em análise para a sua licença. Por enquanto nada muda."), "warning")
    return None


def _dead_words(reason: LicenceReason) -> str:
    words = {
        LicenceReason.NONE: _("Esta conta ainda não tem licença, então os envios estão parados."),
        LicenceReason.EXPIRED: _("Sua licença venceu, então os envios estão parados. Renove para voltar a enviar."),
        LicenceReason.REFUNDED: _("Sua licença foi reembolsada, então os envios estão parados."),
        LicenceReason.CHARGEBACK: _("O pagamento da sua licença foi contestado, então os envios estão parados."),
        LicenceReason.SUSPENDED: _("Esta conta está suspensa. Fale com o suporte para voltar a enviar."),
    }
    why: str = words.get(reason, _("Sua licença terminou, então os envios estão parados."))
    kept: str = _("Você continua entrando e vendo tudo; seus dados estão guardados.")
    return f"{why} {kept}"
