"""Fixtures every floor's tests share. Real PostgreSQL, real Redis; the network is forbidden but for loopback."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from core import config
from core.db import make_engine, make_session_factory
from core.tenancy import system_scope, tenant_scope
from tests.support import services, world
from tests.support.page_client import PageClient
from tests.support.sandbox_process import SandboxProcess

# Speed is measured in bench/; a busy machine must not fail a property.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

LOOPBACK = ("127.", "::1", "localhost")


def pytest_configure(config: pytest.Config) -> None:
    """The run's first process starts the services; xdist's workers find them by the environment."""
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        services.start()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The soak takes an hour: it runs only when it is asked for by its mark."""
    if "soak" in (config.option.markexpr or ""):
        return
    waiting = [item for item in items if item.get_closest_marker("soak")]
    if waiting:
        config.hook.pytest_deselected(items=waiting)
        items[:] = [item for item in items if item not in waiting]


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and services.HANDLE in os.environ:
        services.stop()
        del os.environ[services.HANDLE]


@pytest.fixture(scope="session", autouse=True)
def network_is_forbidden() -> Iterator[None]:
    """A test that reaches beyond this machine fails, whatever the machine could reach."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {address!r}")
        connect(self, address)

    socket.socket.connect = guarded  # type: ignore[method-assign]
    yield
    socket.socket.connect = connect  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def worker_number(request: pytest.FixtureRequest) -> int:
    worker: str = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return int(worker.removeprefix("gw"))


@pytest.fixture(scope="session")
def redis_url(worker_number: int) -> str:
    """A Redis database of this worker's own."""
    return services.current().redis_database(1 + worker_number)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A migrated database of this worker's own. Tests keep to their own tenants in it and never clean it."""
    name, url = services.current().new_database()
    yield url
    services.current().drop_database(name)


@pytest.fixture(scope="session", autouse=True)
def settings(database_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[config.Settings]:
    """The process's settings, pointing at this worker's database, Redis and files."""
    home = Path(tmp_path_factory.mktemp("home"))
    os.environ.update(services.environment(database_url, redis_url, home))
    config.get_settings.cache_clear()
    yield config.get_settings()


@pytest.fixture(scope="session")
def factory(settings: config.Settings) -> Iterator[sessionmaker[Session]]:
    """Sessions on the worker's database, as a daemon makes them."""
    engine = make_engine(settings.database_url)
    yield make_session_factory(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def app(settings: config.Settings) -> Flask:
    """The web application, as gunicorn makes it."""
    from app import create_app

    made = create_app(settings)
    made.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    return made


@pytest.fixture
def client(app: Flask) -> PageClient:
    """An anonymous visitor whose every page is linted."""
    return PageClient(app)


@pytest.fixture
def sign_in(app: Flask) -> Callable[..., PageClient]:
    """`sign_in(tenant)` or `sign_in(human)` -> a page client of that person, signed in through the page."""

    def signed_in(somebody: world.TenantHandle | world.Human) -> PageClient:
        page_client = PageClient(app)
        page_client.sign_in(somebody.email, somebody.password)
        return page_client

    return signed_in


@pytest.fixture
def make_tenant(factory: sessionmaker[Session]) -> Callable[..., world.TenantHandle]:
    """`make_tenant(plan="infinito", name=...)`: one more tenant, a stranger to the others."""

    def made(**options: Any) -> world.TenantHandle:
        return world.make_tenant(factory, **options)

    return made


@pytest.fixture
def make_user(factory: sessionmaker[Session]) -> Callable[..., world.Human]:
    """`make_user(tenant, role="viewer")`: a colleague."""

    def made(tenant: world.TenantHandle, **options: Any) -> world.Human:
        return world.make_user(factory, tenant.id, **options)

    return made


@pytest.fixture
def tenant(make_tenant: Callable[..., world.TenantHandle]) -> world.TenantHandle:
    """A tenant with a live Infinito licence."""
    return make_tenant()


@pytest.fixture
def session(factory: sessionmaker[Session], tenant: world.TenantHandle) -> Iterator[Session]:
    """A session that works as `tenant`; what the test does not commit is undone."""
    with tenant_scope(tenant.id), factory() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def system_session(factory: sessionmaker[Session]) -> Iterator[Session]:
    """A session that sees all tenants."""
    with system_scope("test"), factory() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def fresh_database() -> Iterator[tuple[str, sessionmaker[Session]]]:
    """A brand-new migrated database -> (url, factory), for tests that must see the whole system."""
    name, url = services.current().new_database()
    engine = make_engine(url, pool_size=10)
    yield url, make_session_factory(engine)
    engine.dispose()
    services.current().drop_database(name)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxProcess]:
    """One sandbox a worker; tests keep to instance keys and phones of their own, or reset it."""
    with SandboxProcess("--hottok", "hottok-of-the-tests") as process:
        yield process


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    """The offline world with nothing sent yet and every switch off."""
    running_sandbox.reset(instances=True)
    return running_sandbox
