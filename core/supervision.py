"""Our programs under `supervisor`: chosen because it restarts what dies, stops in order and is well kept, where
honcho stops everything when one process dies and circus brings zeromq along."""

import contextlib
import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from core.embedded import EmbeddedServices
from core.server_files import Layout, prepare_sockets

ROOT = Path(__file__).resolve().parent.parent
MARK = "LEADS_SUPERVISED"
"""In the environment of everything supervised, with the home as its value: how leftovers of a killed copy are found."""

PR_SET_PDEATHSIG = 1
RPC_SECONDS = 20
STOP_SECONDS = 75
LEFTOVER_SECONDS = 10
GROUP = "app"
LOG_LINES = 15


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep alive. Lower `priority` starts first and stops last; grouped programs stop together."""

    name: str
    command: Sequence[str]
    priority: int
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    starts_at_once: bool = False
    is_grouped: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """What supervisord knows of a program; `state` is its word (RUNNING, STARTING, BACKOFF, FATAL, STOPPED ...)."""

    state: str
    pid: int
    says: str


class Supervisor:
    """A supervisord of our own for one home, spoken to over a local socket."""

    def __init__(self, home: Path) -> None:
        self.layout = Layout(home.resolve())
        self.home = self.layout.home
        self.logs = self.layout.logs
        self.socket = self.layout.sockets / "supervisor.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self.full_names: dict[str, str] = {}

    def start(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        """Write the configuration and start; programs without `starts_at_once` wait for `start_program`. What an
        earlier copy of this home left running (it was killed) ends first."""
        end_leftovers(self.home)
        prepare_sockets(self.layout)
        self.logs.mkdir(parents=True, exist_ok=True)
        self.full_names = {each.name: f"{GROUP}:{each.name}" if each.is_grouped else each.name for each in programs}
        configuration = self.home / "supervisor.conf"
        configuration.write_text(self.configuration(programs))
        self.process = self._spawn(configuration, os.environ | environment | {MARK: str(self.home)})
        self._wait_for_socket()

    def _spawn(self, configuration: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self.logs / "supervisor.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                start_new_session=True,
            )

    def start_program(self, name: str) -> None:
        """Ask for one program to be started, without waiting: `states` says how it goes."""
        try:
            self._rpc().startProcess(self.full_names[name], False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise RuntimeError(f"{name} did not start: {fault.faultString}") from fault

    def states(self) -> dict[str, State]:
        """Program -> its state. Empty when supervisord doesn't answer."""
        try:
            rows: list[dict[str, Any]] = self._rpc().getAllProcessInfo()
        except (OSError, xmlrpc.client.Error):
            return {}
        return {row["name"]: State(row["statename"], row["pid"], row["spawnerr"] or row["description"]) for row in rows}

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log_tail(self, name: str, *, lines: int = LOG_LINES) -> str:
        """The end of a program's log."""
        path = self.logs / f"{name}.log"
        if not path.exists():
            return "(no log yet)"
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 16_384))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def stop(self) -> None:
        """Stop every program in reverse order of priority, then supervisord; nothing of ours is left running."""
        if self.process is not None and self.is_running():
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=STOP_SECONDS)
        end_leftovers(self.home)

    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        return xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor

    def _wait_for_socket(self) -> None:
        deadline = time.monotonic() + RPC_SECONDS
        while not self.states() and self.full_names:
            if time.monotonic() > deadline or not self.is_running():
                raise RuntimeError(f"supervisord did not start:\n{self.log_tail('supervisor')}")
            time.sleep(0.02)

    def configuration(self, programs: Sequence[Program]) -> str:
        """supervisord's file."""
        grouped = [each for each in programs if each.is_grouped]
        sections = [
            "[unix_http_server]",
            f"file={_escaped(str(self.socket))}",
            "chmod=0700",
            "[supervisord]",
            "logfile=/dev/null",  # it prints the same, which we keep as supervisor.log
            "logfile_maxbytes=0",
            f"pidfile={_escaped(str(self.home / 'supervisord.pid'))}",
            f"childlogdir={_escaped(str(self.logs))}",
            *(["user=root"] if os.geteuid() == 0 else []),
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for program in programs:
            sections += self._program_section(program)
        if grouped:
            names = ",".join(each.name for each in grouped)
            sections += [f"[group:{GROUP}]", f"programs={names}", f"priority={grouped[0].priority}"]
        return "\n".join(sections) + "\n"

    def _program_section(self, program: Program) -> list[str]:
        return [
            f"[program:{program.name}]",
            f"command={_escaped(shlex.join(program.command))}",
            f"directory={_escaped(str(ROOT))}",
            f"priority={program.priority}",
            f"autostart={'true' if program.starts_at_once else 'false'}",
            "autorestart=true",
            "startsecs=1",
            # It waits one second longer after each failed start; at the end of the row the caller begins anew.
            "startretries=8",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_seconds}",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={_escaped(str(self.logs / (program.name + '.log')))}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=2",
        ]


def _escaped(text: str) -> str:
    """supervisor expands %(name)s in its file."""
    return text.replace("%", "%%")


def _end_with_parent() -> None:
    """Linux tells supervisord to stop when whoever started it dies, kill -9 included: no orphan is left."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def supervised(home: Path) -> Iterator[tuple[int, str]]:
    """(pid, name) of every living process that a copy of this home started under supervision."""
    mark = f"{MARK}={home.resolve()}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_zombie = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            if not is_zombie and mark in (folder / "environ").read_bytes().split(b"\0"):
                yield int(folder.name), (folder / "comm").read_text().strip()


def end_leftovers(home: Path) -> None:
    """End what is still supervised in this home: first supervisord, which would restart the rest, then our programs,
    then the servers they talk to (Redis writes its title over its environment, so servers go by their pid files)."""
    _end({pid for pid, _name in supervised(home) if b"supervisord" in _command(pid)}, home, signal.SIGKILL)
    _end({pid for pid, name in supervised(home) if name != "postgres"}, home, signal.SIGTERM)
    EmbeddedServices(home).stop()


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _end(pids: set[int], home: Path, how: signal.Signals) -> None:
    for pid in pids:
        _signal(pid, how)
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while pids and (left := pids & {pid for pid, _name in supervised(home)}):
        if time.monotonic() > deadline:
            for pid in left:
                _signal(pid, signal.SIGKILL)
        time.sleep(0.05)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
