"""One daemon: the engine and the loops beside it, each on its own clock, until SIGTERM."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session

from connectors.whatsapp import connector
from core.clock import utcnow
from services.instances import open_account
from services.sending.checks import Pace, ask_checks
from services.sending.database import told
from services.sending.direct import tend
from services.sending.engine import Engine, wait_for
from services.sending.follow_up import follow_up
from services.sending.presence import Absences, Presence, absent_daemons
from services.sending.receipts import forget_calls, read_inbox
from services.sending.starts import Starts
from services.sending.waking import listen_for_wakes
from services.sending.watch import sql
from services.sending.watch.alarms import sound_alarms
from services.sending.watch.health import mind_health, stop_silent, try_silent_again
from services.sending.watch.recovery import begin_days, cancel_leftovers, expire, prepare_months, recover, take_over
from services.sending.watch.status import Doubtful, Doubts, apply_status, doubtful_numbers, is_connected

log = structlog.get_logger()


@dataclass(slots=True)
class Daemon:
    """`await run()` returns after SIGTERM or SIGINT with everything settled. `redis_url` only wakes us; without
    Redis we look every 250 ms all the same."""

    engine: Engine
    redis_url: str = ""
    presence: Presence = field(init=False)
    starts: Starts = field(init=False)
    absences: Absences = field(default_factory=Absences)
    doubts: Doubts = field(init=False)
    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    started_at: datetime = field(default_factory=utcnow)

    def __post_init__(self) -> None:
        self.presence = Presence(self.engine.factory, self.engine.daemon_id)
        self.doubts = Doubts(timedelta(seconds=self.engine.tuning.unclear_rest_seconds))
        self.starts = Starts(self.engine)

    async def run(self) -> None:
        """All loops until stopped."""
        await self._lock_before_the_first_claim()
        engine, tuning = self.engine, self.engine.tuning
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, engine.stop)
        beside = [
            self._every(tuning.beat_every, self._beat),
            self._every(tuning.presence_every, self._be_present),
            self._every(tuning.recover_every, self._recover),
            self._every(tuning.absence_every, self._take_over),
            self._every(tuning.sweep_every, self._sweep),
            self._every(tuning.direct_tend_every, self._tend_directs),
            self._every(tuning.follow_up_every, self._follow_up),
            self._every(tuning.schedule_every, self.starts.start_due),
            self._every(tuning.status_every, self._ask_doubtful),
            self._every(tuning.checks_every, self._ask_checks),
            self._every(tuning.alarms_every, self._sound_alarms),
            self._every(tuning.inbox_every, self._read_inbox),
            engine.run_looks(),
            listen_for_wakes(self.redis_url, engine.wake, engine.stopping),
        ]
        tasks = [asyncio.create_task(one) for one in beside]
        log.info("sender_started", name=self.name)
        try:
            await engine.run()
        finally:
            engine.stop()
            _, late = await asyncio.wait(tasks, timeout=1.0)
            for task in late:
                task.cancel()
            await self._leave()
            log.info("sender_stopped", name=self.name, settled=engine.settled_messages)

    async def _lock_before_the_first_claim(self) -> None:
        """Without it another daemon could take us for dead. With the database away we wait here."""
        while not self.engine.stopping.is_set():
            try:
                await self._be_present()
                break
            except Exception as error:
                log.warning("database_away", **told(error))
                await wait_for(self.engine.stopping, self.engine.tuning.presence_every)

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do it now and then again and again; a failure is logged and tried again at the next turn."""
        while not self.engine.stopping.is_set():
            try:
                await work()
            except Exception as error:
                log.warning("side_work_failed", work=work.__name__, **told(error))
            await wait_for(self.engine.stopping, seconds)

    async def _beat(self) -> None:
        database_time = await self.engine.database.run(partial(_write_beat, name=self.name, started_at=self.started_at))
        self.engine.clock.follow(database_time)

    async def _be_present(self) -> None:
        await asyncio.to_thread(self.presence.keep)

    async def _take_over(self) -> None:
        database, now = self.engine.database, self.engine.clock.now()
        absent = await database.run(partial(absent_daemons, daemon_id=self.engine.daemon_id))
        dead = self.absences.dead(absent, now)
        if dead:
            rows = await database.run(partial(take_over, dead=dead, now=now))
            log.warning("daemons_dead", daemons=len(dead), unconfirmed=rows)
            self.engine.wake()

    async def _recover(self) -> None:
        rows = await self.engine.database.run(partial(recover, now=self.engine.clock.now()))
        if rows:
            log.warning("claims_unconfirmed", rows=rows)

    async def _sweep(self) -> None:
        now, run = self.engine.clock.now(), self.engine.database.run
        await run(partial(begin_days, now=now))
        # After it, never beside it: both would skip the rows that the other has locked.
        if await run(partial(mind_health, now=now)):
            self.engine.wake()
        in_pieces: tuple[Callable[[Session], int], ...] = (
            partial(expire, now=now),
            cancel_leftovers,
            partial(forget_calls, now=now),
        )
        for work in in_pieces:
            while not self.engine.stopping.is_set() and (await run(work)) > 0:
                pass
        await run(prepare_months)

    async def _tend_directs(self) -> None:
        await self.engine.database.run(partial(tend, now=self.engine.clock.now()))

    async def _follow_up(self) -> None:
        if await follow_up(self.engine.database, self.engine.clock.now(), self.engine.stopping):
            self.engine.wake()

    async def _read_inbox(self) -> None:
        """Step 6."""
        await read_inbox(self.engine.database, self.engine.clock.now(), self.engine.stopping)

    async def _ask_doubtful(self) -> None:
        tuning, now, run = self.engine.tuning, self.engine.clock.now(), self.engine.database.run
        silent = await run(
            partial(stop_silent, now=now, silent_seconds=tuning.silent_seconds, trial_seconds=tuning.trial_seconds)
        )
        if await run(partial(try_silent_again, now=now)) or silent:
            self.engine.wake()
        recheck = self.engine.tuning.status_recheck_seconds
        ask = partial(doubtful_numbers, now=self.engine.clock.now(), recheck_seconds=recheck)
        numbers = await self.engine.database.run(ask)
        await asyncio.gather(*map(self._ask, (*silent, *numbers)))

    async def _ask_checks(self) -> None:
        pace = Pace(self.engine.tuning.check_gap_seconds, self.engine.tuning.checks_at_once)
        await ask_checks(self.engine.database, self.engine.transport, self.engine.clock.now(), pace)

    async def _sound_alarms(self) -> None:
        await self.engine.database.run(partial(sound_alarms, now=self.engine.clock.now()))

    async def _ask(self, number: Doubtful) -> None:
        provider = connector(number.connector)
        account = open_account(number.tenant_id, number.base_url, number.instance_key, number.sealed_credentials)
        request = provider.status(account)
        seconds = min(request.timeout_seconds, self.engine.tuning.send_seconds)
        answer = await self.engine.transport.send(replace(request, timeout_seconds=seconds))
        state, now = provider.read_status(answer), self.engine.clock.now()
        left = self.doubts.unclear_left(number, now, is_good=is_connected(state))
        await self.engine.database.run(partial(apply_status, number=number, state=state, unclear_left=left, now=now))
        self.engine.wake()

    async def _leave(self) -> None:
        try:
            await self.engine.database.run(partial(_erase_beat, name=self.name))
        except Exception as error:
            log.warning("beat_not_erased", **told(error))
        await self.starts.stop()
        await asyncio.to_thread(self.presence.leave)
        self.engine.database.close()


def _write_beat(session: Session, name: str, started_at: datetime) -> datetime:
    session.execute(sql.BEAT, {"name": name, "pid": os.getpid(), "started_at": started_at})
    database_time: datetime = session.execute(sql.DATABASE_TIME).scalar_one()
    return database_time


def _erase_beat(session: Session, name: str) -> None:
    session.execute(sql.LAST_BEAT, {"name": name})
