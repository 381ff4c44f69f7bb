"""Imports stop for a person twice (columns, verdict), may be discarded, and remember what the columns were."""

from migrations.support import force_policy, run

revision = "20261125_2020"
down_revision = "20261125_2000"
branch_labels = None
depends_on = None

IMPORTS = """
ALTER TABLE lead_imports
    ADD COLUMN IF NOT EXISTS is_guided BOOLEAN DEFAULT false NOT NULL,
    ADD COLUMN IF NOT EXISTS choices JSONB DEFAULT '[]' NOT NULL,
    ADD COLUMN IF NOT EXISTS samples JSONB DEFAULT '[]' NOT NULL,
    ADD COLUMN IF NOT EXISTS waiting_since TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS attempts_before BIGINT DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS phase VARCHAR(8) DEFAULT '' NOT NULL,
    ADD COLUMN IF NOT EXISTS phase_started_at TIMESTAMP WITH TIME ZONE;
"""

# The new states are a superset, so every row passes and old code goes on as it was.
STATES = """
ALTER TABLE lead_imports DROP CONSTRAINT IF EXISTS ck_lead_imports_importstatus;
ALTER TABLE lead_imports ADD CONSTRAINT ck_lead_imports_importstatus CHECK (status IN (
    'uploaded', 'checking', 'mapping', 'ready', 'writing', 'finished', 'failed', 'undone', 'discarded'));
"""

# Imports that wait since before this release: their 30 days begin when they were sent.
WAITING = """
UPDATE lead_imports SET waiting_since = created_at WHERE status = 'ready' AND waiting_since IS NULL;
CREATE INDEX IF NOT EXISTS ix_lead_imports_waiting ON lead_imports (waiting_since)
    WHERE status IN ('mapping','ready');
"""

# Ended imports whose file may still be there: a process can die between the end and the deletion.
FILES = """
CREATE INDEX IF NOT EXISTS ix_lead_imports_files ON lead_imports (tenant_id, id)
    WHERE file_key <> '' AND status IN ('finished','failed','undone','discarded');
"""

MAPPINGS = """
CREATE TABLE IF NOT EXISTS column_mappings (
    tenant_id BIGINT NOT NULL,
    headers_key VARCHAR(64) NOT NULL,
    choices JSONB NOT NULL,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_column_mappings PRIMARY KEY (tenant_id, headers_key),
    CONSTRAINT fk_column_mappings_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
"""


def upgrade() -> None:
    """Add what is missing; no data is dropped."""
    run(IMPORTS, STATES, WAITING, FILES, MAPPINGS)
    force_policy("column_mappings")
