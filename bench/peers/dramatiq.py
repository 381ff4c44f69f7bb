"""Dramatiq: threads over Redis, prefetching; only the middleware that its delivery promise needs."""

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries

from bench.peers.blocking import send
from bench.peers.common import IN_FLIGHT, REDIS, ids

broker = RedisBroker(url=REDIS, max_connections=IN_FLIGHT + 10, middleware=[Retries(max_retries=3)])
dramatiq.set_broker(broker)


@dramatiq.actor
def send_row(row_id: int) -> None:
    send(row_id)


def enqueue() -> None:
    for one in ids():
        send_row.send(one)
