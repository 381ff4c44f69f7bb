"""taskiq: Redis streams (acknowledged when done) or a list (BENCH_BROKER=list), asynchronous tasks."""

import asyncio
import os
from typing import Annotated

import taskiq_redis
from taskiq import Context, TaskiqDepends, TaskiqEvents, TaskiqState

from bench.peers.common import IN_FLIGHT, REDIS, ids
from bench.peers.concurrent import Work

broker = (
    taskiq_redis.ListQueueBroker(REDIS, max_connection_pool_size=IN_FLIGHT)
    if os.environ.get("BENCH_BROKER") == "list"
    else taskiq_redis.RedisStreamBroker(REDIS, max_connection_pool_size=IN_FLIGHT, xread_count=100)
)


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def start(state: TaskiqState) -> None:
    state.work = await Work.start()


@broker.task(task_name="send")
async def send(row_id: int, context: Annotated[Context, TaskiqDepends()]) -> None:
    await context.state.work.send(row_id)


async def fill() -> None:
    await broker.startup()
    places = iter(ids())

    async def push() -> None:
        for one in places:
            await send.kiq(one)

    await asyncio.gather(*(push() for _ in range(50)))
    await broker.shutdown()


def enqueue() -> None:
    asyncio.run(fill())
