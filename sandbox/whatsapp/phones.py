"""The world of phones: gateway instances, their chats and messages. Plain data, no network."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from zlib import crc32

from sandbox.clock import now_iso

MESSAGES_KEPT_PER_CHAT = 50
# The list is cut only when it is twice as long, so a chat in a burst isn't copied at each message.
_CUT_AT = 2 * MESSAGES_KEPT_PER_CHAT


@dataclass(slots=True)
class Message:
    """One bubble. `ack` is 1 accepted, 2 sent, 3 delivered, 4 read, -1 failed; 0 for an inbound one. `phone` is
    digits, `reference` the sender's own word where the provider echoes it.
    """

    id: str
    phone: str
    text: str
    is_ours: bool
    kind: str = "text"
    media: str = ""
    ack: int = 0
    at: str = field(default_factory=now_iso)
    reference: str = ""


@dataclass(slots=True)
class Instance:
    """One WhatsApp number at one gateway; `settings` is what only its dialect understands, as JSON."""

    key: str
    token: str
    is_connected: bool
    webhook_url: str = ""
    is_webhook_on: bool = False
    is_qr_shown: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    chats: dict[str, list[Message]] = field(default_factory=dict)

    @property
    def number(self) -> str:
        """Our own fictitious number, the same for a key at every start."""
        return f"5511900{crc32(self.key.encode()) % 10**6:06d}"

    def add(self, message: Message) -> None:
        """Append to the chat, which becomes the newest one."""
        chat = self.chats.pop(message.phone, [])
        chat.append(message)
        if len(chat) > _CUT_AT:
            del chat[:-MESSAGES_KEPT_PER_CHAT]
        self.chats[message.phone] = chat

    def newest_chats(self, search: str = "", *, most: int | None = None) -> list[tuple[str, list[Message]]]:
        """Phone and last 50 messages of the chats whose phone contains `search`, newest chat first."""
        found = islice((phone for phone in reversed(self.chats) if search in phone), most)
        return [(phone, self.chats[phone][-MESSAGES_KEPT_PER_CHAT:]) for phone in found]


class Phones:
    """The instances of one gateway; they spring into being on first use."""

    def __init__(self) -> None:
        self._instances: dict[str, Instance] = {}

    def __iter__(self) -> Iterator[Instance]:
        return iter(self._instances.values())

    def find(self, key: str) -> Instance | None:
        """The instance, if it was ever used."""
        return self._instances.get(key)

    def find_or_create(self, key: str, token: str) -> Instance:
        """The instance; a new one records the token, and is connected at once when its key starts with
        `demo-`.
        """
        instance = self._instances.get(key)
        if instance is None:
            instance = self._instances[key] = Instance(key, token, is_connected=key.startswith("demo-"))
        return instance

    def forget(self, key: str) -> None:
        """Forget one instance."""
        self._instances.pop(key, None)

    def forget_chats(self) -> None:
        """Empty every chat."""
        for instance in self._instances.values():
            instance.chats.clear()

    def forget_all(self) -> None:
        """Forget the instances too."""
        self._instances.clear()

    def snapshot(self) -> list[dict[str, Any]]:
        """The connections, without the chats."""
        names = ("key", "token", "is_connected", "webhook_url", "is_webhook_on", "settings")
        return [{name: getattr(instance, name) for name in names} for instance in self._instances.values()]

    def restore(self, snapshot: list[dict[str, Any]]) -> None:
        """Take the connections back."""
        self._instances = {item["key"]: Instance(**item) for item in snapshot}
