"""What `make run` starts and says, without starting it (test_running.py does)."""

import runpy
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.config import Settings
from core.processes import CannotRun, chosen_addresses, free_port, home_lock, programs_of, refuse_taken_port
from core.supervision import Program, State, Supervisor
from core.watching import Watch
from tests.lint.house_plan import ROOT

EMBEDDED: dict[str, Any] = {"database_url": "", "redis_url": "", "base_url": ""}


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port somebody listens on."""
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        yield somebody.getsockname()[1]


def commands_of(home: Path, **said: Any) -> dict[str, list[str]]:
    settings = Settings(leads_home=home, **(EMBEDDED | said))
    programs = programs_of(settings, chosen_addresses(settings))
    return {program.name: list(program.command) for program in programs}


def words(command: str) -> list[str]:
    """A command line without what only says where to listen."""
    return [word for word in shlex.split(command) if word not in {"--bind", "0.0.0.0:$PORT", "python", "-m"}]


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return {name: command.strip() for name, _, command in (line.partition(":") for line in lines)}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return found


def test_everything_is_started_for_a_newcomer(tmp_path: Path) -> None:
    started = list(commands_of(tmp_path))
    assert started == ["postgres", "redis", "sandbox", "web", "sender", "worker", "clock"]


def test_without_the_demo_there_is_no_sandbox(tmp_path: Path) -> None:
    assert "sandbox" not in commands_of(tmp_path, demo=False)
    assert "sandbox" not in chosen_addresses(Settings(leads_home=tmp_path, **EMBEDDED, demo=False))


def test_servers_of_ones_own_are_not_started(tmp_path: Path) -> None:
    said = {"database_url": "postgresql://x@h/d", "redis_url": "redis://h", "leads_env": "development"}
    assert {"postgres", "redis"}.isdisjoint(commands_of(tmp_path, **said))


def test_the_procfile_runs_the_same_processes(tmp_path: Path) -> None:
    ours = {name: command[1:] for name, command in commands_of(tmp_path, demo=False).items()}
    theirs = {name: words(command) for name, command in procfile().items() if name != "release"}
    assert theirs == {name: words(shlex.join(ours[name])) for name in ("web", "sender", "worker", "clock")}


def test_containers_run_the_same_processes_and_say_how_they_are() -> None:
    services = compose()
    for name in ("sender", "worker", "clock"):
        assert services[name]["command"] == procfile()[name]
    assert services["migrate"]["command"] == procfile()["release"]
    assert all("healthcheck" in service for name, service in services.items() if name != "migrate")
    assert "NOSUPERUSER NOBYPASSRLS" in (ROOT / "docker" / "make-role.sh").read_text()


def test_two_copies_side_by_side_share_no_port(tmp_path: Path) -> None:
    one, other = (
        chosen_addresses(Settings(leads_home=tmp_path / str(port), port=port, **EMBEDDED)) for port in (8100, 8101)
    )
    assert not {one["sandbox_port"], one["smtp_port"], 8100} & {other["sandbox_port"], other["smtp_port"], 8101}


def test_a_wished_port_that_is_taken_or_impossible_is_replaced(taken_port: int) -> None:
    assert free_port(taken_port) != taken_port
    assert 0 < free_port(70_000) < 65_536


def test_a_taken_port_is_refused_in_two_languages(taken_port: int) -> None:
    with pytest.raises(CannotRun) as refusal:
        refuse_taken_port(taken_port)
    assert f"A porta {taken_port} não pode ser usada" in str(refusal.value)
    assert f"Port {taken_port} can't be used" in str(refusal.value)


def test_a_home_has_one_copy_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "addresses.json").write_text('{"web": "http://localhost:8000"}')
    refused = pytest.raises(CannotRun, match="já está rodando: http://localhost:8000")
    with home_lock(tmp_path), refused, home_lock(tmp_path):
        raise AssertionError("two copies hold the lock")
    with home_lock(tmp_path):
        pass


def test_supervisors_file_survives_strange_paths(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path / "100% ours")
    text = supervisor.configuration([Program("web", ["/a b/python", "app's"], 1, is_grouped=True)])
    assert f"stdout_logfile={tmp_path}/100%% ours/logs/web.log" in text
    assert """command='/a b/python' 'app'"'"'s'""" in text
    assert "[group:app]\nprograms=web" in text


UP, AGAIN, DOWN = State("RUNNING", 10, ""), State("RUNNING", 11, ""), State("BACKOFF", 0, "exit status 1")


def told(*seen: State) -> list[str]:
    """What a watch says about one program that is seen in these states, second by second."""
    watch = Watch()
    return [news for state in seen for _name, news in watch.look({"web": state})]


def test_a_death_is_told_once_and_so_is_the_return() -> None:
    assert told(UP, UP) == []
    assert told(UP, DOWN, DOWN, State("STARTING", 11, ""), AGAIN, AGAIN) == ["died", "back"]


def test_a_program_that_never_came_up_is_told() -> None:
    assert told(DOWN, DOWN) == ["died"]


def test_a_program_that_was_replaced_between_two_looks_is_told() -> None:
    assert told(UP, AGAIN, AGAIN) == ["died", "back"]


def test_a_program_that_supervisor_gave_up_is_told_until_it_starts() -> None:
    assert told(UP, State("FATAL", 0, "too quick"), State("STARTING", 12, ""), AGAIN) == ["died", "given up", "back"]


def test_the_end_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    supervisor = Supervisor(tmp_path)
    assert supervisor.log_tail("web") == "(no log yet)"
    supervisor.logs.mkdir()
    (supervisor.logs / "web.log").write_text("first\n" * 10_000 + "the reason\n")
    assert supervisor.log_tail("web", lines=2) == "first\nthe reason"


def test_idle_connections_are_closed_by_the_caller_first() -> None:
    """Who reuses a connection that we close at that moment loses a webhook; clients keep idle ones up to a minute."""
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["keepalive"] > 60
