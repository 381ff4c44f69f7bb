"""The work for peers with threads, greenlets or processes: a connection and a kept-alive pool for each process."""

from functools import cache

import psycopg_pool
import urllib3

from bench.peers.common import CAMPAIGN, DSN, HEADERS, IN_FLIGHT, OPTIONS, PROVIDER, READ, TENANT, WRITE, body_of, id_in

READ_ROW = READ.format("%s", "%s", "%s")
WRITE_ROW = WRITE.format("%s", "%s", "%s", "%s")
CONNECTIONS = 16
"""More than two cores can keep busy; a connection each for 200 threads would only cost memory."""


@cache
def database() -> psycopg_pool.ConnectionPool:
    return psycopg_pool.ConnectionPool(
        DSN,
        min_size=1,
        max_size=CONNECTIONS,
        kwargs={"options": OPTIONS, "autocommit": True, "prepare_threshold": 1},
        open=True,
        timeout=60,
    )


@cache
def provider() -> urllib3.HTTPConnectionPool:
    return urllib3.connection_from_url(PROVIDER, maxsize=IN_FLIGHT, block=True, retries=False, timeout=15)


def send(row_id: int) -> None:
    """Read the row, POST, update the row."""
    with database().connection() as connection:
        row = connection.execute(READ_ROW, (TENANT, CAMPAIGN, row_id)).fetchone()
    assert row is not None
    answer = provider().request("POST", "/rest/sendMessage/bench/text", body=body_of(*row), headers=HEADERS)
    assert answer.status == 200
    with database().connection() as connection:
        connection.execute(WRITE_ROW, (id_in(answer.data), TENANT, CAMPAIGN, row_id))
