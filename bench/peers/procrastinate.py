"""Procrastinate: PostgreSQL is its queue, in the same database; one asynchronous worker."""

import asyncio

import uvloop
from procrastinate import App, PsycopgConnector

from bench.peers.common import DSN, IN_FLIGHT, OPTIONS, ids
from bench.peers.concurrent import Work

app = App(connector=PsycopgConnector(conninfo=DSN, kwargs={"options": OPTIONS}, min_size=1, max_size=16))
started: list[Work] = []


@app.task(name="send")
async def send(row_id: int) -> None:
    await started[0].send(row_id)


async def fill() -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await send.batch_defer_async(*({"row_id": one} for one in ids()))


async def run() -> None:
    started.append(await Work.start())
    async with app.open_async():
        await app.run_worker_async(concurrency=IN_FLIGHT, fetch_job_polling_interval=0.5)


def enqueue() -> None:
    asyncio.run(fill())


def work() -> None:
    uvloop.run(run())
