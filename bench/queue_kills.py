"""`python -m bench.queue_kills [NAME ...]`: what one kill -9 of a queue's worker in the middle of its work loses or
repeats, for `docs/benchmarks.md`. (Our own sender's kills are tests: tests/services/sending/test_crash.py.)

The worker is killed after a third of 600 messages (80 for RQ) and started again; when nothing more is sent for 45 s,
the provider's ledger and the rows are compared. Queues that redeliver later than that say in their documentation when.
"""

import sys
import time
from dataclasses import replace
from typing import Final

import requests

from bench.queue_peers import PEERS, Peer
from bench.queues import enqueued, first_post, working, written
from bench.sender_messages import stub
from bench.world import World, running_world

COUNT: Final = 600
IN_FLIGHT: Final = 50
QUIET_SECONDS: Final = 45.0


def main() -> None:
    """One line a queue, as each comes."""
    names = {one.lower() for one in sys.argv[1:]}
    tried: set[str] = set()
    with running_world() as world:
        for peer in PEERS:
            if peer.name in tried or (names and peer.name.lower() not in names):
                continue
            tried.add(peer.name)
            one_kill(world, replace(peer, count=min(COUNT, peer.count // 5), in_flight=min(peer.in_flight, IN_FLIGHT)))


def one_kill(world: World, peer: Peer) -> None:
    with world.database() as database_url, stub("ledger") as url:
        environment = enqueued(world, peer, database_url, url)
        with working(peer, world, environment) as output:
            first_post(url, peer, output)
            while requests.get(url, timeout=10).json()["taken"] < peer.count // 3:
                time.sleep(0.005)
        with working(peer, world, environment):
            found = when_quiet(url)
        rows, _ = written(environment["BENCH_DSN"])
    people, taken = found["people"], found["taken"]
    print(
        f"{peer.label}: {peer.count - people} of {peer.count} never sent, {taken - people} sent twice,"
        f" {people - rows} sent without the row knowing",
        flush=True,
    )


def when_quiet(url: str) -> dict[str, int]:
    """The ledger once it has not grown for a while, or is complete."""
    found: dict[str, int] = requests.get(url, timeout=10).json()
    since = time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        time.sleep(0.5)
        now: dict[str, int] = requests.get(url, timeout=10).json()
        if now["taken"] != found["taken"]:
            found, since = now, time.monotonic()
    return found


if __name__ == "__main__":
    main()
