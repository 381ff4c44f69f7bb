"""Huey: threads over a Redis list, results off."""

from huey import RedisHuey
from redis import BlockingConnectionPool

from bench.peers.blocking import send
from bench.peers.common import IN_FLIGHT, REDIS, ids

huey = RedisHuey(
    "bench",
    connection_pool=BlockingConnectionPool.from_url(REDIS, max_connections=IN_FLIGHT + 10),
    results=False,
)


@huey.task()
def send_row(row_id: int) -> None:
    send(row_id)


def enqueue() -> None:
    for one in ids():
        send_row(one)
