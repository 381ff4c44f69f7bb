"""What every process checks before it does any work (architecture section 3)."""

from functools import lru_cache
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from core.db import refuse_old_schema, refuse_unsafe_role

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


@lru_cache(maxsize=1)
def newest_revision() -> str:
    """The one head of `migrations/`; alembic raises when there are two."""
    head = ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS / "versions")]).get_current_head()
    if head is None:
        raise RuntimeError("no migration found")
    return head


def refuse_to_start(engine: Engine) -> None:
    """Raise UnsafeDatabaseRole or SchemaTooOld instead of working on a database that isn't ready for this code."""
    refuse_unsafe_role(engine)
    refuse_old_schema(engine, newest_revision())
