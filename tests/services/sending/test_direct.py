"""Direct messages: ahead of campaigns, exempt from gap and quota, never from a number's state or a person's wish."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from core.crypto import key_ring
from core.errors import Conflict
from core.tenancy import system_scope, tenant_scope
from models.instances import DirectKind
from services.campaigns import send_test
from services.instances import delete_instance
from services.sending import Engine, Tuning
from services.sending.direct import tend
from services.sending.watch.recovery import recover, return_claim
from tests.services.sending.directs import assert_one_at_a_time, direct, queue, states
from tests.services.sending.scene import Scene, phones
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]
(ANA,) = phones(1, ddd=21)


def test_an_answer_is_sent_with_no_campaign_around(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    answer = queue(scene, number, ANA, "Chega amanhã.")

    drive(scene, lambda: direct(scene, answer).status == "sent")

    row = direct(scene, answer)
    assert (row.attempts, row.reason, row.lease_until) == (1, None, None)
    assert row.provider_message_id and row.sent_at and row.claimed_at
    (entry,) = sandbox_now.ledger("mega")
    assert (entry["to"], entry["text"]) == (ANA, "Chega amanhã.")
    assert scene.number(number).leased_by is None


def test_it_waits_for_neither_gap_nor_quota_nor_cap_and_uses_none(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    scene.run_sql("UPDATE plans SET daily_messages = 0 WHERE slug = 'infinito' AND :tenant_id > 0")
    later = datetime.now(UTC) + timedelta(hours=1)
    spent = {"daily_cap": 1, "usage_day": date.today(), "reserved_today": 1, "next_allowed_at": later}  # noqa: DTZ011
    number = scene.add_number(sandbox_now.mega_url, min_interval_ms=60_000, max_interval_ms=60_000, **spent)
    answers = [queue(scene, number, phone) for phone in phones(3)]

    drive(scene, lambda: all(direct(scene, one).status == "sent" for one in answers))

    after = scene.number(number)
    assert (after.reserved_today, after.sent_today, after.next_allowed_at) == (1, 0, later)
    assert scene.run_sql("SELECT count(*) FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 0


def test_campaigns_of_a_busy_number_let_it_go_first(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    """A number without a gap is always busy; what waits for it goes after one message of the campaign at most."""
    sandbox_now.control("mega", latency_ms=60)
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], phones(400))
    answers: list[int] = []

    def answered() -> bool:
        if not answers and scene.counts(campaign)["sent"] >= 3:
            answers.extend(queue(scene, number, phone) for phone in phones(4, ddd=21))
        return bool(answers) and all(direct(scene, one).status == "sent" for one in answers)

    drive(scene, answered)

    queued_at = max(direct(scene, one).created_at for one in answers)
    last = max(direct(scene, one).claimed_at for one in answers)
    between = [row for row in scene.contacts(campaign).values() if row.claimed_at and queued_at < row.claimed_at < last]
    # From the moment the engine knows of them (a look every 250 ms) nobody of the campaign comes in between.
    assert len(between) <= 6
    first = min(direct(scene, one).claimed_at for one in answers)
    assert not [row for row in scene.contacts(campaign).values() if row.claimed_at and first < row.claimed_at < last]
    assert_one_at_a_time(scene)


def test_somebody_who_left_gets_the_confirmation_of_that_and_nothing_else(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    scene.run_sql(
        "INSERT INTO suppressions (tenant_id, phone_key, phone, reason) VALUES (:tenant_id, :phone, :phone, 'opt_out')",
        phone=ANA,
    )
    answer = queue(scene, number, ANA)
    test = queue(scene, number, ANA, kind=DirectKind.TEST)
    confirmation = queue(scene, number, ANA, "Pronto, você saiu.", kind=DirectKind.CONFIRMATION)

    drive(scene, lambda: direct(scene, confirmation).status == "sent")

    for one in (answer, test):
        row = direct(scene, one)
        assert (row.status, row.reason, row.attempts) == ("failed", "opt_out", 0)
        assert "não perturbe" in (row.error or "")
        assert row.failed_at
    assert [entry["text"] for entry in sandbox_now.ledger("mega")] == ["Pronto, você saiu."]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"status": "disconnected"}, "desconectado"),
        ({"status": "connecting"}, "desconectado"),
        ({"status": "banned"}, "bloqueou"),
        ({"status": "paused"}, "pausado"),
    ],
)
def test_through_a_number_that_is_away_it_waits_with_the_reason_and_fails_after_a_day(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive, columns: dict[str, str], word: str
) -> None:
    number = scene.add_number(sandbox_now.mega_url, **columns)
    answer = queue(scene, number, ANA)
    drive(scene, lambda: False, seconds=0.5, must=False)

    run_tend(scene, datetime.now(UTC))
    row = direct(scene, answer)
    assert (row.status, row.reason, row.attempts) == ("pending", "instance_disconnected", 0)
    assert word in (row.error or "")
    assert run_tend(scene, datetime.now(UTC) + timedelta(hours=23)) == 0

    assert run_tend(scene, datetime.now(UTC) + timedelta(hours=24, minutes=1)) == 1
    row = direct(scene, answer)
    assert (row.status, row.reason) == ("failed", "instance_disconnected")
    assert word in (row.error or "")
    assert sandbox_now.ledger("mega") == []


def test_a_number_that_comes_back_sends_what_waited(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url, status="disconnected")
    answer = queue(scene, number, ANA)
    run_tend(scene, datetime.now(UTC))
    scene.run_sql("UPDATE instances SET status = 'connected' WHERE tenant_id = :tenant_id")

    drive(scene, lambda: direct(scene, answer).status == "sent")

    assert (direct(scene, answer).reason, direct(scene, answer).error) == (None, None)


def test_a_removed_number_fails_what_waits_for_it_at_once(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9", status="disconnected")
    answer = queue(scene, number, ANA)
    scene.run_sql("UPDATE instances SET deleted_at = now() WHERE tenant_id = :tenant_id")

    run_tend(scene, datetime.now(UTC))

    assert (direct(scene, answer).status, direct(scene, answer).reason) == ("failed", "instance_disconnected")


def test_a_number_paused_by_its_health_answers_people_but_makes_no_test(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url, status="paused", health_score=30, ill_since=datetime.now(UTC))
    test = queue(scene, number, ANA, kind=DirectKind.TEST)
    answer, confirmation = queue(scene, number, ANA), queue(scene, number, ANA, kind=DirectKind.CONFIRMATION)

    drive(scene, lambda: {direct(scene, one).status for one in (answer, confirmation)} == {"sent"})
    run_tend(scene, datetime.now(UTC))

    assert (direct(scene, test).status, direct(scene, test).reason) == ("pending", "instance_disconnected")
    assert "pausado" in (direct(scene, test).error or "")


@pytest.mark.parametrize("rest", [{"consecutive_unclear": 2}, {"held_until": datetime(2036, 11, 1, tzinfo=UTC)}])
def test_through_a_resting_number_a_test_waits_until_an_answer_has_shown_that_it_works(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive, rest: dict[str, object]
) -> None:
    number = scene.add_number(sandbox_now.mega_url, **rest)
    test = queue(scene, number, ANA, kind=DirectKind.TEST)
    drive(scene, lambda: False, seconds=0.7, must=False)
    run_tend(scene, datetime.now(UTC))
    assert (direct(scene, test).status, direct(scene, test).attempts) == ("pending", 0)
    assert "descansando" in (direct(scene, test).error or "")

    answer = queue(scene, number, ANA)
    drive(scene, lambda: direct(scene, test).status == "sent")

    assert direct(scene, answer).sent_at < direct(scene, test).sent_at


def test_what_surely_was_not_sent_is_tried_again_and_then_fails(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    answer = queue(scene, number, "5511900000429")
    waits = []
    for attempt in (1, 2, 3):
        drive(scene, lambda attempt=attempt: direct(scene, answer).attempts == attempt and is_pending(scene, answer))
        row = direct(scene, answer)
        assert row.claimed_at is not None
        waits.append(round((row.next_attempt_at - row.claimed_at).total_seconds() / 60))
        scene.run_sql("UPDATE direct_messages SET next_attempt_at = now() WHERE tenant_id = :tenant_id")
    assert waits == [1, 5, 25]

    drive(scene, lambda: direct(scene, answer).status == "failed")

    assert direct(scene, answer).attempts == 4
    number_after = scene.number(number)
    assert (number_after.health_score, number_after.failed_today) == (90, 0)


def test_an_unclear_answer_is_unconfirmed_and_never_repeated(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    sandbox_now.control("mega", silent=1.0, hang_ms=200)
    number = scene.add_number(sandbox_now.mega_url)
    answer = queue(scene, number, ANA)

    drive(scene, lambda: direct(scene, answer).status == "unconfirmed")
    drive(scene, lambda: False, seconds=1, must=False)

    row = direct(scene, answer)
    assert (row.status, row.attempts, row.reason) == ("unconfirmed", 1, "unclear")
    assert scene.number(number).consecutive_unclear == 1


def test_a_number_that_turns_out_disconnected_keeps_the_message_and_says_so(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], phones(1), status="waiting_window", window={"rules": []})
    answer = queue(scene, number, "5511900000401")

    drive(scene, lambda: scene.number(number).status == "paused")

    row = direct(scene, answer)
    assert (row.status, row.attempts) == ("pending", 0)
    assert "credencial" in (row.error or "")
    assert "instance_paused" in {one.log_type for one in scene.logs(campaign)}


def test_an_unreachable_provider_is_not_asked_again_at_once(scene: Scene, drive: Drive) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    answer = queue(scene, number, ANA)

    drive(scene, lambda: direct(scene, answer).reason == "unreachable")
    drive(scene, lambda: False, seconds=1, must=False)

    row = direct(scene, answer)
    assert (row.status, row.attempts) == ("pending", 0)
    assert row.claimed_at is not None
    assert row.next_attempt_at >= row.claimed_at + timedelta(seconds=5)
    assert scene.number(number).consecutive_errors == 1


def test_a_file_is_never_sent_as_its_caption_alone(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    answer = queue(scene, number, ANA)
    scene.run_sql("UPDATE direct_messages SET media_id = 7 WHERE tenant_id = :tenant_id")

    drive(scene, lambda: direct(scene, answer).status == "failed")

    assert direct(scene, answer).reason == "media_rejected"
    assert sandbox_now.ledger("mega") == []


def test_the_address_whatsapp_confirmed_is_used(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    scene.run_sql(
        "INSERT INTO number_checks (tenant_id, phone_key, has_whatsapp, recipient_id)"
        " VALUES (:tenant_id, :phone, true, :address)",
        phone=ANA,
        address="552190010001",
    )
    answer = queue(scene, number, ANA)

    drive(scene, lambda: direct(scene, answer).status == "sent")

    assert [entry["to"] for entry in sandbox_now.ledger("mega")] == ["552190010001"]


def test_outside_the_24_hours_the_official_api_says_so_and_the_number_is_not_blamed(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    key = "200000000000002"
    credentials = key_ring().seal('{"access_token": "a"}', bound_to=f"instances:{scene.tenant_id}:{key}")
    number = scene.add_number(
        sandbox_now.addresses["cloud"] + "/v23.0",
        connector="cloud_api",
        instance_key=key,
        sealed_credentials=credentials,
    )
    answer = queue(scene, number, ANA)

    drive(scene, lambda: direct(scene, answer).status == "failed")

    row = direct(scene, answer)
    assert row.reason == "window_closed"
    assert "24 horas" in (row.error or "")
    assert scene.number(number).health_score == 100


def test_what_a_crash_left_in_flight_is_unconfirmed_and_frees_its_number(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    answer = queue(scene, number, ANA)
    daemon = "11111111-2222-3333-4444-555555555555"
    scene.run_sql(
        "UPDATE direct_messages SET status = 'sending', lease_until = now() - interval '1 s'"
        " WHERE tenant_id = :tenant_id"
    )
    scene.run_sql(
        "UPDATE instances SET leased_by = CAST(:daemon AS uuid), leased_until = now() - interval '1 s'"
        " WHERE tenant_id = :tenant_id",
        daemon=daemon,
    )

    with system_scope("test"), scene.factory.begin() as session:
        assert recover(session, datetime.now(UTC)) == 1

    assert (direct(scene, answer).status, direct(scene, answer).reason) == ("unconfirmed", "interrupted")
    assert scene.number(number).leased_by is None


def test_a_claim_in_doubt_goes_back_to_the_queue_with_its_attempt(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    answer = queue(scene, number, ANA)
    daemon, claim = "11111111-2222-3333-4444-555555555555", "21111111-2222-3333-4444-555555555555"
    scene.run_sql(
        "UPDATE direct_messages SET status = 'sending', attempts = 1, claim_id = CAST(:claim AS uuid),"
        " lease_until = now() + interval '45 s' WHERE tenant_id = :tenant_id",
        claim=claim,
    )
    scene.run_sql("UPDATE instances SET leased_by = CAST(:d AS uuid) WHERE tenant_id = :tenant_id", d=daemon)

    with system_scope("test"), scene.factory.begin() as session:
        done = return_claim(session, claim, [scene.tenant_id], now=datetime.now(UTC), daemon_id=daemon)

    assert done == 1
    assert (direct(scene, answer).status, direct(scene, answer).attempts) == ("pending", 0)
    assert scene.number(number).leased_by is None


def test_another_daemons_number_is_left_alone(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    until = datetime.now(UTC) + timedelta(seconds=45)
    number = scene.add_number(
        sandbox_now.mega_url, leased_by="11111111-2222-3333-4444-555555555555", leased_until=until
    )
    answer = queue(scene, number, ANA)

    drive(scene, lambda: False, seconds=1, must=False, tuning=Tuning())

    assert direct(scene, answer).status == "pending"
    assert states(scene) == {"pending": 1}


def test_a_number_with_an_answer_in_flight_is_not_removed(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    queue(scene, number, ANA)
    scene.run_sql("UPDATE direct_messages SET status = 'sending' WHERE tenant_id = :tenant_id")
    with tenant_scope(scene.tenant_id), scene.factory() as session, pytest.raises(Conflict):
        delete_instance(session, scene.tenant_id, number, actor=None, now=datetime.now(UTC))
    scene.run_sql("UPDATE direct_messages SET status = 'sent' WHERE tenant_id = :tenant_id")
    with tenant_scope(scene.tenant_id), scene.factory() as session:
        delete_instance(session, scene.tenant_id, number, actor=None, now=datetime.now(UTC))


def test_a_test_send_arrives_as_the_campaign_then_does(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    texts = ("Oi {primeiro nome}!", "Olá {nome}.", "E aí, {nome}?")
    campaign = scene.add_campaign([number], phones(4), texts=texts, exit_line=True, status="paused")
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        tests = [
            send_test(session, scene.tenant_id, campaign, phone=ANA, row=row, now=datetime.now(UTC), actor=None).id
            for row in (1, 2, 3, 4)
        ]
    drive(scene, lambda: all(direct(scene, one).status == "sent" for one in tests))
    assert scene.counts(campaign)["pending"] == 4

    scene.run_sql("UPDATE campaigns SET status = 'running' WHERE tenant_id = :tenant_id")
    drive(scene, lambda: scene.campaign(campaign).status == "completed")

    said = [entry["text"] for entry in sandbox_now.ledger("mega") if entry["to"] == ANA]
    rows = sorted(scene.contacts(campaign).values(), key=lambda row: row.id)
    assert said == [row.rendered_text for row in rows]
    assert all(text.endswith("SAIR para não receber mais mensagens.") for text in said)


def is_pending(scene: Scene, direct_id: int) -> bool:
    return direct(scene, direct_id).status == "pending"


def run_tend(scene: Scene, now: datetime) -> int:
    with system_scope("test"), scene.factory.begin() as session:
        return tend(session, now)
