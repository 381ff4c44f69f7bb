"""URLs are promises: people bookmark them, programs and providers call them."""

from flask import Flask

from tests.architecture.routes import routes_of, snapshot

UPDATE = "run `python -m tests.architecture.routes` and say in CHANGELOG.md what changed"


def test_no_url_vanishes(app: Flask) -> None:
    assert set(snapshot()) - set(routes_of(app)) == set(), f"if it is meant to go, {UPDATE}"


def test_every_new_url_is_written_down(app: Flask) -> None:
    assert set(routes_of(app)) - set(snapshot()) == set(), UPDATE


def test_a_url_that_went_is_noticed() -> None:
    assert set(snapshot()) - set(routes_of(Flask("empty")))
