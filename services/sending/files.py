"""Files at hand for sending: where the provider keeps them, uploaded once; elsewhere their bytes, for as long as the
request lives. No database connection is held, and memory has limits: the cache's, and that of bodies under way.

Whatever takes longer than `wait_seconds` sends the message back to the queue: its claim has a lease. An upload goes on
meanwhile, so that the next try finds the file there.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from connectors.whatsapp import (
    Account,
    Media,
    MediaKind,
    RefusalCode,
    Refused,
    Uploaded,
    WhatsAppConnector,
)
from core.http_async import AsyncTransport
from services.media import StoredFile, describe, known_at_provider, read_file, remember_at_provider
from services.sending.content import NO_FILE, refuse
from services.sending.database import Database, told

log = structlog.get_logger()
MB: Final = 1024 * 1024
DESCRIBED_FOR: Final = timedelta(seconds=60)
BODY_SHARE: Final = 2.4
"""A byte of a file costs this much while its request lives: base64, and the copy of it in the body."""


class Cache:
    """The last files' bytes, up to a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> bytes | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, content: bytes) -> None:
        """Keep it, letting the longest unused go; what is larger than half the limit isn't kept."""
        if len(content) > self._limit // 2 or key in self._kept:
            return
        self._kept[key] = content
        self._size += len(content)
        while self._size > self._limit:
            self._size -= len(self._kept.popitem(last=False)[1])


class Room:
    """Bytes that may be in use at once. First come, first served; one that is larger than all the room goes alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int, seconds: float) -> bool:
        """Whether there was room within the time; `give` it back afterwards."""
        if not self._waiting and self._fits(size):
            self._used += size
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await asyncio.wait_for(asyncio.shield(turn), seconds)
        except (TimeoutError, asyncio.CancelledError) as left:
            if turn.done() and not turn.cancelled():
                self.give(size)
            turn.cancel()
            self._admit()
            if isinstance(left, asyncio.CancelledError):
                raise
            return False
        return True

    def give(self, size: int) -> None:
        self._used -= size
        self._admit()

    def _fits(self, size: int) -> bool:
        return not self._used or self._used + size <= self._limit

    def _admit(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if turn.done():
                self._waiting.popleft()
            elif self._fits(size):
                self._waiting.popleft()
                self._used += size
                turn.set_result(None)
            else:
                return


@dataclass(slots=True)
class Files:
    """See the module's docstring. All methods are called from one loop."""

    database: Database
    transport: AsyncTransport
    clock: Callable[[], datetime]
    wait_seconds: float = 10.0
    cache: Cache = field(default_factory=lambda: Cache(24 * MB))
    room: Room = field(default_factory=lambda: Room(48 * MB))
    _described: dict[tuple[int, int], tuple[datetime, StoredFile | None]] = field(default_factory=dict)
    _uploaded: dict[tuple[int, int, int], str] = field(default_factory=dict)
    _rejected: set[str] = field(default_factory=set)
    _under_way: dict[Hashable, asyncio.Task[Any]] = field(default_factory=dict)

    @asynccontextmanager
    async def at_hand(
        self, provider: WhatsAppConnector, account: Account, place: tuple[int, int], media_id: int
    ) -> AsyncIterator[Media | Refused]:
        """The file as the provider takes it, for the length of the `with`. `place` is tenant and number."""
        tenant_id, instance_id = place
        file = await self._describe(tenant_id, media_id)
        if not isinstance(file, StoredFile):
            yield file
        elif provider.info.uploads_files:
            yield await self._at_provider(provider, account, (tenant_id, instance_id, media_id), file)
        else:
            async with self._content(file) as media:
                yield media

    def rejected(self, media: Media) -> None:
        """The provider doesn't take its own copy any more: the next message uploads the file again."""
        if media.provider_id:
            self._rejected.add(media.provider_id)

    async def _describe(self, tenant_id: int, media_id: int) -> StoredFile | Refused:
        key = (tenant_id, media_id)
        known = self._described.get(key)
        if known is None or known[0] + DESCRIBED_FOR < self.clock():
            read = partial(describe, tenant_id=tenant_id, media_id=media_id)
            try:
                found = await self._once(("describe", key), lambda: self.database.run(read))
            except Exception as error:
                log.warning("file_not_described", media_id=media_id, **told(error))
                return refuse(RefusalCode.MEDIA_NOT_READY)
            if len(self._described) > 2000:
                self._described.clear()
            known = self._described[key] = (self.clock(), found)
        return known[1] or refuse(RefusalCode.MEDIA_REJECTED, NO_FILE, stops_campaign=True)

    async def _at_provider(
        self, provider: WhatsAppConnector, account: Account, key: tuple[int, int, int], file: StoredFile
    ) -> Media | Refused:
        _, instance_id, _ = key
        provider_id = self._uploaded.get(key) or known_at_provider(file.provider_ids, str(instance_id), self.clock())
        if not provider_id or provider_id in self._rejected:
            upload = self._once(key, lambda: self._upload(provider, account, key, file))
            try:
                outcome = await asyncio.wait_for(upload, self.wait_seconds)
            except TimeoutError:
                return refuse(RefusalCode.MEDIA_NOT_READY)
            except Exception:
                # A connector's own mistake: nothing left, and the other messages must go on.
                log.exception("file_not_uploaded", media_id=file.media_id, connector=provider.info.name)
                return refuse(RefusalCode.PROVIDER_ERROR)
            if isinstance(outcome, Refused):
                return outcome
            provider_id = outcome
        return Media(MediaKind(file.kind.value), file.mime, file.file_name, provider_id=provider_id)

    async def _upload(
        self, provider: WhatsAppConnector, account: Account, key: tuple[int, int, int], file: StoredFile
    ) -> str | Refused:
        """The provider's name for its copy, noted. Nothing of a message leaves here, so an unclear answer is no more
        than a failed try."""
        async with self._content(file) as media:
            request = provider.upload(account, media) if isinstance(media, Media) else None
            if request is None:
                return media if isinstance(media, Refused) else refuse(RefusalCode.MEDIA_REJECTED)
            outcome = provider.read_upload(await self.transport.send(request))
        if not isinstance(outcome, Uploaded):
            return outcome if isinstance(outcome, Refused) else refuse(RefusalCode.PROVIDER_ERROR)
        tenant_id, instance_id, media_id = key
        self._uploaded[key] = outcome.provider_id
        note = partial(
            remember_at_provider,
            tenant_id=tenant_id,
            media_id=media_id,
            place=str(instance_id),
            provider_id=outcome.provider_id,
            now=self.clock(),
        )
        try:
            await self.database.run(note)
        except Exception as error:
            log.warning("upload_not_noted", media_id=media_id, **told(error))
        return outcome.provider_id

    @asynccontextmanager
    async def _content(self, file: StoredFile) -> AsyncIterator[Media | Refused]:
        """The file with its bytes."""
        size = int(file.size_bytes * BODY_SHARE)
        if not await self.room.take(size, self.wait_seconds):
            yield refuse(RefusalCode.MEDIA_NOT_READY)
            return
        try:
            yield await self._with_bytes(file)
        finally:
            self.room.give(size)

    async def _with_bytes(self, file: StoredFile) -> Media | Refused:
        content = self.cache.get(file.storage_key)
        if content is None:
            try:
                content = await self._once(file.storage_key, lambda: asyncio.to_thread(read_file, file))
            except OSError as error:
                log.warning("file_not_read", media_id=file.media_id, error=type(error).__name__)
                return refuse(RefusalCode.MEDIA_REJECTED, NO_FILE, stops_campaign=True)
            self.cache.put(file.storage_key, content)
        return Media(MediaKind(file.kind.value), file.mime, file.file_name, content=content)

    async def _once(self, key: Hashable, work: Callable[[], Awaitable[Any]]) -> Any:
        """What many ask for at the same time is done once; who stops waiting stops nobody else."""
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.ensure_future(_run(work))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        return await asyncio.shield(task)

    def _finished(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        self._under_way.pop(key, None)
        if not done.cancelled() and done.exception() is not None:
            log.warning("file_work_failed", error=type(done.exception()).__name__)


async def _run(work: Callable[[], Awaitable[Any]]) -> Any:
    return await work()
