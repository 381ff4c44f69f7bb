"""Direct messages and campaigns on the same numbers: several real daemons, killed at bad moments."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.services.sending.directs import assert_one_at_a_time, direct, queue, states
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_crash import Senders, end_leases, wait_until
from tests.support.sandbox_process import SandboxProcess

pytestmark = [pytest.mark.crash, pytest.mark.timeout(300)]
Fresh = tuple[str, sessionmaker[Session]]


def test_killed_with_answers_in_flight_nobody_gets_one_twice_and_none_is_forgotten(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess
) -> None:
    sandbox_now.control("mega", latency_ms=150)
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(4)]
    people = phones(60, ddd=21)
    for place, phone in enumerate(people):
        queue(scene, numbers[place % 4], phone)
    kills = 0
    while states(scene).get("pending", 0) > 8 and kills < 5:
        before = states(scene).get("sent", 0)
        senders.start()
        wait_until(lambda before=before: states(scene).get("sent", 0) > before, 30)
        wait_until(lambda: states(scene).get("sending", 0) > 0, 30)
        senders.kill()
        kills += 1
        end_leases(scene)
        scene.run_sql("UPDATE direct_messages SET lease_until = now() - interval '1 s' WHERE status = 'sending'"
                      " AND tenant_id = :tenant_id")  # fmt: skip

    senders.start()
    wait_until(lambda: not {"pending", "sending"} & states(scene).keys(), 60)
    assert senders.stop() == [0]

    assert kills >= 2
    found = states(scene)
    assert found.keys() <= {"sent", "unconfirmed"}
    assert sum(found.values()) == len(people)
    # At most two a number and kill: one in flight, and one answered and not yet written down.
    assert found.get("unconfirmed", 0) <= 2 * 4 * kills
    summary = sandbox_now.summary("mega")
    assert summary["duplicates"] == {}
    lacking = set(people) - set(summary["phones"])
    rows = scene.run_sql("SELECT phone, status FROM direct_messages WHERE tenant_id = :tenant_id")
    assert {status for phone, status in rows if phone in lacking} <= {"unconfirmed"}


def test_a_killed_daemons_answers_are_taken_over_without_waiting_for_the_lease(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess
) -> None:
    sandbox_now.control("mega", latency_ms=20_000)
    number = scene.add_number(sandbox_now.mega_url)
    answer = queue(scene, number, phones(1)[0])
    senders.start()
    wait_until(lambda: direct(scene, answer).status == "sending", 30)
    senders.kill()
    sandbox_now.control("mega", latency_ms=0)
    after = queue(scene, number, phones(2)[1])

    senders.start()
    wait_until(lambda: direct(scene, after).status == "sent", 30)

    assert (direct(scene, answer).status, direct(scene, answer).reason) == ("unconfirmed", "interrupted")
    assert senders.stop() == [0]


def test_two_daemons_and_a_flood_never_share_the_number_nor_keep_an_answer_waiting(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess, redis_url: str
) -> None:
    """The number has no gap: campaigns would keep it busy without a pause. An answer waits for one message of theirs
    at most, and a second at most for the rest."""
    sandbox_now.control("mega", latency_ms=200)
    number = scene.add_number(sandbox_now.mega_url)
    campaigns = [scene.add_campaign([number], phones(300, ddd=ddd)) for ddd in (31, 41)]
    senders.start(2)
    wait_until(lambda: sum(scene.counts(one)["sent"] for one in campaigns) > 3, 30)

    answers = []
    for phone in phones(12, ddd=21):
        answers.append(queue(scene, number, phone))
        wait_until(lambda: direct(scene, answers[-1]).status == "sent", 30)
    wait_until(lambda: sum(scene.counts(one)["sent"] for one in campaigns) > 25, 60)
    assert senders.stop() == [0, 0]

    assert_one_at_a_time(scene)
    assert sandbox_now.summary("mega")["duplicates"] == {}
    longest = max(
        row.sent_at - row.claimed_at for one in campaigns for row in scene.contacts(one).values() if row.sent_at
    )
    waits = [found.claimed_at - found.created_at for found in (direct(scene, one) for one in answers)]
    assert max(waits) <= longest + timedelta(seconds=1), (max(waits), longest)
