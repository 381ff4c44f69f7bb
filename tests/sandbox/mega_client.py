"""A bare client of the Mega API as the reference describes it, independent of the product's connector."""

from typing import Any

import requests

TIMEOUT_SECONDS = 10


class MegaClient:
    """One instance of the provider."""

    def __init__(self, base_url: str, key: str, token: str = "token-de-teste") -> None:
        self.base_url = base_url
        self.key = key
        self.headers = {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, *, seconds: float = TIMEOUT_SECONDS, **options: Any) -> requests.Response:
        url = self.base_url + path.format(key=self.key)
        return requests.request(method, url, headers=self.headers, timeout=seconds, **options)

    def send(self, to: str, text: str = "Olá, tudo bem?", *, seconds: float = TIMEOUT_SECONDS) -> requests.Response:
        body = {"messageData": {"to": f"{to}@s.whatsapp.net", "text": text, "linkPreview": False}}
        return self.call("POST", "/rest/sendMessage/{key}/text", json=body, seconds=seconds)

    def send_media(self, kind: str, to: str, **fields: Any) -> requests.Response:
        return self.call("POST", f"/rest/sendMessage/{{key}}/{kind}", json={"messageData": {"to": to, **fields}})

    def check(self, phone: str) -> requests.Response:
        return self.call("GET", "/rest/instance/isOnWhatsApp/{key}", params={"jid": f"{phone}@s.whatsapp.net"})

    def status(self) -> requests.Response:
        return self.call("GET", "/rest/instance/{key}")

    def set_webhook(self, url: str, *, enabled: bool = True) -> requests.Response:
        body = {"messageData": {"webhookUrl": url, "webhookEnabled": enabled}}
        return self.call("POST", "/rest/webhook/{key}/configWebhook", json=body)
