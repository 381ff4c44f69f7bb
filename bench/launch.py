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
FEW: Final = "Alguns"
FEW_LEADS: Final = """
WITH made AS (
    INSERT INTO lead_lists (tenant_id, name, lead_count) VALUES (:tenant, 'Alguns', 100) RETURNING id
)
INSERT INTO lead_list_members (tenant_id, list_id, lead_id)
SELECT :tenant, made.id, l.id FROM made, (SELECT id FROM leads WHERE tenant_id = :tenant ORDER BY id LIMIT 100) l
"""
CLAIMED_SINCE: Final = """
SELECT 1 FROM campaign_contacts WHERE tenant_id = :tenant AND campaign_id = :id
   AND claimed_at > to_timestamp(:since) LIMIT 1
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
            for statement in (LEADS, FEW_LEADS, OPTED_OUT):
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


def draft(session: Session, tenant: int, list_name: str = "Todos", *, at: datetime | None = None) -> int:
    lists = session.execute(
        text("SELECT id FROM lead_lists WHERE tenant_id = :tenant AND name = :name"),
        {"tenant": tenant, "name": list_name},
    ).scalars()
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
        """A few people scheduled for a second to come; then all of them, opted out of, paused, resumed, cancelled."""
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
        few = self.started(FEW, at)
        scheduled = self.first_claim(few) - at.timestamp()
        campaign = self.started("Todos", None)
        self.until("SELECT 1 FROM campaigns WHERE tenant_id = :tenant AND id = :id AND status = 'running'", campaign)
        written = time.time()
        launched = self.first_claim(campaign) - written
        opted_out = self.opt_out(campaign)
        paused = self.silence(campaign, campaigns.pause_campaign)
        self.do(lambda session: campaigns.resume_campaign(session, self.tenant, campaign, actor=None, now=utcnow()))
        self.until(CLAIMED_SINCE, campaign, since=time.time())
        cancelled = self.silence(campaign, campaigns.cancel_campaign, now=utcnow())
        self.do(lambda session: campaigns.cancel_pending(session, self.tenant, campaign))
        return {
            "launch to first message": launched,
            "schedule to first message": scheduled,
            "pause to silence": paused,
            "cancel to silence": cancelled,
            "opt-out to silence": opted_out,
        }

    def started(self, name: str, at: datetime | None) -> int:
        """A campaign to the list of this name whose button has been pressed -> its id."""
        campaign: int = self.do(lambda session: draft(session, self.tenant, name, at=at))
        self.do(lambda session: campaigns.start_campaign(session, self.tenant, campaign, actor=None, now=utcnow()))
        return campaign

    def first_claim(self, campaign: int) -> float:
        return self.until(
            "SELECT extract(epoch FROM min(claimed_at)) FROM campaign_contacts"
            " WHERE tenant_id = :tenant AND campaign_id = :id",
            campaign,
        )

    def silence(self, campaign: int, steer: Callable[..., Any], **said: Any) -> float:
        """From the commit to the last claim made after it (0 when none was)."""
        self.do(lambda session: steer(session, self.tenant, campaign, actor=None, **said))
        at = time.time()
        time.sleep(1.5)
        last = self.until(
            "SELECT extract(epoch FROM max(claimed_at)) FROM campaign_contacts"
            " WHERE tenant_id = :tenant AND campaign_id = :id",
            campaign,
        )
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

    def until(self, question: str, campaign: int, **said: Any) -> float:
        """The answer, once there is one."""
        who = {"tenant": self.tenant, "id": campaign} | said
        deadline = time.monotonic() + LONGEST
        while time.monotonic() < deadline:
            answer = self.do(lambda session: session.execute(text(question), who).scalar())
            if answer is not None:
                return float(answer)
            time.sleep(0.02)
        raise RuntimeError(f"no answer: {question}")

    def do(self, work: Callable[[Session], Any]) -> Any:
        with tenant_scope(self.tenant), unit_of_work(self.factory) as session:
            return work(session)
