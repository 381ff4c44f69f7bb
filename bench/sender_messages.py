"""The sender's whole path (claim, render, limits, HTTP, settle, logs, counters) against a bare aiohttp client.

Same provider (20 ms of latency, in its own process), same number of requests in flight, same run, alternating; the
medians are compared. PostgreSQL is durable as in production and shares the machine.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.measure import Measure
from bench.queue_peers import IN_FLIGHT
from bench.world import ROOT, World, add_campaign, add_numbers, add_tenant, running_world, session_on

LATENCY_MS = 20
TARGET = 0.40
MESSAGES = 20_000
ROUNDS = 3


@contextmanager
def stub(*options: str) -> Iterator[str]:
    """The provider; its base URL."""
    command = [sys.executable, "-m", "bench.provider_stub", str(LATENCY_MS), *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


def measured(module: str, *arguments: object, environment: dict[str, str] | None = None) -> dict[str, Any]:
    """What a process of ours printed about itself."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment or dict(os.environ), stdout=subprocess.PIPE, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def sender_round(world: World, url: str, messages: int) -> dict[str, Any]:
    """One fresh database, one campaign, one sender; every message must have been settled as sent."""
    with world.database() as database_url:
        with session_on(database_url) as session:
            tenant_id = add_tenant(session)
            add_numbers(session, tenant_id, url, IN_FLIGHT)
            add_campaign(session, tenant_id, messages)
        return measured("bench.sender_run", messages, environment=world.environment(database_url))


def run(*, messages: int = MESSAGES, rounds: int = ROUNDS) -> list[Measure]:
    """Messages per second and CPU of both, medians of alternating rounds."""
    bare: list[dict[str, Any]] = []
    ours: list[dict[str, Any]] = []
    with running_world() as world, stub() as url:
        for _ in range(rounds):
            bare.append(measured("bench.bare_client", f"{url}/rest/sendMessage/bench/text", messages, IN_FLIGHT))
            ours.append(sender_round(world, url, messages))
    bare_rate = statistics.median(messages / one["seconds"] for one in bare)
    our_rate = statistics.median(messages / one["seconds"] for one in ours)
    yardstick = f"bare aiohttp, {IN_FLIGHT} in flight: {bare_rate:,.0f}/s"
    cpu = statistics.median(1e6 * one["cpu"] / messages for one in ours)
    bare_cpu = statistics.median(1e6 * one["cpu"] / messages for one in bare)
    return [
        Measure("sender messages", our_rate, "messages/s", yardstick, our_rate / bare_rate, TARGET),
        Measure("sender CPU", cpu, "ms per 1,000", f"bare aiohttp: {bare_cpu:.0f} ms", cpu / bare_cpu),
        Measure("sender memory", max(one["rss_mb"] for one in ours), "MB", target=200, is_at_most=True),
    ]
