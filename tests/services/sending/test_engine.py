"""The engine against a real provider process and a real database."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from services.sending import Engine, Tuning
from tests.services.sending.scene import Scene, phones
from tests.support.sandbox_process import SandboxProcess

Drive = Callable[..., Engine]


def test_a_campaign_is_sent_to_everybody_once_and_completes(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(4)]
    people = phones(60)
    campaign = scene.add_campaign(numbers, people, texts=("Oi {nome}", "Olá {nome}", "Bom dia {nome}"))

    drive(scene, lambda: scene.campaign(campaign).status == "completed")

    assert scene.counts(campaign)["sent"] == 60
    assert sandbox_now.summary("mega")["phones"] == dict.fromkeys(people, 1)
    rows = scene.contacts(campaign)
    assert {row.instance_id for row in rows.values()} == set(numbers)
    assert all(row.provider_message_id and row.sent_at and row.attempts == 1 for row in rows.values())
    assert {row.rendered_text.split(" Pessoa")[0] for row in rows.values()} == {"Oi", "Olá", "Bom dia"}
    assert scene.campaign(campaign).finished_at is not None
    assert {one.log_type for one in scene.logs(campaign)} == {"instance_selected", "message_sent", "completed"}


def test_every_magic_number_ends_as_the_sandbox_says(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    endings = {
        "0000": "sent",
        "0104": "unconfirmed",
        "0200": "pending",
        "0201": "unconfirmed",
        "0404": "invalid",
        "0408": "unconfirmed",
        "0409": "unconfirmed",
        "0429": "pending",
        "0500": "unconfirmed",
    }
    sandbox_now.control("mega", hang_ms=400)
    people = {f"551190000{ending}": state for ending, state in endings.items()}
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in people]
    campaign = scene.add_campaign(numbers, people)

    drive(scene, lambda: all(row.attempts for row in scene.contacts(campaign).values()) and is_quiet(scene, campaign))

    rows = scene.contacts(campaign)
    assert {phone: str(row.status) for phone, row in rows.items()} == people
    assert rows["5511900000404"].reason == "not_on_whatsapp"
    assert rows["5511900000429"].next_attempt_at > rows["5511900000429"].claimed_at + timedelta(seconds=55)
    taken = {entry["to"] for entry in sandbox_now.ledger("mega") if entry["accepted"]}
    assert taken == {"5511900000000", "5511900000201", "5511900000408"}
    counts = scene.counts(campaign)
    assert (counts["unconfirmed"], counts["pending"], counts["invalid"], counts["sent"]) == (5, 2, 1, 1)
    # What surely did not leave gave its quota back; what may have left did not.
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 6


def test_a_refused_credential_pauses_the_number_and_returns_its_message(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], ["5511900000401", *phones(3)])

    drive(scene, lambda: scene.number(number).status == "paused")

    row = scene.contacts(campaign)["5511900000401"]
    assert (row.status, row.attempts) == ("pending", 0)
    assert "credencial" in scene.number(number).status_reason
    assert scene.counts(campaign)["sending"] == 0
    assert "instance_paused" in {one.log_type for one in scene.logs(campaign)}


def test_an_unreachable_provider_costs_no_attempt_and_rests_the_number(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], phones(3))

    drive(scene, lambda: scene.number(number).consecutive_errors >= 1)

    assert all((row.status, row.attempts) == ("pending", 0) for row in scene.contacts(campaign).values())
    held_until = scene.number(number).held_until
    assert held_until is not None and held_until > datetime.now(UTC)
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 0


def test_two_unclear_answers_in_a_row_stop_a_number(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    sandbox_now.control("mega", silent=1.0, hang_ms=200)
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], phones(6))

    drive(scene, lambda: scene.number(number).consecutive_unclear >= 2)

    counts = scene.counts(campaign)
    assert (counts["unconfirmed"], counts["pending"]) == (2, 4)


def test_somebody_on_the_suppression_list_is_never_sent_to(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    people = phones(5)
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], people)
    scene.run_sql(
        "INSERT INTO suppressions (tenant_id, phone_key, phone, reason) VALUES (:tenant_id, :phone, :phone, 'x')",
        phone=people[2],
    )

    drive(scene, lambda: scene.campaign(campaign).status == "completed")

    row = scene.contacts(campaign)[people[2]]
    assert (row.status, row.reason) == ("suppressed", "opt_out")
    assert people[2] not in sandbox_now.summary("mega")["phones"]
    assert scene.counts(campaign)["sent"] == 4


def test_a_person_written_to_lately_is_left_out_by_the_repeat_guard(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    people = phones(3)
    number = scene.add_number(sandbox_now.mega_url)
    first = scene.add_campaign([number], people[:1])
    drive(scene, lambda: scene.campaign(first).status == "completed")
    second = scene.add_campaign([number], people, repeat_guard_days=7)

    drive(scene, lambda: scene.campaign(second).status == "completed")

    assert scene.contacts(second)[people[0]].reason == "repeat_guard"
    assert scene.counts(second)["sent"] == 2


def test_the_plan_of_the_day_is_a_limit_and_the_campaign_waits(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    scene.run_sql("UPDATE plans SET daily_messages = 7 WHERE slug = 'infinito' AND :tenant_id > 0")
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(5)]
    campaign = scene.add_campaign(numbers, phones(20))

    drive(scene, lambda: scene.campaign(campaign).status == "waiting_quota")

    assert scene.counts(campaign)["sent"] == 7
    waiting = scene.campaign(campaign)
    assert waiting.next_send_at is not None and waiting.next_send_at > datetime.now(UTC)
    assert "limite diário do plano" in waiting.pause_reason
    scene.run_sql("UPDATE daily_usage SET day = day - 1 WHERE tenant_id = :tenant_id")

    drive(scene, lambda: scene.counts(campaign)["sent"] == 14 and scene.campaign(campaign).status == "waiting_quota")


def test_a_campaigns_own_daily_limit_holds(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(5)]
    campaign = scene.add_campaign(numbers, phones(20), daily_limit=6)

    drive(scene, lambda: scene.campaign(campaign).status == "waiting_quota")

    assert scene.counts(campaign)["sent"] == 6
    assert scene.run_sql("SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id")[0][0] == 6


def test_a_numbers_daily_cap_holds(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    capped, free = scene.add_number(sandbox_now.mega_url, daily_cap=3), scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([capped, free], phones(20))

    drive(scene, lambda: scene.campaign(campaign).status == "completed")

    used = [row.instance_id for row in scene.contacts(campaign).values()]
    assert used.count(capped) == 3


def test_a_numbers_gap_is_kept(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    number = scene.add_number(sandbox_now.mega_url, min_interval_ms=300, max_interval_ms=400)
    campaign = scene.add_campaign([number], phones(6))

    drive(scene, lambda: scene.campaign(campaign).status == "completed")

    moments = sorted(row.claimed_at for row in scene.contacts(campaign).values())
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert all(0.3 <= gap <= 0.55 for gap in gaps), gaps


def test_without_a_licence_nothing_is_sent_and_the_page_says_why(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    bare = Scene.open(scene.factory, plan="")
    campaign = bare.add_campaign([bare.add_number(sandbox_now.mega_url)], phones(3))

    drive(bare, lambda: bool(bare.campaign(campaign).pause_reason))

    assert "licença" in bare.campaign(campaign).pause_reason
    assert bare.counts(campaign)["pending"] == 3


def test_a_closed_window_makes_the_campaign_wait_for_its_opening(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    tomorrow = (datetime.now(ZoneInfo("America/Sao_Paulo")) + timedelta(days=1)).isoweekday()
    window = {"days": [tomorrow], "start": "09:00", "end": "21:00"}
    campaign = scene.add_campaign([scene.add_number(sandbox_now.mega_url)], phones(2), window=window)

    drive(scene, lambda: scene.campaign(campaign).status == "waiting_window")

    opens = scene.campaign(campaign).next_send_at
    assert opens is not None and opens.astimezone(ZoneInfo("America/Sao_Paulo")).hour == 9
    assert scene.counts(campaign)["pending"] == 2


def test_a_windows_own_zone_says_when_it_is_open(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    here = datetime.now(ZoneInfo("America/Sao_Paulo"))
    start, end = (here - timedelta(hours=1)).strftime("%H:00"), (here + timedelta(hours=2)).strftime("%H:00")
    window = {"days": [1, 2, 3, 4, 5, 6, 7], "start": start, "end": end, "timezone": "Asia/Tokyo"}
    campaign = scene.add_campaign([scene.add_number(sandbox_now.mega_url)], phones(2), window=window)

    drive(scene, lambda: scene.campaign(campaign).status in ("waiting_window", "completed"))

    assert scene.campaign(campaign).status == "waiting_window"


def test_one_tenants_nonsense_stops_nobody_else(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    broken = Scene.open(scene.factory)
    broken.run_sql("UPDATE tenants SET time_zone = 'Marte/Olimpo' WHERE id = :tenant_id")
    numbers = [broken.add_number(sandbox_now.mega_url, sealed_credentials="k1:AAAA") for _ in range(2)]
    closed = broken.add_campaign(numbers, phones(2, ddd=21), window={"days": ["segunda"], "start": "nove"})
    sealed = broken.add_campaign(numbers, phones(2, ddd=22))
    fine = scene.add_campaign([scene.add_number(sandbox_now.mega_url)], phones(5))

    drive(scene, lambda: scene.campaign(fine).status == "completed" and broken.number(numbers[0]).status == "paused")

    assert broken.campaign(closed).status == "waiting_window"
    assert broken.counts(sealed)["pending"] == 2


def test_a_pause_takes_effect_within_a_second(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    numbers = [scene.add_number(sandbox_now.mega_url) for _ in range(3)]
    sandbox_now.control("mega", latency_ms=50)
    campaign = scene.add_campaign(numbers, phones(3000))
    began: list[datetime] = []

    def paused_for_a_while() -> bool:
        if not began and scene.counts(campaign)["sent"] > 20:
            scene.run_sql("UPDATE campaigns SET status = 'paused' WHERE tenant_id = :tenant_id")
            began.append(datetime.now(UTC))
        return bool(began) and datetime.now(UTC) - began[0] > timedelta(seconds=2)

    drive(scene, paused_for_a_while)

    last = max(row.claimed_at for row in scene.contacts(campaign).values() if row.claimed_at)
    assert last - began[0] < timedelta(seconds=1)
    assert scene.counts(campaign)["pending"] > 2000


def test_a_cancelled_campaigns_returned_message_is_cancelled_too(
    scene: Scene, sandbox_now: SandboxProcess, drive: Drive
) -> None:
    sandbox_now.control("mega", latency_ms=700)
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], ["5511900000200"])

    def cancelled() -> bool:
        if scene.counts(campaign)["sending"] == 1:
            scene.run_sql("UPDATE campaigns SET status = 'cancelled' WHERE tenant_id = :tenant_id")
        return scene.counts(campaign)["cancelled"] == 1

    drive(scene, cancelled)


def test_equal_tenants_get_equal_shares(scene: Scene, sandbox_now: SandboxProcess, drive: Drive) -> None:
    others = [Scene.open(scene.factory) for _ in range(3)]
    tenants = [scene, *others]
    sandbox_now.control("mega", latency_ms=20)
    campaigns = [
        one.add_campaign([one.add_number(sandbox_now.mega_url) for _ in range(4)], phones(size, ddd=21 + place))
        for place, (one, size) in enumerate(zip(tenants, (4000, 400, 400, 400), strict=True))
    ]

    drive(scene, lambda: scene.counts(campaigns[0])["sent"] > 150, tuning=Tuning(max_in_flight=6), seconds=30)

    shares = [one.counts(campaign)["sent"] for one, campaign in zip(tenants, campaigns, strict=True)]
    jain = sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))
    assert jain >= 0.99, shares


def is_quiet(scene: Scene, campaign: int) -> bool:
    """Nothing under way."""
    return scene.counts(campaign)["sending"] == 0
