"""What the sender's sweeps put right by themselves."""

from core.tenancy import system_scope
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
