"""Stopping with `make`. Ctrl-C reaches everybody in the terminal; a signal sent to make alone reaches only make, which
then waits for us to end: it passes SIGTERM on, but not SIGINT."""

import os
import signal
import threading
import time
from pathlib import Path

LOOK_SECONDS = 0.5


def caught_signals(pid: int) -> int | None:
    """The signals a process handles, as /proc's bit mask; None when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:")), None)


def _is_make(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() in {"make", "gmake"}
    except OSError:
        return False


def _watch(make: int) -> None:
    """make gives SIGINT back its default handling as soon as it was interrupted (its `fatal_error_signal`)."""
    interrupt = 1 << (signal.SIGINT - 1)
    while os.getppid() == make and (caught_signals(make) or 0) & interrupt:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def stop_with_make() -> None:
    """From now on this process gets SIGTERM when the make that started it was interrupted or killed."""
    make = os.getppid()
    if _is_make(make):
        threading.Thread(target=_watch, args=(make,), daemon=True).start()
