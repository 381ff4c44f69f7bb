"""The web process as it runs in production, on a free port and a test's database."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.support import services
from tests.support.webhook_receiver import free_port

START_SECONDS = 120


class WebProcess:
    """gunicorn with one worker; listens once constructed."""

    def __init__(self, database_url: str, redis_url: str, home: Path) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        own = {"PORT": self.url.rpartition(":")[2], "WEB_CONCURRENCY": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "app:app", "--log-level", "error"],
            cwd=services.ROOT,
            env=os.environ | services.environment(database_url, redis_url, home) | own,
        )
        deadline = time.monotonic() + START_SECONDS
        while not self._is_up():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.stop()
                raise RuntimeError("the web process did not come up")
            time.sleep(0.1)

    def sign_in(self, email: str, password: str) -> dict[str, str]:
        """The headers of somebody signed in to the API."""
        answer = requests.post(f"{self.url}/api/auth/login", json={"email": email, "password": password}, timeout=30)
        answer.raise_for_status()
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def get(self, path: str, headers: dict[str, str]) -> Any:
        """The JSON of an address; raises for anything but 2xx."""
        answer = requests.get(self.url + path, headers=headers, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(30)

    def _is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=10).status_code in (200, 503)
        except (requests.ConnectionError, requests.Timeout):
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
