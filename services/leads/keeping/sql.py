"""Deeds on some hundreds or thousands of leads by id, each one statement; and the pairs that look like one person."""

from typing import Final

from sqlalchemy import text

ADD_TAG: Final = text("""
INSERT INTO lead_tags (tenant_id, tag, lead_id)
SELECT :tenant, :tag, l.id FROM leads l WHERE l.tenant_id = :tenant AND l.id = ANY(:ids) ORDER BY l.id
ON CONFLICT DO NOTHING
""")
REMOVE_TAG: Final = text("DELETE FROM lead_tags WHERE tenant_id = :tenant AND tag = :tag AND lead_id = ANY(:ids)")

JOIN_LIST: Final = text("""
INSERT INTO lead_list_members (tenant_id, list_id, lead_id)
SELECT :tenant, :list, l.id FROM leads l WHERE l.tenant_id = :tenant AND l.id = ANY(:ids) ORDER BY l.id
ON CONFLICT DO NOTHING
""")
LEAVE_LIST: Final = text("""
DELETE FROM lead_list_members WHERE tenant_id = :tenant AND list_id = :list AND lead_id = ANY(:ids)
""")
SHIFT_COUNT: Final = text("""
UPDATE lead_lists SET lead_count = lead_count + :by WHERE tenant_id = :tenant AND id = :list
""")

SUPPRESS: Final = text("""
INSERT INTO suppressions (tenant_id, phone_key, phone, reason, source)
SELECT :tenant, l.phone_key, l.phone, 'manual', 'manual'
FROM leads l WHERE l.tenant_id = :tenant AND l.id = ANY(:ids) ORDER BY l.phone_key
ON CONFLICT (tenant_id, phone_key) DO NOTHING
""")

LEAVE_ALL_LISTS: Final = text("""
WITH gone AS (
    DELETE FROM lead_list_members WHERE tenant_id = :tenant AND lead_id = ANY(:ids) RETURNING list_id
), lost AS (
    SELECT list_id, count(*) AS n FROM gone GROUP BY list_id ORDER BY list_id
)
UPDATE lead_lists l SET lead_count = l.lead_count - lost.n FROM lost WHERE l.tenant_id = :tenant AND l.id = lost.list_id
""")
FORGET_MERGES: Final = text("DELETE FROM lead_merges WHERE tenant_id = :tenant AND kept_id = ANY(:ids)")
"""They hold what both people were: that goes with the person who stayed."""
DELETE_LEADS: Final = text("DELETE FROM leads WHERE tenant_id = :tenant AND id = ANY(:ids)")

LIKELY_DUPLICATES: Final = text("""
WITH by_email AS (
    SELECT lower(email) AS what, array_agg(id ORDER BY id) AS ids
    FROM leads WHERE tenant_id = :tenant AND email <> ''
    GROUP BY lower(email) HAVING count(*) = 2 LIMIT :most
), by_name AS (
    SELECT lower(name) || '|' || lower(city) AS what, array_agg(id ORDER BY id) AS ids
    FROM leads WHERE tenant_id = :tenant AND name LIKE '% %' AND city <> ''
    GROUP BY lower(name), lower(city) HAVING count(*) = 2 LIMIT :most
)
SELECT 'email' AS reason, ids FROM by_email
UNION ALL
SELECT 'name', n.ids FROM by_name n WHERE NOT EXISTS (SELECT FROM by_email e WHERE e.ids = n.ids)
LIMIT :most
""")
"""Groups of exactly two: a mailbox or a name that three share is an office's or a common one, not a person's."""
