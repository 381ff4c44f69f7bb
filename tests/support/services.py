"""Real PostgreSQL and Redis for a test run: started once, a migrated template database, one copy per worker."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from core.embedded import EmbeddedServices

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "leads_template"
HANDLE = "LEADS_TEST_SERVICES"


@dataclass(frozen=True)
class TestServices:
    """The addresses of this run; `home` is where the servers keep their files."""

    __test__ = False
    home: Path
    redis_url: str

    def new_database(self, *, template: str = TEMPLATE) -> tuple[str, str]:
        """A copy of the migrated template -> (name, url)."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        return name, EmbeddedServices(self.home).create_database(name, template=template)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        EmbeddedServices(self.home).drop_database(name)

    def redis_database(self, number: int) -> str:
        """The Redis URL of one of the 16 numbered databases."""
        base, _, _query = self.redis_url.partition("?")
        if base.startswith("unix://"):
            return f"{base}?db={number}"
        return f"{base.rsplit('/', 1)[0]}/{number}"


def environment(database_url: str, redis_url: str, home: Path) -> dict[str, str]:
    """What a process of ours needs in order to work on a test database."""
    return {
        "LEADS_ENV": "development",
        "LEADS_HOME": str(home),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "ALLOW_PRIVATE_HOSTS": "1",
        "SECRET_KEY": "tests-" + "k" * 40,
        "ENCRYPTION_KEYS": "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
        "HOTMART_HOTTOK": "hottok-of-the-tests",
        "BASE_URL": "http://localhost",
    }


def migrate(database_url: str, redis_url: str, home: Path) -> None:
    """`flask db upgrade`, as an operator runs it."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"],
        cwd=ROOT,
        env=os.environ | environment(database_url, redis_url, home),
        check=True,
        capture_output=True,
        text=True,
    )


def start() -> None:
    """Start the servers and migrate the template; called once by the run's first process."""
    home = Path(tempfile.mkdtemp(prefix="leads-tests-"))
    home.chmod(0o755)
    embedded = EmbeddedServices(home)
    addresses = embedded.start()
    os.environ[HANDLE] = json.dumps({"home": str(home), "redis_url": addresses.redis_url})
    try:
        migrate(embedded.create_database(TEMPLATE), addresses.redis_url, home)
    except subprocess.CalledProcessError as failure:
        stop()
        raise RuntimeError(f"the migrations failed:\n{failure.stderr[-4000:]}") from failure


def stop() -> None:
    """Stop the servers and remove their files."""
    services = current()
    EmbeddedServices(services.home).stop()
    shutil.rmtree(services.home, ignore_errors=True)


def current() -> TestServices:
    """The running services, for this process and for pytest-xdist's workers."""
    handle = json.loads(os.environ[HANDLE])
    return TestServices(home=Path(handle["home"]), redis_url=handle["redis_url"])


def superuser_password() -> str:
    """For tests that must see the house refuse a superuser."""
    return EmbeddedServices(current().home).layout.password_file.read_text()
