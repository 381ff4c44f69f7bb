"""WAHA, the customer's own server with one of four engines. Facts: messaging reference, section 3.

Each engine answers a send in its own shape, and one answers 201 with an empty body: that message was taken
and has no id, so its receipts are matched by the chat. Ids are compared by their last part, because answers
carry the bare one and webhooks the long one (`true_5511900000001@c.us_3EB0...`). Six QR codes nobody reads
put a session to sleep (`FAILED`); `restart` wakes it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from connectors.reading import NOTHING, at, header, json_of, text_at
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
from connectors.whatsapp.waha_webhook import SESSIONS, bare_id, chat_of, event_of
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
EVENTS: Final = ("message.any", "message.ack", "session.status")
_PNG: Final = b"\x89PNG\r\n\x1a\n"

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
_PATHS: Final = {
    MediaKind.IMAGE: "api/sendImage",
    MediaKind.STICKER: "api/sendImage",
    MediaKind.VIDEO: "api/sendVideo",
    MediaKind.VOICE: "api/sendVoice",
}
# Where the engines put the id of a message they took; the last two are unconfirmed by the vendor.
_ID_PATHS: Final = (
    ("id",),
    ("id", "_serialized"),
    ("key", "id"),
    ("_data", "id", "_serialized"),
    ("_data", "key", "id"),
    ("_data", "Info", "ID"),
)
_TAKEN: Final = re.compile(r"already exist|already (?:in use|started)", re.IGNORECASE)


class Waha(Gateway):
    """See `WhatsAppConnector` for what each method promises."""

    info: Final = ConnectorInfo(
        name="waha",
        label="WAHA",
        description="Conecta um número comum de WhatsApp pelo QR code, com um servidor WAHA seu.",
        fields=(CredentialField("api_key", "Chave da API (X-Api-Key)", "A chave definida ao instalar o servidor."),),
        instance_key_label="Nome da sessão",
        is_official=False,
        base_url_help="O endereço do seu servidor, por exemplo https://waha.suaempresa.com.br",
        creates_instances=True,
        can_restart=True,
    )

    def send_text(self, account: Account, to: str, text: str, *, reference: str = "") -> HttpRequest:
        message = {"session": _session(account), "chatId": chat_id_of(to), "text": text, "linkPreview": False}
        return _call("POST", account, "api/sendText", message)

    def send_media(
        self, account: Account, to: str, media: Media, *, caption: str = "", reference: str = ""
    ) -> HttpRequest:
        file: dict[str, object] = {"mimetype": media.mime, "filename": media.file_name}
        file = ({"url": media.url} if media.url else {"data": FILE_HERE}) | file
        message: dict[str, object] = {"file": file, "session": _session(account), "chatId": chat_id_of(to)}
        if media.kind is not MediaKind.VOICE:
            message["caption"] = caption
        path = _PATHS.get(media.kind, "api/sendFile")
        if media.url:
            return _call("POST", account, path, message, timeout=MEDIA_TIMEOUT_SECONDS)
        request = _call("POST", account, path, {}, timeout=MEDIA_TIMEOUT_SECONDS)
        return replace(request, body=json_with_file(message, media.content))

    def read_send(self, answer: HttpAnswer) -> SendOutcome:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        if answer.status == 201 and not answer.body.strip():
            return Sent(None)
        body = json_of(answer.body)
        message_id = next((found for path in _ID_PATHS if (found := text_at(body, *path))), "")
        trouble = _trouble(answer, body)
        if trouble is None:
            address = chat_of(message_id) or text_at(body, "key", "remoteJid") or text_at(body, "to")
            return Sent(bare_id(message_id), address) if bare_id(message_id) else Unclear("no_message_id")
        # An error that names a message contradicts itself: it may have gone.
        return Unclear("error_with_message_id") if message_id else trouble

    def create(self, account: Account, *, url: str = "", secret: str = "") -> HttpRequest | None:
        body: dict[str, object] = {"name": _session(account), "start": True}
        if url:
            body["config"] = _config(url, secret)
        return _call("POST", account, "api/sessions", body)

    def read_create(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        return Done() if answer.status == 422 and _TAKEN.search(_said(body)) else _trouble(answer, body) or Done()

    def restart(self, account: Account) -> HttpRequest | None:
        return _call("POST", account, f"api/sessions/{_name(account)}/restart", {})

    def read_restart(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def status(self, account: Account) -> HttpRequest:
        return _call("GET", account, f"api/sessions/{_name(account)}")

    def read_status(self, answer: HttpAnswer) -> InstanceState | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        said = text_at(body, "status")
        if 200 <= answer.status < 300 and said:
            status = SESSIONS.get(said.upper(), ConnectionStatus.DISCONNECTED)
            return InstanceState(status, phone_of(text_at(body, "me", "id")), text_at(body, "me", "pushName"))
        return _trouble(answer, body) or Unclear("no_status")

    def qr(self, account: Account) -> HttpRequest:
        return _call("GET", account, f"api/{_name(account)}/auth/qr?format=image", accept="application/json")

    def pairing_code(self, account: Account, phone: str) -> HttpRequest:
        return _call("POST", account, f"api/{_name(account)}/auth/request-code", {"phoneNumber": phone})

    def read_qr(self, answer: HttpAnswer) -> QrCode | PairingCode | AlreadyConnected | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        if 200 <= answer.status < 300 and answer.body.startswith(_PNG):
            return QrCode(answer.body)
        body = json_of(answer.body)
        session = text_at(body, "status").upper()
        if answer.status == 422 and session in {"WORKING", "STARTING"}:
            return AlreadyConnected() if session == "WORKING" else Unclear("starting")
        trouble = _trouble(answer, body)
        if trouble is not None:
            return trouble
        image = read_data_url(text_at(body, "data"))
        code = text_at(body, "code")
        if code:
            return PairingCode(code)
        return QrCode(image[1]) if image is not None and image[1].startswith(_PNG) else Unclear("no_qr")

    def check_number(self, account: Account, digits: str) -> HttpRequest:
        query = urlencode({"phone": digits, "session": _session(account)})
        return _call("GET", account, f"api/contacts/check-exists?{query}")

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
        exists = at(body, "numberExists")
        if exists is True:
            return NumberCheck(True, text_at(body, "chatId"))
        return NumberCheck(False) if exists is False else Unclear("no_exists")

    def set_webhook(self, account: Account, *, url: str, secret: str) -> HttpRequest:
        """Replaces the session's whole configuration and restarts it if it runs."""
        body = {"name": _session(account), "config": _config(url, secret)}
        return _call("PUT", account, f"api/sessions/{_name(account)}", body)

    def read_set_webhook(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def logout(self, account: Account) -> HttpRequest:
        return _call("POST", account, f"api/sessions/{_name(account)}/logout", {})

    def read_logout(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        outcome = _done(answer)
        gone = isinstance(outcome, Refused) and outcome.code is RefusalCode.INSTANCE_DISCONNECTED
        return Done() if gone else outcome

    def download(self, account: Account, media: MediaRef) -> HttpRequest:
        """The key goes to the customer's server and nowhere else. A server behind a proxy names its files by its
        inner address (`http://localhost:3000/api/files/...`); a bucket's address needs no key."""
        parts = urlsplit(media.url)
        if parts.netloc == urlsplit(account.base_url).netloc:
            return HttpRequest("GET", media.url, _authorised(account), timeout_seconds=MEDIA_TIMEOUT_SECONDS)
        if parts.path.startswith("/api/files/"):
            return _call("GET", account, parts.path.lstrip("/"), timeout=MEDIA_TIMEOUT_SECONDS)
        return HttpRequest("GET", media.url, timeout_seconds=MEDIA_TIMEOUT_SECONDS)

    def read_download(self, answer: HttpAnswer) -> FileContent | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        by_status = refused_by_status(answer, {**STATUS_CODES, 404: RefusalCode.MEDIA_REJECTED})
        if by_status is not None:
            return by_status
        mime = header(answer.headers, "content-type").partition(";")[0].strip()
        return FileContent(answer.body, text_at(mime)) if answer.body else Unclear("no_file")

    def verify_webhook(
        self, account: Account, secret: str, headers: Mapping[str, str], url_token: str, body: bytes
    ) -> bool:
        """HMAC-SHA512 of the raw body, and the session we expect."""
        shown = header(headers, "X-Webhook-Hmac").strip().lower().encode("utf-8", "replace")
        expected = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest().encode()
        if not secret or not hmac.compare_digest(expected, shown):
            return False
        return text_at(json_of(body), "session") in {"", account.instance_key}

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> list[WebhookEvent]:
        found = event_of(json_of(body))
        return [] if found is None else [found]


def chat_id_of(to: str) -> str:
    """This server's form of an address: people are `@c.us`, never `@s.whatsapp.net`."""
    name, _, suffix = to.partition("@")
    return to if suffix not in {"", "s.whatsapp.net"} else f"{name}@c.us"


def _session(account: Account) -> str:
    return account.instance_key.strip()


def _name(account: Account) -> str:
    return quote(_session(account), safe="")


def _authorised(account: Account) -> dict[str, str]:
    return {"X-Api-Key": account.credentials.get("api_key", "").strip()}


def _call(
    method: str,
    account: Account,
    path: str,
    body: Mapping[str, object] | None = None,
    *,
    accept: str = "",
    timeout: float = TIMEOUT_SECONDS,
) -> HttpRequest:
    headers = _authorised(account)
    if accept:
        headers["Accept"] = accept
    if body is not None:
        headers["Content-Type"] = "application/json"
    url = f"{account.base_url.rstrip('/')}/{path}"
    return HttpRequest(method, url, headers, b"" if body is None else json_body(body), timeout_seconds=timeout)


def _config(url: str, secret: str) -> dict[str, object]:
    retries = {"policy": "exponential", "delaySeconds": 2, "attempts": 8}
    return {"webhooks": [{"url": url, "events": list(EVENTS), "hmac": {"key": secret}, "retries": retries}]}


def _said(body: Any) -> str:
    texts = (text_at(body, "message"), text_at(body, "error"), text_at(body, "exception", "message"))
    return " ".join(text for text in texts if text)


def _trouble(answer: HttpAnswer, body: Any) -> Refused | Unclear | None:
    """Why this answer is no success; None when it is one."""
    if isinstance(answer, HttpFailure):
        return unanswered(answer)
    by_status = refused_by_status(answer, STATUS_CODES)
    if by_status is None and body is NOTHING:
        return Unclear("bad_body")
    if by_status is None and at(body, "error") in (None, False):
        return None
    if isinstance(by_status, Unclear) or (by_status is not None and by_status.code is not RefusalCode.REJECTED):
        return by_status
    return _by_words(body, by_status)


def _by_words(body: Any, by_status: Refused | None) -> Refused | Unclear:
    said, session = _said(body), text_at(body, "status").upper()
    if speaks_of_time_out(said):
        return Unclear("provider_timeout")
    if session in SESSIONS and session != "WORKING":
        return refuse(RefusalCode.INSTANCE_DISCONNECTED, f"session_{session.lower()}")
    code = code_of_words(said)
    if code is not None:
        return refuse(code, said[:200])
    return by_status or refuse(RefusalCode.PROVIDER_ERROR, said[:200])


def _done(answer: HttpAnswer) -> Done | Refused | Unclear:
    """Start, stop and log-out calls of some engines answer with nothing."""
    if not isinstance(answer, HttpFailure) and 200 <= answer.status < 300 and not answer.body.strip():
        return Done()
    body = NOTHING if isinstance(answer, HttpFailure) else json_of(answer.body)
    return _trouble(answer, body) or Done()
