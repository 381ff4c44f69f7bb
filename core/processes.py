"""`make run`: everything a newcomer needs, started in order, kept alive, stopped together.

1. Take the home's lock and check the port. 2. Start PostgreSQL and Redis (unless addresses of one's own are set) and
wait for them. 3. Migrate. 4. Start the sandbox and, at the first start, load the demo (unless DEMO=0). 5. Start web,
sender, worker and clock; wait until the web process answers. 6. Print the addresses. 7. On SIGINT or SIGTERM stop
everything in reverse order.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from core.config import ConfigurationError, Settings, load_settings
from core.embedded import EmbeddedServices
from core.server_files import CannotStart, initialise
from core.storage import write_private_json
from core.supervision import Program, Supervisor

BIN = Path(sys.executable).parent
WEB_SECONDS = 60


class CannotRun(RuntimeError):
    """Why nothing was started, as a sentence for the person at the terminal."""


class StopAsked(Exception):
    """SIGINT or SIGTERM arrived."""


def say(text: str = "") -> None:
    """A line for the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """One copy a home: the lock goes with the process, however it ends."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise CannotRun(
                f"Já há uma cópia rodando em {home} (veja {home / 'addresses.json'}). "
                "Para outra ao lado: make run PORT=8100 LEADS_HOME=./var2"
            ) from problem
        yield


def free_port() -> int:
    """A TCP port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def refuse_taken_port(port: int) -> None:
    """CannotRun when somebody listens on `port` already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as problem:
            raise CannotRun(f"A porta {port} está ocupada. Escolha outra: make run PORT={port + 1}") from problem


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object, empty when the file isn't there."""
    if not path.exists():
        return {}
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def chosen_addresses(settings: Settings) -> dict[str, Any]:
    """Every address of this copy; the sandbox keeps its ports between starts while they are free."""
    addresses: dict[str, Any] = {"web": settings.public_url, "pages": settings.public_pages_url}
    if settings.demo:
        known = read_json(settings.leads_home / "addresses.json")
        ports = [_kept_or_free(known.get(name)) for name in ("sandbox_port", "smtp_port")]
        addresses |= {"sandbox_port": ports[0], "smtp_port": ports[1]}
        addresses |= {"sandbox": f"http://localhost:{ports[0]}/sandbox/", "smtp": f"localhost:{ports[1]}"}
        addresses |= {"smtp_url": settings.smtp_url or f"smtp://127.0.0.1:{ports[1]}"}
        addresses |= {"sandbox_url": f"http://127.0.0.1:{ports[0]}"}
    return addresses


def _kept_or_free(port: int | None) -> int:
    if port is not None:
        with contextlib.suppress(CannotRun):
            refuse_taken_port(port)
            return port
    return free_port()


def server_programs(settings: Settings) -> list[Program]:
    """PostgreSQL and Redis, unless addresses of one's own are set."""
    home = str(settings.leads_home.resolve())
    command = [sys.executable, "-m", "core.embedded"]
    programs = []
    if settings.is_embedded:
        programs.append(Program("postgres", [*command, "postgres", "--home", home], 1, "INT", 30, starts_at_once=True))
        programs.append(Program("redis", [*command, "redis", "--home", home], 1, "TERM", 20, starts_at_once=True))
    return programs


def our_programs(settings: Settings, addresses: Mapping[str, Any], hottok: str) -> list[Program]:
    """Sandbox, web, sender, worker, clock."""
    python = sys.executable
    shared = {"LEADS_HOME": str(settings.leads_home.resolve()), "PORT": str(settings.port)}
    programs = [
        Program("web", [str(BIN / "gunicorn"), "app:app"], 30, "TERM", 15, environment=shared),
        Program("sender", [python, "worker_sender.py"], 40, "TERM", 15, environment=shared),
        Program("worker", [python, "worker.py"], 40, "TERM", 30, environment=shared),
        Program("clock", [python, "worker.py", "--clock"], 40, "TERM", 10, environment=shared),
    ]
    if settings.demo:
        ports = ["--port", str(addresses["sandbox_port"]), "--smtp-port", str(addresses["smtp_port"])]
        folder = str(settings.leads_home.resolve() / "sandbox")
        command = [python, "-m", "sandbox", *ports, "--app-url", addresses["web"], "--data-dir", folder]
        programs.insert(0, Program("sandbox", [*command, "--hottok", hottok], 20))
    return programs


def flask(settings: Settings, *arguments: str) -> None:
    """Run a `flask` command of ours; CannotRun with what it printed when it fails."""
    environment = os.environ | {"LEADS_HOME": str(settings.leads_home.resolve()), "PORT": str(settings.port)}
    done = subprocess.run(
        [str(BIN / "flask"), "--app", "app", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotRun(f"flask {' '.join(arguments)} falhou:\n{(done.stderr or done.stdout)[-3000:]}")


def wait_for_web(settings: Settings, supervisor: Supervisor) -> None:
    """Until `/healthz` answers anything at all; CannotRun with the log when it doesn't in time."""
    deadline = time.monotonic() + WEB_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/healthz", timeout=2).close()
            return
        if supervisor.states().get("web") == "FATAL":
            break
        time.sleep(0.1)
    raise CannotRun(f"A página não respondeu:\n{supervisor.log_tail('web')}")


def bring_up(said: Settings, supervisor: Supervisor) -> Mapping[str, Any]:
    """Steps 2 to 5 -> the addresses."""
    home = said.leads_home.resolve()
    addresses = chosen_addresses(said)
    write_private_json(home / "addresses.json", addresses)
    if said.is_embedded:
        initialise(home)
    hottok = load_settings().hotmart_hottok
    supervisor.start([*server_programs(said), *our_programs(said, addresses, hottok)])
    if said.is_embedded:
        found = EmbeddedServices(home).wait_until_ready()
        addresses = addresses | {"database_url": found.database_url, "redis_url": found.redis_url}
        write_private_json(home / "addresses.json", addresses)
    flask(said, "db", "upgrade")
    if said.demo:
        supervisor.start_program("sandbox")
        if not (home / "demo.json").exists():
            flask(said, "demo", "load")
    for name in ("web", "sender", "worker", "clock"):
        supervisor.start_program(name)
    wait_for_web(said, supervisor)
    return addresses


def welcome(home: Path, addresses: Mapping[str, Any]) -> None:
    """The short block a newcomer reads."""
    say()
    say(f"  Leads Infinitos está no ar: {addresses['web']}")
    if "sandbox" in addresses:
        say(f"  Simulador (celulares, e-mails, loja): {addresses['sandbox']}")
    for person in read_json(home / "demo.json").get("sign_ins", []):
        say(f"  Entrar como {person['label']}: {person['email']} / {person['password']}")
    say("  Ctrl-C encerra tudo; os dados ficam.")
    say()


def _stop_asked(_number: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise StopAsked


def run() -> int:
    """Start, wait for the signal, stop. 0 after a clean stop, 1 with the reason printed."""
    signal.signal(signal.SIGINT, _stop_asked)
    signal.signal(signal.SIGTERM, _stop_asked)
    said = Settings()  # type: ignore[call-arg]
    home = said.leads_home.resolve()
    supervisor = Supervisor(home)
    try:
        with home_lock(home):
            refuse_taken_port(said.port)
            try:
                welcome(home, bring_up(said, supervisor))
                while supervisor.process is not None and supervisor.process.poll() is None:
                    time.sleep(0.5)
                raise CannotRun(f"O supervisor parou:\n{supervisor.log_tail('supervisor')}")
            finally:
                supervisor.stop()
    except StopAsked:
        say("Encerrado.")
        return 0
    except (CannotRun, CannotStart, ConfigurationError, RuntimeError) as problem:
        say(str(problem))
        return 1


if __name__ == "__main__":
    raise SystemExit(run())
