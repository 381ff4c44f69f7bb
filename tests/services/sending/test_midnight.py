"""Four senders, fifty campaigns, a tenant's midnight in the middle: limits stay exact on both days."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import reset_tzpath

import pytest

from core.clock import day_in_zone
from core.tenancy import system_scope
from services.campaigns import audit_counters
from tests.services.sending.scene import Scene, phones
from tests.services.sending.test_faults import wait_until
from tests.support.sandbox_process import SandboxProcess
from tests.support.sender_nursery import Nursery, Senders
from tests.support.zones import search_path, zone_whose_midnight_is_at

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400)]
PLAN, OWN, CAP = 61, 2, 9
"""Messages a day: of the plan, of each campaign, of each number."""


@pytest.fixture
def zones(nursery: Nursery) -> Iterator[Path]:
    """The nursery's zones, known to this process too."""
    reset_tzpath(search_path(nursery.zones).split(":"))
    yield nursery.zones
    reset_tzpath()


def test_limits_are_exact_on_both_sides_of_the_tenants_midnight(
    scene: Scene, senders: Senders, sandbox_now: SandboxProcess, zones: Path
) -> None:
    midnight = (datetime.now(UTC) + timedelta(seconds=80)).replace(second=0, microsecond=0)
    zone = zone_whose_midnight_is_at(midnight, zones)
    today, tomorrow = day_in_zone(midnight - timedelta(seconds=1), zone), day_in_zone(midnight, zone)
    assert tomorrow - today == timedelta(days=1)
    sandbox_now.control("mega", latency_ms=150)
    limited, flowing = small_shop(scene, sandbox_now, zone), steady_shop(scene, sandbox_now, zone)

    senders.start(4)
    wait_until(lambda: reserved(limited, today) == PLAN, 70)
    wait_until(lambda: reserved(limited, tomorrow) == PLAN, 180)
    wait_until(lambda: claimed(flowing, tomorrow) > 3, 60)
    assert senders.stop() == [0] * 4

    for shop in (limited, flowing):
        rows = shop.run_sql("SELECT claimed_day, claimed_at, campaign_id, instance_id, status FROM campaign_contacts"
                            " WHERE tenant_id = :tenant_id AND claimed_at IS NOT NULL")  # fmt: skip
        # A claim belongs to the day of its own moment, wherever its answer came.
        for row in rows:
            assert row.claimed_day == day_in_zone(row.claimed_at, zone), row
        assert {row.status for row in rows} == {"sent"}
    assert days_of(limited) == {today: PLAN, tomorrow: PLAN}
    assert {today, tomorrow} == set(days_of(flowing))
    for column, most in (("campaign_id", OWN), ("instance_id", CAP)):
        used = limited.run_sql(f"SELECT {column}, claimed_day, count(*) FROM campaign_contacts"
                               " WHERE tenant_id = :tenant_id AND claimed_at IS NOT NULL GROUP BY 1, 2")  # fmt: skip
        assert max(row[2] for row in used) <= most, column
    assert sandbox_now.summary("mega")["duplicates"] == {}
    assert sandbox_now.summary("mega")["accepted"] == sum(days_of(limited).values()) + sum(days_of(flowing).values())
    with system_scope("test"), scene.factory() as session:
        assert audit_counters(session) == []


def small_shop(scene: Scene, provider: SandboxProcess, zone: str) -> Scene:
    """Fifty campaigns that together want far more than the plan, themselves and the numbers allow in two days."""
    shop = Scene.open(scene.factory, plan="starter")
    shop.run_sql("UPDATE plans SET daily_messages = :plan WHERE slug = 'starter' AND :tenant_id > 0", plan=PLAN)
    shop.run_sql("UPDATE tenants SET time_zone = :zone WHERE id = :tenant_id", zone=zone)
    numbers = [shop.add_number(provider.mega_url, daily_cap=CAP) for _ in range(8)]
    for place in range(50):
        shop.add_campaign(numbers, phones(6, ddd=31, first=21_101 + 10 * place), daily_limit=OWN)
    return shop


def steady_shop(scene: Scene, provider: SandboxProcess, zone: str) -> Scene:
    """One that sends all the time, also in the moment the day turns."""
    shop = Scene.open(scene.factory)
    shop.run_sql("UPDATE tenants SET time_zone = :zone WHERE id = :tenant_id", zone=zone)
    numbers = [shop.add_number(provider.mega_url, min_interval_ms=700, max_interval_ms=800) for _ in range(4)]
    shop.add_campaign(numbers, phones(1_500, ddd=41))
    return shop


def reserved(shop: Scene, day: date) -> int:
    rows = shop.run_sql(
        "SELECT messages_reserved FROM daily_usage WHERE tenant_id = :tenant_id AND day = :day", day=day
    )
    return int(rows[0][0]) if rows else 0


def claimed(shop: Scene, day: date) -> int:
    return days_of(shop)[day]


def days_of(shop: Scene) -> Counter[Any]:
    """Rows by the day they were claimed for."""
    rows = shop.run_sql("SELECT claimed_day, count(*) FROM campaign_contacts WHERE tenant_id = :tenant_id"
                        " AND claimed_at IS NOT NULL GROUP BY 1")  # fmt: skip
    return Counter({row[0]: row[1] for row in rows})
