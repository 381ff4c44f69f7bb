"""Names that are only text to Python: jobs, queues, settings, migrations."""

import ast
import importlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.util import CommandError

from core import queue, startup
from core.config import Settings
from tests.lint.house_plan import ROOT
from tests.lint.source import Source, sources

ENQUEUERS = {"enqueue_after_commit": 1, "Job": 0}
"""Function -> position of the job's name among its arguments."""

PYTHON = [source for source in sources(ROOT) if source.suffix == ".py" and source.floor not in {"tests", "bench"}]


def _constants(source: Source) -> dict[str, str]:
    """Top-level `NAME = "text"` and `NAME: Final = "text"`."""
    found = {}
    for statement in source.tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if isinstance(target, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
            found[target.id] = value.value
    return found


def _job_names(source: Source) -> Iterator[tuple[int, str | None]]:
    """(line, job's name) of each call that enqueues; None when the name isn't a text or a constant of the file."""
    constants = _constants(source)
    for node in ast.walk(source.tree):
        called = node.func if isinstance(node, ast.Call) else None
        name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
        if not isinstance(node, ast.Call) or name not in ENQUEUERS or len(node.args) <= ENQUEUERS[name]:
            continue
        said = node.args[ENQUEUERS[name]]
        if isinstance(said, ast.Constant):
            yield node.lineno, str(said.value)
        else:
            yield node.lineno, constants.get(said.id) if isinstance(said, ast.Name) else None


def _resolves(name: str) -> bool:
    module, _, function = name.rpartition(".")
    try:
        return callable(getattr(importlib.import_module(module), function))
    except (ImportError, AttributeError, ValueError):
        return False


def test_every_job_that_is_enqueued_exists() -> None:
    outside_core = [source for source in PYTHON if source.path != "core/queue.py"]
    named = [(f"{source.path}:{line}", name) for source in outside_core for line, name in _job_names(source)]
    assert named, "nothing is enqueued: this test reads the code wrongly"
    assert [place for place, name in named if name is None or not name.startswith("jobs.")] == []
    assert [(place, name) for place, name in named if name is not None and not _resolves(name)] == []


def test_a_job_name_with_a_typing_mistake_is_noticed() -> None:
    wrong = Source("services/x.py", 'JOB = "jobs.nowhere.run"\nenqueue_after_commit(session, JOB, 1)\n')
    assert [_resolves(name) for _line, name in _job_names(wrong) if name] == [False]


def test_every_queue_has_a_worker_and_a_time_limit() -> None:
    worker = Source("worker.py", (ROOT / "worker.py").read_text())
    used = {node.id for node in ast.walk(worker.tree) if isinstance(node, ast.Name)}
    listening = {node.attr for node in ast.walk(worker.tree) if isinstance(node, ast.Attribute)} | used
    assert "QUEUES" in listening, "worker.py listens to core.queue.QUEUES, so to every queue there is"
    assert set(queue.JOB_SECONDS) == set(queue.QUEUES)
    constants = {name for name, value in vars(queue).items() if name.isupper() and value in queue.QUEUES}
    assert {getattr(queue, name) for name in constants} == set(queue.QUEUES)


def test_a_queue_nobody_listens_to_is_refused() -> None:
    from sqlalchemy.orm import Session

    with pytest.raises(ValueError, match="no worker listens"):
        queue.enqueue_after_commit(Session(), "jobs.mail.send", queue="elsewhere")


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def test_the_example_environment_names_every_setting_and_no_other() -> None:
    assert {name.lower() for name in _example()} == set(Settings.model_fields)


def test_the_example_environment_can_be_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _example():
        monkeypatch.delenv(name, raising=False)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    monkeypatch.chdir(tmp_path)
    settings = Settings()  # type: ignore[call-arg]
    assert settings.environment == "development"
    assert settings.public_url == "http://localhost:8000"


def test_every_setting_is_explained_in_the_example() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    bare = [
        line for before, line in zip(["", *lines], lines, strict=False) if line[:1].isupper() and before[:2] != "# "
    ]
    assert bare == []


def test_two_migration_heads_stop_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "migrations"
    shutil.copytree(ROOT / "migrations", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(startup, "MIGRATIONS", copy)
    startup.newest_revision.cache_clear()
    first = sorted((copy / "versions").glob("*.py"))[0].stem[:13]
    branch = f'revision = "20991231_2359"\ndown_revision = "{first}"\n'
    (copy / "versions" / "20991231_2359_a_second_head.py").write_text(branch)
    try:
        with pytest.raises(CommandError, match="multiple heads"):
            startup.newest_revision()
    finally:
        startup.newest_revision.cache_clear()
