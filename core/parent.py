"""Stopping with `make`. Ctrl-C reaches everybody in the terminal; a signal sent to make alone reaches only make, which
then waits for us to end: it passes SIGTERM on, but not SIGINT or SIGHUP."""

import os
import signal
import threading
import time
from pathlib import Path

LOOK_SECONDS = 0.5
ENDINGS = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGHUP - 1)


def caught_endings(pid: int) -> int | None:
    """Which of the signals that mean "end" a process handles itself, as a bit mask; None when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    return next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:")) & ENDINGS


def _is_make(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() in {"make", "gmake"}
    except OSError:
        return False


def _watch(make: int, before: int | None) -> None:
    """make gives a signal its default handling back as soon as it got it (`fatal_error_signal`). One that was started
    in the background of a script ignores SIGINT from the beginning."""
    while os.getppid() == make and caught_endings(make) == before:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def stop_with_make() -> None:
    """From now on this process gets SIGTERM when the make that started it was interrupted or killed."""
    make = os.getppid()
    if _is_make(make):
        threading.Thread(target=_watch, args=(make, caught_endings(make)), daemon=True).start()
