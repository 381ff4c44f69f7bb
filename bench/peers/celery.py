"""Celery with its Redis broker: no results, acknowledged late or early as the harness says, prefetch tuned."""

import os

from celery import Celery, group

from bench.peers.blocking import send
from bench.peers.common import REDIS_SOCKET, ids

app = Celery("bench", broker=f"redis+socket://{REDIS_SOCKET}")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=os.environ.get("BENCH_ACKS") == "late",
    worker_prefetch_multiplier=4,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    worker_enable_remote_control=False,
)


@app.task(name="send")
def send_row(row_id: int) -> None:
    send(row_id)


def enqueue() -> None:
    with app.connection_for_write() as connection:
        group(send_row.s(one) for one in ids()).apply_async(connection=connection)
