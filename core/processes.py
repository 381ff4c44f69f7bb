"""`make run`: everything a newcomer needs, started in order, kept alive, stopped together.

1. Take the home's lock and check the port. 2. Start PostgreSQL and Redis (unless addresses of one's own are set) and
wait for them. 3. Migrate. 4. Start the sandbox and, at the first start, load the demo (unless DEMO=0). 5. Start web,
sender, worker and clock; wait until the web process answers. 6. Print the addresses. 7. Watch: say what died and why;
supervisor starts it again. 8. On SIGINT or SIGTERM stop everything in reverse order.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from core import home_files
from core.config import ConfigurationError, Settings, load_settings
from core.db import database_revision, make_engine
from core.embedded import EmbeddedServices
from core.parent import stop_with_make
from core.server_files import CannotStart, initialise
from core.startup import newest_revision
from core.supervision import ROOT, Program, Supervisor, end_leftovers
from core.watching import FINE, Watch

WEB_SECONDS = 120
SANDBOX_SECONDS = 30


class CannotRun(RuntimeError):
    """Why nothing was started, as a sentence for the person at the terminal."""


class StopAsked(Exception):
    """SIGINT or SIGTERM arrived."""


def say(text: str = "") -> None:
    """A line for the person at the terminal."""
    with contextlib.suppress(OSError):  # the terminal may be gone; what runs has to be stopped all the same
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@contextlib.contextmanager
def home_lock(home: Path) -> Iterator[None]:
    """One copy a home: the lock goes with the process, however it ends."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            address = home_files.read_json(home / "addresses.json").get("web", "?")
            raise CannotRun(
                f"Esta cópia já está rodando: {address} (pasta {home}).\n"
                "Para outra ao lado: make run PORT=8100 LEADS_HOME=./var2\n"
                "(This copy is already running; start another one beside it as above.)"
            ) from problem
        yield


def refuse_taken_port(port: int) -> None:
    """CannotRun when somebody listens on `port` already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError as problem:
            raise CannotRun(
                f"A porta {port} não pode ser usada ({problem.strerror}). Escolha outra: make run PORT={port + 100}\n"
                f"(Port {port} can't be used; choose another one as above.)"
            ) from problem


def free_port(wished: int) -> int:
    """`wished` while nobody listens there, else any free one."""
    try:
        refuse_taken_port(wished)
    except (CannotRun, OverflowError):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found: int = probe.getsockname()[1]
            return found
    return wished


def has_demo(settings: Settings) -> bool:
    """The sandbox is never beside a production copy."""
    return settings.demo and not settings.is_production


def chosen_addresses(settings: Settings) -> dict[str, Any]:
    """Every address of this copy. The sandbox's ports are derived from ours, so that they are the same at the next
    start: the demonstration's numbers keep its address."""
    addresses: dict[str, Any] = {"web": settings.public_url, "pages": settings.public_pages_url}
    if has_demo(settings):
        port, smtp_port = free_port(settings.port + 10_000), free_port(settings.port + 20_000)
        addresses |= {"sandbox_port": port, "smtp_port": smtp_port}
        addresses |= {"sandbox": f"http://localhost:{port}/sandbox/", "smtp": f"localhost:{smtp_port}"}
        addresses |= {"smtp_url": settings.smtp_url or f"smtp://127.0.0.1:{smtp_port}"}
        addresses |= {"sandbox_url": f"http://127.0.0.1:{port}"}
    return addresses


def programs_of(settings: Settings, addresses: Mapping[str, Any]) -> list[Program]:
    """PostgreSQL and Redis (unless they are one's own), sandbox (unless DEMO=0), web, sender, worker, clock."""
    python, home = sys.executable, str(settings.leads_home.resolve())
    embedded = [python, "-m", "core.embedded"]
    programs = [
        Program("postgres", [*embedded, "postgres", "--home", home], 1, "INT", 30, starts_at_once=True),
        Program("redis", [*embedded, "redis", "--home", home], 2, "TERM", 20, starts_at_once=True),
    ]
    if not settings.is_embedded:
        programs.clear()
    if has_demo(settings):
        ports = ["--port", str(addresses["sandbox_port"]), "--smtp-port", str(addresses["smtp_port"])]
        command = [python, "-m", "sandbox", *ports, "--app-url", addresses["web"], "--data-dir", f"{home}/sandbox"]
        programs.append(Program("sandbox", command, 10, starts_at_once=True))
    return [
        *programs,
        Program("web", [python, "-m", "gunicorn", "app:app"], 20, "TERM", 15, is_grouped=True),
        Program("sender", [python, "worker_sender.py"], 20, "TERM", 15, is_grouped=True),
        Program("worker", [python, "worker.py"], 20, "TERM", 30, is_grouped=True),
        Program("clock", [python, "worker.py", "--clock"], 20, "TERM", 10, is_grouped=True),
    ]


def environment_of(settings: Settings) -> dict[str, str]:
    """What our processes are told beside what this one was."""
    return {"LEADS_HOME": str(settings.leads_home.resolve()), "PORT": str(settings.port)}


def flask(settings: Settings, *arguments: str) -> None:
    """Run a `flask` command of ours; CannotRun with what it printed when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments],
        cwd=ROOT,
        env=os.environ | environment_of(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CannotRun(f"flask {' '.join(arguments)} falhou:\n{(done.stderr or done.stdout)[-3000:]}")


def migrate(settings: Settings) -> None:
    """`flask db upgrade` unless the database stands at the newest migration: asking takes a tenth of its 1.5 s."""
    engine = make_engine(load_settings().database_url)
    try:
        is_current = database_revision(engine) == newest_revision()
    finally:
        engine.dispose()
    if not is_current:
        say("Preparando o banco de dados...")
        flask(settings, "db", "upgrade")


def wait_for(url: str, seconds: float, name: str, supervisor: Supervisor) -> None:
    """Until `url` answers anything at all; CannotRun with the log of `name` when it doesn't in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            state = supervisor.states().get(name)
        if state is not None and state.state == "FATAL":
            break
        time.sleep(0.05)
    raise CannotRun(f"{name} não respondeu; fim de {supervisor.logs / name}.log:\n{supervisor.log_tail(name)}")


def bring_up(said: Settings, supervisor: Supervisor) -> Mapping[str, Any]:
    """Steps 2 to 5 -> the addresses."""
    home = said.leads_home.resolve()
    addresses = chosen_addresses(said)
    home_files.write_private_json(home / "addresses.json", addresses)
    if said.is_embedded:
        initialise(home)
    hottok = load_settings().hotmart_hottok
    supervisor.start(programs_of(said, addresses), environment_of(said) | {"SANDBOX_HOTTOK": hottok})
    if said.is_embedded:
        found = EmbeddedServices(home).wait_until_ready()
        addresses |= {"database_url": found.database_url, "redis_url": found.redis_url}
        home_files.write_private_json(home / "addresses.json", addresses)
    migrate(said)
    if has_demo(said) and not (home / "demo.json").exists():
        say("Carregando a demonstração...")
        wait_for(addresses["sandbox"], SANDBOX_SECONDS, "sandbox", supervisor)
        flask(said, "demo", "load")
    for name in ("web", "sender", "worker", "clock"):
        supervisor.start_program(name)
    wait_for(f"http://127.0.0.1:{said.port}/healthz", WEB_SECONDS, "web", supervisor)
    return addresses


def welcome(home: Path, addresses: Mapping[str, Any]) -> None:
    """The short block a newcomer reads."""
    say()
    say(f"  Leads Infinitos está no ar: {addresses['web']}")
    if "sandbox" in addresses:
        say(f"  Simulador (celulares, e-mails, loja): {addresses['sandbox']}")
        for person in home_files.read_json(home / "demo.json").get("sign_ins", []):
            say(f"  Entrar como {person['label']}: {person['email']} / {person['password']}")
    say(f"  Registros: {home / 'logs'}. Ctrl-C encerra tudo; os dados ficam.")
    say()


def report(watch: Watch, supervisor: Supervisor) -> None:
    """Say what died, with the end of its log, and what is back; tell what supervisor gave up to begin anew."""
    states = supervisor.states()
    for name, news in watch.look(states):
        if news == "given up":
            supervisor.start_program(name)
        elif news == "back":
            say(f"{name} voltou.")
        else:
            reason = f" ({states[name].says})" if states[name].says and states[name].state not in FINE else ""
            say(f"{name} parou{reason} e está sendo reiniciado. Fim de {supervisor.logs / name}.log:")
            say(supervisor.log_tail(name))


def keep_running(said: Settings, supervisor: Supervisor) -> None:
    """Bring up and watch, until StopAsked. Should supervisord itself be killed, everything is brought up again."""
    home = said.leads_home.resolve()
    while True:
        addresses, watch = bring_up(said, supervisor), Watch()
        report(watch, supervisor)
        welcome(home, addresses)
        while supervisor.is_running():
            report(watch, supervisor)
            time.sleep(1)
        say("O supervisor parou; iniciando tudo de novo.")


def _stop_asked(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise StopAsked


def run() -> int:
    """Start, wait for the signal, stop. 0 after a clean stop, 1 with the reason printed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop_asked)
    try:
        stop_with_make()
        load_settings()  # says in sentences what is wrong with the configuration
        said = Settings()  # type: ignore[call-arg]
        home = said.leads_home.resolve()
        with home_lock(home):
            supervisor = Supervisor(home)
            try:
                end_leftovers(home)  # a killed copy's processes may still hold the port
                refuse_taken_port(said.port)
                keep_running(said, supervisor)
            finally:
                if supervisor.process is not None:
                    say("Encerrando...")
                supervisor.stop()
    except StopAsked:
        say("Encerrado.")
        return 0
    except (CannotRun, CannotStart, ConfigurationError, RuntimeError, OSError) as problem:
        say(str(problem))
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run())
