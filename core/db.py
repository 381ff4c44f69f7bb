"""The database: one declarative base, engines whose transactions carry the tenant scope, a unit of work.

Models are written against `Base` in plain SQLAlchemy 2 style, so that daemons use a plain `Session`; `db` is
Flask-SQLAlchemy's handle on the same metadata for the doors that live in Flask.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import URL, BigInteger, DateTime, Engine, ForeignKey, Identity, MetaData, create_engine, func, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, sessionmaker
from sqlalchemy.pool import NullPool

from core import tenancy

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

SessionFactory = Callable[[], Session]


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True), int: BigInteger}


class TenantOwned:
    """A row that belongs to one tenant: `tenant_id` leads the primary key, so that the schema can be distributed
    by it (architecture section 3)."""

    @declared_attr
    def tenant_id(cls) -> Mapped[int]:  # noqa: N805 - declared_attr is called with the class
        return mapped_column(BigInteger, ForeignKey("tenants.id"), primary_key=True, sort_order=-20)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True, sort_order=-10)


class Created:
    """When the row was written, by the database's clock."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=90)


db = SQLAlchemy(metadata=Base.metadata)


def engine_options(pool_size: int = 5) -> dict[str, Any]:
    """Options every engine of ours shares. `pool_pre_ping` costs 0.05 ms and survives a database restart."""
    return {
        "pool_size": pool_size,
        "max_overflow": 5,
        "pool_pre_ping": True,
        "pool_timeout": 10,
        # An error's text goes into logs and notes; the values hold people's phones, messages and sealed secrets.
        "hide_parameters": True,
        "connect_args": {"connect_timeout": 5, "application_name": "leads", "options": "-c timezone=UTC"},
    }


def make_engine(database_url: str | URL, *, pool_size: int = 5) -> Engine:
    """An engine with tenant scopes and the guard installed, for a process outside Flask."""
    engine = create_engine(database_url, **engine_options(pool_size))
    tenancy.install(engine)
    return engine


def make_lone_engine(database_url: str) -> Engine:
    """An engine that keeps no connection: for a process that forks, since a child must never find one of its
    parent's in a pool."""
    options = engine_options()
    engine = create_engine(database_url, poolclass=NullPool, connect_args=options["connect_args"], hide_parameters=True)
    tenancy.install(engine)
    return engine


def make_session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit (daemons copy what they need and let go)."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def unit_of_work(factory: SessionFactory) -> Iterator[Session]:
    """One transaction: committed at the end, undone when something raises. For doors outside a web request."""
    session = factory()
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.close()


class UnsafeDatabaseRole(RuntimeError):
    """Row-level security doesn't bind this role, so tenants would not be kept apart."""


class SchemaTooOld(RuntimeError):
    """The database is behind the code: run `flask db upgrade` first."""


def refuse_unsafe_role(engine: Engine) -> None:
    """Raise UnsafeDatabaseRole when connected as a superuser or with BYPASSRLS (architecture section 3)."""
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()
    if row[1]:
        raise UnsafeDatabaseRole(
            f"the database role {row[0]!r} skips row-level security; use a role that is NOSUPERUSER NOBYPASSRLS"
        )


def database_revision(engine: Engine) -> str | None:
    """The migration the database stands at, None for an empty database."""
    with engine.connect() as connection:
        if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def refuse_old_schema(engine: Engine, expected_revision: str) -> None:
    """Raise SchemaTooOld unless the database stands at the code's newest migration."""
    found = database_revision(engine)
    if found != expected_revision:
        raise SchemaTooOld(
            f"the database stands at {found or 'nothing'}, the code needs {expected_revision}: run `flask db upgrade`"
        )
