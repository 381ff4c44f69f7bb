"""A number belongs to one daemon while a message of it is in flight."""

from migrations.support import run

revision = "20261121_0900"
down_revision = "20261121_0806"
branch_labels = None
depends_on = None

LEASES = """
ALTER TABLE instances ADD COLUMN IF NOT EXISTS leased_by UUID;
ALTER TABLE instances ADD COLUMN IF NOT EXISTS leased_until TIMESTAMP WITH TIME ZONE;
"""


def upgrade() -> None:
    """Add the lease."""
    run(LEASES)
