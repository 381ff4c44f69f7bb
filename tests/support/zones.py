"""Time zones of our own, so that a tenant's midnight comes when a test needs it.

PostgreSQL reads a name it doesn't know as a POSIX rule ("MID+03:17" is 3 h 17 min west of Greenwich). Python reads a
file of that name from its zone path. So one name means the same to both, and no clock is touched.
"""

import os
import struct
import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path


def search_path(folder: Path) -> str:
    """PYTHONTZPATH for a process that is to know the zones of `folder` besides all others."""
    return os.pathsep.join([str(folder), *zoneinfo.TZPATH])


def zone_whose_midnight_is_at(moment: datetime, folder: Path) -> str:
    """Make a zone in `folder` in which a day begins at `moment` (UTC, a whole minute) -> its name."""
    west = timedelta(hours=moment.hour, minutes=moment.minute)
    east = west > timedelta(hours=12)
    distance = timedelta(days=1) - west if east else west
    hours, minutes = divmod(int(distance.total_seconds()) // 60, 60)
    name = f"MID{'-' if east else '+'}{hours:02d}:{minutes:02d}"
    seconds = int(distance.total_seconds()) * (1 if east else -1)
    header = b"TZif" + b"\0" * 16 + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    (folder / name).write_bytes(header + struct.pack(">lbb", seconds, 0, 0) + b"MID\0")
    return name
