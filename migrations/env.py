"""Alembic's environment: one transaction a migration, an advisory lock so that two starts don't race, and time-outs
so that a migration waits for nobody's long transaction (architecture rule 15)."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from core import tenancy
from core.db import Base

LOCK_ID = 7_306_110_211
"""Any constant will do: everyone who migrates this database takes the same advisory lock."""


def is_ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Leave month partitions out of the drift check: they are made by `ensure_month_partitions`."""
    return not (kind == "table" and name is not None and "_p20" in name)


def run(connection: Connection) -> None:
    """Run what was asked on this connection, alone."""
    connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": LOCK_ID})
    connection.commit()
    try:
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.execute(text("SET statement_timeout = '15min'"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            include_object=is_ours,
            compare_type=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:id)"), {"id": LOCK_ID})
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("offline migrations are not supported: row-level security needs the real database")

with tenancy.system_scope("migrations"), current_app.extensions["migrate"].db.engine.connect() as live:
    run(live)
