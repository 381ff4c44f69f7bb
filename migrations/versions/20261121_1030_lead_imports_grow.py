"""Imports that leave no empty list, can be taken up by another worker and undone; suppression by e-mail."""

from migrations.support import force_policy, run

revision = "20261121_1030"
down_revision = "20261121_0910"
branch_labels = None
depends_on = None

IMPORTS = """
ALTER TABLE lead_imports ALTER COLUMN list_id DROP NOT NULL;
ALTER TABLE lead_imports
    ADD COLUMN IF NOT EXISTS list_name VARCHAR(120) DEFAULT '' NOT NULL,
    ADD COLUMN IF NOT EXISTS is_new_list BOOLEAN DEFAULT false NOT NULL,
    ADD COLUMN IF NOT EXISTS layout JSONB DEFAULT '{}' NOT NULL,
    ADD COLUMN IF NOT EXISTS attempts BIGINT DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS failure_code VARCHAR(40),
    ADD COLUMN IF NOT EXISTS undo_requested_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS started_at TIMESTAMP WITH TIME ZONE;
"""

CHANGES = """
CREATE TABLE IF NOT EXISTS lead_import_changes (
    tenant_id BIGINT NOT NULL,
    import_id BIGINT NOT NULL,
    lead_id BIGINT NOT NULL,
    before JSONB NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_lead_import_changes PRIMARY KEY (tenant_id, import_id, lead_id),
    CONSTRAINT fk_lead_import_changes_tenant_id_import_id FOREIGN KEY(tenant_id, import_id)
        REFERENCES lead_imports (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_lead_import_changes_tenant_id_lead_id FOREIGN KEY(tenant_id, lead_id)
        REFERENCES leads (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS ix_lead_import_changes_tenant_id_lead_id ON lead_import_changes (tenant_id, lead_id);
"""

LISTS = """
ALTER TABLE lead_lists
    ADD COLUMN IF NOT EXISTS purge_after TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS deletes_leads BOOLEAN DEFAULT false NOT NULL;
"""

# Memberships lose their foreign keys: models.leads.LeadListMember says why.
MEMBERS = """
ALTER TABLE lead_list_members DROP CONSTRAINT IF EXISTS fk_lead_list_members_tenant_id_list_id;
ALTER TABLE lead_list_members DROP CONSTRAINT IF EXISTS fk_lead_list_members_tenant_id_lead_id;
"""

SUPPRESSIONS = """
ALTER TABLE suppressions ADD COLUMN IF NOT EXISTS email VARCHAR(254);
ALTER TABLE suppressions ALTER COLUMN phone_key DROP NOT NULL;
ALTER TABLE suppressions ALTER COLUMN phone DROP NOT NULL;
ALTER TABLE suppressions DROP CONSTRAINT IF EXISTS uq_suppressions_tenant_id_email;
ALTER TABLE suppressions ADD CONSTRAINT uq_suppressions_tenant_id_email UNIQUE (tenant_id, email);
ALTER TABLE suppressions DROP CONSTRAINT IF EXISTS ck_suppressions_somebody;
ALTER TABLE suppressions ADD CONSTRAINT ck_suppressions_somebody CHECK (phone_key IS NOT NULL OR email IS NOT NULL);
"""


def upgrade() -> None:
    """Add what is missing; no data is dropped."""
    run(IMPORTS, CHANGES, LISTS, MEMBERS, SUPPRESSIONS)
    force_policy("lead_import_changes")
