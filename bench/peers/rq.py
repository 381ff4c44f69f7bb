"""RQ: `rq worker-pool`, a process that forks one more for each job."""

from redis import Redis
from rq import Queue

from bench.peers.blocking import send
from bench.peers.common import REDIS, ids


def enqueue() -> None:
    queue = Queue("bench", connection=Redis.from_url(REDIS))
    queue.enqueue_many([Queue.prepare_data(send, (one,), result_ttl=0) for one in ids()])
