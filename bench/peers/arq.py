"""arq: one asynchronous worker, its own poll shortened so that waiting is never what is measured."""

import asyncio
from typing import Any

import uvloop
from arq import create_pool, run_worker
from arq.connections import RedisSettings

from bench.peers.common import IN_FLIGHT, REDIS_SOCKET, ids
from bench.peers.concurrent import Work

REDIS = RedisSettings(unix_socket_path=REDIS_SOCKET)


async def send(context: dict[str, Any], row_id: int) -> None:
    await context["work"].send(row_id)


async def start(context: dict[str, Any]) -> None:
    context["work"] = await Work.start()


class WorkerSettings:
    functions = (send,)
    on_startup = start
    redis_settings = REDIS
    max_jobs = IN_FLIGHT
    queue_read_limit = IN_FLIGHT * 2
    poll_delay = 0.01
    keep_result = 0
    health_check_interval = 3600


async def fill() -> None:
    pool = await create_pool(REDIS)
    places = iter(ids())
    await asyncio.gather(*(push(pool, places) for _ in range(50)))


async def push(pool: Any, places: Any) -> None:
    for one in places:
        await pool.enqueue_job("send", one)


def enqueue() -> None:
    asyncio.run(fill())


def work() -> None:
    asyncio.set_event_loop(uvloop.new_event_loop())
    run_worker(WorkerSettings)
