"""Mega API (megaapi.com.br), an unofficial gateway over Baileys. Facts: messaging reference, section 1.

Its error texts are not documented: their usual words are read (`baileys.MESSAGE_CODES`), and what isn't
known is refused for now rather than for good, so that three attempts and the instance's health decide. One
wording is not believed: an error that speaks of a time-out may follow a message that left, so it is unclear.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from connectors.reading import NOTHING, at, dict_at, is_true, json_of, list_at, moment_at, text_at
from connectors.whatsapp.baileys import (
    ACKS,
    code_of_words,
    inbound_of,
    jid_of,
    phone_of,
    read_data_url,
    speaks_of_time_out,
)
from connectors.whatsapp.base import (
    FILE_HERE,
    ConnectorInfo,
    CredentialField,
    Gateway,
    json_body,
    json_with_file,
    refused_by_status,
    unanswered,
)
from connectors.whatsapp.words import (
    Account,
    AlreadyConnected,
    ConnectionChange,
    ConnectionStatus,
    Done,
    FileContent,
    InstanceState,
    Media,
    MediaKind,
    MediaRef,
    NumberCheck,
    PairingCode,
    QrCode,
    Receipt,
    ReceiptStatus,
    RefusalCode,
    Refused,
    SendOutcome,
    Sent,
    Unclear,
    WebhookEvent,
    refuse,
)
from core.http_messages import HttpAnswer, HttpFailure, HttpRequest

TIMEOUT_SECONDS: Final = 15.0
MEDIA_TIMEOUT_SECONDS: Final = 60.0
_PNG: Final = b"\x89PNG\r\n\x1a\n"

STATUS_CODES: Final[Mapping[int, RefusalCode]] = {
    401: RefusalCode.BAD_CREDENTIALS,
    402: RefusalCode.PAYMENT_REQUIRED,
    403: RefusalCode.BAD_CREDENTIALS,
    404: RefusalCode.INSTANCE_NOT_FOUND,
    413: RefusalCode.MEDIA_REJECTED,
    415: RefusalCode.MEDIA_REJECTED,
    429: RefusalCode.RATE_LIMITED,
}

_ABOUT_A_MESSAGE: Final = frozenset(
    {
        RefusalCode.BAD_NUMBER,
        RefusalCode.MEDIA_REJECTED,
        RefusalCode.NOT_ON_WHATSAPP,
        RefusalCode.PROVIDER_ERROR,
        RefusalCode.REJECTED,
    }
)
_LOGGED_IN: Final = re.compile(r"already|logged ?in|\bconnected|j[aá] .*conectad|logado", re.IGNORECASE)
_NEGATED: Final = re.compile(r"\bnot\b|\bn[aã]o\b|disconnect|desconect", re.IGNORECASE)

_SEND_TYPES: Final = {MediaKind.VOICE: "ptt", MediaKind.STICKER: "image"}
_CONNECTIONS: Final = {
    "phone_connected": ConnectionStatus.CONNECTED,
    "phone_disconnected": ConnectionStatus.DISCONNECTED,
}


class MegaApi(Gateway):
    """See `WhatsAppConnector` for what each method promises."""

    info: Final = ConnectorInfo(
        name="mega_api",
        label="Mega API",
        description="Conecta um número comum de WhatsApp pelo QR code, com conta em megaapi.com.br.",
        fields=(CredentialField("token", "Token", "Aparece no painel da Mega API, ao lado da instância."),),
        instance_key_label="Chave da instância (instance_key)",
        is_official=False,
        can_restart=True,
        base_url_help="O host que aparece no seu painel, por exemplo https://apistart01.megaapi.com.br",
    )

    def send_text(self, account: Account, to: str, text: str, *, reference: str = "") -> HttpRequest:
        message = {"to": jid_of(to), "text": text, "linkPreview": False}
        return _post(account, "sendMessage", "text", message=message)

    def send_media(
        self, account: Account, to: str, media: Media, *, caption: str = "", reference: str = ""
    ) -> HttpRequest:
        message: dict[str, object] = {
            "to": jid_of(to),
            "fileName": media.file_name,
            "type": _SEND_TYPES.get(media.kind, media.kind.value),
            "caption": caption,
            "mimeType": media.mime,
        }
        if media.url:
            return _post(account, "sendMessage", "mediaUrl", message=message | {"url": media.url})
        inline = {"base64": f"data:{media.mime};base64,{FILE_HERE}"}
        body = json_with_file({"messageData": inline | message}, media.content)
        path = f"sendMessage/{_key(account)}/mediaBase64"
        return _call("POST", account, path, body, timeout=MEDIA_TIMEOUT_SECONDS)

    def read_send(self, answer: HttpAnswer) -> SendOutcome:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        key = dict_at(body, "messageData", "key")
        message_id = text_at(key, "id")
        trouble = _trouble(answer, body)
        if trouble is None:
            return Sent(message_id, text_at(key, "remoteJid")) if message_id else Unclear("no_message_id")
        # An error that names a message contradicts itself: it may have gone.
        return Unclear("error_with_message_id") if message_id else trouble

    def create(self, account: Account, *, url: str = "", secret: str = "") -> HttpRequest | None:
        return None

    def read_create(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return Done()

    def restart(self, account: Account) -> HttpRequest | None:
        return _call("DELETE", account, f"instance/{_key(account)}/restart")

    def read_restart(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def status(self, account: Account) -> HttpRequest:
        return _call("GET", account, f"instance/{_key(account)}")

    def read_status(self, answer: HttpAnswer) -> InstanceState | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        body = at(body, 0) if isinstance(body, list) else body
        instance = dict_at(body, "instance")
        status = text_at(instance, "status").lower()
        if 200 <= answer.status < 300 and status:
            phone = phone_of(text_at(instance, "user", "id"))
            return InstanceState(_connection(status), phone, text_at(instance, "user", "name"))
        return _trouble(answer, body) or Unclear("no_status")

    def qr(self, account: Account) -> HttpRequest:
        return _call("GET", account, f"instance/qrcode_base64/{_key(account)}")

    def pairing_code(self, account: Account, phone: str) -> HttpRequest:
        query = urlencode({"phoneNumber": phone})
        return _call("GET", account, f"instance/pairingCode/{_key(account)}?{query}")

    def read_qr(self, answer: HttpAnswer) -> QrCode | PairingCode | AlreadyConnected | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        code = text_at(body, "pairingCode")
        if code and not is_true(at(body, "error")):
            return PairingCode(code)
        qr = text_at(body, "qrcode")
        image = read_data_url(qr)
        if image is not None and image[1].startswith(_PNG):
            return QrCode(image[1])
        if any(_says_connected(text) for text in (_message(body), qr)):
            return AlreadyConnected()
        return _trouble(answer, body) or Unclear("no_qr")

    def check_number(self, account: Account, digits: str) -> HttpRequest:
        query = urlencode({"jid": jid_of(digits)}, safe="@")
        return _call("GET", account, f"instance/isOnWhatsApp/{_key(account)}?{query}")

    def read_check(self, answer: HttpAnswer) -> NumberCheck | Refused | Unclear:
        """An error says that the instance is unusable, never that the number is wrong."""
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        trouble = _trouble(answer, body)
        if isinstance(trouble, Refused) and trouble.code in _ABOUT_A_MESSAGE:
            return refuse(RefusalCode.INSTANCE_DISCONNECTED, trouble.provider_code)
        if trouble is not None:
            return trouble
        exists = at(body, "exists")
        if exists is True:
            return NumberCheck(True, text_at(body, "jid"))
        return NumberCheck(False) if exists is False else Unclear("no_exists")

    def set_webhook(self, account: Account, *, url: str, secret: str) -> HttpRequest:
        """The URL must carry the secret: this provider signs nothing."""
        return _post(account, "webhook", "configWebhook", message={"webhookUrl": url, "webhookEnabled": True})

    def read_set_webhook(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def logout(self, account: Account) -> HttpRequest:
        return _call("DELETE", account, f"instance/{_key(account)}/logout")

    def read_logout(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        outcome = _done(answer)
        gone = isinstance(outcome, Refused) and outcome.code is RefusalCode.INSTANCE_DISCONNECTED
        return Done() if gone else outcome

    def download(self, account: Account, media: MediaRef) -> HttpRequest:
        kind = "audio" if media.kind is MediaKind.VOICE else media.kind.value
        keys = {"messageKeys": {**media.keys, "messageType": kind}}
        path = f"instance/downloadMediaMessage/{_key(account)}"
        return _call("POST", account, path, json_body(keys), timeout=MEDIA_TIMEOUT_SECONDS)

    def read_download(self, answer: HttpAnswer) -> FileContent | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        trouble = _trouble(answer, body)
        if trouble is not None:
            return trouble
        data = text_at(body, "data")
        file = read_data_url(data) if data else None
        return FileContent(file[1], file[0]) if file else Unclear("no_file")

    def verify_webhook(
        self, account: Account, secret: str, headers: Mapping[str, str], url_token: str, body: bytes
    ) -> bool:
        if not secret or not hmac.compare_digest(secret.encode(), url_token.encode("utf-8", "replace")):
            return False
        named = {text_at(one, "instance_key") for one in _events(json_of(body))} - {""}
        return named <= {account.instance_key}

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> list[WebhookEvent]:
        found = (_event(one) for one in _events(json_of(body)))
        return [event for event in found if event is not None]


def _key(account: Account) -> str:
    return quote(account.instance_key.strip(), safe="")


def _call(
    method: str, account: Account, path: str, body: bytes = b"", *, timeout: float = TIMEOUT_SECONDS
) -> HttpRequest:
    headers = {"Authorization": f"Bearer {account.credentials.get('token', '').strip()}"}
    if body:
        headers["Content-Type"] = "application/json"
    url = f"{account.base_url.rstrip('/')}/rest/{path}"
    return HttpRequest(method, url, headers, body, timeout_seconds=timeout)


def _post(
    account: Account,
    group: str,
    action: str,
    *,
    message: Mapping[str, object],
    timeout: float = TIMEOUT_SECONDS,
) -> HttpRequest:
    body = json_body({"messageData": message})
    return _call("POST", account, f"{group}/{_key(account)}/{action}", body, timeout=timeout)


def _message(body: Any) -> str:
    return text_at(body, "message") or text_at(body, "error")


def _trouble(answer: HttpAnswer, body: Any) -> Refused | Unclear | None:
    """Why this answer is no success; None when it is one."""
    if isinstance(answer, HttpFailure):
        return unanswered(answer)
    said = _message(body)
    by_status = refused_by_status(answer, STATUS_CODES)
    if isinstance(by_status, Unclear):
        return by_status
    if by_status is not None and by_status.code is not RefusalCode.REJECTED:
        return by_status
    if by_status is None and not is_true(at(body, "error")):
        return Unclear("bad_body") if body is NOTHING else None
    if speaks_of_time_out(said):
        return Unclear("provider_timeout")
    code = code_of_words(said)
    if code is not None:
        return refuse(code, said[:200])
    return by_status or refuse(RefusalCode.PROVIDER_ERROR, said[:200])


def _done(answer: HttpAnswer) -> Done | Refused | Unclear:
    body = NOTHING if isinstance(answer, HttpFailure) else json_of(answer.body)
    return _trouble(answer, body) or Done()


def _connection(status: str) -> ConnectionStatus:
    if status in {"connected", "open"}:
        return ConnectionStatus.CONNECTED
    if status in {"connecting", "qrcode", "pairing"}:
        return ConnectionStatus.CONNECTING
    return ConnectionStatus.DISCONNECTED


def _says_connected(text: str) -> bool:
    return bool(_LOGGED_IN.search(text)) and not _NEGATED.search(text)


def _events(body: Any) -> list[dict[str, Any]]:
    """The event, or the events, of a body: flat, inside `data`, or as a list in `messages`."""
    if not isinstance(body, dict):
        return []
    inner = at(body, "data")
    pieces = inner if isinstance(inner, list) else list_at(body, "messages") or ([inner] if inner else [body])
    outer = {name: body[name] for name in ("instance_key", "messageType") if name in body}
    return [outer | piece for piece in pieces if isinstance(piece, dict)]


def _event(one: dict[str, Any]) -> WebhookEvent | None:
    kind = text_at(one, "messageType")
    if kind == "connection_update":
        return _connection_change(one)
    if kind == "message.ack":
        return _receipt(one)
    return inbound_of(one, text_at(one, "instance_key"))


def _connection_change(one: dict[str, Any]) -> ConnectionChange:
    said = text_at(one, "message")
    status = _CONNECTIONS.get(said, ConnectionStatus.UNKNOWN)
    return ConnectionChange(status, phone_of(text_at(one, "jid")), said, text_at(one, "instance_key"))


def _receipt(one: dict[str, Any]) -> Receipt | None:
    message_id = text_at(one, "key", "id")
    status = ACKS.get(text_at(one, "update", "status").upper())
    if not message_id or status is None or at(one, "key", "fromMe") is False:
        return None
    failed = status is ReceiptStatus.FAILED
    return Receipt(
        message_id,
        status,
        moment_at(one, "messageTimestamp"),
        refuse(RefusalCode.PROVIDER_ERROR, "ack_0") if failed else None,
        recipient_id=text_at(one, "key", "remoteJid"),
        instance_key=text_at(one, "instance_key"),
    )
