"""One provider of the sandbox as the product reaches it: connector, account, ledger, webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from connectors.whatsapp import Account, Done, Sent, WhatsAppConnector, connector
from core.http import HttpAnswer, HttpRequest, send
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import Received, WebhookReceiver, eventually

SECRET = "segredo-do-aviso"
ADDRESSES = {
    "mega_api": ("mega", ""),
    "evolution": ("evolution", ""),
    "waha": ("waha", ""),
    "cloud_api": ("cloud", "/v23.0"),
}
CREDENTIALS = {
    "token": "t",
    "api_key": "k",
    "access_token": "a",
    "app_secret": "sandbox-app-secret",
    "waba_id": "100000000000001",
}


@dataclass
class Provider:
    """`book` is its ledger's name."""

    book: str
    connector: WhatsAppConnector
    account: Account
    sandbox: SandboxProcess
    receiver: WebhookReceiver
    is_listening: bool = False

    @classmethod
    def at(cls, name: str, sandbox: SandboxProcess, receiver: WebhookReceiver, key: str = "") -> Provider:
        """A connected instance unless `key` says which."""
        book, version = ADDRESSES[name]
        key = key or ("200000000000002" if name == "cloud_api" else "demo-loja")
        account = Account(sandbox.addresses[book] + version, key, CREDENTIALS)
        return cls(book, connector(name), account, sandbox, receiver)

    def call(self, request: HttpRequest | None) -> HttpAnswer:
        assert request is not None
        return send(request)

    def listen(self) -> None:
        """Have the provider call the receiver, with receipts at once."""
        self.sandbox.control(self.book, receipt_delay_ms=[0, 0, 0], reply_delay_ms=0)
        url = f"{self.receiver.url}/webhooks/whatsapp/{SECRET}"
        answer = self.call(self.connector.set_webhook(self.account, url=url, secret=SECRET))
        assert self.connector.read_set_webhook(answer) == Done()
        self.is_listening = True

    def hear_from(self, phone: str, text: str, kind: str = "text") -> None:
        """A contact writes to us."""
        self.call(self.connector.status(self.account))
        path = f"/sandbox/phones/{self.book}/{self.account.instance_key}/{phone}/reply"
        self.sandbox.post(path, data={"text": text, "kind": kind}).raise_for_status()

    def may_write_to(self, phone: str) -> None:
        """Open the official provider's window; the others have none."""
        if not self.connector.info.reply_window_hours:
            return
        before = len(self.receiver.received)
        self.hear_from(phone, "Oi")
        if self.is_listening:
            assert eventually(lambda: len(self.receiver.received) > before)
            self.receiver.clear()

    def send_text(self, phone: str, text: str = "Olá Maria") -> object:
        request = self.connector.send_text(self.account, phone, text, reference="msg-1029")
        return self.connector.read_send(self.call(request))

    def sent(self, phone: str) -> Sent:
        outcome = self.send_text(phone)
        assert isinstance(outcome, Sent), outcome
        return outcome

    def verifies(self, one: Received, secret: str = SECRET, body: bytes = b"") -> bool:
        token = one.path.rpartition("/")[2]
        return self.connector.verify_webhook(self.account, secret, one.headers, token, body or one.body)

    def events(self, kind: type) -> list[Any]:
        """What the webhooks so far say, of one kind."""
        found = (
            event for one in self.receiver.received for event in self.connector.read_webhook(one.headers, one.body)
        )
        return [cast(Any, event) for event in found if isinstance(event, kind)]

    def ledger(self) -> list[dict[str, Any]]:
        return self.sandbox.ledger(self.book)
