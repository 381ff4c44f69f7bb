"""What the sender's sweeps put right by themselves."""

from datetime import UTC, datetime, timedelta

from core.tenancy import system_scope
from services.sending.receipts import forget_calls
from services.sending.watch.recovery import cancel_leftovers, prepare_months
from tests.services.sending.scene import Scene, phones

NEWEST_MONTH = "SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'campaign_logs'::regclass"


def test_a_row_that_came_back_to_a_cancelled_campaign_is_cancelled_too(scene: Scene) -> None:
    cancelled = scene.add_campaign([], phones(2), status="cancelled")
    running = scene.add_campaign([], phones(2, ddd=47))

    with system_scope("test"), scene.factory.begin() as session:
        assert cancel_leftovers(session) == 2

    assert scene.counts(cancelled)["cancelled"] == 2
    assert scene.counts(running)["pending"] == 2


def test_the_logs_next_months_are_made_ahead(scene: Scene) -> None:
    newest = scene.run_sql(NEWEST_MONTH)[0][0]
    scene.run_sql(f"DROP TABLE {newest}")

    for _ in range(2):
        with system_scope("test"), scene.factory.begin() as session:
            prepare_months(session)

    assert scene.run_sql(NEWEST_MONTH)[0][0] == newest


def test_applied_webhook_calls_are_forgotten_after_a_week(scene: Scene) -> None:
    number = scene.add_number("http://127.0.0.1:9")
    scene.add_inbox(number, *({"place": place} for place in range(4)))
    now = datetime.now(UTC)
    ages = {0: timedelta(days=8), 1: timedelta(days=6), 2: timedelta(days=8)}
    ids = [row.id for row in scene.run_sql("SELECT id FROM webhook_inbox ORDER BY id")]
    for place, age in ages.items():
        scene.run_sql(
            "UPDATE webhook_inbox SET status = 'applied', received_at = :at, applied_at = :at WHERE id = :id",
            at=now - age,
            id=ids[place],
        )
    scene.run_sql("UPDATE webhook_inbox SET received_at = :at WHERE id = :id", at=now - timedelta(days=8), id=ids[3])

    with system_scope("test"), scene.factory.begin() as session:
        assert forget_calls(session, now) == 2
        assert forget_calls(session, now) == 0

    assert [row.id for row in scene.run_sql("SELECT id FROM webhook_inbox ORDER BY id")] == [ids[1], ids[3]]
