"""When a number may next ask its provider whether a phone has WhatsApp: one question in flight per number and a gentle
rate, whichever daemon asks."""

from migrations.support import run

revision = "20261125_1910"
down_revision = "20261125_1830"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is missing; no data is dropped."""
    run("ALTER TABLE instances ADD COLUMN IF NOT EXISTS next_check_at TIMESTAMP WITH TIME ZONE")
