"""`flask counters audit` after real sends: clean, and each kind of drift is found."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from core.tenancy import system_scope, tenant_scope
from services import campaigns
from services.campaigns import Drift, audit_counters
from services.sending import Engine
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_inbox_faults import read
from tests.services.sending.test_receipts import DELIVERED, READ, ack
from tests.support import services
from tests.support.sandbox_process import SandboxProcess

MAGIC = ["5511900010404", "5511900010410", "5511900010500"]
"""No WhatsApp; fails later; the provider's error (unclear)."""


@pytest.fixture
def sent(scene: Scene, sandbox_now: SandboxProcess, drive: Callable[..., Engine]) -> tuple[Scene, int, int]:
    """A campaign with every kind of end, its receipts read -> (scene, campaign, number)."""
    number = scene.add_number(sandbox_now.mega_url)
    campaign = scene.add_campaign([number], [*phones(8), *MAGIC], daily_limit=100)
    drive(scene, lambda: scene.counts(campaign)["pending"] == 0 and scene.counts(campaign)["sending"] == 0, seconds=60)
    rows = [row for row in scene.contacts(campaign).values() if row.provider_message_id]
    calls = [ack(rows[0], READ), ack(rows[1], DELIVERED), ack(rows[2], 0), ack(rows[3], READ)]
    said = {"key": {"remoteJid": f"{rows[0].phone}@s.whatsapp.net", "fromMe": False, "id": "AC1"}}
    calls.append({"messageType": "conversation", "message": {"conversation": "Quanto custa?"}} | said)
    scene.add_inbox(number, *calls)
    read(scene, later=10)
    return scene, campaign, number


def found(scene: Scene) -> list[Drift]:
    with system_scope("test"), scene.factory() as session:
        return audit_counters(session)


def test_after_every_kind_of_end_the_audit_is_clean(sent: tuple[Scene, int, int]) -> None:
    scene, campaign, _ = sent
    counts = scene.counts(campaign)
    assert (counts["read"], counts["delivered"], counts["failed"], counts["invalid"]) == (2, 3, 1, 1)
    assert (counts["replied"], counts["unconfirmed"]) == (1, 1)
    assert found(scene) == []


DRIFTS = [
    ("campaign_counts", "delivered", "delivered = delivered + 1", ""),
    ("campaign_counts", "sent", "sent = sent - 1, failed = failed + 1", ""),
    ("campaign_counts", "replied", "replied = replied + 1", ""),
    ("campaign_counts", "opted_out", "opted_out = 99", ""),
    ("campaign_days", "claimed", "claimed = claimed + 1", "AND instance_id = 0"),
    ("campaign_days", "claimed", "claimed = 0", "AND instance_id = 0"),
    ("campaign_days", "sent", "sent = sent - 1", "AND instance_id <> 0"),
    ("campaign_days", "delivered", "delivered = delivered + 1", "AND instance_id <> 0"),
    ("campaign_days", "read", "read = 0", "AND instance_id <> 0"),
    ("campaign_days", "failed", "failed = failed + 9", "AND instance_id <> 0"),
    ("campaign_days", "replied", "replied = 0", "AND instance_id <> 0"),
    ("daily_usage", "messages_reserved", "messages_reserved = messages_reserved + 1", ""),
    ("daily_usage", "messages_reserved", "messages_reserved = messages_reserved - 1", ""),
    ("instances", "reserved_today", "reserved_today = reserved_today - 1", ""),
    ("instances", "sent_today", "sent_today = sent_today + 1", ""),
    ("instances", "delivered_today", "delivered_today = 0", ""),
    ("instances", "read_today", "read_today = read_today + 1", ""),
    ("instances", "failed_today", "failed_today = 0", ""),
]


def test_each_kind_of_drift_is_found(sent: tuple[Scene, int, int]) -> None:
    scene, *_ = sent
    for table, counter, change, which in DRIFTS:
        with system_scope("test"), scene.factory() as session:
            where = f"WHERE tenant_id = :tenant_id {which}"
            session.execute(text(f"UPDATE {table} SET {change} {where}"), {"tenant_id": scene.tenant_id})
            seen = {(one.table, one.counter) for one in audit_counters(session)}
            session.rollback()
        assert (table, counter) in seen, change
    assert found(scene) == []


def test_the_command_ends_with_0_when_all_is_well_and_with_1_and_a_table_when_not(
    scene: Scene, fresh_database: tuple[str, object], redis_url: str, tmp_path: Path
) -> None:
    """As an operator runs it, on a database of its own: other tests write days and figures as they need them."""
    environment = os.environ | services.environment(fresh_database[0], redis_url, tmp_path)

    def audit() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flask", "--app", "app", "counters", "audit"]
        return subprocess.run(command, cwd=services.ROOT, env=environment, capture_output=True, text=True, check=False)

    scene.add_campaign([], phones(3))
    well = audit()
    assert (well.returncode, "conferem" in well.stdout) == (0, True)
    scene.run_sql("UPDATE campaign_counts SET pending = 2, failed = 1 WHERE tenant_id = :tenant_id")
    ill = audit()
    assert ill.returncode == 1
    table = [line.split("\t") for line in ill.stdout.splitlines() if "\t" in line]
    assert table[0] == ["table", "tenant_id", "row_id", "counter", "kept", "counted"]
    assert sorted(line[3:] for line in table[1:]) == [["failed", "1", "0"], ["pending", "2", "3"]]


def test_what_a_person_sends_again_is_no_drift(
    sent: tuple[Scene, int, int], sandbox_now: SandboxProcess, drive: Callable[..., Engine]
) -> None:
    scene, campaign, _ = sent
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        campaigns.resend(session, scene.tenant_id, campaign, campaigns.Resend.FAILED, actor=None)
    drive(scene, lambda: scene.counts(campaign)["pending"] == 0 and scene.counts(campaign)["sending"] == 0, seconds=60)
    assert found(scene) == []
    scene.run_sql("UPDATE daily_usage SET messages_reserved = 1 WHERE tenant_id = :tenant_id")
    assert [one.table for one in found(scene)] == ["daily_usage"]


def test_a_deleted_campaign_is_no_drift(sent: tuple[Scene, int, int]) -> None:
    scene, campaign, _ = sent
    scene.run_sql("UPDATE campaigns SET status = 'completed' WHERE tenant_id = :tenant_id")
    with tenant_scope(scene.tenant_id), scene.factory.begin() as session:
        campaigns.delete_campaign(session, scene.tenant_id, campaign, actor=None)
    assert found(scene) == []
