"""Real sender processes that start in 50 ms instead of 2 s: a process that has imported `worker_sender` forks them.

A sender's start is nine tenths imports (SQLAlchemy, Flask's extensions, aiohttp). Each child runs
`worker_sender.main()` from its first line, in a process of its own that can be killed; only the loaded code is shared.
Fifty kills would cost two minutes otherwise.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support import services
from tests.support.zones import search_path


class Nursery:
    """The process that forks; one for a whole test run. Its senders know the time zones in the folder `zones`."""

    def __init__(self, zones: Path) -> None:
        self.zones = zones
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.sender_nursery"],
            cwd=services.ROOT,
            env=os.environ | {"PYTHONTZPATH": search_path(zones)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._ask("ready")

    def start(self, environment: dict[str, str]) -> int:
        """A sender with this environment -> its process id."""
        return self._ask(json.dumps(environment))

    def wait(self, pid: int) -> int:
        """Its exit code once it has ended; minus the signal's number when that ended it."""
        return self._ask(str(pid))

    def stop(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()

    def _ask(self, line: str) -> int:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Senders:
    """`worker_sender.py` on one database, as many as asked for. `redis_url` may be one where nobody listens."""

    def __init__(self, nursery: Nursery, database_url: str, redis_url: str, home: Path) -> None:
        self._nursery = nursery
        self._environment = services.environment(database_url, redis_url, home)
        self.running: list[int] = []

    def start(self, count: int = 1) -> None:
        self.running += [self._nursery.start(self._environment) for _ in range(count)]

    def kill(self, pid: int | None = None) -> None:
        """kill -9: one of them, or all."""
        for one in [pid] if pid is not None else list(self.running):
            os.kill(one, signal.SIGKILL)
            assert self._nursery.wait(one) == -signal.SIGKILL
            self.running.remove(one)

    def stop(self) -> list[int]:
        """SIGTERM; their exit codes. Raises when one takes longer than the 10 s it may: it is killed then."""
        for pid in self.running:
            os.kill(pid, signal.SIGTERM)
        late = [threading.Timer(10, os.kill, (pid, signal.SIGKILL)) for pid in self.running]
        for timer in late:
            timer.start()
        codes = [self._nursery.wait(pid) for pid in self.running]
        for timer in late:
            timer.cancel()
        self.running.clear()
        assert -signal.SIGKILL not in codes, "a sender took longer than 10 s to stop"
        return codes


def main() -> None:
    """Read a line, do it, answer with a number: an environment starts a sender, a process id waits for its end."""
    import worker_sender

    for line in sys.stdin:
        said = line.strip()
        if said == "ready":
            answer = 0
        elif said.isdigit():
            answer = os.waitstatus_to_exitcode(os.waitpid(int(said), 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _be_a_sender(json.loads(said), worker_sender.main)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _be_a_sender(environment: dict[str, str], run: object) -> None:
    """The child: never returns."""
    os.environ.update(environment)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nothing, stream)
    assert callable(run)
    os._exit(run())


if __name__ == "__main__":
    main()
