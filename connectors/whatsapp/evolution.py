"""Evolution API v2, the customer's own server over Baileys. Facts: messaging reference, section 2.

Its 400 is a mixed bag: a schema error, a number without WhatsApp, a closed socket, and also whatever broke
after the message had left (its database, its storage). So a 400 whose words aren't known is unclear, not
refused: two of them hold the instance until its status call is good, which is what the vendor's own
behaviour asks for. Nothing signs the webhooks: our secret goes into a header of our own.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from connectors.reading import NOTHING, at, dict_at, header, is_true, json_of, text_at
from connectors.whatsapp.baileys import code_of_words, phone_of, read_data_url, speaks_of_time_out
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
from connectors.whatsapp.evolution_webhook import CONNECTIONS, events_of, without_api_key
from connectors.whatsapp.words import (
    Account,
    AlreadyConnected,
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
    RefusalCode,
    Refused,
    SendOutcome,
    Sent,
    Unclear,
    WebhookEvent,
    refuse,
)
from core.http_messages import HttpAnswer, HttpFailure, HttpRequest

TIMEOUT_SECONDS: Final = 30.0
MEDIA_TIMEOUT_SECONDS: Final = 60.0
SECRET_HEADER: Final = "X-Leads-Secret"
EVENTS: Final = ("MESSAGES_UPSERT", "MESSAGES_UPDATE", "SEND_MESSAGE", "CONNECTION_UPDATE", "QRCODE_UPDATED")

STATUS_CODES: Final[Mapping[int, RefusalCode]] = {
    401: RefusalCode.BAD_CREDENTIALS,
    402: RefusalCode.PAYMENT_REQUIRED,
    403: RefusalCode.BAD_CREDENTIALS,
    404: RefusalCode.INSTANCE_NOT_FOUND,
    413: RefusalCode.MEDIA_REJECTED,
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
# Said by its validation, before anything is done.
_BAD_REQUEST: Final = re.compile(
    r"requires property|is not of a type|is not one of|does not (?:meet|conform|match)|is not allowed", re.IGNORECASE
)
_BAD_MEDIA: Final = re.compile(r"owned media|must be a url or base64", re.IGNORECASE)
_TAKEN: Final = re.compile(r"already (?:in use|exists)", re.IGNORECASE)


class Evolution(Gateway):
    """See `WhatsAppConnector` for what each method promises."""

    info: Final = ConnectorInfo(
        name="evolution",
        label="Evolution API",
        description="Conecta um número comum de WhatsApp pelo QR code, com um servidor Evolution API v2 seu.",
        fields=(
            CredentialField(
                "api_key", "Chave da API (apikey)", "A chave global do servidor, ou o token de uma instância já criada."
            ),
        ),
        instance_key_label="Nome da instância",
        is_official=False,
        base_url_help="O endereço do seu servidor, por exemplo https://evolution.suaempresa.com.br",
        creates_instances=True,
        can_restart=True,
    )

    def send_text(self, account: Account, to: str, text: str, *, reference: str = "") -> HttpRequest:
        return _call("POST", account, "message/sendText", {"number": to, "text": text, "linkPreview": False})

    def send_media(
        self, account: Account, to: str, media: Media, *, caption: str = "", reference: str = ""
    ) -> HttpRequest:
        where = media.url or FILE_HERE
        if media.kind is MediaKind.VOICE:
            voice: dict[str, object] = {"audio": where, "number": to}
            return _send_file(account, "message/sendWhatsAppAudio", voice, media)
        kind = MediaKind.IMAGE if media.kind is MediaKind.STICKER else media.kind
        body: dict[str, object] = {"media": where, "number": to, "mediatype": kind.value, "mimetype": media.mime}
        body |= {"fileName": media.file_name} if media.file_name else {}
        body |= {"caption": caption} if caption else {}
        return _send_file(account, "message/sendMedia", body, media)

    def read_send(self, answer: HttpAnswer) -> SendOutcome:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        message_id = text_at(body, "key", "id")
        trouble = _trouble(answer, body)
        if trouble is None:
            address = text_at(body, "key", "remoteJid")
            return Sent(message_id, address) if message_id else Unclear("no_message_id")
        # An error that names a message contradicts itself: it may have gone.
        return Unclear("error_with_message_id") if message_id else trouble

    def create(self, account: Account, *, url: str = "", secret: str = "") -> HttpRequest | None:
        """Only the server's global key may do this; with an instance's own token the instance exists already."""
        body: dict[str, object] = {
            "instanceName": account.instance_key.strip(),
            "integration": "WHATSAPP-BAILEYS",
            "qrcode": False,
        }
        if url:
            body["webhook"] = _webhook(url, secret)
        return _call("POST", account, "instance/create", body, is_of_instance=False)

    def read_create(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        return Done() if _TAKEN.search(_said(body)) else _trouble(answer, body) or Done()

    def restart(self, account: Account) -> HttpRequest | None:
        return _call("POST", account, "instance/restart", {})

    def read_restart(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def status(self, account: Account) -> HttpRequest:
        return _call("GET", account, "instance/connectionState")

    def read_status(self, answer: HttpAnswer) -> InstanceState | Refused | Unclear:
        """Also reads a row of `fetchInstances`, which names the phone."""
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        row = at(body, 0) if isinstance(body, list) else body
        state = text_at(row, "instance", "state") or text_at(row, "connectionStatus")
        if 200 <= answer.status < 300 and state:
            status = CONNECTIONS.get(state.lower(), ConnectionStatus.DISCONNECTED)
            return InstanceState(status, phone_of(text_at(row, "ownerJid")), text_at(row, "profileName"))
        return _trouble(answer, row) or Unclear("no_status")

    def qr(self, account: Account) -> HttpRequest:
        return _call("GET", account, "instance/connect")

    def pairing_code(self, account: Account, phone: str) -> HttpRequest:
        return _call("GET", account, "instance/connect", query={"number": phone})

    def read_qr(self, answer: HttpAnswer) -> QrCode | PairingCode | AlreadyConnected | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        trouble = _trouble(answer, body)
        if trouble is not None:
            return trouble
        if text_at(body, "instance", "state") == "open":
            return AlreadyConnected()
        shown = dict_at(body, "qrcode") or (body if isinstance(body, dict) else {})
        code = text_at(shown, "pairingCode")
        image = read_data_url(text_at(shown, "base64"))
        if code:
            return PairingCode(code)
        return QrCode(image[1]) if image is not None and image[1] else Unclear("no_qr")

    def check_number(self, account: Account, digits: str) -> HttpRequest:
        return _call("POST", account, "chat/whatsappNumbers", {"numbers": [digits]})

    def read_check(self, answer: HttpAnswer) -> NumberCheck | Refused | Unclear:
        """An error says that the instance is unusable, never that the number is wrong. The server itself tries
        both forms of the ninth digit and names the real one."""
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        trouble = _trouble(answer, body)
        if isinstance(trouble, Refused) and trouble.code in _ABOUT_A_MESSAGE:
            return refuse(RefusalCode.INSTANCE_DISCONNECTED, trouble.provider_code)
        if trouble is not None:
            return trouble
        exists = at(body, 0, "exists")
        if exists is True:
            return NumberCheck(True, text_at(body, 0, "jid"))
        return NumberCheck(False) if exists is False else Unclear("no_exists")

    def set_webhook(self, account: Account, *, url: str, secret: str) -> HttpRequest:
        return _call("POST", account, "webhook/set", {"webhook": _webhook(url, secret)})

    def read_set_webhook(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def logout(self, account: Account) -> HttpRequest:
        return _call("DELETE", account, "instance/logout")

    def read_logout(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        outcome = _done(answer)
        gone = isinstance(outcome, Refused) and outcome.code is RefusalCode.INSTANCE_DISCONNECTED
        return Done() if gone else outcome

    def download(self, account: Account, media: MediaRef) -> HttpRequest:
        """From the server's own store of messages, by the message's key."""
        body = {"message": {"key": dict(media.keys)}, "convertToMp4": False}
        return _call("POST", account, "chat/getBase64FromMediaMessage", body, timeout=MEDIA_TIMEOUT_SECONDS)

    def read_download(self, answer: HttpAnswer) -> FileContent | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        trouble = _trouble(answer, body)
        if trouble is not None:
            return trouble
        file = read_data_url(text_at(body, "base64"))
        return FileContent(file[1], text_at(body, "mimetype")) if file and file[1] else Unclear("no_file")

    def verify_webhook(
        self, account: Account, secret: str, headers: Mapping[str, str], url_token: str, body: bytes
    ) -> bool:
        """Our header, and the instance we expect; the address alone is not enough."""
        shown = header(headers, SECRET_HEADER).encode("utf-8", "replace")
        if not secret or not hmac.compare_digest(secret.encode(), shown):
            return False
        return text_at(json_of(body), "instance") in {"", account.instance_key}

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> list[WebhookEvent]:
        return [event for event in events_of(json_of(body)) if event is not None]

    def storable_webhook(self, body: bytes) -> bytes:
        """The server puts its own key into the envelope when it is set to show it."""
        return without_api_key(body)


def _call(
    method: str,
    account: Account,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    query: Mapping[str, str] | None = None,
    is_of_instance: bool = True,
    timeout: float = TIMEOUT_SECONDS,
) -> HttpRequest:
    headers = {"apikey": account.credentials.get("api_key", "").strip()}
    if body is not None:
        headers["Content-Type"] = "application/json"
    url = f"{account.base_url.rstrip('/')}/{path}"
    if is_of_instance:
        url += "/" + quote(account.instance_key.strip(), safe="")
    if query:
        url += "?" + urlencode(query)
    return HttpRequest(method, url, headers, b"" if body is None else json_body(body), timeout_seconds=timeout)


def _send_file(account: Account, path: str, body: Mapping[str, object], media: Media) -> HttpRequest:
    """By address, or with the file inside."""
    if media.url:
        return _call("POST", account, path, body, timeout=MEDIA_TIMEOUT_SECONDS)
    request = _call("POST", account, path, {}, timeout=MEDIA_TIMEOUT_SECONDS)
    return replace(request, body=json_with_file(body, media.content))


def _webhook(url: str, secret: str) -> dict[str, object]:
    return {
        "enabled": True,
        "url": url,
        "headers": {SECRET_HEADER: secret},
        "byEvents": False,
        "base64": False,
        "events": list(EVENTS),
    }


def _texts(value: Any, depth: int = 4) -> Iterator[str]:
    """All texts of an error, which come as string, list, list of lists or list of objects."""
    if isinstance(value, str):
        yield text_at(value)
    elif depth and isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one, depth - 1)


def _said(body: Any) -> str:
    found = at(body, "response", "message")
    return " ".join(_texts(at(body, "message") if found is None else found))


def _trouble(answer: HttpAnswer, body: Any) -> Refused | Unclear | None:
    """Why this answer is no success; None when it is one."""
    if isinstance(answer, HttpFailure):
        return unanswered(answer)
    by_status = refused_by_status(answer, STATUS_CODES)
    if isinstance(by_status, Unclear):
        return by_status
    if by_status is not None and by_status.code is not RefusalCode.REJECTED:
        return by_status
    if by_status is None and not is_true(at(body, "error")):
        return Unclear("bad_body") if body is NOTHING else None
    if at(body, "response", "message", 0, "exists") is False:
        return refuse(RefusalCode.NOT_ON_WHATSAPP, "exists_false")
    return _by_words(_said(body), by_status)


def _by_words(said: str, by_status: Refused | None) -> Refused | Unclear:
    if speaks_of_time_out(said):
        return Unclear("provider_timeout")
    if _BAD_MEDIA.search(said):
        return refuse(RefusalCode.MEDIA_REJECTED, said[:200])
    if _BAD_REQUEST.search(said):
        return refuse(RefusalCode.REJECTED, said[:200])
    code = code_of_words(said)
    if code is not None:
        return refuse(code, said[:200])
    return Unclear("unknown_error") if by_status is not None else refuse(RefusalCode.PROVIDER_ERROR, said[:200])


def _done(answer: HttpAnswer) -> Done | Refused | Unclear:
    body = NOTHING if isinstance(answer, HttpFailure) else json_of(answer.body)
    return _trouble(answer, body) or Done()
