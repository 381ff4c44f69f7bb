"""Applied webhook calls can be found by when they were applied, so that those older than a week go in small pieces."""

from migrations.support import run

revision = "20261125_1950"
down_revision = "20261125_1940"
branch_labels = None
depends_on = None

INDEX = """
CREATE INDEX IF NOT EXISTS ix_webhook_inbox_applied_at ON webhook_inbox (applied_at) WHERE applied_at IS NOT NULL;
"""


def upgrade() -> None:
    run(INDEX)
