"""The courier: delivers the sandbox's webhooks with keep-alive, a bounded number at a time, and keeps a log.

Deliveries with the same lane key (a chat) leave one after the other, so receipts arrive in the order they
were posted, and out of order only when the `reorder` switch asks for it.
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from zlib import crc32

import aiohttp

from sandbox.clock import now_iso

LANES = 16
MOST_WAITING = 200_000
LOG_LENGTH = 500
TIMEOUT_SECONDS = 10
PAUSES_BEFORE_RETRY = (0.2, 1.0, 3.0)


@dataclass(slots=True)
class Delivery:
    """One webhook to bring: `what` names it in the log, `lane` keeps its order, `headers` makes the provider's own
    (a signature, say) from the bytes that leave.
    """

    provider: str
    url: str
    payload: dict[str, Any]
    what: str
    lane: str
    headers: Callable[[bytes], dict[str, str]] | None = None
    generation: int = 0


def without_secret(url: str) -> str:
    """A webhook's address without its last path part and its query, which carry the receiver's secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}/…"


class Courier:
    """Bounded pool of lanes over one HTTP session. What nobody answered (refused, cut off, too late) is tried again, as
    Evolution and WAHA do: it may arrive twice. An answer, whichever, is the end of it."""

    def __init__(self) -> None:
        self.log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        self.counts: Counter[str] = Counter()
        self._generations: Counter[str] = Counter()
        self._queues: list[asyncio.Queue[Delivery]] = [asyncio.Queue() for _ in range(LANES)]
        self._waiting = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Open the session and the lanes."""
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            connector=aiohttp.TCPConnector(limit=LANES * 2),
            headers={"User-Agent": "sandbox"},
        )
        self._tasks = [asyncio.create_task(self._run_lane(queue)) for queue in self._queues]

    async def stop(self) -> None:
        """Give up what still waits and close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP session, also used by dialects that want the answer at once."""
        if self._session is None:
            raise RuntimeError("The courier is used before it was started.")
        return self._session

    @property
    def waiting(self) -> int:
        """Deliveries not finished yet."""
        return self._waiting

    def post(self, delivery: Delivery) -> None:
        """Queue a delivery; beyond 200,000 waiting ones it is dropped and counted."""
        if self._waiting >= MOST_WAITING:
            self.counts["dropped"] += 1
            return
        delivery.generation = self._generations[delivery.provider]
        self._waiting += 1
        self._queues[crc32(delivery.lane.encode()) % LANES].put_nowait(delivery)

    def forget(self, provider: str) -> None:
        """Let every waiting delivery of a provider fall, for a reset."""
        self._generations[provider] += 1

    async def _run_lane(self, queue: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await queue.get()
            try:
                await self._deliver(delivery)
            finally:
                self._waiting -= 1

    async def _deliver(self, delivery: Delivery) -> None:
        body = json.dumps(delivery.payload, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} | (delivery.headers(body) if delivery.headers else {})
        for attempt, pause in enumerate((*PAUSES_BEFORE_RETRY, None), start=1):
            if delivery.generation != self._generations[delivery.provider]:
                return
            status, error, is_unheard = await self._try(delivery.url, body, headers)
            if not is_unheard or pause is None:
                self._note(delivery, attempt, status, error)
                return
            await asyncio.sleep(pause)

    async def _try(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str | None, bool]:
        try:
            async with self.session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                with contextlib.suppress(aiohttp.ClientError):
                    await answer.read()
                return answer.status, None, False
        except aiohttp.ClientConnectorError as error:
            return None, f"sem conexão: {error.strerror or error}", True
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            return None, type(error).__name__, True
        except (aiohttp.ClientError, ValueError) as error:
            return None, type(error).__name__, False

    def _note(self, delivery: Delivery, attempts: int, status: int | None, error: str | None) -> None:
        is_taken = status is not None and status < 300
        self.counts["delivered" if is_taken else "failed"] += 1
        if not is_taken:
            # A receipt that never arrives is looked for here.
            sys.stderr.write(f"webhook not taken: {delivery.what}, attempt {attempts}: {status or error}\n")
        self.log.append(
            {
                "at": now_iso(),
                "provider": delivery.provider,
                "what": delivery.what,
                "url": without_secret(delivery.url),
                "attempts": attempts,
                "http_status": status,
                "error": error,
            }
        )
