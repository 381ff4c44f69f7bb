"""Follow-ups end to end: who comes, who doesn't, and what stops them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from core.tenancy import system_scope, tenant_scope
from services import campaigns
from services.sending import Engine, EngineClock
from services.sending.database import Database
from services.sending.follow_up import due_walks, follow_up, let_arrive
from services.sending.watch.recovery import expire
from tests.services.sending.conftest import run_until
from tests.services.sending.scene import Scene, phones
from tests.support.sandbox_process import SandboxProcess

THREE_DAYS = timedelta(days=3)


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def add_step(scene: Scene, parent: int, numbers: list[int], *, step: int = 1, **columns: object) -> int:
    values = {"parent_id": parent, "step": step, "after_days": 3, "name": f"Etapa {step}", "started_at": days_ago(5)}
    return scene.add_campaign(numbers, [], texts=("E aí, {nome}?",), **(values | columns))


def was_sent(scene: Scene, campaign: int, people: list[str], *, days: float, status: str = "delivered") -> None:
    """What an engine would have written so long ago."""
    scene.run_sql(
        "UPDATE campaign_contacts SET status = :status, sent_at = :at, claimed_at = :at, attempts = 1"
        " WHERE tenant_id = :tenant_id AND campaign_id = :campaign AND phone = ANY(:people)",
        campaign=campaign, people=people, at=days_ago(days), status=status,
    )  # fmt: skip
    shown = {"sent": "sent", "delivered": "sent, delivered", "read": "sent, delivered, read"}[status]
    for name in shown.split(", "):
        scene.run_sql(
            f"UPDATE campaign_counts SET {name} = {name} + :n" + (", pending = pending - :n" if name == "sent" else "")
            + " WHERE tenant_id = :tenant_id AND campaign_id = :campaign",
            n=len(people), campaign=campaign,
        )  # fmt: skip


def mark(scene: Scene, campaign: int, phone: str, column: str, *, days: float) -> None:
    scene.run_sql(
        f"UPDATE campaign_contacts SET {column} = :at"
        " WHERE tenant_id = :tenant_id AND campaign_id = :campaign AND phone = :phone",
        campaign=campaign, phone=phone, at=days_ago(days),
    )  # fmt: skip


def finish(scene: Scene, campaign: int, *, days: float) -> None:
    scene.run_sql(
        "UPDATE campaigns SET status = 'completed', finished_at = :at WHERE tenant_id = :tenant_id AND id = :campaign",
        campaign=campaign, at=days_ago(days),
    )  # fmt: skip


def sweep(scene: Scene, now: datetime | None = None) -> int:
    """One sweep as the daemon does it -> how many people came."""

    async def swept() -> int:
        database = Database(scene.factory)
        try:
            return await follow_up(database, now or datetime.now(UTC), asyncio.Event())
        finally:
            database.close()

    return asyncio.run(swept())


@pytest.fixture
def sent_long_ago(scene: Scene) -> tuple[int, int, list[str]]:
    """A completed campaign of four days ago, its follow-up of three days, its people."""
    people = phones(6)
    parent = scene.add_campaign([], people, started_at=days_ago(5))
    step = add_step(scene, parent, [])
    was_sent(scene, parent, people, days=4)
    finish(scene, parent, days=4)
    return parent, step, people


def test_people_come_after_their_days_and_once(scene: Scene) -> None:
    people = phones(4)
    parent = scene.add_campaign([], people, started_at=days_ago(5))
    step = add_step(scene, parent, [])
    was_sent(scene, parent, people[:2], days=3.5)
    was_sent(scene, parent, people[2:], days=2.5, status="read")

    assert sweep(scene) == 2
    assert set(scene.contacts(step)) == set(people[:2])
    assert sweep(scene, datetime.now(UTC) + timedelta(minutes=5)) == 0
    assert sweep(scene, datetime.now(UTC) + timedelta(days=1)) == 2
    assert scene.counts(step)["pending"] == scene.counts(step)["total"] == 4
    row, was = scene.contacts(step)[people[0]], scene.contacts(parent)[people[0]]
    assert (row.name, row.phone_key, row.zone, row.variables) == (was.name, was.phone_key, was.zone, was.variables)
    lines = [(one.log_type, one.details["count"]) for one in scene.logs(step)]
    assert lines == [("contact_added", 2), ("contact_added", 2)]


@pytest.mark.parametrize("piece", [1, 2, 5, 6, 7])
def test_a_walk_in_pieces_misses_nobody(scene: Scene, sent_long_ago: tuple[int, int, list[str]], piece: int) -> None:
    _, step, people = sent_long_ago
    now = datetime.now(UTC)
    with system_scope("test"), scene.factory.begin() as session:
        (walk,) = due_walks(session, now)
        after, rounds, is_last = 0, 0, False
        while not is_last:
            after, is_last, _ = let_arrive(session, walk, after, now, most=piece)
            rounds += 1
    assert rounds == len(people) // piece + 1
    assert set(scene.contacts(step)) == set(people)
    assert sweep(scene) == 0


def test_who_answered_bought_or_left_does_not_come(scene: Scene, sent_long_ago: tuple[int, int, list[str]]) -> None:
    parent, step, people = sent_long_ago
    mark(scene, parent, people[0], "replied_at", days=2)
    mark(scene, parent, people[1], "deal_at", days=2)
    scene.run_sql(
        "INSERT INTO suppressions (tenant_id, phone_key, phone, reason, source)"
        " VALUES (:tenant_id, :phone, :phone, 'opt_out', 'reply')", phone=people[2],
    )  # fmt: skip
    scene.run_sql(
        "UPDATE campaign_contacts SET status = 'failed' WHERE tenant_id = :tenant_id AND phone = :phone",
        phone=people[3],
    )
    # Somebody's answer counts for the latest message, here another campaign's.
    other = scene.add_campaign([], [people[4]], status="completed")
    was_sent(scene, other, [people[4]], days=3)
    mark(scene, other, people[4], "replied_at", days=2)

    assert sweep(scene) == 1
    assert set(scene.contacts(step)) == {people[5]}


def test_an_answer_does_not_stop_a_step_that_does_not_ask(scene: Scene) -> None:
    people = phones(2)
    parent = scene.add_campaign([], people, started_at=days_ago(5))
    step = add_step(scene, parent, [], stop_on_reply=False)
    was_sent(scene, parent, people, days=4)
    mark(scene, parent, people[0], "replied_at", days=3)
    mark(scene, parent, people[1], "deal_at", days=3)

    sweep(scene)

    assert set(scene.contacts(step)) == {people[0]}


def test_a_second_step_counts_from_the_first_and_knows_the_whole_conversation(scene: Scene) -> None:
    people = phones(3)
    parent = scene.add_campaign([], people, started_at=days_ago(9))
    first = add_step(scene, parent, [], started_at=days_ago(9))
    second = add_step(scene, parent, [], step=2, after_days=2, started_at=days_ago(9))
    was_sent(scene, parent, people, days=8)
    finish(scene, parent, days=8)
    sweep(scene)
    assert not scene.contacts(second)
    was_sent(scene, first, people, days=2.5)
    mark(scene, parent, people[0], "deal_at", days=1)
    mark(scene, first, people[1], "replied_at", days=1)

    assert sweep(scene) == 1
    assert set(scene.contacts(second)) == {people[2]}
    assert scene.campaign(first).status == "completed"
    assert scene.campaign(second).status == "running"
    was_sent(scene, second, people[2:], days=0)
    sweep(scene, datetime.now(UTC) + timedelta(days=2, hours=1))
    assert scene.campaign(second).status == "completed"


@pytest.mark.parametrize("stopped", ["paused", "cancelled"])
def test_nobody_comes_while_the_campaign_is_stopped(
    scene: Scene, sent_long_ago: tuple[int, int, list[str]], stopped: str
) -> None:
    parent, step, people = sent_long_ago
    scene.run_sql("UPDATE campaigns SET status = :status WHERE id = :id AND tenant_id = :tenant_id",
                  status=stopped, id=parent)  # fmt: skip
    assert sweep(scene) == 0
    scene.run_sql("UPDATE campaigns SET status = 'completed' WHERE id = :id AND tenant_id = :tenant_id", id=parent)
    assert sweep(scene) == len(people)
    assert scene.campaign(step).status == "running"


def test_a_step_is_done_when_everybody_had_their_time(scene: Scene) -> None:
    people = phones(2)
    parent = scene.add_campaign([], people, started_at=days_ago(4))
    step = add_step(scene, parent, [], started_at=days_ago(4))
    was_sent(scene, parent, [people[0]], days=3.9)
    assert sweep(scene) == 1
    was_sent(scene, step, [people[0]], days=0.1)
    sweep(scene)
    assert scene.campaign(step).status == "running", "the campaign itself is still sending"
    was_sent(scene, parent, [people[1]], days=1)
    finish(scene, parent, days=1)
    sweep(scene)
    assert scene.campaign(step).status == "running", "the last one has two more days"
    later = datetime.now(UTC) + timedelta(days=2, hours=1)
    assert sweep(scene, later) == 1
    assert scene.campaign(step).status == "running", "somebody waits in it"
    was_sent(scene, step, [people[1]], days=0)
    sweep(scene, later + timedelta(minutes=2))
    assert scene.campaign(step).status == "completed"
    assert scene.logs(step)[-1].log_type == "completed"


def test_the_thirty_days_of_waiting_begin_when_somebody_is_queued(scene: Scene) -> None:
    people = phones(3)
    parent = scene.add_campaign([], people, started_at=days_ago(40))
    step = add_step(scene, parent, [], started_at=days_ago(40))
    scene.run_sql("UPDATE campaign_contacts SET queued_at = :at WHERE tenant_id = :tenant_id", at=days_ago(40))
    was_sent(scene, parent, people[:1], days=35)
    scene.run_sql(
        "UPDATE campaign_contacts SET status = 'failed' WHERE tenant_id = :tenant_id AND phone = :phone",
        phone=people[1],
    )
    scene.run_sql(
        "UPDATE campaign_counts SET failed = 1, pending = pending - 1"
        " WHERE tenant_id = :tenant_id AND campaign_id = :campaign", campaign=parent,
    )  # fmt: skip
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        campaigns.resend(session, scene.tenant_id, parent, campaigns.Resend.FAILED, actor=None)
    assert sweep(scene) == 1

    with system_scope("test"), scene.factory.begin() as session:
        assert expire(session, datetime.now(UTC)) == 1

    assert {phone: row.status for phone, row in scene.contacts(parent).items()} == {
        people[0]: "delivered", people[1]: "pending", people[2]: "expired",
    }  # fmt: skip
    assert scene.counts(step)["pending"] == 1


def drive_days_later(scene: Scene, until: Callable[[], bool], *, later: timedelta, seconds: float = 15) -> bool:
    """An engine whose clock is so much later."""
    engine = Engine(scene.factory, rng=Random(7), clock=EngineClock(offset=later))
    came = asyncio.run(run_until(engine, until, seconds))
    engine.database.close()
    return came


def test_a_follow_up_is_sent_days_later_past_the_repeat_guard(
    scene: Scene, sandbox_now: SandboxProcess, drive: Callable[..., Engine]
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    people = phones(4)
    parent = scene.add_campaign([number], people, repeat_guard_days=30)
    step = add_step(scene, parent, [number], repeat_guard_days=30, started_at=datetime.now(UTC))
    drive(scene, lambda: scene.campaign(parent).status == "completed")
    assert scene.campaign(step).status == "running"
    assert sweep(scene) == 0
    later = THREE_DAYS + timedelta(minutes=1)
    mark(scene, parent, people[0], "replied_at", days=0)

    assert sweep(scene, datetime.now(UTC) + later) == 3
    assert drive_days_later(scene, lambda: scene.counts(step)["sent"] == 3, later=later)

    assert sandbox_now.summary("mega")["phones"] == {phone: 2 if phone != people[0] else 1 for phone in people}
    assert {row.rendered_text[:5] for row in scene.contacts(step).values()} == {"E aí,"}
    sweep(scene, datetime.now(UTC) + later + timedelta(minutes=2))
    assert scene.campaign(step).status == "completed"
    # Another campaign's guard still sees the follow-up.
    other = scene.add_campaign([number], people[1:2], repeat_guard_days=30)
    assert drive_days_later(scene, lambda: scene.counts(other)["suppressed"] == 1, later=later + timedelta(days=28))


def test_a_paused_campaign_holds_the_people_of_its_follow_up(
    scene: Scene, sandbox_now: SandboxProcess, drive: Callable[..., Engine]
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    people = phones(3)
    parent = scene.add_campaign([], people, started_at=days_ago(5))
    step = add_step(scene, parent, [number])
    was_sent(scene, parent, people, days=4)
    assert sweep(scene) == 3
    # As the engine itself pauses it: the campaign's row alone.
    scene.run_sql("UPDATE campaigns SET status = 'paused' WHERE id = :id AND tenant_id = :tenant_id", id=parent)

    drive(scene, lambda: scene.counts(step)["sent"] > 0, seconds=2, must=False)
    assert scene.counts(step)["pending"] == 3
    scene.run_sql("UPDATE campaigns SET status = 'running' WHERE id = :id AND tenant_id = :tenant_id", id=parent)
    drive(scene, lambda: scene.counts(step)["sent"] == 3)


def test_an_opt_out_after_the_arrival_is_heard_by_the_claim(
    scene: Scene, sandbox_now: SandboxProcess, drive: Callable[..., Engine]
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    people = phones(3)
    parent = scene.add_campaign([], people, started_at=days_ago(5))
    step = add_step(scene, parent, [number])
    was_sent(scene, parent, people, days=4)
    assert sweep(scene) == 3
    scene.run_sql(
        "INSERT INTO suppressions (tenant_id, phone_key, phone, reason, source)"
        " VALUES (:tenant_id, :phone, :phone, 'opt_out', 'reply')", phone=people[0],
    )  # fmt: skip

    drive(scene, lambda: scene.counts(step)["pending"] == 0 and scene.counts(step)["sending"] == 0)

    counts = scene.counts(step)
    assert (counts["suppressed"], counts["sent"]) == (1, 2)
