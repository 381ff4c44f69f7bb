"""What the browser tests against the whole product share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import RunningStack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Everything `make run` starts, with the demonstration, in a home of its own."""
    home = Path(tmp_path_factory.mktemp("stack"))
    for folder in (home, *home.parents[:3]):
        folder.chmod(0o755)  # PostgreSQL's own user must reach its folder when the tests run as root
    with RunningStack(home) as running:
        yield running
