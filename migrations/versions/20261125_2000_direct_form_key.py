"""An answer remembers the form it came from, so that a double click sends one message."""

from migrations.support import run

revision = "20261125_2000"
down_revision = "20261125_1950"
branch_labels = None
depends_on = None

COLUMN = """
ALTER TABLE direct_messages ADD COLUMN IF NOT EXISTS form_key varchar(36);
CREATE INDEX IF NOT EXISTS ix_direct_messages_form_key ON direct_messages (tenant_id, conversation_id, form_key)
    WHERE form_key IS NOT NULL;
"""


def upgrade() -> None:
    run(COLUMN)
