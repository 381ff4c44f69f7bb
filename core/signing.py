"""Signed texts for links: they can't be forged, each purpose has its own key, age is the reader's business."""

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from core.config import get_settings


def sign(payload: dict[str, Any], *, purpose: str) -> str:
    """A URL-safe text that only `unsign` with the same `purpose` accepts. Readable by whoever holds it."""
    signed: str = _serializer(purpose).dumps(payload)
    return signed


def unsign(text: str, *, purpose: str) -> dict[str, Any] | None:
    """The payload again, None when the text was not signed by us for this purpose."""
    try:
        payload = _serializer(purpose).loads(text)
    except BadData:
        return None
    return payload if isinstance(payload, dict) else None


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(get_settings().secret_key, salt=f"leads.{purpose}")
