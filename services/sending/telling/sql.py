"""What telling reads: who uses a number, and what things are called. System scope."""

from typing import Final

from sqlalchemy import text

CAMPAIGNS_OF_NUMBERS: Final = text("""
SELECT m.tenant_id, m.campaign_id, m.instance_id
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS s(tenant_id, id)
JOIN campaign_instances m ON m.tenant_id = s.tenant_id AND m.instance_id = s.id
JOIN campaigns c ON c.tenant_id = m.tenant_id AND c.id = m.campaign_id
WHERE c.status IN ('running', 'waiting_quota', 'waiting_window')
""")

NUMBER_NAMES: Final = text("""
SELECT i.tenant_id, i.id, i.name, t.time_zone
FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[])) AS s(tenant_id, id)
JOIN instances i ON i.tenant_id = s.tenant_id AND i.id = s.id
JOIN tenants t ON t.id = i.tenant_id
""")

CAMPAIGN_NAMES: Final = text("""
SELECT c.tenant_id, c.id, c.name, t.time_zone
FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[])) AS s(tenant_id, id)
JOIN campaigns c ON c.tenant_id = s.tenant_id AND c.id = s.id
JOIN tenants t ON t.id = c.tenant_id
""")
