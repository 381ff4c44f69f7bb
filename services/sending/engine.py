"""The sending engine: the loop behind `worker_sender.py`. It owns its commits; the points are numbered.

1. Look (every 250 ms, or when woken): running campaigns, due schedules, connected healthy numbers, quotas. It only
   refreshes the picture (commit: standings and finished campaigns); steps 2 and 3 run whenever a number is free.
2. Choose (`board.deal`, pure): round robin over tenants, then over a tenant's campaigns, one message a turn; a number
   yields a slot only when its pace allows a send now.
3. Claim (commit): one transaction for the whole tick locks rows with SKIP LOCKED, drops the suppressed, reserves
   quota, cap and pace, writes `sending`. Nothing leaves before this commit.
4. Send: concurrently over one warm pool, one message in flight per number, no database connection held.
5. Settle (commit): states, numbers, quota, counters and logs of all answers that came, one transaction.
6. Receipts (commit): what webhooks brought, in batches, in any order, only forwards.
7. Recover (commit; at start and every 10 s): a claim whose lease ran out is `unconfirmed`. Nothing is sent twice.
8. Stop: no new claims, answers in flight settled, what has none after 8 s is `unconfirmed`.

When the database is away, answers wait in memory and are settled when it is back; settling twice changes nothing. A
claim whose commit was never answered is undone before the next one: nothing of it has left.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from uuid import uuid4

import structlog

from connectors.whatsapp import Sent, Unclear
from core.clock import utcnow
from core.db import SessionFactory
from core.http_async import AsyncTransport
from services.sending.board import Board
from services.sending.claim import ClaimOrder, claim
from services.sending.database import Database, is_of_database, is_passing, told
from services.sending.outcomes import judge
from services.sending.picture import NumberView
from services.sending.postman import Postman
from services.sending.rendering import Texts
from services.sending.settle import SettleOrder, settle
from services.sending.tuning import Tuning
from services.sending.watch.look import Plans, look
from services.sending.watch.recovery import return_claim
from services.sending.words import Answer, Claimed, ClaimReport, Ruling, Slot

log = structlog.get_logger()


@dataclass(slots=True)
class EngineClock:
    """The database's clock, read through this machine's: daemons on several hosts then agree on paces and leases."""

    read: Callable[[], datetime] = utcnow
    offset: timedelta = timedelta()

    def now(self) -> datetime:
        return self.read() + self.offset

    def epoch(self) -> float:
        return self.now().timestamp()

    def follow(self, database_time: datetime) -> None:
        """Set by each look; small differences are left alone, so that time never jitters backwards."""
        offset = database_time - self.read()
        if abs(offset - self.offset) > timedelta(milliseconds=50):
            self.offset = offset


@dataclass(slots=True)
class _InDoubt:
    """A claim whose commit failed or was never answered."""

    claim_id: str
    tenant_ids: list[int]


@dataclass(slots=True)
class Engine:
    """One daemon's engine. `run()` until `stop()`; the loops beside it are in `services.sending.daemon`."""

    factory: SessionFactory
    tuning: Tuning = field(default_factory=Tuning)
    rng: Random = field(default_factory=Random)
    clock: EngineClock = field(default_factory=EngineClock)
    daemon_id: str = field(default_factory=lambda: str(uuid4()))
    database: Database = field(init=False)
    board: Board = field(init=False)
    transport: AsyncTransport = field(init=False)
    postman: Postman = field(init=False)
    texts: dict[int, Texts] = field(default_factory=dict)
    plans: Plans = field(init=False)
    work_came: asyncio.Event = field(default_factory=asyncio.Event)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    settled_messages: int = 0
    _answers: deque[Answer] = field(default_factory=deque)
    _in_flight: dict[asyncio.Task[None], Claimed] = field(default_factory=dict)
    _in_doubt: list[_InDoubt] = field(default_factory=list)
    _in_use: dict[int, set[int]] = field(default_factory=dict)
    _failures: int = 0

    def __post_init__(self) -> None:
        self.database = Database(self.factory)
        self.board = Board(self.rng)
        self.plans = Plans(self.tuning.plans_every)
        self.transport = AsyncTransport(limit=0)
        self.postman = Postman(self.transport, self.clock.now, self.tuning.send_seconds)

    def stop(self) -> None:
        """Begin step 8."""
        self.stopping.set()
        self.work_came.set()
        self.woken.set()

    def wake(self) -> None:
        """Something may be sendable that wasn't: look now."""
        self.woken.set()

    async def run(self) -> None:
        """Steps 2 to 5 and 8, until stopped and settled."""
        async with self.transport:
            while not self.stopping.is_set():
                if not await self._tick():
                    await self._rest()
            await self._finish()

    async def run_looks(self) -> None:
        """Step 1, over and over."""
        while not self.stopping.is_set():
            woken = self.woken.is_set()
            self.woken.clear()
            cost = await self._look(woken=woken)
            wait = max(self.tuning.look_every, cost / self.tuning.look_share)
            await wait_for(self.woken, wait if not self._failures else self._backoff())

    async def _look(self, *, woken: bool) -> float:
        """One look; the seconds it took. A failure leaves the picture as it is."""
        loop = asyncio.get_running_loop()
        began, looked_at = loop.time(), self.clock.epoch()
        try:
            seen = partial(look, now=self.clock.now(), daemon_id=self.daemon_id, plans=self.plans)
            picture = await self.database.run(seen)
        except Exception as error:
            self._failed("look_failed", error)
            return 0.0
        self._failures = 0
        self.board.show(picture, looked_at=looked_at, now=self.clock.epoch(), woken=woken)
        self.texts = {one: self.texts[one] for one in picture.campaigns if one in self.texts}
        self.work_came.set()
        return loop.time() - began

    async def _tick(self) -> bool:
        """Claim what is free, then settle what came. False when there was neither. The claim goes first: its
        messages travel while the settle runs."""
        room = min(self.tuning.max_in_flight - len(self._in_flight), self.tuning.max_batch)
        slots = self.board.deal(self.clock.epoch(), room)
        if slots:
            await self._claim(slots)
        batch = [self._answers.popleft() for _ in range(min(len(self._answers), self.tuning.max_batch))]
        if batch:
            await self._settle(batch)
        return bool(slots or batch)

    async def _rest(self) -> None:
        """Until an answer, a look or the next number's time, then a little longer for company."""
        ready = self.board.next_ready()
        now = self.clock.epoch()
        timeout = self.tuning.look_every if ready is None else min(max(ready - now, 0.0), self.tuning.look_every)
        await wait_for(self.work_came, timeout)
        self.work_came.clear()
        await asyncio.sleep(self.tuning.tick)

    async def _claim(self, slots: Sequence[Slot]) -> None:
        """Step 3 for these turns, then step 4 begins."""
        try:
            await self._undo_doubtful_claims()
            report = await self.database.run(partial(claim, order=self._order(slots)))
        except Exception as error:
            await self._claim_failed(slots, error)
            return
        self._failures = 0
        self.board.claimed(slots, report, self.clock.epoch())
        self._dispatch(report)

    def _order(self, slots: Sequence[Slot]) -> ClaimOrder:
        now = self.clock.now()
        claim_id = str(uuid4())
        tenants = self.board.picture.tenants
        involved = {slot.turn.tenant_id for slot in slots}
        self._in_doubt.append(_InDoubt(claim_id, sorted(involved)))
        return ClaimOrder(
            slots=slots,
            terms={one: tenants[one].terms_at(now) for one in involved},
            claim_id=claim_id,
            daemon_id=self.daemon_id,
            now=now,
            lease_until=now + self.tuning.lease,
            texts=self.texts,
        )

    async def _claim_failed(self, slots: Sequence[Slot], error: Exception) -> None:
        """A database that is away: try again later. Anything else is some tenant's: find it, leave it out a while,
        so that one broken campaign never stops the others."""
        tenants = sorted({slot.turn.tenant_id for slot in slots})
        if is_passing(error) or len(tenants) == 1:
            self._failed("claim_failed", error)
            rest = 0.0 if is_passing(error) else 60.0
            self.board.not_claimed(slots, self.clock.epoch(), rest)
            await asyncio.sleep(self._backoff() if is_passing(error) else 0)
            return
        log.warning("claim_split", tenants=len(tenants), **told(error))
        for tenant_id in tenants:
            await self._claim([slot for slot in slots if slot.turn.tenant_id == tenant_id])

    async def _undo_doubtful_claims(self) -> None:
        """Claims left in doubt go back to the queue before anything new is claimed."""
        while self._in_doubt:
            doubt = self._in_doubt[0]
            undo = partial(
                return_claim,
                claim_id=doubt.claim_id,
                tenant_ids=doubt.tenant_ids,
                now=self.clock.now(),
                daemon_id=self.daemon_id,
            )
            returned = await self.database.run(undo)
            self._in_doubt.pop(0)
            if returned:
                log.info("claim_returned", rows=returned)

    def _dispatch(self, report: ClaimReport) -> None:
        """The commit is done: these may leave."""
        self._in_doubt.clear()
        loop = asyncio.get_running_loop()
        for one in report.claimed:
            task = loop.create_task(self._send(one, self.board.numbers[one.instance_id].view))
            self._in_flight[task] = one
            task.add_done_callback(self._landed)

    async def _send(self, one: Claimed, view: NumberView) -> None:
        try:
            answer = await self.postman.deliver(one, view)
        except asyncio.CancelledError:
            answer = Answer(one, Unclear("stopped"), self.clock.now(), 0)
        self._answers.append(answer)
        self.board.answered(one.instance_id, self.clock.epoch(), is_fine=isinstance(answer.outcome, Sent))
        self.work_came.set()

    def _landed(self, task: asyncio.Task[None]) -> None:
        one = self._in_flight.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("send_crashed", contact_id=one.contact_id, error=repr(error))

    async def _settle(self, batch: Sequence[Answer]) -> None:
        """Step 5. On a passing failure the answers go back to the front and wait; a batch that can't be written as
        a whole is written in halves, so that one bad row costs itself alone (its lease then makes it unconfirmed)."""
        try:
            await self.database.run(partial(settle, order=self._settle_order(batch)))
        except Exception as error:
            if is_passing(error):
                self._answers.extendleft(reversed(batch))
                self._failed("settle_failed", error)
                await asyncio.sleep(self._backoff())
                return
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._settle(batch[:middle])
                await self._settle(batch[middle:])
                return
            log.error("answer_lost", contact_id=batch[0].claimed.contact_id, **told(error))
        self._failures = 0
        self.settled_messages += len(batch)
        self.board.settled([answer.claimed.instance_id for answer in batch], self.clock.epoch())

    def _settle_order(self, batch: Sequence[Answer]) -> SettleOrder:
        numbers = self.board.numbers
        judged = [(answer, self._judge(answer)) for answer in batch]
        idle = frozenset(
            answer.claimed.instance_id for answer in batch if not numbers[answer.claimed.instance_id].is_busy
        )
        return SettleOrder(judged, self.clock.now(), self.daemon_id, idle, self._in_use)

    def _judge(self, answer: Answer) -> Ruling:
        errors = self.board.numbers[answer.claimed.instance_id].view.consecutive_errors
        return judge(answer.outcome, attempt=answer.claimed.attempt, errors_in_a_row=errors)

    async def _finish(self) -> None:
        """Step 8. The supervisor allows 10 s; what has no answer after 8 is written down as unclear."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.tuning.stop_seconds
        while self._in_flight and loop.time() < deadline:
            await asyncio.wait(list(self._in_flight), timeout=min(0.05, deadline - loop.time()))
            await self._settle_everything(deadline)
        for task in list(self._in_flight):
            task.cancel()
        if self._in_flight:
            await asyncio.wait(list(self._in_flight), timeout=0.5)
        await self._settle_everything(loop.time() + 1.0)

    async def _settle_everything(self, deadline: float) -> None:
        loop = asyncio.get_running_loop()
        while self._answers and loop.time() < deadline:
            size = min(len(self._answers), self.tuning.max_batch)
            await self._settle([self._answers.popleft() for _ in range(size)])

    def _failed(self, event: str, error: Exception) -> None:
        self._failures += 1
        say = log.warning if is_passing(error) else log.error
        say(event, failures=self._failures, **told(error), exc_info=None if is_of_database(error) else error)

    def _backoff(self) -> float:
        return min(self.tuning.backoff_first * (1 << min(self._failures, 10)), self.tuning.backoff_most)


async def wait_for(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event came within the time."""
    if event.is_set():
        return True
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
