"""A container's health check believes only a recent beat of its own host."""

import socket
from datetime import timedelta

from sqlalchemy import func, update

from core.alive import is_alive, main
from core.beats import BEATS, Pulse
from core.config import Settings
from core.db import make_engine


def test_a_process_is_alive_for_a_minute_after_its_beat(settings: Settings) -> None:
    engine = make_engine(settings.database_url)
    host = socket.gethostname()
    Pulse(engine, "sender").tick()
    assert is_alive(engine, "sender", host)
    assert main(["sender"]) == 0
    assert not is_alive(engine, "clock", host)
    assert not is_alive(engine, "sender", "another-host")
    with engine.begin() as connection:
        connection.execute(update(BEATS).values(beat_at=func.now() - timedelta(minutes=2)))
    assert not is_alive(engine, "sender", host)
    assert main(["sender"]) == 1
