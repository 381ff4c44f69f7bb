"""What the browser tests against the whole product share."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import RunningStack


@pytest.fixture(scope="module")
def stack() -> Iterator[RunningStack]:
    """Everything `make run` starts, with the demonstration, in a home of its own. Not in pytest's folder: PostgreSQL's
    user must reach it when the tests run as root, and any other run of pytest shuts that folder again."""
    with tempfile.TemporaryDirectory(prefix="leads-stack-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        with RunningStack(Path(home)) as running:
            yield running
