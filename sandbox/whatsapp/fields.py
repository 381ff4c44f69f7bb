"""Reading what a gateway was sent: each reader refuses nonsense with a sentence the dialect words as its own."""

import base64
import hashlib
import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import segno
from aiohttp import web

from sandbox.dialect import Refused


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body as an object; an empty body is an empty one."""
    if not request.can_read_body:
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise Refused(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body is not an object")
    return body


def object_in(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A nested object."""
    value = data.get(name)
    if not isinstance(value, dict):
        raise Refused(400, f'requires property "{name}"')
    return value


def digits_of(address: object, name: str = "to") -> str:
    """The phone in an address, which is digits with country code or a person's JID."""
    if not isinstance(address, str):
        raise Refused(400, f'requires property "{name}"')
    digits = address.partition("@")[0].partition(":")[0]
    if address.endswith("@g.us") or not digits.isascii() or not digits.isdigit() or not 8 <= len(digits) <= 15:
        raise Refused(400, f"{name} must be a phone with country code, digits only or a JID")
    return digits


def text_in(data: Mapping[str, Any], name: str, *, is_required: bool = True) -> str:
    """A text field; an optional one is empty when missing."""
    value = data.get(name)
    if value is None and not is_required:
        return ""
    if not isinstance(value, str) or (is_required and not value):
        raise Refused(400, f'requires property "{name}"')
    return value


def is_web_address(text: str) -> bool:
    return urlsplit(text).scheme in ("http", "https")


def web_address_in(data: Mapping[str, Any], name: str) -> str:
    """An http(s) address."""
    address = text_in(data, name)
    if not is_web_address(address):
        raise Refused(400, f"{name} must be an http(s) address")
    return address


def described(mime: str, content: bytes) -> str:
    """A file as the ledger keeps it: type, size and hash."""
    return f"{mime} {len(content)} bytes sha256:{hashlib.sha256(content).hexdigest()}"


def described_base64(mime: str, text: str, name: str) -> str:
    """The same for a file inside a request."""
    try:
        return described(mime, base64.b64decode(text, validate=True))
    except ValueError:
        raise Refused(400, f"{name} is not base64") from None


def without_ninth_digit(phone: str) -> str:
    """The short form an old Brazilian account has."""
    return phone[:4] + phone[5:] if len(phone) == 13 and phone.startswith("55") else phone


@lru_cache(maxsize=64)
def photo(message_id: str) -> bytes:
    """The PNG a contact "sent", another one for each message."""
    picture = io.BytesIO()
    segno.make(f"SANDBOX - foto {message_id}", error="l").save(picture, kind="png", scale=4, border=2)
    return picture.getvalue()
