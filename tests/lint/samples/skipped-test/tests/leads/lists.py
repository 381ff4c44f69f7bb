import pytest


@pytest.mark.skip
def test_nothing() -> None:
    pass
