"""What the campaigns' pages say of codes: reasons, states, log lines, obstacles."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from babel.numbers import format_currency
from flask_babel import gettext as _
from flask_babel import ngettext

from core.formats import ENGLISH, number, phone_display
from core.i18n import current_locale, current_zone
from models.campaigns import (
    CampaignCounts,
    CampaignLog,
    CampaignStatus,
    ContactStatus,
    LogType,
    RotationMode,
    Severity,
)
from models.instances import Instance, InstanceStatus
from services.campaigns import Analytics, EmptyVariable, Names, Obstacle, Reason, Totals

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
        Reason.FREQUENCY_CAP: _("já recebeu o máximo de mensagens da semana"),
        Reason.MISSING_VARIABLE: _("falta um dado usado na mensagem"),
        "window_closed": _("passaram 24 horas desde a última resposta da pessoa"),
        "media_rejected": _("o arquivo não foi aceito"),
        "media_not_ready": _("o arquivo ainda está a caminho do provedor"),
        "interrupted": _("o envio foi interrompido no meio"),
        "expired": _("passou de 30 dias na fila"),
        "deal": _("já fechou negócio"),
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
        Reason.FREQUENCY_CAP: (
            _("Já receberam o máximo de mensagens da semana"),
            _("É o limite por pessoa, de todas as campanhas juntas. Ele fica em “Sua conta”."),
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
        **_content_obstacles(),
        Obstacle.NOBODY: {
            "text": _("Ninguém receberia esta campanha."), "anchor": "publico", "label": _("Escolher outra lista"),
        },
    }[code]  # fmt: skip


def _content_obstacles() -> dict[Obstacle, dict[str, str]]:
    """Those that lie in what is said."""
    return {
        Obstacle.FILE_MISSING: {
            "text": _("Um arquivo das mensagens não existe mais."),
            "anchor": "mensagens", "label": _("Escolher outro arquivo"),
        },
        Obstacle.NO_WORDS: {
            "text": _("Uma variação só tem modelo aprovado, e há números que não usam modelos: falta o texto."),
            "anchor": "mensagens", "label": _("Escrever o texto"),
        },
        Obstacle.UNKNOWN_TEMPLATE: {
            "text": _("Um modelo não está aprovado em todos os números oficiais escolhidos."),
            "anchor": "mensagens", "label": _("Escolher outro modelo"),
        },
        Obstacle.INCOMPLETE_TEMPLATE: {
            "text": _("Faltam dados ou o arquivo que o modelo pede."),
            "anchor": "mensagens", "label": _("Preencher o modelo"),
        },
        Obstacle.NO_TEMPLATE: {
            "text": _("Fora da janela de 24 horas, um número oficial só envia modelos aprovados."),
            "anchor": "mensagens", "label": _("Escolher um modelo"),
        },
    }  # fmt: skip


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


def number_choices(numbers: Iterable[Instance]) -> list[tuple[int, str]]:
    """Numbers to choose one of."""
    return [(one.id, one.name) for one in numbers]


def category(code: str) -> str:
    """What Meta calls a message, in Portuguese."""
    known: dict[str, str] = {
        "marketing": _("Marketing"),
        "utility": _("Utilidade"),
        "authentication": _("Autenticação"),
        "service": _("Sem modelo"),
    }
    without: str = _("Modelo sem categoria")
    return known.get(code, without)


def cost(micros: int, currency: str) -> str:
    """Millionths of a currency, to the cent: `US$ 12,34`."""
    shown: str = format_currency(Decimal(micros) / 1_000_000, currency, locale=current_locale())
    return shown


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
        anytime: str = _("a qualquer hora")
        return anytime
    rules: list[Mapping[str, Any]] = said.get("rules") or [said]
    return ", ".join(f"{_days(rule['days'])} {_hour(rule['start'])}–{_hour(rule['end'])}" for rule in rules)


def _days(days: list[int]) -> str:
    names: dict[int, str] = dict(weekdays())
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{names[days[0]]}–{names[days[-1]]}"
    return ", ".join(names[day] for day in days)


def _hour(clock: str) -> str:
    hours, minutes = clock.split(":")
    return f"{int(hours)}h{minutes if minutes != '00' else ''}"


def count_in(totals: Totals, group: str) -> int:
    """How many campaigns a filter of the list would show."""
    return sum(totals.by_status.get(status, 0) for status in GROUPS[group]) if group else totals.campaigns


def number_note(instance: Instance) -> str:
    """Beside a number's name where it is chosen: its phone and, unless it is connected, its state."""
    phone = phone_display(instance.phone) if instance.phone else ""
    state = {
        InstanceStatus.DISCONNECTED: _("desconectado"),
        InstanceStatus.CONNECTING: _("conectando"),
        InstanceStatus.PAUSED: _("pausado"),
        InstanceStatus.BANNED: _("banido pelo WhatsApp"),
    }.get(instance.status, _("conectado"))
    sandbox = _("simulador") if instance.is_sandbox else ""
    return " · ".join(part for part in (phone, state, sandbox) if part)


def examples(empty: EmptyVariable) -> str:
    """A few of the people who lack a value; those without a name by their phone."""
    return ", ".join(phone_display(one) if one.isdecimal() else one for one in empty.examples)


def in_state(counts: CampaignCounts, state: str) -> int:
    """How many recipients stand in a state of the filter: unlike `counts.sent`, those only sent, not yet delivered."""
    known = {
        ContactStatus.SENT: counts.sent - counts.delivered,
        ContactStatus.DELIVERED: counts.delivered - counts.read,
    }
    found: int = known.get(ContactStatus(state), getattr(counts, state)) if state != "replied" else counts.replied
    return found


def timeline(logs: Iterable[CampaignLog], names: Names) -> list[dict[str, Any]]:
    """The lines of a story as the timeline macro takes them, names joined in."""
    return [
        {
            "at": log.created_at,
            "text": log.message,
            "tone": TONES[log.severity],
            "icon": ICONS[log.log_type],
            "type": log.log_type,
            "detail": _about(log, names),
            "by": names.people.get(log.created_by or 0, ""),
        }
        for log in logs
    ]


def bars(found: Analytics) -> list[dict[str, Any]]:
    """The timeline as bars; the labels are hours or days of the tenant."""
    moments = [(point.at.astimezone(current_zone()), point.sent) for point in found.timeline]
    return [{"label": at.strftime("%Hh") if found.step == "hour" else day(at), "value": sent} for at, sent in moments]


def day(of: date) -> str:
    """A day of the tenant without its year: ``21/11``, in English ``21 Nov``."""
    return of.strftime("%d %b" if current_locale() == ENGLISH else "%d/%m")


def milliseconds(duration: int) -> str:
    """`850 ms`, `1,2 s`."""
    if duration < 1000:
        return f"{duration} ms"
    return f"{number(round(duration / 1000, 1), locale=current_locale())} s"


def _about(log: CampaignLog, names: Names) -> str:
    """Whom and which number a line is about, and its count where it speaks of many."""
    name, phone = names.contacts.get(log.contact_id or 0, ("", ""))
    who = " ".join(part for part in (name, phone_display(phone) if phone else "") if part)
    count = log.details.get("count")
    counted = ""
    if isinstance(count, int):
        shown = number(count, locale=current_locale())
        counted = ngettext("%(people)s pessoa", "%(people)s pessoas", count, people=shown)
    return " · ".join(part for part in (counted, who, names.instances.get(log.instance_id or 0, "")) if part)
