"""`python -m core.alive sender|worker|clock`: exit 0 when a process of this host gave a sign of life within a minute.
What a container's health check asks; a load balancer asks `/healthz`."""

import socket
import sys
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Engine, func, select

from core.beats import BEATS
from core.config import get_settings
from core.db import make_engine

RECENT = timedelta(minutes=1)


def is_alive(engine: Engine, kind: str, host: str) -> bool:
    """Whether a process of this kind on `host` has written its beat lately."""
    recent = BEATS.c.beat_at > func.now() - RECENT
    mine = (BEATS.c.kind == kind, BEATS.c.name.startswith(f"{host}:", autoescape=True))
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(BEATS).where(recent, *mine)).scalar_one() > 0


def main(arguments: Sequence[str]) -> int:
    """The command line."""
    engine = make_engine(get_settings().database_url)
    return 0 if is_alive(engine, arguments[0], socket.gethostname()) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
