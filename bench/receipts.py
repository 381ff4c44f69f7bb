"""Receipts out of the inbox: each message's three, ten times over and shuffled, and the state they end in.

Counted per core: what the process and its PostgreSQL backend spent, so that a neighbour on the machine changes little.
The yardstick is the contract's 1,500 receipts a second and core.
"""

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.measure import Measure
from bench.world import add_campaign, add_numbers, add_tenant, factory_on, running_world, session_on
from core.clock import utcnow
from core.db import SessionFactory, unit_of_work
from core.tenancy import system_scope
from services.sending.receipts import apply_inbox

MESSAGES: Final = 1_000
FULL_MESSAGES: Final = 10_000
NUMBERS: Final = 50
TIMES: Final = 10
STATUSES: Final = (2, 3, 4)
"""Mega API's codes: taken, delivered, read."""
TARGET: Final = 1_500.0
TICK: Final = os.sysconf("SC_CLK_TCK")


def run(*, full: bool = False) -> list[Measure]:
    """Receipts a second and core, and how many messages did not end as read (none may)."""
    messages = FULL_MESSAGES if full else MESSAGES
    with running_world() as world, world.database() as url:
        with session_on(url) as session:
            tenant_id = add_tenant(session)
            add_numbers(session, tenant_id, "http://127.0.0.1:9", NUMBERS)
            campaign_id = add_campaign(session, tenant_id, messages)
            mark_sent(session, tenant_id, campaign_id, messages)
            receipts = fill_inbox(session, tenant_id)
        factory = factory_on(url)
        seconds, cpu = apply_all(factory)
        with session_on(url) as session:
            wrong = messages - ended_well(session, tenant_id, campaign_id)
    per_core = receipts / cpu
    said = f"{receipts:,} receipts in {seconds:.1f} s"
    return [
        Measure("receipts per core", per_core, "receipts/s", said, target=TARGET),
        Measure("receipts lost or miscounted", wrong, "messages", target=0, is_at_most=True),
    ]


def mark_sent(session: Session, tenant_id: int, campaign_id: int, messages: int) -> None:
    """As the settle leaves them: taken by the provider under ids of its own."""
    who = {"tenant": tenant_id, "campaign": campaign_id, "count": messages, "numbers": NUMBERS}
    for statement in (
        "UPDATE campaign_contacts c SET status = 'sent', sent_at = now(), claimed_at = now(),"
        " claimed_day = current_date, provider_message_id = '3EB0' || lpad(c.id::text, 16, '0'), instance_id = n.id"
        " FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM instances WHERE tenant_id = :tenant) n"
        " WHERE c.tenant_id = :tenant AND c.campaign_id = :campaign AND c.id % :numbers = n.place",
        "UPDATE campaign_counts SET pending = 0, sent = :count WHERE tenant_id = :tenant AND campaign_id = :campaign",
        "UPDATE instances SET usage_day = current_date, sent_today = :count / :numbers WHERE tenant_id = :tenant",
    ):
        session.execute(text(statement), who)


def fill_inbox(session: Session, tenant_id: int) -> int:
    """Every receipt of every message ten times, shuffled -> how many."""
    sent = session.execute(
        text("SELECT instance_id, phone, provider_message_id FROM campaign_contacts WHERE tenant_id = :tenant"),
        {"tenant": tenant_id},
    ).all()
    calls = [(number, body) for number, phone, name in sent for body in bodies(phone, name)] * TIMES
    random.Random(7).shuffle(calls)
    for start in range(0, len(calls), 5_000):
        piece = calls[start : start + 5_000]
        session.execute(
            text(
                "INSERT INTO webhook_inbox (tenant_id, instance_id, body) SELECT :tenant, n, convert_to(b, 'UTF8')"
                " FROM unnest(CAST(:numbers AS bigint[]), CAST(:bodies AS text[])) AS u(n, b)"
            ),
            {"tenant": tenant_id, "numbers": [one[0] for one in piece], "bodies": [one[1] for one in piece]},
        )
    return len(calls)


def bodies(phone: str, name: str) -> Iterator[str]:
    for status in STATUSES:
        key = {"remoteJid": f"{phone}@s.whatsapp.net", "fromMe": True, "id": name}
        yield json.dumps({"messageType": "message.ack", "key": key, "update": {"status": status}})


def apply_all(factory: SessionFactory) -> tuple[float, float]:
    """Seconds, and CPU seconds of this process and its backend, until the inbox is empty."""
    began, cpu, spent = time.monotonic(), time.process_time(), 0.0
    with system_scope("bench"):
        taken = 1
        while taken:
            with unit_of_work(factory) as session:
                pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
                before = cpu_of(pid)
                taken = apply_inbox(session, utcnow())
                session.commit()
                spent += cpu_of(pid) - before
    return time.monotonic() - began, time.process_time() - cpu + spent


def cpu_of(pid: int) -> float:
    """CPU seconds of a process on this machine, to 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def ended_well(session: Session, tenant_id: int, campaign_id: int) -> int:
    """Messages that are read, when the counters say the same."""
    who = {"tenant": tenant_id, "campaign": campaign_id}
    rows: int = session.execute(
        text(
            "SELECT count(*) FROM campaign_contacts WHERE tenant_id = :tenant AND campaign_id = :campaign"
            " AND status = 'read' AND delivered_at IS NOT NULL"
        ),
        who,
    ).scalar_one()
    counted = session.execute(
        text("SELECT sent, delivered, read FROM campaign_counts WHERE tenant_id = :tenant AND campaign_id = :campaign"),
        who,
    ).one()
    return rows if set(counted) == {rows} else 0
