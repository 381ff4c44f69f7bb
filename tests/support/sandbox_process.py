"""The sandbox as a real process on free ports, for any test that needs a provider."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 30


class SandboxProcess:
    """Starts on construction and listens once constructed; stop it with `stop()` or as a context manager."""

    def __init__(self, *arguments: str) -> None:
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        first_line = self.process.stdout.readline()
        self.start_seconds = time.monotonic() - began
        if not first_line:
            raise RuntimeError(f"The sandbox ended with {self.process.wait()} before it listened.")
        self.addresses: dict[str, Any] = json.loads(first_line)
        self.url: str = self.addresses["url"]
        self.mega_url: str = self.addresses["mega"]
        self.smtp_url: str = self.addresses["smtp"]
        self.smtp_port = int(self.smtp_url.rpartition(":")[2])

    def get(self, path: str, **options: Any) -> requests.Response:
        """GET a path of the sandbox."""
        return requests.get(self.url + path, timeout=TIMEOUT_SECONDS, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        """POST to a path of the sandbox."""
        return requests.post(self.url + path, timeout=TIMEOUT_SECONDS, **options)

    def control(self, provider: str, **switches: Any) -> dict[str, Any]:
        """Make a provider misbehave; returns its switches."""
        answer = self.post("/sandbox/control", json={"provider": provider, **switches})
        answer.raise_for_status()
        shown: dict[str, Any] = answer.json()
        return shown

    def ledger(self, provider: str) -> list[dict[str, Any]]:
        """Everything the provider was sent, oldest first."""
        items: list[dict[str, Any]] = []
        since: int | None = 0
        while since is not None:
            page = self.get(f"/sandbox/ledger/{provider}", params={"since": since}).json()
            items += page["items"]
            since = page["next_since"]
        return items

    def summary(self, provider: str) -> dict[str, Any]:
        """`{accepted, refused, phones, duplicates, calls}`."""
        figures: dict[str, Any] = self.get(f"/sandbox/ledger/{provider}/summary").json()
        return figures

    def reset(self, provider: str = "*", *, instances: bool = False) -> None:
        """Forget what happened; with `instances` also who is connected."""
        self.post("/sandbox/reset", json={"provider": provider, "instances": instances}).raise_for_status()

    def stop(self, *, seconds: float = 10) -> int:
        """SIGTERM; returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(seconds)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
