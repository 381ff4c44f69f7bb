"""A check that can't fail is worthless: each is seen to catch its broken sample, and to let the project pass."""

import json
import subprocess
import sys
from collections.abc import Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.lint.check_house import check_tree, main
from tests.lint.house_plan import ROOT

SAMPLES = ROOT / "tests" / "lint" / "samples"
BIN = Path(sys.executable).parent
HOUSE_SAMPLES = sorted(path.name for path in SAMPLES.iterdir() if path.name not in {"ruff", "mypy"})

WRITTEN_HERE: Mapping[str, tuple[str, str]] = {
    # What may not be in the repository even as a sample, or is only long.
    "function-length": ("core/long.py", "def long() -> None:\n" + "    pass\n" * 40),
    "file-length": ("static/css/long.css", "a {}\n" * 401),
    "entry-length": ("worker.py", "import os\n" * 81),
    "secret": ("core/key.py", "KEY = 'sk-" + "a1" * 20 + "'\n"),
    "registry": ("Makefile", "install:\n\tpip install --index" + "-url x\n"),
    "machine-path": ("core/home.py", "HOME = '/ro" + "ot/data'\n"),
    "unfinished": ("core/later.py", "# TO" + "DO: the rest\n"),
}

RULE_NAMES = [
    *("function-length", "file-length", "entry-length", "sql-place", "services-commit", "http-door", "roof"),
    *("room-door", "secret", "registry", "machine-path", "unfinished", "skipped-test", "inline-code"),
    *("migration-name", "migration-models", "migration-id", "migration-heads"),
]

BROKEN_IMPORTS: Mapping[str, list[Mapping[str, str]]] = {
    "floors": [
        {"core/clock.py": "import services.audit"},
        {"models/leads.py": "import services.leads"},
        {"models/leads.py": "import connectors.mail"},
        {"connectors/mail.py": "import models.leads"},
        {"services/leads/a.py": "import views.leads"},
        {"views/leads.py": "import api.leads"},
        {"jobs/leads.py": "import cli.leads"},
    ],
    "rules-without-frameworks": [
        {"services/leads/a.py": "from flask import request"},
        {"services/leads/a.py": "import flask_login"},
        {"services/leads/a.py": "import rq"},
        {"models/leads.py": "import requests"},
    ],
    "connectors-without-io": [{"connectors/mail.py": "import aiohttp"}, {"connectors/mail.py": "import core.db"}],
    "one-http-door": [{"jobs/leads.py": "import requests"}, {"api/leads.py": "import httpx"}],
    "no-circles": [
        {"services/leads/a.py": "import services.leads.b", "services/leads/b.py": "import services.leads.a"},
        {
            "services/accounts/__init__.py": "import services.audit",
            "services/audit/__init__.py": "import services.accounts",
        },
        {"core/clock.py": "import core.db", "core/db.py": "import core.clock"},
    ],
    "rooms": [
        {"services/leads/b.py": "import services.campaigns"},
        {"views/leads.py": "import services.sending"},
        {"views/leads.py": "import services.leads.a"},
        {"services/leads/a.py": "from services.audit import record"},
    ],
    "roof": [{"services/leads/a.py": "import worker"}, {"views/leads.py": "import tests.support"}],
    "sandbox-imports-nothing": [{"sandbox/__init__.py": "import core.clock"}],
    "sandbox-unknown": [{"jobs/leads.py": "import sandbox"}],
}

GOOD_HOUSE: Mapping[str, str] = {
    "core/__init__.py": "",
    "core/clock.py": "",
    "core/db.py": "import sqlalchemy, flask_sqlalchemy",
    "core/queue.py": "import rq",
    "models/__init__.py": "",
    "models/leads.py": "import core.db",
    "connectors/__init__.py": "",
    "connectors/mail.py": "import core.clock",
    "services/__init__.py": "",
    "services/audit/__init__.py": "import models.leads",
    "services/audit/record.py": "",
    "services/accounts/__init__.py": "import services.audit",
    "services/leads/__init__.py": "from services.leads.a import a\n__all__ = ['a']",
    "services/leads/a.py": "def a(): ...\nimport models.leads, connectors.mail, services.accounts",
    "services/leads/b.py": "import services.leads.a",
    "services/campaigns/__init__.py": "import services.leads",
    "services/sending/__init__.py": "import services.campaigns",
    "views/__init__.py": "import views.leads",
    "views/leads.py": "import flask, core.db\nfrom services.leads import a",
    "api/__init__.py": "",
    "api/leads.py": "import services.leads",
    "cli/__init__.py": "",
    "cli/leads.py": "import services.leads",
    "jobs/__init__.py": "",
    "jobs/leads.py": "import services.leads, rq",
    "sandbox/__init__.py": "import aiohttp",
    "docs/architecture.md": (
        "| room | what | may use |\n|---|---|---|\n| audit | x | |\n| accounts | x | audit |\n"
        "| leads | x | accounts |\n| campaigns | x | leads |\n| sending | x | campaigns |\n"
    ),
}


def write_tree(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(*command: str, cwd: Path = ROOT, given: str = "") -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT), "PATH": f"{BIN}:/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=cwd, input=given, env=environment, capture_output=True, text=True, check=False)


def imports_of(house: Path) -> subprocess.CompletedProcess[str]:
    """import-linter with the project's own contracts on another house."""
    (house / ".importlinter").write_text((ROOT / ".importlinter").read_text())
    return run(str(BIN / "lint-imports"), "--no-cache", "--no-logo", cwd=house)


def test_the_project_keeps_the_house_rules() -> None:
    assert [str(finding) for finding in check_tree(ROOT)] == []


def test_every_house_rule_has_a_broken_sample() -> None:
    assert sorted([*HOUSE_SAMPLES, *WRITTEN_HERE]) == sorted(RULE_NAMES)


@pytest.mark.parametrize("rule", HOUSE_SAMPLES)
def test_a_house_rule_catches_each_file_of_its_sample(rule: str) -> None:
    findings = check_tree(SAMPLES / rule)
    assert {finding.rule for finding in findings} == {rule}
    if not rule.startswith("migration-"):
        assert len({finding.path for finding in findings}) == len(
            [p for p in (SAMPLES / rule).rglob("*") if p.is_file()]
        )


@pytest.mark.parametrize("rule", sorted(WRITTEN_HERE))
def test_a_house_rule_catches_what_is_written_here(
    rule: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, text = WRITTEN_HERE[rule]
    write_tree(tmp_path, {name: text})
    assert main([str(tmp_path)]) == 1
    assert {line.split(": ")[1] for line in capsys.readouterr().out.splitlines()} == {rule}


@pytest.mark.parametrize("code", sorted(path.stem for path in (SAMPLES / "ruff").iterdir()))
def test_ruff_catches_its_sample(code: str) -> None:
    sample = (SAMPLES / "ruff" / f"{code}.py").read_text()
    command = (
        str(BIN / "ruff"),
        "check",
        "--no-cache",
        "--output-format=json",
        "--stdin-filename",
        "services/x.py",
        "-",
    )
    done = run(*command, given=sample)
    assert code in {finding["code"] for finding in json.loads(done.stdout)}


def test_mypy_catches_missing_and_wrong_types(tmp_path: Path) -> None:
    done = run(str(BIN / "mypy"), "--cache-dir", str(tmp_path), *map(str, sorted((SAMPLES / "mypy").iterdir())))
    assert done.returncode == 1
    assert "no_types.py:1: error: Function is missing a type annotation" in done.stdout
    assert "wrong_type.py:2: error: Incompatible return value type" in done.stdout


def test_every_import_contract_has_a_broken_sample() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    ids = {section.rpartition(":")[2] for section in contracts.sections() if ":contract:" in section}
    assert ids == set(BROKEN_IMPORTS)


def test_a_good_house_keeps_every_import_contract(tmp_path: Path) -> None:
    write_tree(tmp_path, GOOD_HOUSE)
    done = imports_of(tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(BROKEN_IMPORTS)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(
    ("contract", "change"), [(contract, change) for contract, changes in BROKEN_IMPORTS.items() for change in changes]
)
def test_an_import_contract_breaks_on_its_sample(contract: str, change: Mapping[str, str], tmp_path: Path) -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    write_tree(tmp_path, {**GOOD_HOUSE, **change})
    done = imports_of(tmp_path)
    assert done.returncode == 1
    assert f"{contracts[f'importlinter:contract:{contract}']['name']} BROKEN" in done.stdout, done.stdout
