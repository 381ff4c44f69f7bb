"""A large launch beside a bare INSERT ... SELECT of the same people into the same table; then how quickly a daemon
sends its first message, and how quickly pause, cancel and an opt-out take hold.

The yardstick writes the same columns for the same leads, without looking at lists, opt-outs or variables.
"""

import asyncio
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.measure import Measure
from bench.sender_messages import stub
from bench.world import add_numbers, add_tenant, factory_on, running_world, session_on
from core import http
from core.clock import utcnow
from core.db import SessionFactory, unit_of_work
from core.tenancy import system_scope, tenant_scope
from services import campaigns
from services.sending import Daemon, Engine

PEOPLE: Final = 100_000
FULL_PEOPLE: Final = 1_000_000
NUMBERS: Final = 20
ROUNDS: Final = 3
SAMPLES: Final = 5
LONGEST: Final = 120.0

LEADS: Final = """
WITH made AS (
    INSERT INTO lead_lists (tenant_id, name, lead_count) VALUES (:tenant, 'Todos', :people) RETURNING id
), people AS (
    INSERT INTO leads (tenant_id, phone, phone_key, name, city, extra, legal_basis)
    SELECT :tenant, p, p, 'Pessoa ' || right(p, 4), 'Santos', '{"valor": "10"}', 'customer'
    FROM (SELECT (5511900000000 + i)::text AS p FROM generate_series(1, :people) i ORDER BY random()) q
    RETURNING id
)
INSERT INTO lead_list_members (tenant_id, list_id, lead_id) SELECT :tenant, made.id, people.id FROM made, people
"""
OPTED_OUT: Final = """
INSERT INTO suppressions (tenant_id, phone_key, phone, reason)
SELECT tenant_id, phone_key, phone, 'opt_out' FROM leads WHERE tenant_id = :tenant AND id % 50 = 0
"""
BARE: Final = """
INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, lead_id, name, variables)
SELECT tenant_id, :campaign, phone, phone_key, id, name, jsonb_build_object('cidade', city)
FROM leads WHERE tenant_id = :tenant
"""


def run(*, full: bool = False) -> list[Measure]:
    """Rows a second of both, alternating; then the daemon's times, medians of five."""
    people = FULL_PEOPLE if full else PEOPLE
    with running_world() as world, stub() as provider, world.database() as url:
        with session_on(url) as session:
            tenant = add_tenant(session)
            add_numbers(session, tenant, provider, NUMBERS)
            who = {"tenant": tenant, "people": people}
            for statement in (LEADS, OPTED_OUT, "ANALYZE leads", "ANALYZE lead_list_members"):
                session.execute(text(statement), who)
        factory = factory_on(url)
        ours, bare = [], []
        for _ in range(1 if full else ROUNDS):
            bare.append(bare_seconds(factory, tenant))
            ours.append(launch_seconds(factory, tenant))
        http.configure(allow_private_hosts=True)
        times = asyncio.run(Steering(factory, tenant).measured())
    return launch_measures(people, statistics.median(ours), statistics.median(bare)) + times


def launch_measures(people: int, ours: float, bare: float) -> list[Measure]:
    unit = f"rows/s of {people:,}"
    return [Measure("launch", people / ours, unit, f"bare INSERT: {people / bare:,.0f}/s", bare / ours, 0.5)]


def draft(session: Session, tenant: int, *, at: datetime | None = None) -> int:
    lists = session.execute(text("SELECT id FROM lead_lists WHERE tenant_id = :tenant"), {"tenant": tenant}).scalars()
    numbers = session.execute(text("SELECT id FROM instances WHERE tenant_id = :tenant"), {"tenant": tenant}).scalars()
    said = campaigns.CampaignInput(
        name="Lançamento",
        messages=["Oi {nome}, tudo bem em {cidade}?"],
        lists=list(lists),
        instances=list(numbers),
        window=None,
        schedule_at=at,
    )
    return campaigns.create_campaign(session, tenant, said, actor=None, now=utcnow()).id


def launch_seconds(factory: SessionFactory, tenant: int) -> float:
    """As the sender launches it, commit included; what it wrote is removed afterwards."""
    with tenant_scope(tenant):
        with unit_of_work(factory) as session:
            campaign = draft(session, tenant)
            campaigns.start_campaign(session, tenant, campaign, actor=None, now=utcnow())
        began = time.monotonic()
        with unit_of_work(factory) as session:
            campaigns.start_scheduled_campaign(session, tenant, campaign, utcnow())
        took = time.monotonic() - began
    clear(factory)
    return took


def bare_seconds(factory: SessionFactory, tenant: int) -> float:
    with tenant_scope(tenant):
        with unit_of_work(factory) as session:
            campaign = draft(session, tenant)
        began = time.monotonic()
        with unit_of_work(factory) as session:
            session.execute(text(BARE), {"tenant": tenant, "campaign": campaign})
        took = time.monotonic() - began
    clear(factory)
    return took


def clear(factory: SessionFactory) -> None:
    """An empty ledger for the next round: dead rows of one would slow the next down."""
    with system_scope("bench"), unit_of_work(factory) as session:
        session.execute(text("TRUNCATE campaign_contacts"))
        session.execute(text("UPDATE campaign_counts SET total = 0, pending = 0, suppressed = 0"))
        session.execute(text("UPDATE campaigns SET status = 'cancelled'"))


class Steering:
    """A daemon of this process's own, and a person who steers. Times in seconds."""

    def __init__(self, factory: SessionFactory, tenant: int) -> None:
        self.factory = factory
        self.tenant = tenant

    async def measured(self) -> list[Measure]:
        engine = Engine(self.factory)
        running = asyncio.create_task(Daemon(engine).run())
        try:
            found = [await asyncio.to_thread(self.once) for _ in range(SAMPLES)]
        finally:
            engine.stop()
            await running
        return [
            Measure(name, statistics.median(one[name] for one in found), "s", "", None, most, is_at_most=True)
            for name, most in (("launch to first message", 2.0), ("schedule to first message", 2.0),
                               ("pause to silence", 1.0), ("cancel to silence", 1.0), ("opt-out to silence", 1.0))
        ]  # fmt: skip

    def once(self) -> dict[str, float]:
        """One campaign scheduled, paused, resumed, and cancelled; one more, launched by hand."""
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
        campaign = self.do(lambda session: draft(session, self.tenant, at=at))
        self.do(lambda session: campaigns.start_campaign(session, self.tenant, campaign, actor=None, now=utcnow()))
        written = self.until("SELECT extract(epoch FROM started_at) FROM campaigns WHERE id = :id", campaign)
        first = self.until("SELECT extract(epoch FROM min(claimed_at)) FROM campaign_contacts WHERE campaign_id = :id",
                           campaign)  # fmt: skip
        became_visible = self.until(
            "SELECT extract(epoch FROM min(created_at)) FROM campaign_logs"
            " WHERE campaign_id = :id AND log_type = 'started'",
            campaign,
        )
        opted_out = self.opt_out(campaign)
        paused = self.silence(campaign, campaigns.pause_campaign)
        self.do(lambda session: campaigns.resume_campaign(session, self.tenant, campaign, actor=None, now=utcnow()))
        cancelled = self.silence(campaign, campaigns.cancel_campaign, now=utcnow())
        return {
            "launch to first message": first - max(became_visible, written),
            "schedule to first message": first - at.timestamp(),
            "pause to silence": paused,
            "cancel to silence": cancelled,
            "opt-out to silence": opted_out,
        }

    def silence(self, campaign: int, steer: Callable[..., Any], **said: Any) -> float:
        """From the commit to the last claim made after it (0 when none was)."""
        self.do(lambda session: steer(session, self.tenant, campaign, actor=None, **said))
        at = time.time()
        time.sleep(1.5)
        last = self.until("SELECT extract(epoch FROM max(claimed_at)) FROM campaign_contacts WHERE campaign_id = :id",
                          campaign)  # fmt: skip
        return max(0.0, last - at)

    def opt_out(self, campaign: int) -> float:
        """The next hundred people leave at once: from the commit to the last of them claimed after it."""
        who = {"tenant": self.tenant, "id": campaign}
        keys = self.do(
            lambda session: session.execute(
                text(
                    "INSERT INTO suppressions (tenant_id, phone_key, phone, reason)"
                    " SELECT tenant_id, phone_key, phone, 'opt_out' FROM campaign_contacts"
                    " WHERE tenant_id = :tenant AND campaign_id = :id AND status = 'pending' ORDER BY id LIMIT 500"
                    " ON CONFLICT DO NOTHING RETURNING phone_key"
                ),
                who,
            ).scalars().all()
        )  # fmt: skip
        at = time.time()
        time.sleep(1.5)
        last = self.do(
            lambda session: session.execute(
                text(
                    "SELECT COALESCE(extract(epoch FROM max(claimed_at)), 0) FROM campaign_contacts"
                    " WHERE tenant_id = :tenant AND campaign_id = :id AND phone_key = ANY(:keys)"
                ),
                who | {"keys": keys},
            ).scalar_one()
        )
        return max(0.0, float(last) - at)

    def until(self, question: str, campaign: int) -> float:
        """The answer, once there is one."""
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            answer = self.do(lambda session: session.execute(text(question), {"id": campaign}).scalar())
            if answer is not None:
                return float(answer)
            time.sleep(0.02)
        raise RuntimeError(f"no answer: {question}")

    def do(self, work: Callable[[Session], Any]) -> Any:
        with tenant_scope(self.tenant), unit_of_work(self.factory) as session:
            return work(session)
