"""One sender in a process of its own: `python -m bench.sender_run COUNT` works on DATABASE_URL until COUNT messages
are settled, then prints seconds (first claim to last settle) and CPU."""

import asyncio
import cProfile
import json
import os
import pstats
import resource
import sys
import time

import uvloop

from core import http
from core.config import get_settings
from core.db import make_engine, make_session_factory
from services.sending import Engine, quiet_collector


async def run(engine: Engine, count: int) -> tuple[float, float]:
    """Seconds and CPU seconds from the first claim on."""
    looks = asyncio.create_task(engine.run_looks())
    work = asyncio.create_task(engine.run())
    while not engine.board.numbers:
        await asyncio.sleep(0.001)
    began, cpu = time.monotonic(), time.process_time()
    while engine.settled_messages < count:
        await asyncio.sleep(0.01)
    took = time.monotonic() - began, time.process_time() - cpu
    engine.stop()
    await asyncio.gather(looks, work)
    return took


def main() -> None:
    http.configure(allow_private_hosts=True)
    engine = Engine(make_session_factory(make_engine(get_settings().database_url, pool_size=6)))
    profile = cProfile.Profile() if os.environ.get("BENCH_PROFILE") else None
    if profile:
        profile.enable()
    quiet_collector()
    seconds, cpu = uvloop.run(run(engine, int(sys.argv[1])))
    if profile:
        profile.disable()
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(45)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "rss_mb": memory}))


if __name__ == "__main__":
    main()
