"""How far a follow-up has looked for its people, and an index on the few grave lines of a campaign's story."""

from migrations.support import run

revision = "20261125_1920"
down_revision = "20261125_1911"
branch_labels = None
depends_on = None

ARRIVALS = "ALTER TABLE campaigns ADD COLUMN IF NOT EXISTS arrived_until TIMESTAMP WITH TIME ZONE"

GRAVE_LINES = """
CREATE INDEX IF NOT EXISTS ix_campaign_logs_grave ON campaign_logs (tenant_id, campaign_id, id)
    WHERE severity IN ('error', 'critical')
"""


def upgrade() -> None:
    """Add what is missing; no data is dropped."""
    run(ARRIVALS, GRAVE_LINES)
