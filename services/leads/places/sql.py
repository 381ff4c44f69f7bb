"""The set-based half of telling places apart. `staged_places` exists only in a transaction whose file names places."""

from typing import Final

from sqlalchemy import text

PLACES: Final = text("""
CREATE TEMPORARY TABLE staged_places ON COMMIT DROP AS
SELECT DISTINCT ON (l.id) l.id AS lead_id, l.phone_key AS old_key, s.phone_key AS new_key, s.phone AS new_phone,
    EXISTS (SELECT FROM suppressions x WHERE x.tenant_id = :tenant AND x.phone_key = l.phone_key) AS is_suppressed
FROM staged_rows s
JOIN leads l ON l.tenant_id = :tenant AND l.place_id = s.extra ->> 'placeid' AND l.place_id <> ''
WHERE s.reason = '' AND s.phone_key <> l.phone_key
    AND NOT EXISTS (SELECT FROM leads o WHERE o.tenant_id = :tenant AND o.phone_key = s.phone_key)
    AND NOT EXISTS (SELECT FROM staged_rows o WHERE o.reason = '' AND o.phone_key = l.phone_key)
ORDER BY l.id, s.row_number
""")
"""Known places whose number is another one now. Not where the new number already is somebody's, nor where the old one
is in this file too (a place that moved out and one that moved in): then the number decides, as for everybody."""

ANALYZE_PLACES: Final = text("ANALYZE staged_places")

ONE_A_NUMBER: Final = text("""
DELETE FROM staged_places p USING staged_places q WHERE p.new_key = q.new_key AND p.lead_id > q.lead_id
""")

KNOW_AGAIN: Final = text("""
UPDATE staged_rows s SET phone_key = p.old_key FROM staged_places p WHERE s.phone_key = p.new_key AND s.reason = ''
""")
"""So that the rows are judged as the person we know: an update, not somebody new, and left alone if that person asked
to be."""

HAS_PLACES: Final = text("SELECT to_regclass('pg_temp.staged_places') IS NOT NULL")

REMEMBER_NUMBERS: Final = text("""
INSERT INTO lead_import_changes (tenant_id, import_id, lead_id, before, changed_at)
SELECT :tenant, :import, l.id, jsonb_build_object('name', l.name, 'email', l.email, 'city', l.city,
    'category', l.category, 'extra', l.extra, 'legal_basis', l.legal_basis,
    'phone', l.phone, 'phone_key', l.phone_key), now()
FROM leads l JOIN staged_places p ON p.lead_id = l.id AND NOT p.is_suppressed
WHERE l.tenant_id = :tenant
ORDER BY l.id
FOR UPDATE OF l
ON CONFLICT (tenant_id, import_id, lead_id) DO UPDATE SET before = lead_import_changes.before || jsonb_build_object(
    'phone', excluded.before -> 'phone', 'phone_key', excluded.before -> 'phone_key')
""")

CHANGE_NUMBERS: Final = text("""
UPDATE leads l SET phone = p.new_phone, phone_key = p.new_key, updated_at = now()
FROM staged_places p
WHERE l.tenant_id = :tenant AND l.id = p.lead_id AND NOT p.is_suppressed
    AND NOT EXISTS (SELECT FROM leads o WHERE o.tenant_id = :tenant AND o.phone_key = p.new_key)
""")
"""Whoever asked to be left alone keeps the number that is on the list: a new one would undo their wish."""

KEEP_PLACES: Final = text("""
UPDATE leads l SET place_id = left(p.extra ->> 'placeid', 300)
FROM staged_people p
WHERE l.tenant_id = :tenant AND l.id = p.lead_id AND p.extra ->> 'placeid' <> ''
    AND l.place_id IS DISTINCT FROM left(p.extra ->> 'placeid', 300)
""")

RESTORE_NUMBERS: Final = text("""
UPDATE leads l SET phone = c.before ->> 'phone', phone_key = c.before ->> 'phone_key'
FROM lead_import_changes c
WHERE c.tenant_id = :tenant AND c.import_id = :import AND c.before ? 'phone_key'
    AND l.tenant_id = :tenant AND l.id = c.lead_id AND l.updated_at = c.changed_at
    AND NOT EXISTS (SELECT FROM leads o WHERE o.tenant_id = :tenant AND o.phone_key = c.before ->> 'phone_key')
""")
"""Before the other columns, whose restoring moves `updated_at`; not where the old number is somebody else's by now."""
