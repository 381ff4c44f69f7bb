"""Direct messages whose outcome is open, by recipient (a receipt for an id nobody knows may be one of theirs), and a
person's own tests."""

from migrations.support import run

revision = "20261125_1940"
down_revision = "20261125_1931"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Few rows are open at any moment and few are tests: both stay small however many messages there have been."""
    run(
        "CREATE INDEX IF NOT EXISTS ix_direct_messages_open ON direct_messages (tenant_id, phone_key)"
        " WHERE status IN ('sending', 'unconfirmed')",
        "CREATE INDEX IF NOT EXISTS ix_direct_messages_tests ON direct_messages (tenant_id, created_by, id)"
        " WHERE kind = 'test'",
    )
