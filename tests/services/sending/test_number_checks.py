"""Whether a phone has WhatsApp, asked ahead of the send."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.whatsapp import NumberCheck, Unclear
from core.http_async import AsyncTransport
from core.phone import key_of
from core.tenancy import system_scope
from services.campaigns import audit_counters
from services.sending import Tuning
from services.sending.checks import Pace, address_of, ask_checks, remember_addresses
from services.sending.checks.ask import apply_answer, take_questions
from services.sending.database import Database
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_daemon import run_daemon
from tests.support.sandbox_process import SandboxProcess

NOW = datetime.now(UTC)
NOBODY, SHORT, MOBILE = "5511900000404", "5511987650009", "5511900010001"


def turn(scene: Scene, *, now: datetime | None = None) -> int:
    """One turn of the loop, calls included."""

    async def lived() -> int:
        database = Database(scene.factory)
        async with AsyncTransport() as transport:
            asked = await ask_checks(database, transport, now or datetime.now(UTC), Pace(2.0, 50))
        database.close()
        return asked

    return asyncio.run(lived())


def within(scene: Scene, work: Any, *values: Any, **named: Any) -> Any:
    with system_scope("test"), scene.factory.begin() as session:
        return work(session, *values, **named)


def known(scene: Scene) -> dict[str, tuple[bool, str]]:
    rows = scene.run_sql("SELECT phone_key, has_whatsapp, recipient_id FROM number_checks WHERE tenant_id = :tenant_id")
    return {row[0]: (row[1], row[2]) for row in rows}


def remembered(scene: Scene, phone: str, *, has: bool, days: int) -> None:
    scene.run_sql(
        "INSERT INTO number_checks VALUES (:tenant_id, :key, :has, '', now() - make_interval(days => :days))",
        key=key_of(phone),
        has=has,
        days=days,
    )


def test_who_has_no_whatsapp_is_invalid_before_anything_is_sent(scene: Scene, sandbox_now: SandboxProcess) -> None:
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(3)]
    campaign = scene.add_campaign(numbers, [NOBODY, SHORT, MOBILE])

    assert turn(scene) == 3

    rows = scene.contacts(campaign)
    assert (rows[NOBODY].status, rows[NOBODY].reason) == ("invalid", "not_on_whatsapp")
    assert rows[NOBODY].failed_at is not None and rows[NOBODY].error
    assert rows[SHORT].recipient_id == "551187650009@s.whatsapp.net"
    assert rows[MOBILE].recipient_id == f"{MOBILE}@s.whatsapp.net"
    counts = scene.counts(campaign)
    assert (counts["pending"], counts["invalid"]) == (2, 1)
    assert known(scene)[key_of("551187650009")] == (True, "551187650009@s.whatsapp.net")
    assert [one.log_type for one in scene.logs(campaign)] == ["contact_removed"]
    assert within(scene, audit_counters) == []
    assert turn(scene, now=datetime.now(UTC) + timedelta(minutes=1)) == 0


def test_the_message_goes_to_the_address_that_was_confirmed(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], [SHORT], status="paused")
    scene.run_sql("UPDATE campaigns SET status = 'running' WHERE tenant_id = :tenant_id")
    assert turn(scene) == 1

    run_daemon(scene, lambda: scene.campaign(campaign).status == "completed")

    assert [one["to"] for one in sandbox_now.ledger("mega")] == ["551187650009"]


def test_one_question_at_a_time_per_number_whoever_asks(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    scene.add_campaign([number], phones(5))
    assert len(within(scene, take_questions, NOW, Pace(10.0))) == 1
    assert within(scene, take_questions, NOW + timedelta(seconds=9), Pace(10.0)) == []
    assert len(within(scene, take_questions, NOW + timedelta(seconds=10), Pace(10.0))) == 1


def test_what_is_known_is_written_without_a_question(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    fresh, gone, old_yes, old_no = phones(4)
    campaign = scene.add_campaign([number], [fresh, gone, old_yes, old_no])
    remembered(scene, fresh, has=True, days=29)
    remembered(scene, gone, has=False, days=6)
    remembered(scene, old_yes, has=True, days=31)
    remembered(scene, old_no, has=False, days=8)

    asked = within(scene, take_questions, NOW, Pace(10.0))

    rows = scene.contacts(campaign)
    assert [one.phone for one in asked] in ([old_yes], [old_no])
    assert rows[fresh].checked_at is not None and rows[fresh].status == "pending"
    assert rows[gone].status == "invalid"
    assert scene.counts(campaign)["invalid"] == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"check_numbers": False},
        {"status": "paused"},
        {"connector": "cloud_api"},
        {"next_check_at": NOW + timedelta(minutes=5)},
    ],
)
def test_nobody_asks_through_a_number_that_may_not(scene: Scene, columns: dict[str, Any]) -> None:
    number = scene.add_number("http://127.0.0.1:9", **columns)
    scene.add_campaign([number], phones(2))
    assert within(scene, take_questions, NOW, Pace()) == []


def test_a_campaign_that_does_not_run_asks_nothing(scene: Scene) -> None:
    scene.add_campaign([scene.add_number("http://127.0.0.1:9")], phones(2), status="paused")
    assert within(scene, take_questions, NOW, Pace()) == []


def test_a_question_that_failed_says_nothing_and_is_not_repeated(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], phones(2))
    asked = within(scene, take_questions, NOW, Pace(1.0))[0]

    within(scene, apply_answer, asked, Unclear("timeout"), NOW)

    assert scene.counts(campaign)["pending"] == 2 and known(scene) == {}
    assert within(scene, take_questions, NOW + timedelta(minutes=4), Pace(1.0)) == []
    later = within(scene, take_questions, NOW + timedelta(minutes=6), Pace(1.0))
    assert [one.phone for one in later] != [asked.phone]


def test_a_message_that_left_meanwhile_answers_for_itself(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], phones(1))
    asked = within(scene, take_questions, NOW, Pace())[0]
    scene.run_sql("UPDATE campaign_contacts SET status = 'sent' WHERE tenant_id = :tenant_id")
    scene.run_sql("UPDATE campaign_counts SET pending = 0, sent = 1 WHERE tenant_id = :tenant_id")

    within(scene, apply_answer, asked, NumberCheck(False), NOW)

    assert scene.contacts(campaign)[asked.phone].status == "sent"
    assert scene.counts(campaign)["invalid"] == 0
    assert known(scene)[asked.phone_key] == (False, "")


def test_what_a_send_confirms_is_remembered_when_it_differs(scene: Scene) -> None:
    sent = [(scene.tenant_id, MOBILE, f"{MOBILE}@s.whatsapp.net"), (scene.tenant_id, SHORT, "551187650009@c.us")]
    within(scene, remember_addresses, sent, NOW)
    assert known(scene) == {key_of(SHORT): (True, "551187650009@s.whatsapp.net")}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5511900010001", "5511900010001@s.whatsapp.net"),
        ("5511900010001:12@s.whatsapp.net", "5511900010001@s.whatsapp.net"),
        ("5511900010001@c.us", "5511900010001@s.whatsapp.net"),
        ("123456@lid", ""),
        ("", ""),
    ],
)
def test_an_address_is_kept_in_the_form_every_gateway_takes(said: str, kept: str) -> None:
    assert address_of(said) == kept


def test_the_daemon_asks_ahead_of_a_slow_campaign(scene: Scene, sandbox_now: SandboxProcess) -> None:
    number = scene.add_number(sandbox_now.mega_url, next_allowed_at=NOW + timedelta(hours=1))
    campaign = scene.add_campaign([number], [NOBODY, *phones(2)])
    quick = Tuning(checks_every=0.1, check_gap_seconds=0.3)

    run_daemon(
        scene, lambda: all(row.checked_at for row in scene.contacts(campaign).values()), seconds=30, tuning=quick
    )

    assert scene.counts(campaign)["invalid"] == 1
    assert sandbox_now.summary("mega")["accepted"] == 0
