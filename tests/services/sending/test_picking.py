"""Whom a claim takes: out of open zones only, and never one person for two campaigns against the tenant's rules."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from core.tenancy import system_scope
from core.zones import ACRE, ALL_ZONES, AMAZON, BRASILIA, TENANT, ZONES, zone_bits
from services.sending import Engine
from services.sending.claim import claim
from services.sending.picking import Fences, picked
from services.sending.words import ClaimReport
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_claim import NOWHERE, claimed, order
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
PERSON = phones(1)


def place(scene: Scene, campaign: int, zone: int, people: list[str], *, minutes: int = 0) -> None:
    """These people live there; their turn came so many minutes ago."""
    scene.run_sql(
        "UPDATE campaign_contacts SET zone = :zone, next_attempt_at = now() - make_interval(mins => :minutes)"
        " WHERE tenant_id = :tenant_id AND campaign_id = :campaign AND phone = ANY(:people)",
        campaign=campaign, zone=zone, people=people, minutes=minutes,
    )  # fmt: skip


def taken(scene: Scene, campaign: int, numbers: list[int], zones: int) -> list[str]:
    wanted = replace(order(scene, campaign, numbers), zones={campaign: zones})
    return [one.phone for one in claimed(scene, wanted).claimed]


def test_only_open_zones_are_written_to(scene: Scene) -> None:
    cap(scene, None)
    for open_zones in [(), *((code,) for code in ZONES), (AMAZON, ACRE), (TENANT, BRASILIA), ZONES]:
        numbers = [scene.add_number(NOWHERE) for _ in range(5)]
        people = phones(8)
        campaign = scene.add_campaign(numbers, people)
        for code in ZONES:
            place(scene, campaign, code, people[code::4], minutes=9 - code)
        expected = {one for code in open_zones for one in people[code::4]}
        found = taken(scene, campaign, numbers, zone_bits(open_zones))
        assert set(found) <= expected, open_zones
        assert len(found) == min(len(expected), 5), open_zones


def test_the_zone_that_shuts_first_goes_first(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(3)]
    people = phones(4)
    campaign = scene.add_campaign(numbers, people)
    for code in ZONES:
        place(scene, campaign, code, [people[code]], minutes=code)
    assert set(taken(scene, campaign, numbers, ALL_ZONES)) == {people[BRASILIA], people[TENANT], people[AMAZON]}


def test_nothing_is_locked_but_what_is_taken(scene: Scene) -> None:
    """Another daemon finds all the rest free, in every zone, while the first claim is still open."""
    numbers = [scene.add_number(NOWHERE) for _ in range(3)]
    people = phones(8)
    campaign = scene.add_campaign(numbers, people)
    for code in ZONES:
        place(scene, campaign, code, people[code::4])
    key = (scene.tenant_id, campaign)
    with system_scope("test"), scene.factory.begin() as session, scene.factory() as another:
        first = claim(session, order(scene, campaign, numbers))
        rest = picked(another, {key: 8}, {key: Fences(campaign)}, {}, datetime.now(UTC))
    assert (len(first.claimed), len(rest)) == (3, 5)
    assert {one.phone for one in (*first.claimed, *rest)} == set(people)


def test_the_address_whatsapp_confirmed_travels_with_the_message(scene: Scene) -> None:
    numbers = [scene.add_number(NOWHERE) for _ in range(2)]
    people = phones(2)
    campaign = scene.add_campaign(numbers, people)
    scene.run_sql(
        "UPDATE campaign_contacts SET recipient_id = '551190000@c.us' WHERE tenant_id = :tenant_id AND phone = :phone",
        phone=people[0],
    )
    found = {one.phone: one.recipient_id for one in claimed(scene, order(scene, campaign, numbers)).claimed}
    assert found == {people[0]: "551190000@c.us", people[1]: ""}


def cap(scene: Scene, most: int | None) -> None:
    scene.run_sql("UPDATE tenants SET messages_per_person_week = :most WHERE id = :tenant_id", most=most)


def reason_of(scene: Scene, campaign: int) -> tuple[str, str | None]:
    (row,) = scene.contacts(campaign).values()
    return row.status, row.reason


def one_each(scene: Scene, campaigns: list[int]) -> list[ClaimReport]:
    """One message of each of these campaigns, one after the other."""
    return [claimed(scene, order(scene, one, [scene.add_number(NOWHERE)])) for one in campaigns]


HISTORY = [
    ("sending", 0, True),
    ("sent", 6, True),
    ("delivered", 6, True),
    ("read", 6, True),
    ("unconfirmed", 6, True),
    ("failed", 1, False),
    ("invalid", 1, False),
    ("pending", 1, False),
    ("sent", 8, False),
]
"""What became of an earlier campaign's message, how many days ago it was claimed, and whether it counts."""


@pytest.mark.parametrize("fence", ["repeat_guard", "frequency_cap"])
def test_a_message_counts_from_its_claim_on_unless_it_surely_was_not_sent(fence: str, scene: Scene) -> None:
    cap(scene, 1 if fence == "frequency_cap" else None)
    numbers = [scene.add_number(NOWHERE) for _ in HISTORY]
    people = phones(len(HISTORY))
    before = scene.add_campaign(numbers, people)
    for phone, (state, days, _) in zip(people, HISTORY, strict=True):
        scene.run_sql(
            "UPDATE campaign_contacts SET status = :state, claimed_at = now() - make_interval(days => :days)"
            " WHERE tenant_id = :tenant_id AND campaign_id = :campaign AND phone = :phone",
            campaign=before, phone=phone, state=state, days=days,
        )  # fmt: skip
    campaign = scene.add_campaign(numbers, people, repeat_guard_days=7 if fence == "repeat_guard" else None)
    claimed(scene, order(scene, campaign, numbers))
    rows = scene.contacts(campaign)
    for phone, (state, days, is_refused) in zip(people, HISTORY, strict=True):
        expected = ("suppressed", fence) if is_refused else ("sending", None)
        assert (rows[phone].status, rows[phone].reason) == expected, (state, days)


def test_a_person_gets_two_messages_a_week_and_no_third(scene: Scene) -> None:
    campaigns = [scene.add_campaign([], PERSON) for _ in range(3)]
    one_each(scene, campaigns)
    assert [reason_of(scene, one) for one in campaigns] == [
        ("sending", None), ("sending", None), ("suppressed", "frequency_cap")
    ]  # fmt: skip
    assert scene.counts(campaigns[2])["suppressed"] == 1


def test_an_account_without_a_limit_writes_as_often_as_it_likes(scene: Scene) -> None:
    cap(scene, None)
    campaigns = [scene.add_campaign([], PERSON) for _ in range(4)]
    one_each(scene, campaigns)
    assert {reason_of(scene, one)[0] for one in campaigns} == {"sending"}


def test_another_tenants_messages_to_the_same_person_are_none_of_ours(scene: Scene) -> None:
    cap(scene, 1)
    other = Scene.open(scene.factory)
    one_each(other, [other.add_campaign([], PERSON)])
    mine = scene.add_campaign([], PERSON, repeat_guard_days=30)
    one_each(scene, [mine])
    assert reason_of(scene, mine)[0] == "sending"


def test_a_follow_up_passes_its_own_familys_guard_but_counts_for_the_week(scene: Scene) -> None:
    parent = scene.add_campaign([], PERSON)
    first, second = (
        scene.add_campaign([], PERSON, parent_id=parent, step=step, repeat_guard_days=7) for step in (1, 2)
    )
    one_each(scene, [parent, first, second])
    assert [reason_of(scene, one) for one in (parent, first)] == [("sending", None)] * 2
    assert reason_of(scene, second) == ("suppressed", "frequency_cap")


@pytest.mark.parametrize("fence", ["repeat_guard", "frequency_cap"])
def test_two_campaigns_in_one_claim_write_to_one_person_once(fence: str, scene: Scene) -> None:
    cap(scene, 1 if fence == "frequency_cap" else None)
    numbers = [scene.add_number(NOWHERE) for _ in range(2)]
    guard = 7 if fence == "repeat_guard" else None
    both = [scene.add_campaign(numbers, PERSON, repeat_guard_days=guard) for _ in range(2)]
    orders = [order(scene, campaign, [number]) for campaign, number in zip(both, numbers, strict=True)]
    together = replace(orders[0], slots=[slot for one in orders for slot in one.slots])
    assert len(claimed(scene, together).claimed) == 1
    assert sorted(reason_of(scene, one)[0] for one in both) == ["pending", "sending"]
    left = next(one for one in both if reason_of(scene, one)[0] == "pending")
    claimed(scene, order(scene, left, [scene.add_number(NOWHERE)]))
    assert reason_of(scene, left) == ("suppressed", fence)


@pytest.mark.parametrize("fence", ["repeat_guard", "frequency_cap"])
def test_a_person_another_claim_has_in_hand_waits_for_its_end(fence: str, scene: Scene) -> None:
    cap(scene, 1 if fence == "frequency_cap" else None)
    guard = 7 if fence == "repeat_guard" else None
    numbers = [scene.add_number(NOWHERE) for _ in range(2)]
    both = [scene.add_campaign(numbers, PERSON, repeat_guard_days=guard) for _ in range(2)]
    with system_scope("test"), scene.factory.begin() as session, scene.factory.begin() as another:
        first = claim(session, order(scene, both[0], numbers[:1]))
        another.execute(text("SET LOCAL lock_timeout = '5s'"))  # one that took the person too would wait for the quota
        meanwhile = claim(another, order(scene, both[1], numbers[1:]))
    assert (len(first.claimed), meanwhile.claimed, meanwhile.dry) == (1, [], set())
    assert reason_of(scene, both[1]) == ("pending", None)
    claimed(scene, order(scene, both[1], numbers[1:]))
    assert reason_of(scene, both[1]) == ("suppressed", fence)


def test_a_claim_undone_frees_the_person_again(scene: Scene) -> None:
    cap(scene, 1)
    numbers = [scene.add_number(NOWHERE) for _ in range(2)]
    both = [scene.add_campaign(numbers, PERSON) for _ in range(2)]
    with system_scope("test"), scene.factory() as session:
        claim(session, order(scene, both[0], numbers[:1]))
        session.rollback()
    claimed(scene, order(scene, both[1], numbers[1:]))
    assert reason_of(scene, both[1])[0] == "sending"


def test_many_claims_at_once_pass_nobodys_week(scene: Scene) -> None:
    """Eight threads, eight campaigns to the same forty people: everybody gets two messages, exactly."""
    people = phones(40)
    numbers = [scene.add_number(NOWHERE) for _ in range(64)]
    campaigns = [scene.add_campaign(numbers, people) for _ in range(8)]
    barrier = Barrier(8)

    def work(place: int) -> None:
        own = numbers[place * 8 : place * 8 + 8]
        barrier.wait()
        for _ in range(30):
            report = claimed(scene, order(scene, campaigns[place], own))
            scene.run_sql(
                "UPDATE instances SET next_allowed_at = now() - interval '1 minute', leased_by = NULL"
                " WHERE tenant_id = :tenant_id AND id = ANY(:own)",
                own=own,
            )
            if not report.claimed and report.dry:
                return

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    got = scene.run_sql(
        "SELECT phone, count(*) FILTER (WHERE status = 'sending'), count(*) FILTER (WHERE reason = 'frequency_cap')"
        " FROM campaign_contacts WHERE tenant_id = :tenant_id GROUP BY phone"
    )
    assert {tuple(row[1:]) for row in got} == {(2, 6)}
    assert len(got) == 40


def test_two_engines_at_once_write_to_nobody_twice(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    people = phones(60)
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(6)]
    sandbox_now.control("mega", latency_ms=20)
    both = [scene.add_campaign(numbers, people, repeat_guard_days=7) for _ in range(2)]

    def rests() -> bool:
        return all(scene.campaign(one).status == "completed" for one in both)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: drive(scene, rests, seconds=60), range(2)))

    states: dict[str, list[Any]] = {one: [] for one in people}
    for campaign in both:
        for phone, row in scene.contacts(campaign).items():
            states[phone].append((row.status in ("sent", "delivered", "read"), row.reason))
    assert all(sorted(found, key=str) == [(False, "repeat_guard"), (True, None)] for found in states.values())


def test_a_pick_never_reads_a_shut_zone(scene: Scene) -> None:
    """20,000 people of the shut zone stand in front: the plan of the claim's own statement says what was read."""
    from services.sending import sql

    campaign = scene.add_campaign([], [])
    scene.run_sql(
        "INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, zone, next_attempt_at)"
        " SELECT :tenant_id, :campaign, p, p, CASE WHEN n > 20000 THEN 2 ELSE 1 END,"
        " CAST(:now AS timestamptz) - make_interval(secs => 30000 - n)"
        " FROM (SELECT n, '5511' || (900000000 + n) AS p FROM generate_series(1, 20020) n) q",
        campaign=campaign, now=datetime.now(UTC),
    )  # fmt: skip
    scene.run_sql("ANALYZE campaign_contacts")
    values = {
        "tenants": f"{{{scene.tenant_id}}}", "campaigns": f"{{{campaign}}}", "wanted": "{50}", "exclusive": "{true}",
        "zones": f"{{{zone_bits([AMAZON])}}}", "now": datetime.now(UTC) + timedelta(seconds=1),
    }  # fmt: skip
    with system_scope("test"), scene.factory() as session:
        plan = text("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.PICK_CONTACTS.text)
        found = session.execute(plan, values).scalar_one()
        scan = next(one for one in _nodes(found[0]["Plan"]) if one.get("Relation Name") == "campaign_contacts")
    assert scan["Index Name"] == "ix_campaign_contacts_turn"
    assert scan["Actual Rows"] * scan["Actual Loops"] == 20
    assert scan.get("Rows Removed by Filter", 0) == 0


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(found for child in plan.get("Plans", []) for found in _nodes(child))]
