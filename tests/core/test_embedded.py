"""The embedded PostgreSQL and Redis: real servers, real kills, homes of their own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from redis import Redis

from core.config import Settings
from core.embedded import EmbeddedServices, is_own_database, main, running_addresses
from core.server_files import CannotStart, Layout, initialise, living_pid, postgres_pid, redis_pid


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder outside pytest's own, which every starting pytest closes to the servers' user again."""
    with tempfile.TemporaryDirectory(prefix="leads-homes-") as made:
        yield Path(made)


@pytest.fixture
def make_home(folder: Path) -> Iterator[Callable[[str], EmbeddedServices]]:
    """`make_home("name")`: services on a home that are stopped when the test ends."""
    made: list[EmbeddedServices] = []

    def make(name: str) -> EmbeddedServices:
        made.append(EmbeddedServices(folder / name))
        return made[-1]

    yield make
    for services in made:
        services.stop()


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedServices]:
    """Services that keep running through this file, for tests that only talk to them."""
    with tempfile.TemporaryDirectory(prefix="leads-homes-") as made:
        services = EmbeddedServices(Path(made) / "running")
        services.start()
        yield services
        services.stop()


def ask(url: str, question: str) -> Any:
    """One value from the database, as the role in the URL."""
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        cursor.execute(question)
        answer = cursor.fetchone() if cursor.description else None
        connection.commit()
    return answer[0] if answer else None


def pids(services: EmbeddedServices) -> tuple[int, int]:
    found = postgres_pid(services.layout), redis_pid(services.layout)
    assert found[0] is not None and found[1] is not None
    return found[0], found[1]


def test_data_survives_a_stop_and_a_home_may_have_a_space_in_its_name(make_home: Callable[..., Any]) -> None:
    services = make_home("a home, with space")
    first = services.start()
    ask(first.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
    Redis.from_url(first.redis_url).set("kept", "yes")
    services.stop()
    assert running_addresses(services.layout.home) is None
    again = services.start()
    assert again == first == running_addresses(services.layout.home)
    assert ask(again.database_url, "SELECT number FROM kept") == 7
    assert Redis.from_url(again.redis_url).get("kept") == b"yes"


def test_what_was_committed_survives_kill_nine_of_both_servers(make_home: Callable[..., Any]) -> None:
    services = make_home("killed")
    addresses = services.start()
    ask(addresses.database_url, "CREATE TABLE kept AS SELECT 7 AS number")
    for pid in pids(services):
        os.kill(pid, signal.SIGKILL)
    lock = services.layout.postgres / "postmaster.pid"
    # As after a container's restart: the number in the pid file is a stranger's by now.
    lock.write_text("\n".join([str(os.getpid()), *lock.read_text().splitlines()[1:]]) + "\n")
    assert services.start() == addresses
    assert ask(addresses.database_url, "SELECT number FROM kept") == 7
    assert Redis.from_url(addresses.redis_url).ping()


def test_a_second_start_attaches_to_the_running_servers(running: EmbeddedServices) -> None:
    before = pids(running)
    assert EmbeddedServices(running.layout.home).start().database_url == running.url()
    assert pids(running) == before


def test_two_starts_at_once_make_one_pair_of_servers(make_home: Callable[..., Any]) -> None:
    services = make_home("race")
    command = [sys.executable, "-m", "core.embedded", "start", "--home", str(services.layout.home)]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    answers = {racer.communicate(timeout=60)[0] for racer in racers}
    assert len(answers) == 1
    assert json.loads(answers.pop())["redis_url"] == services.redis_url


def test_two_homes_run_side_by_side_and_know_their_own_database(
    running: EmbeddedServices, make_home: Callable[..., Any]
) -> None:
    others = make_home("other").start()
    ask(running.url(), "CREATE TABLE only_here (id int)")
    assert ask(others.database_url, "SELECT to_regclass('only_here')") is None
    assert is_own_database(running.layout.home, running.url())
    assert not is_own_database(running.layout.home, others.database_url)


def test_the_applications_role_is_bound_by_row_level_security(running: EmbeddedServices) -> None:
    url = running.url()
    rights = "rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb"
    assert ask(url, f"SELECT current_user || ' ' || ({rights}) FROM pg_roles WHERE rolname = current_user") == (
        "leads_app false"
    )
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        ask(url.replace("leads_app:", "postgres:"), "SELECT 1")


def test_a_database_is_copied_from_a_template_and_dropped_in_use(running: EmbeddedServices) -> None:
    ask(running.create_database("pattern"), "CREATE TABLE there AS SELECT 1 AS number")
    copy = running.create_database("copy", template="pattern")
    with closing(psycopg2.connect(copy.replace("+psycopg2", ""))):
        assert ask(copy, "SELECT number FROM there") == 1
        running.drop_database("copy")
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        ask(copy, "SELECT 1")


def test_another_homes_server_is_not_taken_for_ours(running: EmbeddedServices) -> None:
    pid_file = running.layout.postgres / "postmaster.pid"
    assert living_pid(pid_file, "postgres", f"-D {running.layout.postgres} ") == pids(running)[0]
    assert living_pid(pid_file, "postgres", "-D /another/home/postgres ") is None


def test_a_set_up_that_was_cut_short_begins_anew(make_home: Callable[..., Any]) -> None:
    services = make_home("half")
    half = services.layout.home / "postgres.unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18")
    assert ask(services.start().database_url, "SELECT 1") == 1


def test_a_strangers_folder_is_never_used_for_sockets(make_home: Callable[..., Any], tmp_path: Path) -> None:
    services = make_home("squatted")
    services.layout.home.mkdir()
    services.layout.sockets.symlink_to(tmp_path)
    with pytest.raises(CannotStart, match="choose another LEADS_HOME"):
        initialise(services.layout.home)


def test_a_home_too_deep_for_a_socket_keeps_it_under_the_temp_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 20)
    layout = Layout(deep)
    assert deep not in layout.sockets.parents
    deep.mkdir()
    (deep / "sockets.path").write_text(str(layout.sockets))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert Layout(deep).sockets == layout.sockets, "another process's temp folder must not hide the sockets"


def test_a_server_that_gives_up_says_why(make_home: Callable[..., Any]) -> None:
    services = make_home("broken")
    initialise(services.layout.home)
    (services.layout.postgres / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(CannotStart, match="nonsense"):
        services.start()


def test_settings_count_the_embedded_database_as_ones_own_and_not_as_production(running: EmbeddedServices) -> None:
    said = {"leads_home": running.layout.home, "leads_env": None, "redis_url": running.redis_url}
    assert Settings(**said, database_url=running.url()).is_embedded
    assert not Settings(**said, database_url=running.url()).is_production


def test_the_command_line_answers_in_json(make_home: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home("cli").layout.home
    main(["status", "--home", str(home)])
    assert json.loads(capsys.readouterr().out) is None
    main(["start", "--home", str(home)])
    started = json.loads(capsys.readouterr().out)
    main(["status", "--home", str(home)])
    assert json.loads(capsys.readouterr().out) == started
    main(["stop", "--home", str(home)])
    assert running_addresses(home) is None


def test_a_home_is_made_for_its_owners_eyes_only(running: EmbeddedServices) -> None:
    home = running.layout.home
    assert home.stat().st_mode & 0o066 == 0, "the servers' user may walk through, nobody may look around"
    assert running.layout.password_file.stat().st_mode & 0o077 == 0
    assert running.layout.postgres.stat().st_mode & 0o077 == 0
    assert running.layout.sockets.stat().st_mode & 0o077 == 0
