"""The process: starts fast, says where it is, stops cleanly amid anything, imports nothing of ours."""

import ast
import contextlib
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.mega_client import MegaClient
from tests.support.sandbox_process import ROOT, SandboxProcess

ALLOWED = {"aiohttp", "aiosmtpd", "jinja2", "markupsafe", "segno", "uvloop", "sandbox"}


def test_it_prints_its_addresses_once_it_listens(sandbox: SandboxProcess) -> None:
    assert sandbox.addresses["pid"] == sandbox.process.pid
    assert sandbox.addresses["sandbox"] == f"{sandbox.url}/sandbox/"
    assert sandbox.addresses["mega"] == f"{sandbox.url}/mega"
    assert sandbox.get("/sandbox/").status_code == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_within_three_seconds_while_answers_hang(how: signal.Signals) -> None:
    with SandboxProcess() as process:
        mega = MegaClient(process.mega_url, "demo-loja")

        def wait_for_nothing() -> None:
            with contextlib.suppress(requests.RequestException):
                mega.send("5511900000408", seconds=20)

        waiting = threading.Thread(target=wait_for_nothing)
        waiting.start()
        while not process.ledger("mega"):
            time.sleep(0.02)
        began = time.monotonic()
        process.process.send_signal(how)
        assert process.stop() == 0
        assert time.monotonic() - began < 3
        waiting.join(5)
        assert not waiting.is_alive()


def test_a_taken_port_is_said_in_one_sentence(sandbox: SandboxProcess, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        SandboxProcess("--port", sandbox.url.rpartition(":")[2])
    error = capfd.readouterr().err
    assert error.startswith("O sandbox não conseguiu abrir sua porta")
    assert "Traceback" not in error


def imported_roots(path: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            roots |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            roots.add(node.module.partition(".")[0])
    return roots


def test_it_imports_nothing_of_ours() -> None:
    files = list((ROOT / "sandbox").rglob("*.py"))
    strangers = {root for path in files for root in imported_roots(path)} - ALLOWED - set(sys.stdlib_module_names)
    assert len(files) > 20
    assert strangers == set()
