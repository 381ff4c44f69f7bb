"""One import in a process of its own: `python -m bench.import_child TENANT IMPORT` prints what it took."""

import json
import sys
import time
from pathlib import Path

from jobs.leads import run_import


def main() -> None:
    """Prints {outcome, seconds, peak_mb} as the last line."""
    began = time.perf_counter()
    outcome = run_import(int(sys.argv[1]), int(sys.argv[2]))
    seconds = time.perf_counter() - began
    print(json.dumps({"outcome": outcome, "seconds": seconds, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """The most this process has held. (getrusage would count its parent's memory before the exec.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    main()
