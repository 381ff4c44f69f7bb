"""The whole product as a newcomer starts it: `core.processes`, what `make run` calls, in a home of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.support.webhook_receiver import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


class RunningStack:
    """Started on construction; `stop()` or leaving the context ends every process of it."""

    def __init__(self, home: Path, *, demo: bool = True) -> None:
        self.home = home
        self.port = free_port()
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        own = {"LEADS_HOME": str(home), "PORT": str(self.port), "DEMO": "1" if demo else "0", "WEB_CONCURRENCY": "1"}
        self.terminal = home / "terminal.txt"
        with self.terminal.open("w") as terminal:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "core.processes"],
                cwd=ROOT,
                env=kept | own | {"PYTHONUNBUFFERED": "1"},
                stdout=terminal,
                stderr=subprocess.STDOUT,
            )
        self.said = self._wait_for_welcome()
        self.addresses: dict[str, Any] = json.loads((home / "addresses.json").read_text())
        self.url: str = self.addresses["web"]

    @property
    def sandbox_url(self) -> str:
        url: str = self.addresses["sandbox_url"]
        return url

    def ledger_summary(self, provider: str = "mega") -> dict[str, Any]:
        """What the sandbox's provider says it took."""
        answer: dict[str, Any] = requests.get(
            f"{self.sandbox_url}/sandbox/ledger/{provider}/summary", timeout=30
        ).json()
        return answer

    def log(self, name: str) -> str:
        """A program's log."""
        path = self.home / "logs" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> int:
        """SIGTERM, as Ctrl-C would; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def _wait_for_welcome(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            said = self.terminal.read_text()
            if "Ctrl-C" in said:
                return said
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("make run did not come up:\n" + self.terminal.read_text())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
