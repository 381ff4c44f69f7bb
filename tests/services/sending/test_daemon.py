"""The loops beside the engine: starts on time, doubtful numbers asked, wakes, beats, liveness."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import system_scope, tenant_scope
from services.campaigns import audit_counters, schedule_campaign
from services.sending import Daemon, Engine, Tuning
from services.sending.presence import Absences, Presence, absent_daemons
from services.sending.waking import SENDER_CHANNEL, listen_for_wakes
from tests.services.sending.directs import direct, queue
from tests.services.sending.scene import Scene, phones
from tests.support import campaigns as people
from tests.support.sandbox_process import SandboxProcess


def run_daemon(scene: Scene, until: Callable[[], bool], *, seconds: float = 20, tuning: Tuning | None = None) -> None:
    """A whole daemon in this process until the condition; fails when it doesn't come."""

    async def lived() -> bool:
        engine = Engine(scene.factory, tuning or Tuning())
        task = asyncio.create_task(Daemon(engine).run())
        loop = asyncio.get_running_loop()
        deadline, came = loop.time() + seconds, False
        while not came and loop.time() < deadline and not task.done():
            await asyncio.sleep(0.05)
            came = await asyncio.to_thread(until)
        engine.stop()
        await task
        return came

    assert asyncio.run(lived()), "the daemon did not get there in time"


def scheduled(scene: Scene, provider: SandboxProcess, at: datetime) -> int:
    """A campaign of three that starts at `at`."""
    number = scene.add_number(provider.mega_url)
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        campaign_id = people.add_campaign(session, scene.tenant_id, instances=[number]).id
        now = min(at, datetime.now(UTC)) - timedelta(seconds=1)
        schedule_campaign(session, scene.tenant_id, campaign_id, at, actor=None, now=now)
        return campaign_id


def test_a_scheduled_campaign_starts_within_two_seconds_of_its_minute(
    scene: Scene, sandbox_now: SandboxProcess
) -> None:
    at = datetime.now(UTC) + timedelta(seconds=3)
    campaign = scheduled(scene, sandbox_now, at)

    run_daemon(scene, lambda: scene.campaign(campaign).status == "completed")

    first = min(row.claimed_at for row in scene.contacts(campaign).values())
    assert timedelta() <= first - at <= timedelta(seconds=2)
    assert scene.counts(campaign)["sent"] == 3


def test_a_start_missed_by_more_than_half_an_hour_is_held(scene: Scene, sandbox_now: SandboxProcess) -> None:
    campaign = scheduled(scene, sandbox_now, datetime.now(UTC) - timedelta(minutes=31))

    run_daemon(scene, lambda: scene.campaign(campaign).status == "held")

    assert sandbox_now.summary("mega")["accepted"] == 0


def test_a_doubtful_number_goes_on_once_its_status_is_good(scene: Scene, sandbox_now: SandboxProcess) -> None:
    sandbox_now.control("mega", silent=1.0, hang_ms=200)
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], phones(10))

    def behaves_after_two() -> bool:
        if scene.counts(campaign)["unconfirmed"] >= 2:
            sandbox_now.control("mega", silent=0.0)
        return scene.campaign(campaign).status == "completed"

    run_daemon(scene, behaves_after_two, tuning=Tuning(status_recheck_seconds=0.5, unclear_rest_seconds=0.5))

    counts = scene.counts(campaign)
    assert counts["unconfirmed"] in (2, 3, 4)
    assert counts["sent"] == 10 - counts["unconfirmed"]


def test_a_doubtful_number_whose_status_is_bad_stops_with_the_reason(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(sandbox_now.mega_url, instance_key="not-connected", consecutive_unclear=2)
    campaign = scene.add_campaign([number], phones(2))

    run_daemon(scene, lambda: scene.number(number).status == "disconnected")

    assert "QR code" in scene.number(number).status_reason
    assert scene.counts(campaign)["pending"] == 2


def test_receipts_of_the_provider_arrive_while_it_runs(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], phones(4))
    told: set[str] = set()

    def all_read() -> bool:
        for row in scene.contacts(campaign).values():
            if row.provider_message_id and row.provider_message_id not in told:
                told.add(row.provider_message_id)
                key = {"remoteJid": f"{row.phone}@s.whatsapp.net", "fromMe": True, "id": row.provider_message_id}
                scene.add_inbox(number, {"messageType": "message.ack", "key": key, "update": {"status": 4}})
        return scene.counts(campaign)["read"] == 4

    run_daemon(scene, all_read)

    with system_scope("test"), scene.factory() as session:
        assert audit_counters(session) == []


def test_rows_pending_for_thirty_days_expire(scene: Scene) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=31)
    campaign = scene.add_campaign([scene.add_number("http://127.0.0.1:9")], phones(3), started_at=long_ago)
    scene.run_sql("UPDATE campaign_contacts SET queued_at = now() - interval '31 days' WHERE tenant_id = :tenant_id")

    run_daemon(scene, lambda: scene.campaign(campaign).status == "completed")

    assert scene.counts(campaign)["expired"] == 3


def test_the_days_figures_begin_anew_at_the_tenants_midnight(scene: Scene) -> None:
    number = scene.add_number(
        "http://127.0.0.1:9", usage_day=datetime.now(UTC).date() - timedelta(days=2), sent_today=9, health_score=80
    )
    run_daemon(scene, lambda: scene.number(number).sent_today == 0)
    assert scene.number(number).health_score == 80


def test_a_wake_through_redis_is_heard(redis_url: str) -> None:
    async def heard() -> int:
        stopping, wakes = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(listen_for_wakes(redis_url, wakes.set, stopping))
        await asyncio.wait_for(wakes.wait(), 5)
        wakes.clear()
        receivers: int = await asyncio.to_thread(Redis.from_url(redis_url).publish, SENDER_CHANNEL, b"1")
        await asyncio.wait_for(wakes.wait(), 5)
        stopping.set()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        return receivers

    assert asyncio.run(heard()) >= 1


@pytest.fixture
def leased(scene: Scene, fresh_database: tuple[str, sessionmaker[Session]]) -> str:
    """A number leased by a daemon of this name."""
    daemon = "11111111-2222-3333-4444-555555555555"
    scene.add_number("http://127.0.0.1:9", leased_by=daemon, leased_until=datetime.now(UTC) + timedelta(seconds=45))
    return daemon


def test_a_daemon_is_present_as_long_as_it_holds_its_lock(scene: Scene, leased: str) -> None:
    def absent() -> list[str]:
        with system_scope("test"), scene.factory.begin() as session:
            return absent_daemons(session, "99999999-2222-3333-4444-555555555555")

    presence = Presence(scene.factory, leased)
    assert absent() == [leased]
    presence.keep()
    presence.keep()
    assert absent() == []
    presence.leave()
    deadline = time.monotonic() + 10
    while not absent() and time.monotonic() < deadline:
        time.sleep(0.02)  # the server has yet to notice the closed connection
    assert absent() == [leased]


def test_only_four_seconds_of_absence_count_as_death() -> None:
    absences, start = Absences(), datetime(2026, 11, 21, tzinfo=UTC)
    assert absences.dead(["a", "b"], start) == []
    assert absences.dead(["a"], start + timedelta(seconds=3)) == []
    assert absences.dead(["a", "b"], start + timedelta(seconds=4)) == ["a"]


def test_a_direct_message_leaves_within_a_second_of_its_commit(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    answers: list[int] = []

    def sent_three() -> bool:
        # One after the other, each to a daemon that has nothing to do; it is not woken and looks every 250 ms.
        if len(answers) < 3 and all(direct(scene, one).status == "sent" for one in answers):
            answers.append(queue(scene, number, phones(3)[len(answers)]))
        return len(answers) == 3 and direct(scene, answers[-1]).status == "sent"

    run_daemon(scene, sent_three)

    waits = [row.claimed_at - row.created_at for row in (direct(scene, one) for one in answers)]
    assert max(waits[1:]) < timedelta(seconds=1), waits


def test_a_daemon_says_why_a_direct_message_waits(scene: Scene) -> None:
    answer = queue(scene, scene.add_number("http://127.0.0.1:9", status="banned"), phones(1)[0])
    run_daemon(scene, lambda: direct(scene, answer).reason == "instance_disconnected")
    assert "bloqueou" in (direct(scene, answer).error or "")
