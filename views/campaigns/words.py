"""What the campaigns' pages say of codes: reasons, states, log lines, obstacles."""

from collections.abc import Mapping
from typing import Any, Final

from flask_babel import gettext as _

from models.campaigns import CampaignStatus, ContactStatus, LogType, RotationMode, Severity
from services.campaigns import Obstacle, Reason

GROUPS: Final[Mapping[str, tuple[CampaignStatus, ...]]] = {
    "active": (CampaignStatus.RUNNING, CampaignStatus.WAITING_QUOTA, CampaignStatus.WAITING_WINDOW),
    "scheduled": (CampaignStatus.SCHEDULED, CampaignStatus.HELD),
    "paused": (CampaignStatus.PAUSED,),
    "draft": (CampaignStatus.DRAFT,),
    "completed": (CampaignStatus.COMPLETED,),
    "cancelled": (CampaignStatus.CANCELLED,),
}
"""The filter of the list: a person thinks in these, not in nine states."""

TONES: Final = {Severity.INFO: "calm", Severity.WARNING: "warn", Severity.ERROR: "bad", Severity.CRITICAL: "bad"}
ICONS: Final = {
    LogType.CREATED: "edit",
    LogType.STARTED: "player-play",
    LogType.PAUSED: "player-pause",
    LogType.RESUMED: "player-play",
    LogType.COMPLETED: "circle-check",
    LogType.CANCELLED: "ban",
    LogType.INSTANCE_SELECTED: "device-mobile-message",
    LogType.INSTANCE_PAUSED: "player-pause",
    LogType.INSTANCE_RESUMED: "player-play",
    LogType.MESSAGE_SENT: "check",
    LogType.MESSAGE_DELIVERED: "checks",
    LogType.MESSAGE_READ: "eye",
    LogType.MESSAGE_FAILED: "circle-x",
    LogType.ROTATION_CHANGED: "refresh",
    LogType.CONTACT_ADDED: "users",
    LogType.CONTACT_REMOVED: "user-off",
    LogType.LIMIT_REACHED: "hourglass",
    LogType.HEALTH_ISSUE: "heart-rate-monitor",
    LogType.ERROR: "alert-triangle",
}


def group_names() -> dict[str, str]:
    """The filters of the list, in their order."""
    return {
        "": _("Todas"),
        "active": _("Em andamento"),
        "scheduled": _("Agendadas"),
        "paused": _("Pausadas"),
        "draft": _("Rascunhos"),
        "completed": _("Concluídas"),
        "cancelled": _("Canceladas"),
    }


def contact_states() -> dict[str, str]:
    """The filters of the recipients, in the order of a message's life."""
    return {
        ContactStatus.PENDING: _("Na fila"),
        ContactStatus.SENDING: _("Enviando"),
        ContactStatus.SENT: _("Enviadas"),
        ContactStatus.DELIVERED: _("Entregues"),
        ContactStatus.READ: _("Lidas"),
        "replied": _("Responderam"),
        ContactStatus.FAILED: _("Falharam"),
        ContactStatus.UNCONFIRMED: _("Sem confirmação"),
        ContactStatus.SUPPRESSED: _("Não receber"),
        ContactStatus.INVALID: _("Inválidos"),
        ContactStatus.CANCELLED: _("Canceladas"),
        ContactStatus.EXPIRED: _("Vencidas"),
    }


def reason(code: str | None) -> str:
    """Why a message wasn't sent, or isn't certain, in a few words; a code we don't know comes out as it is."""
    known: dict[str, str] = {
        Reason.OPT_OUT: _("pediu para não receber"),
        Reason.REPEAT_GUARD: _("recebeu outra mensagem há poucos dias"),
        Reason.MISSING_VARIABLE: _("falta um dado usado na mensagem"),
        "interrupted": _("o envio foi interrompido no meio"),
        "expired": _("passou de 30 dias na fila"),
    }
    return known.get(code or "", code or "")


def left_out(code: Reason) -> tuple[str, str]:
    """A sentence about the people left out for this reason, and what can be done."""
    return {
        Reason.OPT_OUT: (
            _("Pediram para não receber"),
            _("Estão em “não perturbe”. Ninguém escreve para elas sem que peçam."),
        ),
        Reason.REPEAT_GUARD: (
            _("Receberam outra campanha há poucos dias"),
            _("É a proteção contra repetição. Mude o número de dias em “Ritmo e horário”."),
        ),
        Reason.MISSING_VARIABLE: (
            _("Não têm um dado usado na mensagem"),
            _("Diga abaixo o que escrever no lugar e elas também recebem."),
        ),
    }[code]


def obstacle(code: Obstacle) -> dict[str, str]:
    """What stands in the way: a sentence, where to mend it (an anchor of the edit page, a room) and its label."""
    return {
        Obstacle.NO_LICENCE: {
            "text": _("Sua licença não está ativa, então os envios estão parados."),
            "room": "accounts.account", "label": _("Ver a licença"),
        },
        Obstacle.NO_MESSAGE: {
            "text": _("A campanha ainda não tem mensagem."),
            "anchor": "mensagens", "label": _("Escrever a mensagem"),
        },
        Obstacle.NO_LIST: {
            "text": _("Nenhuma lista foi escolhida."), "anchor": "publico", "label": _("Escolher para quem enviar"),
        },
        Obstacle.NO_NUMBER: {
            "text": _("Nenhum número de WhatsApp foi escolhido."),
            "anchor": "numeros", "label": _("Escolher o número"),
        },
        Obstacle.NO_CONNECTED_NUMBER: {
            "text": _("Nenhum dos números escolhidos está conectado."),
            "room": "instances.index", "label": _("Conectar um número"),
        },
        Obstacle.UNKNOWN_VARIABLE: {
            "text": _("Há variáveis que não são coluna de nenhuma pessoa das listas."),
            "anchor": "mensagens", "label": _("Corrigir a mensagem"),
        },
        Obstacle.NOBODY: {
            "text": _("Ninguém receberia esta campanha."), "anchor": "publico", "label": _("Escolher outra lista"),
        },
    }[code]  # fmt: skip


def log_types() -> dict[str, str]:
    """The kinds of lines in a campaign's story."""
    return {
        LogType.CREATED: _("Criada"),
        LogType.STARTED: _("Iniciada"),
        LogType.PAUSED: _("Pausada"),
        LogType.RESUMED: _("Retomada"),
        LogType.COMPLETED: _("Concluída"),
        LogType.CANCELLED: _("Cancelada"),
        LogType.INSTANCE_SELECTED: _("Número escolhido"),
        LogType.INSTANCE_PAUSED: _("Número pausado"),
        LogType.INSTANCE_RESUMED: _("Número retomado"),
        LogType.MESSAGE_SENT: _("Mensagem enviada"),
        LogType.MESSAGE_DELIVERED: _("Mensagem entregue"),
        LogType.MESSAGE_READ: _("Mensagem lida"),
        LogType.MESSAGE_FAILED: _("Mensagem com falha"),
        LogType.ROTATION_CHANGED: _("Rodízio mudou"),
        LogType.CONTACT_ADDED: _("Destinatários incluídos"),
        LogType.CONTACT_REMOVED: _("Destinatários retirados"),
        LogType.LIMIT_REACHED: _("Limite atingido"),
        LogType.HEALTH_ISSUE: _("Saúde do número"),
        LogType.ERROR: _("Erro"),
    }


def severities() -> dict[str, str]:
    """How grave a line is."""
    return {
        Severity.INFO: _("Informação"),
        Severity.WARNING: _("Atenção"),
        Severity.ERROR: _("Erro"),
        Severity.CRITICAL: _("Crítico"),
    }


def rotations() -> list[tuple[str, str]]:
    """How several numbers share the work."""
    return [
        (RotationMode.ROUND_ROBIN, _("Um de cada vez, em ordem")),
        (RotationMode.BALANCED, _("Equilibrado: quem enviou menos hoje envia agora")),
        (RotationMode.INTELLIGENT, _("Inteligente: números mais saudáveis enviam mais")),
    ]


def weekdays() -> list[tuple[int, str]]:
    """Monday is 1."""
    names: list[str] = [_("seg"), _("ter"), _("qua"), _("qui"), _("sex"), _("sáb"), _("dom")]
    return list(enumerate(names, 1))


def window(said: Mapping[str, Any] | None) -> str:
    """The sending hours in a few words: `seg–sex 9h–21h, sáb 10h–16h`."""
    if said is None:
        return _("a qualquer hora")
    return ", ".join(f"{_days(rule['days'])} {_hour(rule['start'])}–{_hour(rule['end'])}" for rule in
                     said.get("rules") or [said])  # fmt: skip


def _days(days: list[int]) -> str:
    names: dict[int, str] = dict(weekdays())
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{names[days[0]]}–{names[days[-1]]}"
    return ", ".join(names[day] for day in days)


def _hour(clock: str) -> str:
    hours, minutes = clock.split(":")
    return f"{int(hours)}h{minutes if minutes != '00' else ''}"
