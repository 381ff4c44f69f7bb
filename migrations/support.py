"""What migrations share: forced row-level security and month partitions. No models here, ever."""

from alembic import op

TENANT_POLICY = """
tenant_id = nullif(current_setting('app.tenant_id', true), '')::bigint
OR current_setting('app.scope', true) = 'system'
"""
SYSTEM_POLICY = "current_setting('app.scope', true) = 'system'"


def run(*statements: str) -> None:
    """Execute statements one after the other."""
    for statement in statements:
        op.execute(statement)


def force_policy(table: str, condition: str = TENANT_POLICY) -> None:
    """Rows of `table` exist only where `condition` holds, for the table's owner too. Safe to run again."""
    run(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {table}_scope ON {table}",
        f"CREATE POLICY {table}_scope ON {table} USING ({condition}) WITH CHECK ({condition})",
    )


def append_only(table: str) -> None:
    """The database itself refuses UPDATE, DELETE and TRUNCATE on `table`, but for `delete_campaign`."""
    run(
        f"CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE OR REPLACE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    )
