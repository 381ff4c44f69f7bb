"""What is said to and heard from a WhatsApp provider, in our words. Frozen data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class RefusalCode(StrEnum):
    """Why a provider did not take something, in our words."""

    NOT_ON_WHATSAPP = "not_on_whatsapp"
    BAD_NUMBER = "bad_number"
    OPTED_OUT = "opted_out"
    RECIPIENT_BLOCKED = "recipient_blocked"
    WINDOW_CLOSED = "window_closed"
    TEMPLATE_INVALID = "template_invalid"
    TEMPLATE_PAUSED = "template_paused"
    TEMPLATE_LIMITED = "template_limited"
    MEDIA_REJECTED = "media_rejected"
    MEDIA_NOT_READY = "media_not_ready"
    REJECTED = "rejected"
    PROVIDER_ERROR = "provider_error"
    UNREACHABLE = "unreachable"
    RATE_LIMITED = "rate_limited"
    RECIPIENT_RATE_LIMITED = "recipient_rate_limited"
    MAINTENANCE = "maintenance"
    INSTANCE_DISCONNECTED = "instance_disconnected"
    INSTANCE_NOT_FOUND = "instance_not_found"
    NOT_REGISTERED = "not_registered"
    BAD_CREDENTIALS = "bad_credentials"
    PERMISSION_MISSING = "permission_missing"
    RESTRICTED = "restricted"
    PAYMENT_REQUIRED = "payment_required"
    WRONG_ADDRESS = "wrong_address"
    WEBHOOK_UNREACHABLE = "webhook_unreachable"


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows from a code: is this message lost for good, must the instance stop, must the campaign."""

    message: str
    permanent: bool = False
    pauses_instance: bool = False
    stops_campaign: bool = False


RULES: Final[Mapping[RefusalCode, Rule]] = {
    RefusalCode.NOT_ON_WHATSAPP: Rule("Este número não tem WhatsApp.", permanent=True),
    RefusalCode.BAD_NUMBER: Rule("O WhatsApp não reconhece este número.", permanent=True),
    RefusalCode.OPTED_OUT: Rule("A pessoa pediu ao WhatsApp para não receber ofertas.", permanent=True),
    RefusalCode.RECIPIENT_BLOCKED: Rule("O WhatsApp decidiu não entregar a esta pessoa.", permanent=True),
    RefusalCode.WINDOW_CLOSED: Rule(
        "Passaram 24 horas desde a última resposta da pessoa; use um modelo aprovado.", permanent=True
    ),
    RefusalCode.TEMPLATE_INVALID: Rule(
        "O modelo não existe, não foi aprovado ou recebeu variáveis erradas; confira o modelo.",
        permanent=True,
        stops_campaign=True,
    ),
    RefusalCode.TEMPLATE_PAUSED: Rule(
        "O WhatsApp suspendeu este modelo por baixa qualidade; use outro.",
        permanent=True,
        stops_campaign=True,
    ),
    RefusalCode.TEMPLATE_LIMITED: Rule(
        "O limite do WhatsApp para este tipo de modelo acabou por agora; espere ou use outro modelo.",
        stops_campaign=True,
    ),
    RefusalCode.MEDIA_REJECTED: Rule("O provedor não aceitou o arquivo; confira tipo e tamanho.", permanent=True),
    RefusalCode.MEDIA_NOT_READY: Rule("O arquivo ainda não chegou ao provedor; a mensagem espera por ele."),
    RefusalCode.REJECTED: Rule("O provedor recusou esta mensagem.", permanent=True),
    RefusalCode.PROVIDER_ERROR: Rule("O provedor respondeu com um erro; a mensagem não saiu."),
    RefusalCode.UNREACHABLE: Rule("Não foi possível falar com o provedor; nada foi enviado."),
    RefusalCode.RATE_LIMITED: Rule("O provedor pediu para enviar mais devagar."),
    RefusalCode.RECIPIENT_RATE_LIMITED: Rule("Muitas mensagens seguidas para a mesma pessoa."),
    RefusalCode.MAINTENANCE: Rule("O provedor está em manutenção."),
    RefusalCode.INSTANCE_DISCONNECTED: Rule(
        "O WhatsApp deste número está desconectado; conecte de novo com o QR code.", pauses_instance=True
    ),
    RefusalCode.INSTANCE_NOT_FOUND: Rule(
        "O provedor não conhece esta instância; confira a chave da instância.", pauses_instance=True
    ),
    RefusalCode.NOT_REGISTERED: Rule(
        "Este número ainda não está registrado na API oficial; registre-o no painel da Meta.", pauses_instance=True
    ),
    RefusalCode.BAD_CREDENTIALS: Rule("O provedor não aceitou a credencial; confira o token.", pauses_instance=True),
    RefusalCode.PERMISSION_MISSING: Rule(
        "A credencial não tem permissão para isto; confira o acesso no painel do provedor.",
        pauses_instance=True,
    ),
    RefusalCode.RESTRICTED: Rule(
        "O WhatsApp restringiu este número; veja os avisos no aplicativo.", pauses_instance=True
    ),
    RefusalCode.PAYMENT_REQUIRED: Rule("Há uma pendência de pagamento na conta do provedor.", pauses_instance=True),
    RefusalCode.WRONG_ADDRESS: Rule(
        "O endereço do servidor responde de outro lugar; confira o endereço (https?).", pauses_instance=True
    ),
    RefusalCode.WEBHOOK_UNREACHABLE: Rule(
        "O provedor não conseguiu chamar nosso endereço de avisos; ele precisa ser público e https."
    ),
}


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """How to reach one instance at its provider. `repr` shows no credential."""

    base_url: str
    instance_key: str
    credentials: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Account({self.instance_key})"


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"


@dataclass(frozen=True, slots=True)
class Media:
    """A file to send: by public `url`, or inline as `content` where that is empty. `provider_id` is for
    providers that keep uploaded files (Cloud API)."""

    kind: MediaKind
    mime: str
    file_name: str
    url: str = ""
    content: bytes = b""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template (Cloud API): `body` fills its placeholders in order, each named in `body_names`
    where the template was made with names. `url_suffixes` by button index, "" for a button without one."""

    name: str
    language: str = "pt_BR"
    body: tuple[str, ...] = ()
    header_media: Media | None = None
    header_text: str = ""
    body_names: tuple[str, ...] = ()
    url_suffixes: tuple[str, ...] = ()


class TemplateStatus(StrEnum):
    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RegisteredTemplate:
    """A template as the provider holds it. `fields`: what its body asks for, "1", "2" or names; `header`: "",
    "text", "image", "video", "document"; `url_buttons`: indexes of the buttons that want a suffix."""

    provider_template_id: str
    name: str
    language: str
    status: TemplateStatus
    category: str = ""
    body: str = ""
    fields: tuple[str, ...] = ()
    header: str = ""
    has_header_field: bool = False
    url_buttons: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """`next_cursor` is "" on the last page."""

    items: tuple[RegisteredTemplate, ...]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The file lies at the provider: send it as `Media.provider_id`."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message. `provider_message_id` is None where a provider accepts without naming
    one (WAHA's WEBJS engine); `recipient_id` is the address WhatsApp really uses: send there next time."""

    provider_message_id: str | None
    recipient_id: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """Surely not taken. `permanent`: trying this message again is useless. `provider_code` is for logs."""

    code: RefusalCode
    permanent: bool
    pauses_instance: bool
    message: str
    retry_after_seconds: float | None = None
    provider_code: str = ""
    stops_campaign: bool = False


@dataclass(frozen=True, slots=True)
class Unclear:
    """It may or may not have been taken: never repeat blindly. `reason` is a word for logs."""

    reason: str


SendOutcome = Sent | Refused | Unclear


class ConnectionStatus(StrEnum):
    CONNECTED = "connected"
    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"
    BANNED = "banned"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class InstanceState:
    """`phone` and `name` of the connected account, "" while unknown."""

    status: ConnectionStatus
    phone: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class QrCode:
    png: bytes


@dataclass(frozen=True, slots=True)
class PairingCode:
    code: str


@dataclass(frozen=True, slots=True)
class AlreadyConnected:
    pass


@dataclass(frozen=True, slots=True)
class NumberCheck:
    """`recipient_id` is the address to send to, "" when the number has no WhatsApp."""

    exists: bool
    recipient_id: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    pass


@dataclass(frozen=True, slots=True)
class FileContent:
    content: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class FileAt:
    """The file is one more call away: `download` again with `ref.url` set to this."""

    url: str


class ReceiptStatus(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """News of a message we sent. `error` only with FAILED; `reference` is ours, if the provider echoes it."""

    provider_message_id: str
    status: ReceiptStatus
    at: datetime | None = None
    error: Refused | None = None
    recipient_id: str = ""
    reference: str = ""
    instance_key: str = ""


@dataclass(frozen=True, slots=True)
class MediaRef:
    """Where a received file lies; `keys` is what only this provider's `download` understands."""

    kind: MediaKind
    mime: str = ""
    file_name: str = ""
    url: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message in a one-to-one chat. `phone`: digits of the other party, "" behind a hidden id (`@lid`);
    `chat_id`: the other party as the provider writes it. `is_echo`: we sent it, from here or the phone."""

    phone: str
    chat_id: str
    provider_message_id: str
    text: str = ""
    name: str = ""
    media: MediaRef | None = None
    at: datetime | None = None
    is_echo: bool = False
    reply_to: str = ""
    instance_key: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionChange:
    """UNKNOWN means: ask the status call."""

    status: ConnectionStatus
    phone: str = ""
    reason: str = ""
    instance_key: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceChange:
    """A person told WhatsApp itself whether they want our offers; False is an opt-out like any other."""

    phone: str
    wants_offers: bool
    at: datetime | None = None
    instance_key: str = ""


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """A template was approved, refused or suspended. `account_id` is the business account's: it concerns all
    its numbers."""

    name: str
    language: str
    status: TemplateStatus
    reason: str = ""
    provider_template_id: str = ""
    account_id: str = ""


WebhookEvent = Receipt | Inbound | ConnectionChange | PreferenceChange | TemplateChange


def refuse(code: RefusalCode, provider_code: str = "", retry_after_seconds: float | None = None) -> Refused:
    """A refusal with all that follows from its code."""
    rule = RULES[code]
    return Refused(
        code,
        rule.permanent,
        rule.pauses_instance,
        rule.message,
        retry_after_seconds,
        provider_code,
        rule.stops_campaign,
    )
