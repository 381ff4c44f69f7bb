"""Indexes of the inbox: what is unread and what waits for a person's judgement; whose phone a WhatsApp address is."""

from migrations.support import run

revision = "20261125_1911"
down_revision = "20261125_1910"
branch_labels = None
depends_on = None

INDEXES = """
CREATE INDEX IF NOT EXISTS ix_conversations_unread ON conversations (tenant_id) WHERE unread_count > 0;
CREATE INDEX IF NOT EXISTS ix_conversations_maybe ON conversations (tenant_id, last_message_at, id)
    WHERE wish = 'maybe';
CREATE INDEX IF NOT EXISTS ix_number_checks_recipient ON number_checks (tenant_id, recipient_id)
    WHERE recipient_id <> '';
"""


def upgrade() -> None:
    """Add what is missing."""
    run(INDEXES)
