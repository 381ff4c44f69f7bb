"""The claim's own fences, with turns as a stale picture would deal them."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.tenancy import system_scope
from models.campaigns import RotationMode
from services import leads
from services.sending.claim import ClaimOrder, claim
from services.sending.rotation import Candidate
from services.sending.turns import Turn
from services.sending.watch.recovery import return_claim
from services.sending.words import Claimed, ClaimReport, Slot, Terms
from tests.services.sending.scene import Scene, phones

NOWHERE = "http://127.0.0.1:9"


def order(
    scene: Scene, campaign: int, numbers: Sequence[int], *, daily: int = 1000, daemon: str | None = None
) -> ClaimOrder:
    """One turn for each of these numbers."""
    now = datetime.now(UTC)
    turns = [Turn(scene.tenant_id, campaign, RotationMode.ROUND_ROBIN, Candidate(one)) for one in numbers]
    return ClaimOrder(
        slots=[Slot(turn, 1000) for turn in turns],
        terms={scene.tenant_id: Terms(now.date(), daily)},
        claim_id=str(uuid4()),
        daemon_id=daemon or str(uuid4()),
        now=now,
        lease_until=now + timedelta(seconds=45),
        texts={},
    )


def claimed(scene: Scene, wanted: ClaimOrder) -> ClaimReport:
    with system_scope("test"), scene.factory.begin() as session:
        return claim(session, wanted)


def test_a_paused_campaign_gives_nothing(scene: Scene) -> None:
    number = scene.add_number(NOWHERE)
    campaign = scene.add_campaign([number], phones(3), status="paused")
    report = claimed(scene, order(scene, campaign, [number]))
    assert (report.claimed, report.dry) == ([], {campaign})
    assert scene.number(number).leased_by is None


def test_who_is_on_everybodys_list_is_left_out_of_a_running_campaign(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE), scene.add_number(NOWHERE)]
    people = phones(2)
    campaign = scene.add_campaign(numbers, people)
    with system_scope("test"), scene.factory.begin() as session:
        assert leads.block_for_everybody(session, leads.Entry(phone=people[0]))
    try:
        found = [one.phone for one in claimed(scene, order(scene, campaign, numbers)).claimed]
    finally:
        with system_scope("test"), scene.factory.begin() as session:
            leads.unblock_for_everybody(session, leads.Entry(phone=people[0]))
    assert found == [people[1]]
    assert scene.contacts(campaign)[people[0]].status == "suppressed"


@pytest.mark.parametrize("status", ["paused", "cancelled"])
def test_a_follow_up_of_a_stopped_campaign_gives_nothing(scene: Scene, status: str) -> None:
    number = scene.add_number(NOWHERE)
    parent = scene.add_campaign([number], [], status=status)
    step = scene.add_campaign([number], phones(3), parent_id=parent, step=1, after_days=3)
    assert claimed(scene, order(scene, step, [number])).claimed == []
    scene.run_sql("UPDATE campaigns SET status = 'completed' WHERE id = :id AND tenant_id = :tenant_id", id=parent)
    assert len(claimed(scene, order(scene, step, [number])).claimed) == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "paused"},
        {"status": "disconnected"},
        {"health_score": 49.9},
        {"consecutive_unclear": 2},
        {"next_allowed_at": datetime.now(UTC) + timedelta(hours=1)},
        {"held_until": datetime.now(UTC) + timedelta(hours=1)},
        {"deleted_at": datetime.now(UTC)},
        {"daily_cap": 5, "reserved_today": 5, "usage_day": datetime.now(UTC).date()},
        {"leased_by": uuid4(), "leased_until": datetime.now(UTC) + timedelta(hours=1)},
    ],
    ids=lambda columns: "+".join(columns),
)
def test_a_number_that_cant_be_used_now_is_refused(scene: Scene, columns: dict[str, object]) -> None:
    number = scene.add_number(NOWHERE, **columns)
    campaign = scene.add_campaign([number], phones(3))
    report = claimed(scene, order(scene, campaign, [number]))
    assert (report.claimed, report.refused) == ([], {number})
    assert scene.counts(campaign)["pending"] == 3


def test_a_dead_daemons_lease_ends_by_itself(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, leased_by=uuid4(), leased_until=datetime.now(UTC) - timedelta(seconds=1))
    campaign = scene.add_campaign([number], phones(1))
    assert len(claimed(scene, order(scene, campaign, [number])).claimed) == 1


def test_what_is_left_of_the_day_is_given_and_no_more(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(5)]
    campaign = scene.add_campaign(numbers, phones(9))
    report = claimed(scene, order(scene, campaign, numbers, daily=3))
    assert (len(report.claimed), report.spent) == (3, {scene.tenant_id})
    counts = scene.counts(campaign)
    assert (counts["sending"], counts["pending"]) == (3, 6)
    assert sum(scene.number(one).leased_by is not None for one in numbers) == 3


def at_once(scene: Scene, orders: Sequence[ClaimOrder]) -> list[Claimed]:
    """All these claims from eight threads."""
    with ThreadPoolExecutor(8) as threads:
        reports = list(threads.map(lambda one: claimed(scene, one), orders))
    return [one for report in reports for one in report.claimed]


def test_many_claims_at_once_share_no_recipient(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(64)]
    campaign = scene.add_campaign(numbers, phones(40))
    taken = at_once(scene, [order(scene, campaign, numbers[one : one + 4]) for one in range(0, 64, 4)])
    assert len(taken) == len({one.contact_id for one in taken}) == 40
    assert scene.counts(campaign)["sending"] == 40


def test_many_claims_at_once_share_no_number(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(30)]
    campaigns = [scene.add_campaign(numbers, phones(30, ddd=21 + one)) for one in range(4)]
    taken = at_once(scene, [order(scene, campaigns[one % 4], numbers) for one in range(16)])
    assert len(taken) == len({one.instance_id for one in taken}) <= 30


def test_many_claims_at_once_pass_no_limit(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(64)]
    campaigns = [scene.add_campaign(numbers, phones(30, ddd=21 + one), daily_limit=9) for one in range(4)]
    orders = [order(scene, campaigns[one % 4], numbers[4 * one : 4 * one + 4], daily=25) for one in range(16)]
    assert len(at_once(scene, orders)) == 25
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 25
    assert all(scene.counts(one)["sending"] <= 9 for one in campaigns)


def test_a_claim_in_doubt_is_undone_to_the_last_figure(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(3)]
    campaign = scene.add_campaign(numbers, phones(3))
    wanted = order(scene, campaign, numbers)
    claimed(scene, wanted)

    def undo() -> int:
        with system_scope("test"), scene.factory.begin() as session:
            return return_claim(session, wanted.claim_id, [scene.tenant_id], now=wanted.now, daemon_id=wanted.daemon_id)

    assert (undo(), undo()) == (3, 0)
    assert scene.counts(campaign)["pending"] == 3
    assert all(row.attempts == 0 for row in scene.contacts(campaign).values())
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 0
    assert all(scene.number(one).leased_by is None for one in numbers)


def test_the_text_is_frozen_with_the_claim_and_keeps_its_variation_at_every_attempt(scene: Scene) -> None:
    number = scene.add_number(NOWHERE)
    campaign = scene.add_campaign([number], phones(1), texts=("Oi {nome}", "Olá {nome}"), exit_line=True)
    wanted = order(scene, campaign, [number])
    (first,) = claimed(scene, wanted).claimed
    with system_scope("test"), scene.factory.begin() as session:
        return_claim(session, wanted.claim_id, [scene.tenant_id], now=wanted.now, daemon_id=wanted.daemon_id)
    scene.run_sql("UPDATE instances SET next_allowed_at = now() WHERE tenant_id = :tenant_id")
    (second,) = claimed(scene, order(scene, campaign, [number])).claimed

    assert first.text == second.text == next(iter(scene.contacts(campaign).values())).rendered_text
    assert "Pessoa" in first.text and "SAIR" in first.text
