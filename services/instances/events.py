"""What the instances' inbox brings, for whoever listens (`services.subscriptions`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.inbox import Wish
from models.instances import DirectMessage


@dataclass(frozen=True, slots=True)
class Arrived:
    """One message of a person. Behind a hidden id that nobody could tell, `phone` and `phone_key` are that id
    (`...@lid`). `media` describes a file that still lies at the provider; `campaign_id` is the latest campaign that
    wrote to them, if any."""

    tenant_id: int
    instance_id: int
    phone: str
    phone_key: str
    name: str
    text: str
    at: datetime
    provider_message_id: str
    wish: Wish = Wish.NONE
    media: Mapping[str, Any] | None = None
    campaign_id: int | None = None


@dataclass(frozen=True, slots=True)
class MessagesArrived:
    """A batch of them, told once, in the transaction that applies the webhooks. Any of them may be told again."""

    items: Sequence[Arrived]


@dataclass(frozen=True, slots=True)
class DirectQueued:
    """Messages to one person each were queued, in the transaction that did it."""

    messages: Sequence[DirectMessage]
