"""WhatsApp Business Cloud API of Meta, the official way. Facts: messaging reference, section 4; the webhook per
number (`webhook_configuration`) and the phone's `status` field from Meta's own pages on overrides and numbers.

Free text may go only within 24 hours of a person's last message (`may_write_freely`), a template always.
There is no QR and no number check; that a number has no WhatsApp comes later, as a failed receipt. Template
and account events don't follow a number's own webhook address: Meta sends them to the app's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from connectors.reading import NOTHING, at, dict_at, header, is_true, json_of, list_at, retry_after_seconds, text_at
from connectors.whatsapp.base import (
    ConnectorInfo,
    CredentialField,
    NotOffered,
    json_body,
    refused_by_status,
    unanswered,
)
from connectors.whatsapp.cloud_codes import refusal_of
from connectors.whatsapp.cloud_templates import media_object, registered_template, template_message
from connectors.whatsapp.cloud_webhook import events_of, is_signed
from connectors.whatsapp.words import (
    Account,
    AlreadyConnected,
    ConnectionStatus,
    Done,
    FileAt,
    FileContent,
    InstanceState,
    Media,
    MediaKind,
    MediaRef,
    NumberCheck,
    RefusalCode,
    Refused,
    SendOutcome,
    Sent,
    Template,
    TemplatePage,
    Unclear,
    Uploaded,
    WebhookEvent,
    refuse,
)
from core.http_messages import HttpAnswer, HttpFailure, HttpRequest

TIMEOUT_SECONDS: Final = 15.0
MEDIA_TIMEOUT_SECONDS: Final = 60.0
REPLY_WINDOW_HOURS: Final = 24
MAX_MEDIA_BYTES: Final = 100 * 1024 * 1024
TEMPLATES_PER_PAGE: Final = 100

STATUS_CODES: Final[Mapping[int, RefusalCode]] = {
    401: RefusalCode.BAD_CREDENTIALS,
    402: RefusalCode.PAYMENT_REQUIRED,
    403: RefusalCode.PERMISSION_MISSING,
    404: RefusalCode.INSTANCE_NOT_FOUND,
    413: RefusalCode.MEDIA_REJECTED,
    429: RefusalCode.RATE_LIMITED,
}
_STATUS_FIELDS: Final = (
    "id,display_phone_number,verified_name,quality_rating,name_status,code_verification_status,status"
)
_PHONES: Final = {
    "BANNED": ConnectionStatus.BANNED,
    "DELETED": ConnectionStatus.DISCONNECTED,
    "DISCONNECTED": ConnectionStatus.DISCONNECTED,
    "MIGRATED": ConnectionStatus.DISCONNECTED,
    "OFFLINE": ConnectionStatus.DISCONNECTED,
    "PENDING": ConnectionStatus.DISCONNECTED,
    "UNVERIFIED": ConnectionStatus.DISCONNECTED,
}
_KINDS: Final = {MediaKind.VOICE: "audio"}
_WITH_CAPTION: Final = frozenset({MediaKind.IMAGE, MediaKind.VIDEO, MediaKind.DOCUMENT})
# Where Meta keeps received files; the token goes there and to the Graph host only.
_FILE_HOSTS: Final = (".facebook.com", ".fbcdn.net", ".fbsbx.com", ".whatsapp.net", ".whatsapp.com")


class CloudApi:
    """See `WhatsAppConnector` for what each method promises."""

    info: Final = ConnectorInfo(
        name="cloud_api",
        label="WhatsApp Cloud API (Meta)",
        description="A API oficial da Meta: sem QR code, com modelos aprovados e cobrança por mensagem.",
        fields=(
            CredentialField(
                "access_token", "Token de acesso", "Um token permanente de usuário do sistema, no painel da Meta."
            ),
            CredentialField(
                "app_secret",
                "Chave secreta do app",
                "Em Configurações do app, Básico. Confere a assinatura dos avisos.",
            ),
            CredentialField(
                "waba_id",
                "ID da conta do WhatsApp Business (WABA)",
                "Aparece em WhatsApp, Configuração da API.",
                secret=False,
            ),
        ),
        instance_key_label="ID do número de telefone (phone_number_id)",
        is_official=True,
        default_base_url="https://graph.facebook.com/v23.0",
        base_url_help="Com a versão da Graph API no fim. Só mude se a Meta pedir.",
        has_qr=False,
        has_pairing_code=False,
        has_number_check=False,
        has_templates=True,
        creates_instances=True,
        uploads_files=True,
        reply_window_hours=REPLY_WINDOW_HOURS,
    )

    def send_text(self, account: Account, to: str, text: str, *, reference: str = "") -> HttpRequest:
        return _send(account, to, "text", {"body": text, "preview_url": False}, reference=reference)

    def send_media(
        self, account: Account, to: str, media: Media, *, caption: str = "", reference: str = ""
    ) -> HttpRequest:
        """By `provider_id` or public URL; a file that is neither raises `NotOffered`: `upload` it first."""
        if not media.provider_id and not media.url:
            raise NotOffered("upload the file first")
        shown = {"caption": caption} if caption and media.kind in _WITH_CAPTION else {}
        kind = _KINDS.get(media.kind, media.kind.value)
        return _send(account, to, kind, media_object(media) | shown, reference=reference)

    def send_template(self, account: Account, to: str, template: Template, *, reference: str = "") -> HttpRequest:
        return _send(account, to, "template", template_message(template), reference=reference)

    def read_send(self, answer: HttpAnswer) -> SendOutcome:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        message_id = text_at(body, "messages", 0, "id")
        trouble = _trouble(answer, body)
        if trouble is None:
            return Sent(message_id, text_at(body, "contacts", 0, "wa_id")) if message_id else Unclear("no_message_id")
        # An error that names a message contradicts itself: it may have gone.
        return Unclear("error_with_message_id") if message_id else trouble

    def upload(self, account: Account, media: Media) -> HttpRequest | None:
        """The id lives for 30 days."""
        # Derived from the content, so that a request is the same each time; no file contains its own hash.
        boundary = hashlib.sha256(media.content).hexdigest()
        name = "".join(c for c in media.file_name if c.isalnum() or c in "._- ") or "file"
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="type"\r\n\r\n{media.mime}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            f"Content-Type: {media.mime}\r\n\r\n"
        )
        body = head.encode("utf-8", "replace") + media.content + f"\r\n--{boundary}--\r\n".encode()
        headers = {**_authorised(account), "Content-Type": f"multipart/form-data; boundary={boundary}"}
        return HttpRequest("POST", _url(account, _number(account), "media"), headers, body, MEDIA_TIMEOUT_SECONDS)

    def read_upload(self, answer: HttpAnswer) -> Uploaded | Refused | Unclear:
        body = NOTHING if isinstance(answer, HttpFailure) else json_of(answer.body)
        trouble = _trouble(answer, body)
        media_id = text_at(body, "id")
        return trouble or (Uploaded(media_id) if media_id else Unclear("no_media_id"))

    def templates(self, account: Account, *, after: str = "") -> HttpRequest:
        query = {"limit": str(TEMPLATES_PER_PAGE)} | ({"after": after} if after else {})
        return _get(account, _business(account), "message_templates", query=query)

    def read_templates(self, answer: HttpAnswer) -> TemplatePage | Refused | Unclear:
        body = NOTHING if isinstance(answer, HttpFailure) else json_of(answer.body)
        trouble = _about_account(_trouble(answer, body))
        if trouble is not None:
            return trouble
        found = (registered_template(row) for row in list_at(body, "data"))
        # A cursor stands on the last page too; only `next` says that another one follows.
        cursor = text_at(body, "paging", "cursors", "after") if text_at(body, "paging", "next") else ""
        return TemplatePage(tuple(one for one in found if one is not None), cursor)

    def create(self, account: Account, *, url: str = "", secret: str = "") -> HttpRequest | None:
        """Subscribes our app to the business account, without which no webhook comes; with a URL the account's
        numbers without an address of their own use it too."""
        override = {"override_callback_uri": url, "verify_token": secret} if url else {}
        return _post(account, _business(account), "subscribed_apps", body=override)

    def read_create(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def restart(self, account: Account) -> HttpRequest | None:
        return None

    def read_restart(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return Done()

    def status(self, account: Account) -> HttpRequest:
        return _get(account, _number(account), query={"fields": _STATUS_FIELDS})

    def read_status(self, answer: HttpAnswer) -> InstanceState | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        body = json_of(answer.body)
        trouble = _about_account(_trouble(answer, body))
        if trouble is not None:
            return trouble
        if not text_at(body, "id"):
            return Unclear("no_status")
        phone = "".join(c for c in text_at(body, "display_phone_number") if c.isascii() and c.isdecimal())
        status = _PHONES.get(text_at(body, "status").upper(), ConnectionStatus.CONNECTED)
        return InstanceState(status, phone[:15], text_at(body, "verified_name"))

    def qr(self, account: Account) -> HttpRequest:
        raise NotOffered("cloud_api has no QR code")

    def pairing_code(self, account: Account, phone: str) -> HttpRequest:
        raise NotOffered("cloud_api has no pairing code")

    def read_qr(self, answer: HttpAnswer) -> AlreadyConnected | Refused | Unclear:
        """Reads the status call, which takes the QR's place."""
        state = self.read_status(answer)
        if not isinstance(state, InstanceState):
            return state
        if state.status is ConnectionStatus.CONNECTED:
            return AlreadyConnected()
        is_banned = state.status is ConnectionStatus.BANNED
        return refuse(RefusalCode.RESTRICTED if is_banned else RefusalCode.NOT_REGISTERED, state.status.value)

    def check_number(self, account: Account, digits: str) -> HttpRequest:
        raise NotOffered("cloud_api has no number check")

    def read_check(self, answer: HttpAnswer) -> NumberCheck | Refused | Unclear:
        return Unclear("not_offered")

    def set_webhook(self, account: Account, *, url: str, secret: str) -> HttpRequest:
        """For this number alone. Meta calls the address at once with GET (`webhook_challenge`)."""
        override = {"override_callback_uri": url, "verify_token": secret}
        return _post(account, _number(account), body={"webhook_configuration": override})

    def read_set_webhook(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def logout(self, account: Account) -> HttpRequest:
        """Takes the number's webhook address away; leaving Cloud API altogether is done in Meta's panel."""
        return _post(account, _number(account), body={"webhook_configuration": {"override_callback_uri": ""}})

    def read_logout(self, answer: HttpAnswer) -> Done | Refused | Unclear:
        return _done(answer)

    def download(self, account: Account, media: MediaRef) -> HttpRequest:
        """First by id, whose answer is `FileAt`; then that address, which lives for minutes."""
        if not media.url:
            return _get(account, quote(media.keys.get("id", ""), safe=""))
        host = urlsplit(media.url).hostname or ""
        is_metas = host == urlsplit(account.base_url).hostname or host.endswith(_FILE_HOSTS)
        headers = _authorised(account) if is_metas else {}
        limit, timeout = MAX_MEDIA_BYTES, MEDIA_TIMEOUT_SECONDS
        return HttpRequest("GET", media.url, headers, timeout_seconds=timeout, max_response_bytes=limit)

    def read_download(self, answer: HttpAnswer) -> FileContent | FileAt | Refused | Unclear:
        if isinstance(answer, HttpFailure):
            return unanswered(answer)
        mime = header(answer.headers, "content-type").partition(";")[0].strip()
        body = json_of(answer.body) if mime == "application/json" or answer.status >= 300 else NOTHING
        by_status = refused_by_status(answer, {**STATUS_CODES, 404: RefusalCode.MEDIA_REJECTED})
        if by_status is not None:
            return refusal_of(dict_at(body, "error")) or by_status
        if {"id", "url", "mime_type"} <= (body.keys() if isinstance(body, dict) else set()):
            address = text_at(body, "url")
            return FileAt(address) if address else Unclear("no_address")
        return FileContent(answer.body, text_at(mime)) if answer.body else Unclear("no_file")

    def verify_webhook(
        self, account: Account, secret: str, headers: Mapping[str, str], url_token: str, body: bytes
    ) -> bool:
        """Meta's signature with the app's secret. The body may concern other numbers of the same account, so each
        event names its number (`instance_key`) and whoever applies it looks."""
        return is_signed(account.credentials.get("app_secret", "").strip(), headers, body)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> list[WebhookEvent]:
        return list(events_of(json_of(body)))

    def storable_webhook(self, body: bytes) -> bytes:
        return body


def _number(account: Account) -> str:
    return quote(account.instance_key.strip(), safe="")


def _business(account: Account) -> str:
    return quote(account.credentials.get("waba_id", "").strip(), safe="")


def _authorised(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.credentials.get('access_token', '').strip()}"}


def _url(account: Account, *path: str) -> str:
    return "/".join((account.base_url.rstrip("/"), *path))


def _get(account: Account, *path: str, query: Mapping[str, str] | None = None) -> HttpRequest:
    tail = "?" + urlencode(query, safe=",") if query else ""
    return HttpRequest("GET", _url(account, *path) + tail, _authorised(account), timeout_seconds=TIMEOUT_SECONDS)


def _post(account: Account, *path: str, body: Mapping[str, object]) -> HttpRequest:
    headers = {**_authorised(account), "Content-Type": "application/json"}
    return HttpRequest("POST", _url(account, *path), headers, json_body(body), timeout_seconds=TIMEOUT_SECONDS)


def _send(account: Account, to: str, kind: str, content: Mapping[str, object], *, reference: str) -> HttpRequest:
    message: dict[str, object] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to.partition("@")[0],
        "type": kind,
        kind: content,
    }
    if reference:
        message["biz_opaque_callback_data"] = reference
    return _post(account, _number(account), "messages", body=message)


def _trouble(answer: HttpAnswer, body: Any) -> Refused | Unclear | None:
    """Why this answer is no success; None when it is one. A known code counts for more than the HTTP status:
    with it in the body Meta surely did not take the message, even with a 5xx."""
    if isinstance(answer, HttpFailure):
        return unanswered(answer)
    error = dict_at(body, "error")
    by_code = refusal_of(error)
    if by_code is not None:
        wait = retry_after_seconds(answer.headers)
        return by_code if wait is None else replace(by_code, retry_after_seconds=wait)
    by_status = refused_by_status(answer, STATUS_CODES, text_at(error, "code"))
    if by_status is not None:
        return by_status
    if error:
        return refuse(RefusalCode.PROVIDER_ERROR, text_at(error, "code"))
    return Unclear("bad_body") if body is NOTHING else None


def _about_account(trouble: Refused | Unclear | None) -> Refused | Unclear | None:
    """On a call about the account itself a rejected parameter is a wrong id."""
    if isinstance(trouble, Refused) and trouble.provider_code in {"33", "100"}:
        return refuse(RefusalCode.INSTANCE_NOT_FOUND, trouble.provider_code)
    return trouble


def _done(answer: HttpAnswer) -> Done | Refused | Unclear:
    body = NOTHING if isinstance(answer, HttpFailure) else json_of(answer.body)
    trouble = _about_account(_trouble(answer, body))
    if trouble is not None:
        return trouble
    return Done() if is_true(at(body, "success")) else Unclear("no_success")
