"""A number over time: its smoothed record, silence, illness and recovery, and who is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.tenancy import system_scope
from services.sending import Engine, Tuning
from services.sending.numbers import Numbers
from services.sending.watch.health import mind_health, stop_silent, try_silent_again
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_daemon import run_daemon
from tests.services.sending.test_receipts import ack, acknowledgement, apply, connection
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
NOWHERE = "http://127.0.0.1:9"
NOW = datetime.now(UTC)


def within(scene: Scene, work: Callable[..., Any], **values: Any) -> Any:
    with system_scope("test"), scene.factory.begin() as session:
        return work(session, **values)


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


def notices(scene: Scene) -> list[tuple[str, str]]:
    rows = scene.run_sql("SELECT kind, title FROM notices WHERE tenant_id = :tenant_id ORDER BY id")
    return [tuple(row) for row in rows]


def types(scene: Scene, campaign: int) -> list[str]:
    return [one.log_type for one in scene.logs(campaign)]


def hear(scene: Scene, number: int, *, at: datetime | None = None, **sums: Any) -> None:
    """A batch of news of one number, as settle and receipts write it."""
    numbers = Numbers()
    news = numbers.of((scene.tenant_id, number), NOW.date())
    for name, value in sums.items():
        setattr(news, name, value)
    within(scene, numbers.write, now=at or NOW)


def test_the_record_is_smoothed_and_rests_while_nobody_uses_the_number(scene: Scene) -> None:
    number = scene.add_number(NOWHERE)
    hear(scene, number, sent=20, tries=40, bad=20, answers=20, latency_ms=6_000, errors=20)
    row = scene.number(number)
    assert row.smoothed_count == 40
    assert row.smoothed_failures == pytest.approx(0.5 * (1 - 0.95**40), abs=0.001)
    assert row.smoothed_latency_ms == pytest.approx(300)

    hear(scene, number, at=minutes(6 * 60), sent=1, tries=1)

    assert scene.number(number).smoothed_failures == pytest.approx(row.smoothed_failures / 2 * 0.95, abs=0.001)


def test_messages_without_receipts_lower_the_acknowledged_share_and_receipts_raise_it(scene: Scene) -> None:
    number = scene.add_number(NOWHERE)
    for minute in range(20):
        hear(scene, number, at=minutes(minute), sent=1, tries=1)
    low = scene.number(number).smoothed_acks
    assert low == pytest.approx(0.95**20, abs=0.02)
    for minute in range(20, 60):
        hear(scene, number, at=minutes(minute), sent=1, tries=1)
        hear(scene, number, at=minutes(minute), delivered=1, health=0.5, is_acked=True)
    assert scene.number(number).smoothed_acks == pytest.approx(1 - (1 - low) * 0.95**40, abs=0.03)


def test_a_fast_number_is_not_taken_for_an_ignored_one(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, last_success_at=NOW)
    hear(scene, number, at=NOW + timedelta(seconds=1), sent=200, tries=200)
    assert scene.number(number).smoothed_acks >= 0.94


def test_thousands_of_good_messages_leave_no_figure_the_database_cant_hold(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, smoothed_failures=0.3)
    for turn in range(12):
        hear(scene, number, at=minutes(turn * 60 * 24 * 30), sent=500, tries=500)
    assert scene.number(number).smoothed_failures == 0


def test_a_number_nobody_acknowledges_is_out_after_ninety_seconds_and_back_with_the_first_receipt(
    scene: Scene,
) -> None:
    number = scene.add_number(NOWHERE)
    campaign = scene.add_campaign([number], phones(1))
    hear(scene, number, sent=2, tries=2, unacked=2)
    hear(scene, number, at=minutes(1), sent=1, tries=1, unacked=1)
    limits = {"silent_seconds": 90.0, "trial_seconds": 1800.0}
    assert within(scene, stop_silent, now=minutes(1.4), **limits) == []

    assert len(within(scene, stop_silent, now=minutes(1.5), **limits)) == 1

    row = scene.number(number)
    assert (row.status, "webhook" in row.status_reason) == ("paused", True)
    assert types(scene, campaign) == ["instance_paused"]
    assert [kind for kind, _ in notices(scene)] == ["number_down"]

    scene.add_inbox(number, acknowledgement("5511977770001", "3EB0ANY", 2))
    apply(scene, later=120)

    row = scene.number(number)
    assert (row.status, row.status_reason, row.unacked_count, row.held_until) == ("connected", "", 0, None)
    assert types(scene, campaign) == ["instance_paused", "instance_resumed"]


def test_a_number_that_was_acknowledged_before_is_told_about_its_phone(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, unacked_count=3, unacked_since=NOW)
    campaign = scene.add_campaign([number], phones(1))
    scene.run_sql(
        "INSERT INTO campaign_days (tenant_id, campaign_id, day, instance_id, delivered)"
        " VALUES (:tenant_id, :campaign, current_date, :number, 4)",
        campaign=campaign,
        number=number,
    )
    within(scene, stop_silent, now=minutes(3), silent_seconds=90.0, trial_seconds=1800.0)
    assert "celular" in scene.number(number).status_reason and "webhook" not in scene.number(number).status_reason


def test_two_old_messages_without_an_answer_are_forgotten(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, unacked_count=2, unacked_since=minutes(-60))
    hear(scene, number, sent=1, tries=1, unacked=1)
    assert (scene.number(number).unacked_count, scene.number(number).unacked_since) == (1, NOW)


def test_a_silent_number_is_tried_again_after_its_cool_down_and_one_message_more_stops_it(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, unacked_count=5, unacked_since=minutes(-10))
    within(scene, stop_silent, now=NOW, silent_seconds=90.0, trial_seconds=1800.0)
    assert within(scene, try_silent_again, now=minutes(29)) == 0
    assert within(scene, try_silent_again, now=minutes(31)) == 1
    assert scene.number(number).status == "connected"

    hear(scene, number, at=minutes(32), sent=1, tries=1, unacked=1)
    within(scene, stop_silent, now=minutes(33), silent_seconds=90.0, trial_seconds=1800.0)

    assert scene.number(number).status == "paused"


def test_what_a_person_paused_no_receipt_and_no_hour_resumes(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, status="paused", status_reason="Pausado por você.", health_score=45)
    scene.add_inbox(number, acknowledgement("5511977770001", "3EB0ANY", 2))
    apply(scene)
    assert within(scene, try_silent_again, now=minutes(90)) == 0
    assert within(scene, mind_health, now=minutes(600)) == 0
    assert scene.number(number).status == "paused"


def test_an_open_number_that_answers_nothing_is_paused_by_the_daemon(scene: Scene, sandbox_now: SandboxProcess) -> None:
    sandbox_now.control("mega", silent=1.0, hang_ms=50)
    number = scene.add_number(sandbox_now.mega_url, instance_key="demo-silent")
    campaign = scene.add_campaign([number], phones(30))
    quick = Tuning(
        silent_seconds=2.0, status_every=0.2, status_recheck_seconds=0.2, send_seconds=2.0, unclear_rest_seconds=0.2
    )

    run_daemon(scene, lambda: scene.number(number).status == "paused", seconds=60, tuning=quick)

    assert scene.number(number).unacked_count >= 3
    assert scene.counts(campaign)["pending"] > 0
    assert "instance_paused" in types(scene, campaign)


def test_a_silent_number_that_says_it_is_disconnected_becomes_so(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(
        sandbox_now.mega_url, instance_key="not-connected", unacked_count=3, unacked_since=minutes(-5)
    )
    run_daemon(scene, lambda: scene.number(number).status == "disconnected")
    assert "QR code" in scene.number(number).status_reason


def test_an_ill_number_gets_better_by_the_hour_and_resumes_itself_once_a_day(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, health_score=55, usage_day=NOW.date())
    campaign = scene.add_campaign([number], phones(1))
    hear(scene, number, failed=1, health=-10)
    row = scene.number(number)
    assert (row.status, row.ill_since, row.health_score) == ("paused", NOW, 45)

    for hour in (1, 2, 2.9):
        assert within(scene, mind_health, now=minutes(60 * hour)) == 0
    assert scene.number(number).health_score == pytest.approx(59.5, abs=0.2)
    assert within(scene, mind_health, now=minutes(60 * 3.1)) == 1

    row = scene.number(number)
    assert (row.status, row.ill_since, row.status_reason) == ("connected", None, "")
    assert "instance_resumed" in types(scene, campaign)

    hear(scene, number, at=minutes(190), failed=2, health=-20)
    recovered_on = row.recovered_on
    scene.run_sql("UPDATE instances SET recovered_on = :day WHERE tenant_id = :tenant_id", day=recovered_on)
    late_that_day = datetime.combine(recovered_on, datetime.min.time(), UTC) + timedelta(hours=26.9)
    within(scene, mind_health, now=late_that_day)
    assert scene.number(number).status == "paused"
    assert within(scene, mind_health, now=late_that_day + timedelta(hours=12)) == 1
    assert scene.number(number).health_score <= 70


def test_an_hour_is_the_least_even_when_its_receipts_make_it_well(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, status="paused", ill_since=NOW, health_score=69)
    assert within(scene, mind_health, now=minutes(59)) == 0
    assert within(scene, mind_health, now=minutes(60)) == 1
    assert scene.number(number).health_score == 70


def test_a_banned_number_never_gets_better_by_itself(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, status="banned", ill_since=minutes(-900), health_score=45)
    assert within(scene, mind_health, now=NOW) == 0
    assert (scene.number(number).status, scene.number(number).health_score) == ("banned", 45)


def test_a_number_reconnected_below_fifty_is_paused_and_says_why(scene: Scene) -> None:
    number = scene.add_number(NOWHERE, status="disconnected", health_score=45)
    campaign = scene.add_campaign([number], phones(1))
    scene.add_inbox(number, connection("phone_connected"))
    apply(scene)
    within(scene, mind_health, now=minutes(1))

    row = scene.number(number)
    assert (row.status, row.ill_since) == ("paused", minutes(1))
    assert row.first_connected_at is not None
    assert types(scene, campaign) == ["instance_resumed", "health_issue", "instance_paused"]


def test_a_number_that_its_receipts_made_ill_is_told_of_once_a_day(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], phones(2))
    drive(scene, lambda: scene.campaign(campaign).status == "completed")
    scene.run_sql("UPDATE instances SET health_score = 55 WHERE tenant_id = :tenant_id")
    for row in scene.contacts(campaign).values():
        scene.add_inbox(number, ack(row, 0))
        apply(scene)
        assert scene.number(number).status == "paused" and scene.number(number).ill_since is not None
        scene.run_sql("UPDATE instances SET health_score = 55, status = 'connected' WHERE tenant_id = :tenant_id")

    kinds = [kind for kind, _ in notices(scene)]
    assert sorted(kinds) == ["campaign_finished", "number_down"]
