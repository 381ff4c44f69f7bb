"""What every command shares: a transaction that sees all tenants, JSON on standard output, refusals as sentences."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import click
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from core.db import db, make_session_factory, unit_of_work
from core.errors import AppError
from core.tenancy import system_scope

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def command_work() -> Iterator[Session]:
    """One transaction as the system, committed at the end."""
    with system_scope("command line"), unit_of_work(make_session_factory(db.engine)) as session:
        yield session


def say_json(value: dict[str, Any]) -> None:
    """One object on one line; times as ISO 8601."""
    click.echo(json.dumps(value, ensure_ascii=False, default=str))


def with_refusals(function: Callable[P, R]) -> Callable[P, R]:
    """Run inside the app; a refusal ends the command with its sentence and status 1."""

    @with_appcontext
    @wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except AppError as refusal:
            raise click.ClickException(refusal.message) from refusal

    return guarded
