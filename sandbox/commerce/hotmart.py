"""Hotmart: a pretend shop at `/sandbox/shop` that sends the real events (v2.0.0) to the app's webhook.

Every event and the app's answer go into the ledger; an event the app didn't take can be sent again.
"""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from sandbox.clock import now_ms
from sandbox.commerce import shop
from sandbox.commerce.hotmart_events import ACTIONS, Event, approved, switch_plan
from sandbox.commerce.purchases import OFFERS, Purchase, a_month_later
from sandbox.dialect import Dialect
from sandbox.ledger import Entry

WEBHOOK_PATH = "/webhooks/hotmart"
ANSWER_CHARACTERS_KEPT = 500


class BadOrder(ValueError):
    """An order or action that can't be carried out; the message says in Portuguese what to do."""


class Hotmart(Dialect):
    """The dialect: purchases, and the events that come of them."""

    name: ClassVar[str] = "hotmart"
    title: ClassVar[str] = "Hotmart (loja)"
    switches: ClassVar[frozenset[str]] = frozenset({"latency_ms", "duplicate", "seed"})

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.purchases: list[Purchase] = []

    def pages(self) -> list[web.RouteDef]:
        """The shop and the list of purchases."""
        return shop.pages(self)

    @property
    def webhook_url(self) -> str:
        """Where the events go."""
        return self.world.options.app_url.rstrip("/") + WEBHOOK_PATH

    async def buy(self, *, offer: str, name: str, email: str, phone: str = "") -> Purchase:
        """Sell and send PURCHASE_APPROVED. The purchase is kept whatever the app answers. Raises
        `BadOrder`.
        """
        if offer not in OFFERS:
            raise BadOrder(f"Escolha uma oferta: {', '.join(OFFERS)}.")
        if not name.strip():
            raise BadOrder("Escreva o nome de quem compra.")
        local_part, _, domain = email.strip().partition("@")
        if not local_part or "." not in domain or " " in email.strip():
            raise BadOrder("Escreva um e-mail completo, como maria@example.com.")
        now = now_ms()
        number = len(self.purchases) + 1
        purchase = Purchase(number, offer, name.strip(), email.strip(), phone.strip(), now, a_month_later(now))
        self.purchases.append(purchase)
        await self._send(purchase, approved(purchase, now))
        return purchase

    async def act(self, purchase: Purchase, action: str, *, offer: str = "") -> Event:
        """Send one of the other events, or the last one again. Raises `BadOrder` for an unknown action."""
        event = purchase.last_event if action == "resend" else self._builder(action, offer)(purchase, now_ms())
        await self._send(purchase, event)
        return event

    def find(self, number: int) -> Purchase:
        """A purchase by its number. Raises `BadOrder`."""
        if not 1 <= number <= len(self.purchases):
            raise BadOrder(f"Não há compra número {number}. Veja a lista de compras.")
        return self.purchases[number - 1]

    def reset(self, *, forget_accounts: bool) -> None:
        """Forget all purchases."""
        self.purchases.clear()

    def snapshot(self) -> Any:
        """The purchases, so that a subscription bought yesterday can be renewed today."""
        return [purchase.as_json() for purchase in self.purchases]

    def restore(self, snapshot: Any) -> None:
        """Take the purchases back."""
        self.purchases = [Purchase(**item) for item in snapshot]

    def _builder(self, action: str, offer: str) -> Callable[[Purchase, int], Event]:
        if action == "switch":
            if offer not in OFFERS:
                raise BadOrder(f"Escolha o novo plano: {', '.join(OFFERS)}.")
            return lambda purchase, now: switch_plan(purchase, now, to=offer)
        if action not in ACTIONS:
            raise BadOrder(f"Não conheço {action!r}. Conheço: {', '.join(ACTIONS)}, switch, resend.")
        return ACTIONS[action][1]

    async def _send(self, purchase: Purchase, event: Event) -> None:
        purchase.last_event = event
        self.world.remember()
        behaviour = self.world.behaviour
        await asyncio.sleep(behaviour.of(self.name).latency_ms / 1000)
        copies = 2 if behaviour.hits(self.name, "duplicate") else 1
        for _ in range(copies):
            await self._send_once(purchase, event)
        self.world.remember()

    async def _send_once(self, purchase: Purchase, event: Event) -> None:
        entry = self._write(purchase, event)
        status, answer, error = await self._post(event)
        purchase.last_http_status, purchase.last_error = status, error
        self.world.ledger.amend(
            self.name,
            entry,
            http_status=status,
            answer=answer,
            error=error,
            answered=status is not None,
            accepted=purchase.was_taken,
        )

    def _write(self, purchase: Purchase, event: Event) -> Entry:
        return self.world.ledger.append(
            self.name,
            event=event["event"],
            event_id=event["id"],
            transaction=purchase.transaction,
            subscriber_code=purchase.subscriber_code,
            to=purchase.email,
            payload=event,
            http_status=None,
            answer="",
            error=None,
            answered=False,
            accepted=False,
        )

    async def _post(self, event: Event) -> tuple[int | None, str, str | None]:
        headers = {"X-HOTMART-HOTTOK": self.world.options.hottok}
        try:
            async with self.world.courier.session.post(
                self.webhook_url, json=event, headers=headers, allow_redirects=False
            ) as answer:
                text = (await answer.content.read(ANSWER_CHARACTERS_KEPT)).decode("utf-8", "replace")
                return answer.status, text, None
        except aiohttp.ClientConnectorError:
            return None, "", "o aplicativo não está no ar"
        except (aiohttp.ClientError, TimeoutError) as error:
            return None, "", f"o aplicativo não respondeu ({type(error).__name__})"
