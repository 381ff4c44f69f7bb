"""One bare client for each of the four WhatsApp providers, independent of the product's connectors."""

import hashlib
import hmac
from typing import Any

import requests

from tests.support.webhook_receiver import Received, WebhookReceiver

BOOKS = ("mega", "evolution", "waha", "cloud")
WAHA_KEY = "chave-do-hmac"
CLOUD_SECRET = "sandbox-app-secret"
TIMEOUT_SECONDS = 10
_AUTH = {
    "mega": {"Authorization": "Bearer k"},
    "evolution": {"apikey": "k"},
    "waha": {"X-Api-Key": "k"},
    "cloud": {"Authorization": "Bearer k"},
}
_RECEIPT_MARKS = {
    "mega": b'"message.ack"',
    "evolution": b'"messages.update"',
    "waha": b'"message.ack"',
    "cloud": b'"statuses"',
}


class GatewayClient:
    """A number of one provider."""

    def __init__(self, url: str, book: str, *, number: int = 1) -> None:
        self.book = book
        self.key = f"20000000000000{number}" if book == "cloud" else f"demo-loja-{number}"
        self.base = f"{url}/{book}"
        self.text = "Olá, tudo bem?"

    def send(self, to: str, *, seconds: float = TIMEOUT_SECONDS) -> requests.Response:
        """A message; at Meta the approved template, which needs no open window."""
        template = {"name": "boas_vindas", "language": {"code": "pt_BR"}}
        self.text = "" if self.book == "cloud" else self.text
        path, body = {
            "mega": (
                f"/rest/sendMessage/{self.key}/text",
                {"messageData": {"to": f"{to}@s.whatsapp.net", "text": self.text, "linkPreview": False}},
            ),
            "evolution": (f"/message/sendText/{self.key}", {"number": to, "text": self.text}),
            "waha": ("/api/sendText", {"session": self.key, "chatId": f"{to}@c.us", "text": self.text}),
            "cloud": (
                f"/v23.0/{self.key}/messages",
                {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template},
            ),
        }[self.book]
        return self._post(path, body, seconds)

    def set_webhook(self, url: str) -> None:
        """Where its news go."""
        events = ["message.any", "message.ack", "session.status"]
        webhook = {"url": url, "events": events, "hmac": {"key": WAHA_KEY}}
        path, body = {
            "mega": (f"/rest/webhook/{self.key}/configWebhook", {"messageData": {"webhookUrl": url}}),
            "evolution": (f"/webhook/set/{self.key}", {"webhook": {"enabled": True, "url": url, "events": []}}),
            "waha": ("/api/sessions", {"name": self.key, "config": {"webhooks": [webhook]}}),
            "cloud": (
                f"/v23.0/{self.key}",
                {"webhook_configuration": {"override_callback_uri": url, "verify_token": url.rpartition("/")[2]}},
            ),
        }[self.book]
        self._post(path, body, TIMEOUT_SECONDS).raise_for_status()

    def receipts(self, receiver: WebhookReceiver) -> list[Received]:
        """The receipts this provider has brought."""
        return [one for one in receiver.received if _RECEIPT_MARKS[self.book] in one.body]

    def is_signed(self, one: Received) -> bool:
        """Whether the bytes are signed as this provider signs; a provider without signatures always is."""
        headers = {name.lower(): value for name, value in one.headers.items()}
        if self.book == "waha":
            return headers["x-webhook-hmac"] == hmac.new(WAHA_KEY.encode(), one.body, hashlib.sha512).hexdigest()
        if self.book == "cloud":
            signature = hmac.new(CLOUD_SECRET.encode(), one.body, hashlib.sha256).hexdigest()
            return headers["x-hub-signature-256"] == f"sha256={signature}"
        return True

    def _post(self, path: str, body: dict[str, Any], seconds: float) -> requests.Response:
        return requests.post(self.base + path, json=body, headers=_AUTH[self.book], timeout=seconds)
