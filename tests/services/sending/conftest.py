"""A sandbox of this module's own, and engines that run until a campaign rests."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core import http
from core.db import make_engine, make_session_factory
from services.sending import Engine, Tuning
from tests.services.sending.fault_house import House
from tests.services.sending.scene import Scene
from tests.support import services
from tests.support.sandbox_process import SandboxProcess
from tests.support.sender_nursery import Nursery, Senders
from tests.support.web_process import WebProcess


@pytest.fixture(scope="package")
def provider() -> Iterator[SandboxProcess]:
    """The offline world, with quick receipts."""
    with SandboxProcess() as running:
        yield running


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Where real sender processes come from."""
    with Nursery(Path(tmp_path_factory.mktemp("zones"))) as running:
        yield running


@pytest.fixture
def senders(
    nursery: Nursery, fresh_database: tuple[str, sessionmaker[Session]], redis_url: str, tmp_path: Path
) -> Iterator[Senders]:
    """Senders on this test's own database; whatever still runs at its end is killed."""
    made = Senders(nursery, fresh_database[0], redis_url, tmp_path)
    yield made
    made.kill()


@pytest.fixture
def sandbox_now(provider: SandboxProcess) -> SandboxProcess:
    """The same, emptied."""
    provider.reset(instances=True)
    return provider


@pytest.fixture
def scene(fresh_database: tuple[str, sessionmaker[Session]]) -> Scene:
    """A tenant in a database of this test's own: the engine sees the whole system."""
    http.configure(allow_private_hosts=True)
    return Scene.open(fresh_database[1])


async def run_until(engine: Engine, is_done: Callable[[], bool], seconds: float) -> bool:
    """The engine's main loops until `is_done`, then a clean stop. Whether it came in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    tasks = [asyncio.create_task(engine.run()), asyncio.create_task(engine.run_looks())]
    done = False
    while not done and loop.time() < deadline:
        await asyncio.sleep(0.05)
        done = await asyncio.to_thread(is_done)
    engine.stop()
    await asyncio.gather(*tasks)
    return done


@pytest.fixture(scope="package")
def shared_house(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    http.configure(allow_private_hosts=True)
    name, url = services.current().new_database()
    engine = make_engine(url, pool_size=10)
    home = Path(tmp_path_factory.mktemp("faults"))
    with SandboxProcess() as provider, WebProcess(url, redis_url, home) as web:
        yield House(make_session_factory(engine), url, web, provider)
    engine.dispose()
    services.current().drop_database(name)


@pytest.fixture
def house(shared_house: House) -> House:
    shared_house.empty()
    return shared_house


@pytest.fixture
def drive() -> Callable[..., Engine]:
    """`drive(scene, until=..., seconds=15)` runs an engine to a condition."""

    def driven(
        scene: Scene,
        until: Callable[[], bool],
        *,
        seconds: float = 15,
        tuning: Tuning | None = None,
        must: bool = True,
    ) -> Engine:
        engine = Engine(scene.factory, tuning or Tuning(), rng=Random(7))
        came = asyncio.run(run_until(engine, until, seconds))
        engine.database.close()
        assert came or not must, "the engine did not get there in time"
        return engine

    return driven
