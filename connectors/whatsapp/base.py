"""The one signature of all WhatsApp providers, and what they share in reading answers. See
`connectors/__init__.py` for how to write one."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from connectors.reading import retry_after_seconds
from connectors.whatsapp.words import (
    Account,
    AlreadyConnected,
    Done,
    FileAt,
    FileContent,
    InstanceState,
    Media,
    MediaRef,
    NumberCheck,
    PairingCode,
    QrCode,
    RefusalCode,
    Refused,
    SendOutcome,
    Template,
    TemplatePage,
    Unclear,
    Uploaded,
    WebhookEvent,
    refuse,
)
from core.http_messages import FailureKind, HttpAnswer, HttpFailure, HttpRequest, HttpResponse

_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One field of the form that connects an account."""

    name: str
    label: str
    help: str = ""
    secret: bool = True
    required: bool = True


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """What pages and services must know about a provider without knowing it. `uploads_files`: a file without a
    public URL goes there first (`upload`). `reply_window_hours`: how long after a person's last message free
    text may be sent, None for always."""

    name: str
    label: str
    description: str
    fields: tuple[CredentialField, ...]
    instance_key_label: str
    is_official: bool
    default_base_url: str = ""
    base_url_help: str = ""
    has_qr: bool = True
    has_pairing_code: bool = True
    has_number_check: bool = True
    has_templates: bool = False
    creates_instances: bool = False
    can_restart: bool = False
    uploads_files: bool = False
    reply_window_hours: int | None = None


class NotOffered(Exception):
    """The provider has no such call; `ConnectorInfo` said so."""


def may_write_freely(info: ConnectorInfo, last_inbound_at: datetime | None, now: datetime) -> bool:
    """Whether free text and files may go to a person now; if not, only an approved template may."""
    if info.reply_window_hours is None:
        return True
    return last_inbound_at is not None and now < last_inbound_at + timedelta(hours=info.reply_window_hours)


class WhatsAppConnector(Protocol):
    """`to` is canonical digits or the `recipient_id` a provider once confirmed."""

    @property
    def info(self) -> ConnectorInfo: ...

    def send_text(self, account: Account, to: str, text: str, *, reference: str = "") -> HttpRequest: ...

    def send_media(
        self, account: Account, to: str, media: Media, *, caption: str = "", reference: str = ""
    ) -> HttpRequest: ...

    def send_template(self, account: Account, to: str, template: Template, *, reference: str = "") -> HttpRequest: ...

    def read_send(self, answer: HttpAnswer) -> SendOutcome: ...

    def upload(self, account: Account, media: Media) -> HttpRequest | None:
        """Puts `media.content` at the provider; None where `send_media` takes it along."""

    def read_upload(self, answer: HttpAnswer) -> Uploaded | Refused | Unclear: ...

    def templates(self, account: Account, *, after: str = "") -> HttpRequest:
        """One page of the account's templates, following the cursor `after`."""

    def read_templates(self, answer: HttpAnswer) -> TemplatePage | Refused | Unclear: ...

    def create(self, account: Account, *, url: str = "", secret: str = "") -> HttpRequest | None:
        """Makes the instance exist at the provider, with its webhook where the provider takes it at once, before
        `set_webhook` and the first QR; None where a panel does that. One that exists already is `Done`."""

    def read_create(self, answer: HttpAnswer) -> Done | Refused | Unclear: ...

    def restart(self, account: Account) -> HttpRequest | None:
        """Wakes an instance that fell asleep or gave up its QR; None where there is nothing to wake."""

    def read_restart(self, answer: HttpAnswer) -> Done | Refused | Unclear: ...

    def status(self, account: Account) -> HttpRequest: ...

    def read_status(self, answer: HttpAnswer) -> InstanceState | Refused | Unclear: ...

    def qr(self, account: Account) -> HttpRequest: ...

    def pairing_code(self, account: Account, phone: str) -> HttpRequest: ...

    def read_qr(self, answer: HttpAnswer) -> QrCode | PairingCode | AlreadyConnected | Refused | Unclear:
        """Reads the answers of both `qr` and `pairing_code`."""

    def check_number(self, account: Account, digits: str) -> HttpRequest: ...

    def read_check(self, answer: HttpAnswer) -> NumberCheck | Refused | Unclear: ...

    def set_webhook(self, account: Account, *, url: str, secret: str) -> HttpRequest: ...

    def read_set_webhook(self, answer: HttpAnswer) -> Done | Refused | Unclear: ...

    def logout(self, account: Account) -> HttpRequest: ...

    def read_logout(self, answer: HttpAnswer) -> Done | Refused | Unclear: ...

    def download(self, account: Account, media: MediaRef) -> HttpRequest: ...

    def read_download(self, answer: HttpAnswer) -> FileContent | FileAt | Refused | Unclear: ...

    def verify_webhook(
        self, account: Account, secret: str, headers: Mapping[str, str], url_token: str, body: bytes
    ) -> bool:
        """Whether the caller is the provider of this account. `url_token` is what the URL carried, `secret`
        what we expect. A body that can't be parsed is no reason to refuse: it is stored and flagged."""

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> list[WebhookEvent]:
        """Everything in the body we act upon, in its order; never raises."""

    def storable_webhook(self, body: bytes) -> bytes:
        """The body without credentials a provider may have put into it."""


class Gateway:
    """What an unofficial gateway lacks, said once."""

    def send_template(self, account: Account, to: str, template: Template, *, reference: str = "") -> HttpRequest:
        raise NotOffered("no approved templates")

    def templates(self, account: Account, *, after: str = "") -> HttpRequest:
        raise NotOffered("no approved templates")

    def read_templates(self, answer: HttpAnswer) -> TemplatePage | Refused | Unclear:
        return TemplatePage(())

    def upload(self, account: Account, media: Media) -> HttpRequest | None:
        return None

    def read_upload(self, answer: HttpAnswer) -> Uploaded | Refused | Unclear:
        return Unclear("not_offered")

    def storable_webhook(self, body: bytes) -> bytes:
        return body


def unanswered(failure: HttpFailure) -> Refused | Unclear:
    """No answer at all: refused when nothing left, unclear otherwise."""
    if failure.kind is FailureKind.NOT_SENT:
        return refuse(RefusalCode.UNREACHABLE, failure.reason.value)
    return Unclear(failure.reason.value)


def refused_by_status(
    response: HttpResponse, codes: Mapping[int, RefusalCode], provider_code: str = ""
) -> Refused | Unclear | None:
    """What the HTTP status alone says; None for 2xx. A redirect that keeps the method (301, 307, 308) means
    the server did not act; 408 and 5xx leave the outcome open; other 4xx are final for this message."""
    status = response.status
    if 200 <= status < 300:
        return None
    shown = provider_code or f"http_{status}"
    if status in {301, 307, 308}:
        return refuse(RefusalCode.WRONG_ADDRESS, shown)
    if status == 408 or not 400 <= status < 500:
        return Unclear(f"http_{status}")
    code = codes.get(status, RefusalCode.REJECTED)
    wait = retry_after_seconds(response.headers) if code is RefusalCode.RATE_LIMITED else None
    return refuse(code, shown, wait)


def json_body(payload: Mapping[str, Any]) -> bytes:
    """ASCII JSON: lone surrogates stay escapes instead of failing the encoding."""
    return _ENCODER.encode(payload).encode("ascii")


FILE_HERE: Final = "\x00file"
"""Stands for a file's base64 in a payload given to `json_with_file`."""


def json_with_file(payload: Mapping[str, Any], content: bytes) -> bytes:
    """`payload` as JSON with the base64 of `content` where its first FILE_HERE stands. A file of 16 MB is never held as
    text besides: encoded the plain way it would be there four times over."""
    head, _mark, tail = json_body(payload).partition(json_text(FILE_HERE))
    return b"".join((head, base64.b64encode(content), tail))


def json_text(text: str) -> bytes:
    """A text as it stands inside JSON, without its quotes."""
    return _ENCODER.encode(text)[1:-1].encode("ascii")
