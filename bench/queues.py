"""The sender's whole path beside eight queues that merely read a row, POST, and write the provider's id back.

Same rows, same PostgreSQL, same Redis, same provider (20 ms), same number in flight and each queue's own best; rounds
alternate and medians are compared. The queues' jobs are enqueued before the clock starts; it runs from the first POST
to the last row written. Ours does its limits, pace, health, counters and log all the while.
"""

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Final

import psycopg2
import requests
from redis import Redis
from sqlalchemy.engine import make_url

from bench.measure import Measure
from bench.queue_peers import IN_FLIGHT, PEERS, Peer
from bench.sender_messages import measured, sender_round, stub
from bench.world import ROOT, World, add_campaign, add_tenant, running_world, session_on

MESSAGES: Final = 20_000
ROUNDS: Final = 3
WINDOW_SECONDS: Final = 6.0
"""A queue works this long at most: the slow ones don't cost the whole run."""
START_SECONDS: Final = 60.0
WRITTEN: Final = """
SELECT count(*), COALESCE(extract(epoch FROM max(sent_at)), 0) FROM campaign_contacts WHERE status = 'sent'
"""
TARGETS: Final = {"bare aiohttp": 0.40, "best Python queue": 2.0, "Celery": 5.0, "BullMQ": 1.0}


def run(*, full: bool = False) -> list[Measure]:
    """Ours against each; the best setting of each queue counts."""
    rates: dict[str, list[float]] = defaultdict(list)
    with running_world() as world:
        for number in range(5 if full else ROUNDS):
            one_round(world, rates)
            say(f"round {number + 1}, load {os.getloadavg()[0]:.1f}")
    return measures({name: statistics.median(found) for name, found in rates.items()})


def one_round(world: World, rates: dict[str, list[float]]) -> None:
    """Every system once, ours and bare aiohttp twice: before and after the others, so that a slow spell of the machine
    meets them too."""
    yardsticks(world, rates)
    for peer in PEERS:
        rate = peer_rate(world, peer)
        rates[peer.label].append(rate)
        say(f"  {peer.label}: {rate:,.0f}/s")
    yardsticks(world, rates)


def yardsticks(world: World, rates: dict[str, list[float]]) -> None:
    with stub() as url:
        post = f"{url}/rest/sendMessage/bench/text"
        rates["bare aiohttp"].append(MESSAGES / measured("bench.bare_client", post, MESSAGES, IN_FLIGHT)["seconds"])
        rates["ours"].append(MESSAGES / sender_round(world, url, MESSAGES)["seconds"])
    say(f"  bare aiohttp: {rates['bare aiohttp'][-1]:,.0f}/s, ours: {rates['ours'][-1]:,.0f}/s")


def measures(rates: Mapping[str, float]) -> list[Measure]:
    """One line a setting for the reader, then the four promises."""
    ours = rates["ours"]
    shown = [
        Measure(f"queue {label}", rate, "messages/s", f"ours: {ours:,.0f}/s", rate / ours)
        for label, rate in rates.items()
        if label not in ("ours", "bare aiohttp")
    ]
    best = {peer.name: max(rates[one.label] for one in PEERS if one.name == peer.name) for peer in PEERS}
    held = {
        "bare aiohttp": rates["bare aiohttp"],
        "best Python queue": max(best[peer.name] for peer in PEERS if peer.is_python),
        "Celery": best["Celery"],
        "BullMQ": best["BullMQ"],
    }
    return shown + [
        Measure(f"sender / {name}", ours, "messages/s", f"{name}: {rate:,.0f}/s", ours / rate, TARGETS[name])
        for name, rate in held.items()
    ]


def peer_rate(world: World, peer: Peer) -> float:
    """Messages per second from the first POST to the last row written (6 s at most), on a fresh database and an empty
    Redis."""
    with world.database() as database_url, stub() as url:
        environment = enqueued(world, peer, database_url, url)
        with working(peer, world, environment) as output:
            began = first_post(url, peer, output)
            while time.time() < began + WINDOW_SECONDS and written(environment["BENCH_DSN"])[0] < peer.count:
                time.sleep(0.1)
            rows, last_at = written(environment["BENCH_DSN"])
        return rows / (last_at - began)


def enqueued(world: World, peer: Peer, database_url: str, provider: str) -> dict[str, str]:
    """Make the rows and the queue's jobs -> what the worker needs to know."""
    with Redis.from_url(world.redis_url) as redis:
        redis.flushall()
    with session_on(database_url) as session:
        tenant_id = add_tenant(session)
        campaign_id = add_campaign(session, tenant_id, peer.count)
    environment = peer_environment(world, peer, database_url, provider) | {
        "BENCH_TENANT": str(tenant_id),
        "BENCH_CAMPAIGN": str(campaign_id),
    }
    said = peer.program(peer.enqueue, world.redis_url)
    subprocess.run(said, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    return environment


def peer_environment(world: World, peer: Peer, database_url: str, provider: str) -> dict[str, str]:
    dsn = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    return (
        os.environ
        | peer.variables
        | {
            "BENCH_DSN": dsn,
            "BENCH_REDIS": world.redis_url,
            "BENCH_REDIS_SOCKET": str(world.services.layout.redis_socket),
            "BENCH_PROVIDER": provider,
            "BENCH_COUNT": str(peer.count),
            "BENCH_IN_FLIGHT": str(peer.in_flight),
            "PYTHONPATH": str(ROOT),
        }
    )


@contextmanager
def working(peer: Peer, world: World, environment: dict[str, str]) -> Iterator[IO[str]]:
    """The queue's worker, in a process group of its own, ended with all its children."""
    with tempfile.TemporaryFile("w+") as output:
        command = peer.program(peer.command, world.redis_url)
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            yield output
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def first_post(url: str, peer: Peer, output: IO[str]) -> float:
    """When the provider took the first message; RuntimeError with the worker's last words when none comes."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = requests.get(url, timeout=10).json()
        if found["taken"]:
            return float(found["first_at"])
        time.sleep(0.05)
    output.seek(0)
    raise RuntimeError(f"{peer.label} sent nothing:\n{output.read()[-3000:]}")


def written(dsn: str) -> tuple[int, float]:
    """Rows with the provider's id so far, and when (epoch seconds) the last of them was written."""
    connection = psycopg2.connect(dsn, options="-c app.scope=system")
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(WRITTEN)
            rows, last_at = cursor.fetchone() or (0, 0.0)
            return int(rows), float(last_at)
    finally:
        connection.close()


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
