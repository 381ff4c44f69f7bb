"""What every WhatsApp gateway does: take a message, answer or misbehave, send receipts and replies by
webhook.

A dialect inherits `Gateway` and words its own answers and webhooks; see `mega_api.py` for the smallest one.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from aiohttp import web

from sandbox import wire
from sandbox.courier import Delivery
from sandbox.dialect import ENTRY, Dialect
from sandbox.ledger import Entry
from sandbox.magic import FAILED, READ, Magic, magic_for
from sandbox.misbehaviour import NAMES
from sandbox.verdict import Verdict
from sandbox.whatsapp.forgery import unbelievable
from sandbox.whatsapp.phones import Instance, Message, Phones
from sandbox.whatsapp.receipts import Step, plan_receipts

ACCEPTED_ACK = 1
REPLIES = (
    "Oi! Quanto custa?",
    "Quero saber mais",
    "Pode me ligar amanhã?",
    "Obrigada 😊",
    "Não tenho interesse",
)
_REFUSING = (
    ("throttle", Verdict.THROTTLED),
    ("throttle_bare", Verdict.THROTTLED_BARE),
    ("fail", Verdict.BROKEN),
    ("hang", Verdict.HANG),
    ("error_body", Verdict.REFUSED_WITH_200),
)
_ACCEPTING = (
    ("silent", Verdict.SILENT),
    ("garbage", Verdict.GARBAGE),
    ("empty", Verdict.EMPTY),
    ("drip", Verdict.DRIP),
)
_EARLY_SECONDS = 0.3


@dataclass(slots=True)
class Outgoing:
    """A send as every gateway knows it; `media` describes a file (address or size), never holds it."""

    phone: str
    text: str
    kind: str = "text"
    media: str = ""
    reference: str = ""


@dataclass(slots=True)
class _Journey:
    """The receipts a message still has before it."""

    instance: Instance
    message: Message
    entry: Entry
    steps: list[Step]
    began: float
    generation: int


class Gateway(Dialect):
    """Base of the WhatsApp dialects."""

    switches: ClassVar[frozenset[str]] = frozenset(NAMES)
    is_echoing: ClassVar[bool] = True
    """Whether the provider repeats our own messages as a matter of course, or only under `echo_only`."""

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.phones = Phones()
        self._generation = 0

    # What a dialect words in its provider's own shapes.

    def answer_accepted(self, message: Message) -> web.Response:
        """The success answer of a send."""
        raise NotImplementedError

    def answer_refused(self, verdict: Verdict, message: Message) -> web.Response:
        """The answer for any other verdict that has one."""
        raise NotImplementedError

    def receipt_event(self, instance: Instance, message: Message, ack: int) -> dict[str, Any]:
        """The webhook of one receipt."""
        raise NotImplementedError

    def inbound_event(self, instance: Instance, message: Message) -> dict[str, Any]:
        """The webhook of a message from a contact."""
        raise NotImplementedError

    def connection_event(self, instance: Instance) -> dict[str, Any] | None:
        """The webhook of a connection that changed; None where the provider says nothing."""
        raise NotImplementedError

    def echo_event(self, instance: Instance, message: Message) -> dict[str, Any] | None:
        """The webhook by which the provider repeats our own message; None where it doesn't."""
        return None

    def webhook_headers(self, instance: Instance, body: bytes) -> dict[str, str]:
        """What the provider puts beside a webhook's body."""
        return {}

    def signs(self, instance: Instance) -> bool:
        """Whether a webhook's own bytes prove where it comes from."""
        return False

    def wants(self, instance: Instance, payload: dict[str, Any]) -> bool:
        """Whether this instance's webhook asked for such an event."""
        return True

    def objection(self, instance: Instance, outgoing: Outgoing) -> Verdict | None:
        """The provider's own reason to refuse a message that is otherwise fine."""
        return None

    def message_id(self) -> str:
        """A new provider message id; the form Baileys gives to messages sent from a linked device."""
        return "3EB0" + secrets.token_hex(8).upper()

    def inbound_id(self) -> str:
        """The id of a message from a contact."""
        return "AC" + secrets.token_hex(9).upper()

    # What all of them do.

    async def take(self, request: web.Request, instance: Instance, outgoing: Outgoing) -> web.StreamResponse:
        """Decide about a send, write it into the ledger at once, then answer (or not)."""
        magic = magic_for(outgoing.phone)
        verdict = self._decide(instance, magic, outgoing)
        message = Message(
            self.message_id(),
            outgoing.phone,
            outgoing.text,
            True,
            outgoing.kind,
            outgoing.media,
            ACCEPTED_ACK,
            reference=outgoing.reference,
        )
        entry = self._write(instance, message, verdict)
        if verdict.is_accepted:
            instance.add(message)
            await self._tell(instance, message, entry)
        return await self._answer(request, verdict, message, entry)

    def connect(self, instance: Instance, *, is_connected: bool) -> None:
        """Connect or disconnect a number and say so by webhook; nothing happens when it already is so."""
        if instance.is_connected == is_connected:
            return
        instance.is_connected = is_connected
        instance.is_qr_shown = False
        self.world.remember()
        self._post(instance, self.connection_event(instance), "connection", lane=instance.key)

    def reply(self, instance: Instance, phone: str, text: str, kind: str = "text") -> Message:
        """A message from the contact to us: a text, or an image with the text below it."""
        message = Message(self.inbound_id(), phone, text, False, kind, "" if kind == "text" else "de mentira")
        instance.add(message)
        self._post(instance, self.inbound_event(instance, message), "inbound", lane=phone)
        return message

    def reset(self, *, forget_accounts: bool) -> None:
        """Empty the chats and let receipts under way fall; instances stay unless asked otherwise."""
        self._generation += 1
        if forget_accounts:
            self.phones.forget_all()
        else:
            self.phones.forget_chats()

    def snapshot(self) -> Any:
        """Connections and webhook addresses."""
        return self.phones.snapshot()

    def restore(self, snapshot: Any) -> None:
        """Connections come from the snapshot, our side of the chats from the ledger."""
        self.phones.restore(snapshot)

    async def start(self) -> None:
        """Receipts an earlier run still owed go out now."""
        for entry in self.world.ledger.items(self.name):
            instance = self.phones.find(entry["instance_key"])
            if instance is not None and entry["accepted"]:
                self._take_up_again(instance, entry)

    def _decide(self, instance: Instance, magic: Magic, outgoing: Outgoing) -> Verdict:
        if magic.verdict is not Verdict.ACCEPT:
            return magic.verdict
        misbehaviour = self._first_hit(_REFUSING)
        if misbehaviour is not None:
            return misbehaviour
        if not instance.is_connected:
            return Verdict.OFFLINE
        refusal = self.objection(instance, outgoing)
        if refusal is not None:
            return refusal
        return self._first_hit(_ACCEPTING) or Verdict.ACCEPT

    def _first_hit(self, shares: Iterable[tuple[str, Verdict]]) -> Verdict | None:
        hits = self.world.behaviour.hits
        return next((verdict for switch, verdict in shares if hits(self.name, switch)), None)

    async def _tell(self, instance: Instance, message: Message, entry: Entry) -> None:
        """What an accepted message sets in motion: its echo, its receipts, and what the switches put beside them."""
        behaviour = self.world.behaviour
        for payload, url, headers in unbelievable(self, instance, message):
            self.world.courier.post(Delivery(self.name, url, payload, "forged", message.phone, headers))
        is_echo_only = behaviour.hits(self.name, "echo_only")
        if self.is_echoing or is_echo_only:
            self._post(instance, self.echo_event(instance, message), "echo", lane=message.phone)
        if is_echo_only:
            return
        is_early = behaviour.hits(self.name, "early")
        self._send_off(instance, message, entry, at_once=is_early)
        if is_early:
            await asyncio.sleep(_EARLY_SECONDS)

    def _write(self, instance: Instance, message: Message, verdict: Verdict) -> Entry:
        is_accepted = verdict.is_accepted
        return self.world.ledger.append(
            self.name,
            instance_key=instance.key,
            to=message.phone,
            kind=message.kind,
            text=message.text,
            media=message.media,
            reference=message.reference,
            provider_message_id=message.id if is_accepted else None,
            accepted=is_accepted,
            answered=False,
            outcome=verdict.value,
            status=ACCEPTED_ACK if is_accepted else None,
        )

    async def _answer(
        self, request: web.Request, verdict: Verdict, message: Message, entry: Entry
    ) -> web.StreamResponse:
        if verdict in (Verdict.SILENT, Verdict.HANG):
            return await wire.hold(request, self.world.behaviour.of(self.name).hang_ms)
        if verdict is Verdict.RESET:
            return wire.reset(request)
        request[ENTRY] = entry
        if verdict is Verdict.ACCEPT:
            return self.answer_accepted(message)
        if verdict is Verdict.DRIP:
            return await wire.drip(request, self.answer_accepted(message), self.world.behaviour.of(self.name).drip_ms)
        if verdict is Verdict.EMPTY:
            return web.Response(status=201)
        if verdict is Verdict.THROTTLED_BARE:
            answer = self.answer_refused(Verdict.THROTTLED, message)
            answer.headers.popall("Retry-After", None)
            return answer
        return self.answer_refused(verdict, message)

    def _send_off(self, instance: Instance, message: Message, entry: Entry, *, at_once: bool = False) -> None:
        loop = asyncio.get_running_loop()
        steps = plan_receipts(
            self.world.behaviour.of(self.name),
            last_ack=magic_for(message.phone).last_ack,
            after_ack=message.ack,
            rng=self.world.behaviour.dice(self.name, "receipts"),
        )
        steps = [(0.0, ack) for _, ack in steps] if at_once else steps
        journey = _Journey(instance, message, entry, steps, loop.time(), self._generation)
        loop.call_soon(self._travel, journey)

    def _travel(self, journey: _Journey) -> None:
        """Post the receipts that are due; one timer per message keeps them in their order."""
        loop = asyncio.get_running_loop()
        if journey.generation != self._generation:
            return
        while journey.steps:
            wait = journey.began + journey.steps[0][0] - loop.time()
            if wait > 0:
                loop.call_later(wait, self._travel, journey)
                return
            self._acknowledge(journey, journey.steps.pop(0)[1])
        if journey.message.ack == READ:
            self._perhaps_reply(journey)

    def _acknowledge(self, journey: _Journey, ack: int) -> None:
        message = journey.message
        # What failed stays failed, also when its receipts leave in the wrong order.
        if ack == FAILED or ack > message.ack > FAILED:
            message.ack = ack
            self.world.ledger.amend(self.name, journey.entry, status=ack)
        self._post(
            journey.instance,
            self.receipt_event(journey.instance, message, ack),
            f"receipt {ack}",
            lane=message.phone,
        )

    def _perhaps_reply(self, journey: _Journey) -> None:
        behaviour = self.world.behaviour
        text = magic_for(journey.message.phone).reply
        if text is None and behaviour.hits(self.name, "reply_share", purpose="replies"):
            text = behaviour.dice(self.name, "words").choice(REPLIES)
        if text is not None:
            delay = behaviour.of(self.name).reply_delay_ms / 1000
            asyncio.get_running_loop().call_later(delay, self._reply_later, journey, text)

    def _reply_later(self, journey: _Journey, text: str) -> None:
        if journey.generation == self._generation:
            self.reply(journey.instance, journey.message.phone, text)

    def _post(self, instance: Instance, payload: dict[str, Any] | None, what: str, *, lane: str) -> None:
        if payload is None or not instance.is_webhook_on or not instance.webhook_url:
            return
        if self.wants(instance, payload):
            headers = partial(self.webhook_headers, instance)
            self.world.courier.post(Delivery(self.name, instance.webhook_url, payload, what, lane, headers))

    def _take_up_again(self, instance: Instance, entry: Entry) -> None:
        message = Message(
            entry["provider_message_id"],
            entry["to"],
            entry["text"],
            True,
            entry["kind"],
            entry["media"],
            entry["status"],
            entry["at"],
            entry.get("reference", ""),
        )
        instance.add(message)
        if message.ack not in (FAILED, magic_for(message.phone).last_ack):
            self._send_off(instance, message, entry)
