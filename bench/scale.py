"""Many tenants: what a round of claim and settle takes, how long a small tenant waits beside a huge one, and whether
equal tenants get equal shares.

1,000 tenants, 5,000 running campaigns, 10,000 numbers with a realistic pace and 5,000,000 pending rows under
`make bench-full`; a tenth of each, at ten times the pace, under `make bench`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.measure import Measure
from bench.scale_figures import jain, quantile
from bench.sender_messages import measured, stub
from bench.world import ROOT, World, add_campaign, add_numbers, add_tenant, running_world, session_on
from core.crypto import key_ring

TENANTS: Final = 1_000
CAMPAIGNS_EACH: Final = 5
NUMBERS_EACH: Final = 10
ROWS_EACH: Final = 1_000
PACE_MS: Final = (45_000, 120_000)
SECONDS: Final = 30.0
HUGE: Final = 1_000_000
SMALL: Final = 10
SMALL_TENANTS: Final = 10
EQUAL_TENANTS: Final = 20

CROWD: Final = (
    "INSERT INTO plans (slug, name, daily_messages, max_instances, max_leads, pace_floor_ms, ai_usd_micros_per_month,"
    " price_centavos) VALUES ('bench', 'Bench', 10000000, 100000, 100000000, 0, 0, 0) ON CONFLICT (slug) DO NOTHING",
    "INSERT INTO tenants (name, email) SELECT 'Bench ' || i, 'bench' || i || '@example.com'"
    " FROM generate_series(1, :tenants) i",
    "INSERT INTO licences (tenant_id, source, external_key, plan_slug, starts_at, has_no_end)"
    " SELECT id, 'manual', 'bench', 'bench', now() - interval '1 day', true FROM tenants",
    "INSERT INTO instances (tenant_id, name, connector, base_url, instance_key, sealed_credentials, webhook_token_hash,"
    " sealed_webhook_token, status, min_interval_ms, max_interval_ms, is_sandbox, next_allowed_at)"
    " SELECT t.id, 'n' || i, 'mega_api', :url, 'bench', '', md5(t.id || '-' || i), '-', 'connected', :low, :high, true,"
    " now() + random() * make_interval(secs => (:low + :high) / 2000.0)"
    " FROM tenants t, generate_series(1, :numbers) i",
    "INSERT INTO campaigns (tenant_id, name, status, started_at)"
    " SELECT t.id, 'Bench ' || i, 'running', now() FROM tenants t, generate_series(1, :campaigns) i",
    "INSERT INTO campaign_counts (tenant_id, campaign_id, total, pending)"
    " SELECT tenant_id, id, :rows, :rows FROM campaigns",
    "INSERT INTO campaign_messages (tenant_id, campaign_id, position, content)"
    " SELECT c.tenant_id, c.id, i, 'Olá {nome}, esta é a variação ' || i FROM campaigns c, generate_series(1, 3) i",
    "INSERT INTO campaign_instances (tenant_id, campaign_id, instance_id)"
    " SELECT c.tenant_id, c.id, i.id FROM campaigns c JOIN instances i ON i.tenant_id = c.tenant_id",
    "INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, name)"
    " SELECT tenant_id, id, p, p, 'Pessoa ' || right(p, 4) FROM (SELECT c.tenant_id, c.id,"
    " (5511900000000 + (c.id * 1009 + i) % 100000000)::text AS p FROM campaigns c, generate_series(1, :rows) i) q",
)
WAITS: Final = """
SELECT extract(epoch FROM c.claimed_at - k.started_at) FROM campaign_contacts c
JOIN campaigns k ON k.tenant_id = c.tenant_id AND k.id = c.campaign_id
WHERE c.tenant_id = ANY(:tenants) AND c.claimed_at IS NOT NULL
"""


def run(*, full: bool = False) -> list[Measure]:
    """Ticks, waits and shares, each in a database of its own."""
    with running_world() as world, stub() as provider:
        return [*crowd(world, provider, full=full), *small_beside_huge(world, provider, full=full),
                *equal_tenants(world, provider)]  # fmt: skip


def crowd(world: World, provider: str, *, full: bool) -> list[Measure]:
    """A round of claim and settle among everybody."""
    share = 1 if full else 10
    low, high = (one // share for one in PACE_MS)
    who = {"tenants": TENANTS // share, "campaigns": CAMPAIGNS_EACH, "numbers": NUMBERS_EACH, "rows": ROWS_EACH,
           "low": low, "high": high, "url": provider}  # fmt: skip
    with world.database() as url:
        fill(url, who)
        found = measured("bench.scale_run", SECONDS * (2 if full else 1), environment=world.environment(url))
    said = f"{TENANTS // share:,} tenants, {TENANTS * CAMPAIGNS_EACH * ROWS_EACH // share:,} rows"
    return [
        Measure("scale tick p99", 1000 * found["tick_p99"], "ms", said, target=250, is_at_most=True),
        Measure("scale tick p50", 1000 * found["tick_p50"], "ms", f"{found['ticks']:,} ticks"),
        Measure("scale look p50", 1000 * found["look_p50"], "ms", f"{found['settled']:,} messages sent"),
        Measure("scale memory", found["rss_mb"], "MB", said, target=200, is_at_most=True),
    ]


def fill(url: str, who: Mapping[str, Any]) -> None:
    for statement in CROWD:
        with session_on(url) as session:
            session.execute(text(statement), who)
    seal_numbers(url)


def seal_numbers(url: str) -> None:
    """Each tenant's numbers get credentials that open."""
    with session_on(url) as session:
        tenants = session.execute(text("SELECT id FROM tenants")).scalars().all()
        sealed = [key_ring().seal(json.dumps({"token": "t"}), bound_to=f"instances:{one}:bench") for one in tenants]
        session.execute(
            text(
                "UPDATE instances i SET sealed_credentials = u.sealed"
                " FROM unnest(CAST(:tenants AS bigint[]), CAST(:sealed AS text[])) AS u(tenant_id, sealed)"
                " WHERE i.tenant_id = u.tenant_id"
            ),
            {"tenants": list(tenants), "sealed": sealed},
        )


def small_beside_huge(world: World, provider: str, *, full: bool) -> list[Measure]:
    """Ten tenants with ten messages come one after the other while one with a million is being served."""
    with world.database() as url:
        with session_on(url) as session:
            huge = add_tenant(session)
            add_numbers(session, huge, provider, 200)
            add_campaign(session, huge, HUGE if full else HUGE // 10)
        command = [sys.executable, "-m", "bench.scale_run", "25"]
        sender = subprocess.Popen(command, cwd=ROOT, env=world.environment(url), stdout=subprocess.DEVNULL)
        small = []
        try:
            time.sleep(5)
            for _ in range(SMALL_TENANTS):
                with session_on(url) as session:
                    small.append(one_small(session, provider))
                time.sleep(1.5)
        finally:
            sender.wait()
        with session_on(url) as session:
            waits = [float(one) for one in session.execute(text(WAITS), {"tenants": small}).scalars()]
    missing = SMALL * SMALL_TENANTS - len(waits)
    p95 = quantile([*waits, *[float("inf")] * missing], 0.95)
    return [Measure("small tenant wait p95", p95, "s", "beside a huge one", target=2, is_at_most=True)]


def one_small(session: Session, provider: str) -> int:
    tenant = add_tenant(session)
    add_numbers(session, tenant, provider, 1)
    add_campaign(session, tenant, SMALL)
    return tenant


def equal_tenants(world: World, provider: str) -> list[Measure]:
    """Twenty tenants that could each take all the time there is."""
    with world.database() as url:
        with session_on(url) as session:
            for _ in range(EQUAL_TENANTS):
                tenant = add_tenant(session)
                add_numbers(session, tenant, provider, 20)
                add_campaign(session, tenant, 5_000)
        measured("bench.scale_run", 10, environment=world.environment(url))
        with session_on(url) as session:
            shares = session.execute(text("SELECT sent FROM campaign_counts")).scalars().all()
    said = f"{EQUAL_TENANTS} tenants, {sum(shares):,} messages, load {os.getloadavg()[0]:.1f}"
    return [Measure("Jain's fairness", jain(shares), "", said, target=0.99)]
