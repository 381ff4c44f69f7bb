"""Webhooks that must not be believed, under the switches `stray` and `forge`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from sandbox.magic import READ
from sandbox.whatsapp.phones import Instance, Message

if TYPE_CHECKING:
    from sandbox.whatsapp.gateway import Gateway

Call = tuple[dict[str, Any], str, Callable[[bytes], dict[str, str]]]


def unbelievable(gateway: Gateway, instance: Instance, message: Message) -> Iterator[Call]:
    """Payload, address and headers of the calls that go out beside this message. Each says "read"."""
    if not instance.is_webhook_on or not instance.webhook_url:
        return
    behaviour, true_headers = gateway.world.behaviour, partial(gateway.webhook_headers, instance)
    if behaviour.hits(gateway.name, "stray"):
        stranger = Message(gateway.message_id(), _stranger(message.phone), "", True)
        yield gateway.receipt_event(instance, stranger, READ), instance.webhook_url, true_headers
    if not behaviour.hits(gateway.name, "forge"):
        return
    claim = gateway.receipt_event(instance, message, READ)
    yield claim, _with_another_secret(instance.webhook_url), true_headers
    if gateway.signs(instance):
        yield claim, instance.webhook_url, lambda body: gateway.webhook_headers(instance, body + b" ")
    for other in _messages_of_others(gateway, instance):
        yield gateway.receipt_event(instance, other, READ), instance.webhook_url, true_headers


def _stranger(phone: str) -> str:
    """A phone nobody has written to: Brazilian mobiles never begin like this."""
    return f"5500{phone[4:]}"


def _with_another_secret(url: str) -> str:
    return f"{url.rpartition('/')[0]}/{'f' * 43}"


def _messages_of_others(gateway: Gateway, instance: Instance) -> Iterator[Message]:
    """The newest message of one other number, when there is one."""
    for other in gateway.phones:
        if other.key != instance.key and other.chats:
            _, messages = other.newest_chats(most=1)[0]
            yield messages[-1]
            return
