"""The sending engine: the loop behind `worker_sender.py`. It owns its commits; the points are numbered.

The engine serves lanes (`lanes.py`) in their order: direct messages (an answer, a confirmation, a test), then
campaigns. Each offers a claim and a settle; everything else below is common to all.

1. Look (every 250 ms, or when woken), twice: which numbers have a direct message due (a small question, so that the
   large one never delays it); and running campaigns, due schedules, connected healthy numbers, quotas. It only
   refreshes the picture (commit: standings and finished campaigns); steps 2 and 3 run whenever a number is free.
2. Choose (the lane's dealer, pure). Direct (`direct/queue.py`): every number that waits and has nothing in flight;
   from then until that is settled campaigns get no turn of it. Campaigns (`board.deal`): round robin over tenants,
   then over a tenant's campaigns, one message a turn; a number yields a slot only when its pace allows a send now.
3. Claim (commit): one transaction of a lane for the whole tick locks rows with SKIP LOCKED, drops the suppressed,
   reserves quota, cap and pace (campaigns only), leases the numbers, writes `sending`. Nothing leaves before it.
4. Send: concurrently over one warm pool, one message in flight per number over all lanes, no database connection held.
5. Settle (commit): states, numbers, quota, counters and logs of all answers of a lane that came, one transaction.
6. Receipts (commit): what webhooks brought, in batches, in any order, only forwards.
7. Recover (commit; at start and every 10 s): a claim whose lease ran out is `unconfirmed`, whatever its lane. Nothing
   is sent twice.
8. Stop: no new claims, answers in flight settled, what has none after 8 s is `unconfirmed`.

When the database is away, answers wait in memory and are settled when it is back; settling twice changes nothing. A
claim whose commit was never answered is undone before the next one: nothing of it has left.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy.orm import Session

from connectors.whatsapp import Sent, Unclear
from core.clock import utcnow
from core.db import SessionFactory
from core.http_async import AsyncTransport
from services.sending.board import Board
from services.sending.database import Database, is_of_database, is_passing, told
from services.sending.direct import DirectClaimed, DirectLane, DirectNumber, DirectQueue, DirectReport, waiting_numbers
from services.sending.files import Files
from services.sending.lanes import CampaignLane, ClaimStamp, Served, SettleStamp
from services.sending.outcomes import judge
from services.sending.postman import Postman
from services.sending.telling import tell_errors
from services.sending.tuning import Tuning
from services.sending.watch.look import Plans, look
from services.sending.watch.queues import Queues
from services.sending.watch.recovery import return_claim
from services.sending.words import AnswerTo, Claimed, ClaimReport, Parcel, Slot

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
    direct: Served[DirectNumber, DirectClaimed, DirectReport] = field(init=False)
    campaigns: Served[Slot, Claimed, ClaimReport] = field(init=False)
    transport: AsyncTransport = field(init=False)
    postman: Postman = field(init=False)
    plans: Plans = field(init=False)
    queues: Queues = field(default_factory=Queues)
    work_came: asyncio.Event = field(default_factory=asyncio.Event)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    direct_woken: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    settled_messages: int = 0
    _queue: DirectQueue = field(init=False)
    _lane: CampaignLane = field(init=False)
    _in_flight: dict[asyncio.Task[None], Parcel] = field(default_factory=dict)
    _in_doubt: list[_InDoubt] = field(default_factory=list)
    _failures: int = 0

    def __post_init__(self) -> None:
        self.database = Database(self.factory)
        self.board = Board(self.rng)
        self._queue, self._lane = DirectQueue(self.board), CampaignLane(self.board)
        self.direct = Served(DirectLane(), self._queue, goes_ahead=True)
        self.campaigns = Served(self._lane, self.board)
        self.plans = Plans(self.tuning.plans_every)
        self.transport = AsyncTransport()
        files = Files(self.database, self.transport, self.clock.now, self.tuning.file_seconds)
        self.postman = Postman(self.transport, self.clock.now, self.tuning.send_seconds, files)

    def stop(self) -> None:
        """Begin step 8."""
        self.stopping.set()
        self.work_came.set()
        self.wake()

    def wake(self) -> None:
        """Something may be sendable that wasn't: look now."""
        self.direct_woken.set()
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
        await asyncio.gather(self._look_for_campaigns(), self._look_for_directs())

    async def _look_for_directs(self) -> None:
        while not self.stopping.is_set():
            self.direct_woken.clear()
            rest = self.tuning.direct_rest
            try:
                seen = partial(waiting_numbers, now=self.clock.now(), daemon_id=self.daemon_id)
                if self._queue.show(await self.database.run(seen), self.clock.epoch()):
                    self.work_came.set()
            except Exception as error:
                log.warning("direct_look_failed", **told(error))
                rest = self.tuning.backoff_most
            # Wakes come by the thousand while receipts do; one look then serves them all.
            await wait_for(self.stopping, rest)
            await wait_for(self.direct_woken, self.tuning.look_every)

    async def _look_for_campaigns(self) -> None:
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
            self.queues.doubt(self.board.take_dry(), all_of_them=woken)
            seen = partial(look, now=self.clock.now(), daemon_id=self.daemon_id, plans=self.plans, queues=self.queues)
            picture = await self.database.run(seen)
        except Exception as error:
            self._failed("look_failed", error)
            return 0.0
        self._failures = 0
        self.board.show(picture, looked_at=looked_at, now=self.clock.epoch(), woken=woken)
        self._lane.forget_all_but(picture.campaigns)
        self.work_came.set()
        return loop.time() - began

    async def _tick(self) -> bool:
        """Claim what is free, then settle what came. False when there was neither. The claim goes first: its
        messages travel while the settle runs."""
        is_busy = False
        for served in self._served():
            turns = served.dealer.deal(self.clock.epoch(), self._room(served))
            if turns:
                await self._claim(served, turns)
                is_busy = True
        for served in self._served():
            batch = served.take(self.tuning.max_batch)
            if batch:
                await self._settle(served, batch)
                is_busy = True
        return is_busy

    def _served(self) -> tuple[Served[Any, Any, Any], ...]:
        """The lanes in their order."""
        return self.direct, self.campaigns

    def _room(self, served: Served[Any, Any, Any]) -> int:
        """How many may be claimed now. What goes ahead is few by nature and finds room however full it is."""
        most = self.tuning.max_batch
        return most if served.goes_ahead else min(self.tuning.max_in_flight - len(self._in_flight), most)

    async def _rest(self) -> None:
        """Until an answer, a look or the next number's time, then a little longer for company."""
        ready = self.board.next_ready()
        now = self.clock.epoch()
        timeout = self.tuning.look_every if ready is None else min(max(ready - now, 0.0), self.tuning.look_every)
        await wait_for(self.work_came, timeout)
        self.work_came.clear()
        await asyncio.sleep(self.tuning.tick)

    async def _claim(self, served: Served[Any, Any, Any], turns: Sequence[Any]) -> None:
        """Step 3 for these turns, then step 4 begins."""
        try:
            await self._undo_doubtful_claims()
            report = await self.database.run(served.lane.claim(turns, self._stamp(turns)))
        except Exception as error:
            await self._claim_failed(served, turns, error)
            return
        self._failures = 0
        served.dealer.claimed(turns, report, self.clock.epoch())
        self._dispatch(served, report.claimed)

    def _stamp(self, turns: Sequence[Any]) -> ClaimStamp:
        now = self.clock.now()
        claim_id = str(uuid4())
        self._in_doubt.append(_InDoubt(claim_id, sorted({turn.tenant_id for turn in turns})))
        return ClaimStamp(claim_id, self.daemon_id, now, now + self.tuning.lease)

    async def _claim_failed(self, served: Served[Any, Any, Any], turns: Sequence[Any], error: Exception) -> None:
        """A database that is away: try again later. Anything else is some tenant's: find it, leave it out a while,
        so that one broken campaign never stops the others."""
        tenants = sorted({turn.tenant_id for turn in turns})
        if is_passing(error) or len(tenants) == 1:
            self._failed("claim_failed", error)
            rest = 0.0 if is_passing(error) else 60.0
            served.dealer.not_claimed(turns, self.clock.epoch(), rest)
            if is_passing(error):
                await asyncio.sleep(self._backoff())
            elif served is self.campaigns:
                await self._tell_error(turns, error)
            return
        log.warning("claim_split", tenants=len(tenants), **told(error))
        for tenant_id in tenants:
            await self._claim(served, [turn for turn in turns if turn.tenant_id == tenant_id])

    async def _tell_error(self, slots: Sequence[Slot], error: Exception) -> None:
        campaigns = {(slot.turn.tenant_id, slot.turn.campaign_id) for slot in slots}
        tell = partial(tell_errors, campaigns=campaigns, error=type(error).__name__, now=self.clock.now())
        try:
            await self.database.run(tell)
        except Exception as untold:
            log.warning("error_not_told", **told(untold))

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

    def _dispatch(self, served: Served[Any, Any, Any], claimed: Sequence[Parcel]) -> None:
        """The commit is done: these may leave."""
        self._in_doubt.clear()
        loop = asyncio.get_running_loop()
        for one in claimed:
            task = loop.create_task(self._send(served, one))
            self._in_flight[task] = one
            task.add_done_callback(self._landed)

    async def _send(self, served: Served[Any, Any, Any], one: Parcel) -> None:
        try:
            answer = await self.postman.deliver(one, served.dealer.channel(one.instance_id))
        except asyncio.CancelledError:
            answer = AnswerTo(one, Unclear("stopped"), self.clock.now(), 0)
        served.answers.append(answer)
        served.dealer.answered(one.instance_id, self.clock.epoch(), is_fine=isinstance(answer.outcome, Sent))
        self.work_came.set()

    def _landed(self, task: asyncio.Task[None]) -> None:
        one = self._in_flight.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("send_crashed", message=one.reference, error=repr(error))

    async def _settle(self, served: Served[Any, Any, Any], batch: Sequence[AnswerTo[Any]]) -> None:
        """Step 5. On a passing failure the answers go back to the front and wait; a batch that can't be written as
        a whole is written in halves, so that one bad row costs itself alone (its lease then makes it unconfirmed)."""
        try:
            await self.database.run(self._settling(served, batch))
        except Exception as error:
            if is_passing(error):
                served.answers.extendleft(reversed(batch))
                self._failed("settle_failed", error)
                await asyncio.sleep(self._backoff())
                return
            if len(batch) > 1:
                middle = len(batch) // 2
                await self._settle(served, batch[:middle])
                await self._settle(served, batch[middle:])
                return
            log.error("answer_lost", message=batch[0].claimed.reference, **told(error))
        self._failures = 0
        self.settled_messages += len(batch)
        served.dealer.settled([answer.claimed.instance_id for answer in batch], self.clock.epoch())

    def _settling(self, served: Served[Any, Any, Any], batch: Sequence[AnswerTo[Any]]) -> Callable[[Session], object]:
        dealer = served.dealer
        judged = []
        for answer in batch:
            errors = dealer.errors_of(answer.claimed.instance_id)
            judged.append((answer, judge(answer.outcome, attempt=answer.claimed.attempt, errors_in_a_row=errors)))
        idle = frozenset(one for answer in batch if dealer.is_idle(one := answer.claimed.instance_id))
        return served.lane.settle(judged, SettleStamp(self.daemon_id, self.clock.now(), idle))

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
        for served in self._served():
            while served.answers and loop.time() < deadline:
                await self._settle(served, served.take(self.tuning.max_batch))

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
