"""Our programs under `supervisor`: chosen because it restarts what dies, stops in order and is well kept, where
honcho stops everything when one process dies and circus brings zeromq along."""

import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import Faults, SupervisorTransport

from core.server_files import Layout

PR_SET_PDEATHSIG = 1
RPC_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep alive. Lower `priority` starts first and stops last."""

    name: str
    command: Sequence[str]
    priority: int
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    starts_at_once: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


class Supervisor:
    """A supervisord of our own for one home, spoken to over a local socket."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.logs = self.home / "logs"
        self.socket = Layout(self.home).sockets / "supervisor.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, programs: Sequence[Program]) -> None:
        """Write the configuration and start; programs without `starts_at_once` wait for `start_program`."""
        self.logs.mkdir(parents=True, exist_ok=True)
        configuration = self.home / "supervisor.conf"
        configuration.write_text(self._configuration(programs))
        with (self.logs / "supervisor.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(configuration)],
                stdout=log,
                stderr=log,
                preexec_fn=_end_with_parent,
                start_new_session=True,
            )
        self._wait_for_socket()

    def start_program(self, name: str) -> None:
        """Start one program; RuntimeError with the end of its log when it doesn't stay up."""
        try:
            self._rpc().startProcess(name)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode != Faults.ALREADY_STARTED:
                raise RuntimeError(f"{name} did not start:\n{self.log_tail(name)}") from fault

    def states(self) -> dict[str, str]:
        """Program -> supervisor's word for its state (RUNNING, BACKOFF, FATAL ...)."""
        rows: list[dict[str, Any]] = self._rpc().getAllProcessInfo()
        return {row["name"]: row["statename"] for row in rows}

    def log_tail(self, name: str, *, characters: int = 2000) -> str:
        """The end of a program's log."""
        path = self.logs / f"{name}.log"
        return path.read_text(errors="replace")[-characters:] if path.exists() else "(no log yet)"

    def stop(self) -> None:
        """Stop every program in reverse order of priority, then supervisord itself."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)

    def _rpc(self) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self.socket}")
        return xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor

    def _wait_for_socket(self) -> None:
        deadline = time.monotonic() + RPC_SECONDS
        while True:
            try:
                self._rpc().getState()
                return
            except (OSError, xmlrpc.client.Error) as problem:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"supervisord did not start:\n{self.log_tail('supervisor')}") from problem
                time.sleep(0.05)

    def _configuration(self, programs: Sequence[Program]) -> str:
        sections = [
            "[unix_http_server]",
            f"file={_escaped(str(self.socket))}",
            "chmod=0700",
            "[supervisord]",
            f"logfile={_escaped(str(self.logs / 'supervisord.log'))}",
            f"pidfile={_escaped(str(self.home / 'supervisord.pid'))}",
            f"childlogdir={_escaped(str(self.logs))}",
            *(["user=root"] if os.geteuid() == 0 else []),
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for program in programs:
            sections += self._program_section(program)
        return "\n".join(sections) + "\n"

    def _program_section(self, program: Program) -> list[str]:
        environment = ",".join(f'{name}="{_escaped(value)}"' for name, value in program.environment.items())
        return [
            f"[program:{program.name}]",
            f"command={_escaped(shlex.join(program.command))}",
            f"directory={_escaped(str(Path.cwd()))}",
            f"priority={program.priority}",
            f"autostart={'true' if program.starts_at_once else 'false'}",
            "autorestart=true",
            "startsecs=1",
            "startretries=20",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_seconds}",
            "redirect_stderr=true",
            f"stdout_logfile={_escaped(str(self.logs / (program.name + '.log')))}",
            "stdout_logfile_maxbytes=20MB",
            "stdout_logfile_backups=2",
            *([f"environment={environment}"] if environment else []),
        ]


def _escaped(text: str) -> str:
    """supervisor expands %(name)s in its file."""
    return text.replace("%", "%%")


def _end_with_parent() -> None:
    """Linux tells supervisord to stop when whoever started it dies, kill -9 included: no orphan is left."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
