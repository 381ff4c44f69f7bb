"""Migrations: from empty, twice, without drift, and no process on an old schema."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

import models
from core.db import Base, SchemaTooOld, make_engine, refuse_old_schema
from core.startup import newest_revision
from core.tenancy import system_scope
from tests.support import services

FreshDatabase = tuple[str, sessionmaker[Session]]


@pytest.fixture
def empty_database() -> Iterator[str]:
    name, url = services.current().new_database(template="template0")
    yield url
    services.current().drop_database(name)


def differences(url: str) -> list[object]:
    """What the models and the database disagree on, month partitions left out."""

    def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
        return not (kind == "table" and "_p20" in (name or ""))

    engine = make_engine(url)
    with system_scope("drift check"), engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_ours})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return list(found)


def test_the_migrations_build_what_the_models_say(fresh_database: FreshDatabase) -> None:
    assert models.__all__
    assert differences(fresh_database[0]) == []


def test_running_the_migrations_twice_changes_nothing(empty_database: str, tmp_path: Path) -> None:
    redis_url = services.current().redis_url
    services.migrate(empty_database, redis_url, tmp_path)
    services.migrate(empty_database, redis_url, tmp_path)
    assert differences(empty_database) == []


def test_statements_of_the_migrations_can_run_again_on_a_full_database(empty_database: str, tmp_path: Path) -> None:
    redis_url = services.current().redis_url
    services.migrate(empty_database, redis_url, tmp_path)
    engine = make_engine(empty_database)
    with system_scope("test"), engine.begin() as connection:
        connection.execute(text("DELETE FROM alembic_version"))
    engine.dispose()
    services.migrate(empty_database, redis_url, tmp_path)
    assert differences(empty_database) == []


def test_nothing_starts_on_a_schema_older_than_the_code(fresh_database: FreshDatabase) -> None:
    engine = make_engine(fresh_database[0])
    refuse_old_schema(engine, newest_revision())
    with system_scope("test"), engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '20200101_0000'"))
    with pytest.raises(SchemaTooOld, match="flask db upgrade"):
        refuse_old_schema(engine, newest_revision())
    engine.dispose()


def test_the_three_plans_are_seeded(system_session: Session) -> None:
    rows = system_session.execute(
        text("SELECT slug, daily_messages, max_instances, max_leads FROM plans ORDER BY position")
    ).all()
    assert [tuple(row) for row in rows] == [
        ("starter", 300, 1, 2_000),
        ("pro", 2_000, 5, 50_000),
        ("infinito", 20_000, 50, 2_000_000),
    ]
