"""`make run` for real: it starts, survives what is done to it, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.embedded import running_addresses
from core.home_files import read_json
from core.server_files import Layout, postgres_pid, redis_pid
from core.supervision import supervised
from tests.lint.house_plan import ROOT

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

RUN = [sys.executable, "-m", "core.processes", "run"]
OURS = {"web": b"gunicorn", "sender": b"worker_sender.py", "worker": b"worker.py\0", "clock": b"--clock"}


def heed_interrupts() -> None:
    """A shell's background jobs, this test run perhaps among them, ignore SIGINT and hand that down."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@dataclass
class Copy:
    """One copy of the product, started as a person does."""

    home: Path
    port: int
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def environment(self) -> dict[str, str]:
        known = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return known | {"LEADS_HOME": str(self.home), "PORT": str(self.port), "DEMO": "0"}

    @property
    def screen(self) -> str:
        return self.home.with_suffix(".screen").read_text()

    def start(self, command: list[str]) -> None:
        with self.home.with_suffix(".screen").open("w") as screen:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=screen,
                stderr=screen,
                start_new_session=True,
                preexec_fn=heed_interrupts,
            )
        until(lambda: "Ctrl-C" in self.screen or self.process.poll() is not None)
        assert self.process.poll() is None, self.screen

    def run(self, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        environment = self.environment | changed
        return subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    def health(self) -> dict[str, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/health", timeout=5) as answer:
                return {"status": answer.read().decode()}
        except OSError:
            return {}

    def pids(self) -> dict[str, int]:
        """Name -> process, the master of the web processes and not its children."""
        words = {"supervisord": b"supervisord", **OURS}
        commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid, _name in supervised(self.home)}
        found = {
            name: min(pid for pid, command in commands.items() if word in command)
            for name, word in words.items()
            if any(word in command for command in commands.values())
        }
        layout = Layout(self.home)
        servers = {"postgres": postgres_pid(layout), "redis": redis_pid(layout)}
        return found | {name: pid for name, pid in servers.items() if pid is not None}

    def is_gone(self) -> bool:
        layout = Layout(self.home)
        return not list(supervised(self.home)) and postgres_pid(layout) is None and redis_pid(layout) is None


def until(is_so: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="leads-running-") as folder:
        yield Path(folder) / "a home"


@pytest.fixture(scope="module")
def make(home: Path) -> list[str]:
    """A make that runs what ours does, without the set-up before it."""
    makefile = home.with_suffix(".mk")
    makefile.write_text(f"SHELL := /bin/bash\nrun:\n\t@exec {sys.executable} -m core.processes run\n")
    return ["make", "-f", str(makefile), "run"]


@pytest.fixture
def copy(home: Path) -> Iterator[Copy]:
    """A copy on the module's home, ended by force if a test leaves it running."""
    made = Copy(home, unused_port())
    yield made
    if made.process.poll() is None:
        made.process.kill()
    made.process.wait()
    until(made.is_gone)


def test_a_newcomer_is_told_where_a_second_start_is_refused_and_all_of_it_stops(copy: Copy, make: list[str]) -> None:
    copy.start(make)
    assert f"Leads Infinitos está no ar: http://localhost:{copy.port}" in copy.screen
    assert copy.health() == {"status": '{"status":"ok"}\n'}
    addresses = copy.home / "addresses.json"
    assert addresses.stat().st_mode & 0o777 == 0o600
    assert {"web", "pages", "database_url", "redis_url"} <= read_json(addresses).keys()

    again = copy.run(*RUN[1:])
    assert again.returncode == 1
    assert f"Esta cópia já está rodando: http://localhost:{copy.port}" in again.stdout
    beside = copy.run(*RUN[1:], LEADS_HOME=f"{copy.home} 2")
    assert beside.returncode == 1
    assert f"A porta {copy.port} não pode ser usada" in beside.stdout

    command = copy.run("-m", "flask", "--app", "app", "tenants", "list")
    assert command.returncode == 0, command.stderr

    copy.process.send_signal(signal.SIGTERM)
    assert copy.process.wait(timeout=120) == -signal.SIGTERM
    assert "Encerrado.\n" in copy.screen
    assert copy.is_gone()
    assert running_addresses(copy.home) is None


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_that_only_make_gets_ends_everything(copy: Copy, make: list[str], how: signal.Signals) -> None:
    copy.start(make)
    copy.process.send_signal(how)
    assert copy.process.wait(timeout=120) == -how
    until(copy.is_gone)


def test_what_is_killed_comes_back_and_the_person_is_told(copy: Copy) -> None:
    copy.start(RUN)
    until(lambda: len(copy.pids()) == len(OURS) + 3)
    before = copy.pids()
    for name in (*OURS, "postgres", "redis"):
        os.kill(before[name], signal.SIGKILL)
    until(lambda: len(copy.pids()) == len(before) and bool(copy.health()))
    until(lambda: all(f"{name} voltou." in copy.screen for name in before if name != "supervisord"))
    assert {name for name, pid in copy.pids().items() if pid == before[name]} == {"supervisord"}

    os.kill(before["supervisord"], signal.SIGKILL)
    until(lambda: copy.screen.count("está no ar") == 2)
    assert copy.health()


def test_what_a_killed_copy_left_is_ended_by_the_next_start(copy: Copy) -> None:
    copy.start(RUN)
    left = copy.pids()
    os.kill(copy.process.pid, signal.SIGSTOP)
    os.kill(left["supervisord"], signal.SIGKILL)
    copy.process.kill()
    copy.process.wait()
    assert copy.health(), "nothing was left: this test tests nothing"
    copy.start(RUN)
    assert copy.health()
    assert set(copy.pids().values()).isdisjoint(left.values())
