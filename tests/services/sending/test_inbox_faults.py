"""Calls that can't be believed or written: they cost themselves alone."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.sending.database import Database
from services.sending.receipts import read_inbox
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_receipts import DELIVERED, READ, ack, acknowledgement

TOO_LONG = "3EB0" * 50


@pytest.fixture
def sent(scene: Scene) -> tuple[int, int]:
    """Three messages the provider took, the third of them without telling us -> (number, campaign)."""
    number = scene.add_number("http://127.0.0.1:9")
    campaign = scene.add_campaign([number], phones(3))
    scene.run_sql(
        "UPDATE campaign_contacts SET status = 'sent', provider_message_id = 'M' || id, instance_id = :number,"
        " claimed_day = current_date, claimed_at = now(), sent_at = now() WHERE tenant_id = :tenant_id",
        number=number,
    )
    scene.run_sql(
        "UPDATE campaign_contacts SET status = 'unconfirmed', provider_message_id = NULL, sent_at = NULL"
        " WHERE tenant_id = :tenant_id AND id = (SELECT max(id) FROM campaign_contacts)"
    )
    scene.run_sql("UPDATE campaign_counts SET pending = 0, sent = 2, unconfirmed = 1 WHERE tenant_id = :tenant_id")
    return number, campaign


@pytest.mark.parametrize("said_at", [1_000_000_000, 4_102_444_800], ids=["in 2001", "in 2100"])
def test_a_providers_wrong_clock_stops_nobody(scene: Scene, sent: tuple[int, int], said_at: int) -> None:
    number, campaign = sent
    rows = sorted(scene.contacts(campaign).values(), key=lambda row: row.id)
    scene.add_inbox(number, ack(rows[0], READ) | {"messageTimestamp": said_at}, ack(rows[1], READ))

    read(scene)

    assert scene.counts(campaign)["read"] == 2
    read_at = scene.contacts(campaign)[rows[0].phone].read_at
    assert read_at is not None and abs(datetime.now(UTC) - read_at) < timedelta(minutes=1)


def test_a_call_that_cant_be_written_stops_nobody_and_is_given_up_after_a_day(
    scene: Scene, sent: tuple[int, int]
) -> None:
    number, campaign = sent
    rows = sorted(scene.contacts(campaign).values(), key=lambda row: row.id)
    scene.run_sql("UPDATE campaign_contacts SET claimed_at = now() - interval '1 minute' WHERE id > 0")
    scene.add_inbox(number, acknowledgement(rows[2].phone, TOO_LONG, DELIVERED), ack(rows[0], DELIVERED))

    read(scene, later=10)

    assert scene.counts(campaign)["delivered"] == 1
    assert states(scene) == [("pending", "DataError"), ("applied", None)]
    read(scene, later=2 * 86_400)
    assert states(scene) == [("unreadable", "DataError"), ("applied", None)]


def read(scene: Scene, *, later: float = 0) -> None:
    now = datetime.now(UTC) + timedelta(seconds=later)
    asyncio.run(read_inbox(Database(scene.factory), now, asyncio.Event()))


def states(scene: Scene) -> list[tuple[str, str | None]]:
    rows = scene.run_sql("SELECT status, problem FROM webhook_inbox WHERE tenant_id = :tenant_id ORDER BY id")
    return [(row[0], row[1]) for row in rows]
