"""One sender in a process of its own, for so many seconds: `python -m bench.scale_run SECONDS`. Prints what a round
of claim and settle took, what a look took, and the most memory it held."""

import asyncio
import json
import resource
import sys
import time
from dataclasses import dataclass, field

import uvloop

from bench.scale_figures import quantile
from core import http
from core.config import get_settings
from core.db import make_engine, make_session_factory
from services.sending import Engine, quiet_collector


@dataclass(slots=True)
class TimedEngine(Engine):
    """The engine with a stop-watch."""

    ticks: list[float] = field(default_factory=list)
    looks: list[float] = field(default_factory=list)

    async def _tick(self) -> bool:
        began = time.monotonic()
        has_worked = await Engine._tick(self)
        if has_worked:
            self.ticks.append(time.monotonic() - began)
        return has_worked

    async def _look(self, *, woken: bool) -> float:
        took = await Engine._look(self, woken=woken)
        self.looks.append(took)
        return took


async def run(engine: TimedEngine, seconds: float) -> None:
    """Until the time is up, counted from the first picture on."""
    tasks = [asyncio.create_task(engine.run_looks()), asyncio.create_task(engine.run())]
    while not engine.looks:
        await asyncio.sleep(0.01)
    await asyncio.sleep(seconds)
    engine.stop()
    await asyncio.gather(*tasks)


def main() -> None:
    http.configure(allow_private_hosts=True)
    engine = TimedEngine(make_session_factory(make_engine(get_settings().database_url, pool_size=6)))
    quiet_collector()
    uvloop.run(run(engine, float(sys.argv[1])))
    said = {
        "tick_p50": quantile(engine.ticks, 0.5),
        "tick_p99": quantile(engine.ticks, 0.99),
        "ticks": len(engine.ticks),
        "look_p50": quantile(engine.looks, 0.5),
        "settled": engine.settled_messages,
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
