"""What the tests of both HTTP doors are given."""

from collections.abc import Iterator

import pytest

from core.http import configure
from tests.core.doors import Sender, send_async_in_turn, send_in_turn


@pytest.fixture(params=[send_in_turn, send_async_in_turn], ids=["requests", "wire"])
def door(request: pytest.FixtureRequest) -> Sender:
    """Both in turn, by the same questions."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def loopback_allowed() -> Iterator[None]:
    """This machine may be spoken to."""
    configure(allow_private_hosts=True)
    yield
    configure(allow_private_hosts=False)
