"""What a dialect is: one provider spoken by the sandbox, registered by listing its class in
`sandbox.dialects`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from aiohttp import web

from sandbox.ledger import Entry

if TYPE_CHECKING:
    from sandbox.world import World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# A handler that puts its ledger entry here has `answered` set once the answer really went out.
ENTRY: web.RequestKey[Entry] = web.RequestKey("entry", dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One call of a provider's API, its path below the dialect's prefix.

    Before any handler the switches drop, hang, fail, throttle and latency are thrown; one that `decides` by
    itself (a send, which must write its refusals into the ledger) throws all but drop and latency on its own.
    """

    method: str
    path: str
    handler: Handler
    decides: bool = False


class Refused(Exception):
    """Raised by a handler to answer with the provider's own error shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Dialect:
    """Base of every dialect; a new one overrides what it needs.

    `name` is the provider in control and ledger, `title` its name on the pages, `prefix` the path of its base
    URL, `switches` the misbehaviours it honours.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    prefix: ClassVar[str] = ""
    switches: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[Route]:
        """The provider's API."""
        return []

    def pages(self) -> list[web.RouteDef]:
        """The dialect's own pages and helpers, paths below `/sandbox`."""
        return []

    def refuse(self, status: int, message: str) -> web.Response:
        """An error in the provider's own shape."""
        return web.json_response({"error": True, "message": message}, status=status)

    async def start(self) -> None:
        """Open what the dialect listens on besides HTTP."""

    async def stop(self) -> None:
        """Close it again."""

    def addresses(self) -> dict[str, str]:
        """What to print at the start, name to address, besides the base URL."""
        return {}

    def summary(self, entries: list[Entry]) -> dict[str, Any]:
        """The ledger in figures: accepted entries, in all and per recipient, and who got more than one."""
        recipients = Counter(entry["to"] for entry in entries if entry["accepted"])
        return {
            "accepted": recipients.total(),
            "refused": len(entries) - recipients.total(),
            "phones": dict(recipients),
            "duplicates": {phone: count for phone, count in recipients.items() if count > 1},
        }

    def reset(self, *, forget_accounts: bool) -> None:
        """Forget what happened; `forget_accounts` also forgets who is connected and where webhooks go."""

    def snapshot(self) -> Any:
        """What must survive a restart besides the ledger, as JSON; None for nothing."""
        return None

    def restore(self, snapshot: Any) -> None:
        """Take back a snapshot of an earlier run; called before the server listens."""
