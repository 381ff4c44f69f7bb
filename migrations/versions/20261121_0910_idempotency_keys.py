"""Answers kept for `Idempotency-Key`."""

from migrations.support import force_policy, run

revision = "20261121_0910"
down_revision = "20261121_0900"
branch_labels = None
depends_on = None

IDEMPOTENCY_KEYS = """
CREATE TABLE IF NOT EXISTS idempotency_keys (
    tenant_id BIGINT NOT NULL,
    key VARCHAR(200) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    status SMALLINT,
    body VARCHAR DEFAULT '' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, key),
    CONSTRAINT fk_idempotency_keys_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenants (id)
);
"""


def upgrade() -> None:
    """Create the table and fence it."""
    run(IDEMPOTENCY_KEYS)
    force_policy("idempotency_keys")
