"""The set-based half of an import: staging, merging repeats, merge into the tenant's tables, undo, purge.

COPY FROM can't go into a table with row-level security, so rows land in a temporary table first; it has no policies
because nobody else can see it, and dies with the transaction, so a killed worker leaves nothing behind. Everything
is sorted by phone key before it meets an index: 1.4 times faster than in the file's order (design benchmarks 5).
Each statement takes `tenant` and says it in its conditions; the policies stand behind.
"""

from typing import Final

from sqlalchemy import TextClause, text

TUNE: Final = text("""
SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true), set_config('enable_nestloop', 'off', true)
""")
"""For the rest of the transaction. No nested loops: a tenant's first leads are in no statistics yet, the planner takes
them for one row and would join 50,000 with 50,000 by trying each pair (seen: minutes). Hash and merge joins are
never worse than reading the tenant's leads once."""
UNTUNE: Final = text("SELECT set_config('enable_nestloop', 'on', true)")

ANALYZE_LEADS: Final = text("ANALYZE leads (tenant_id, id, phone_key), lead_list_members")
"""So that what comes next (a campaign's launch, a page) is planned with the new rows in mind."""

TRY_LOCK_LEADS: Final = text("SELECT pg_try_advisory_xact_lock(72101, (:tenant % 2147483647)::int)")

STAGE: Final = text("""
CREATE TEMPORARY TABLE staged_rows (
    row_number bigint NOT NULL,
    reason text NOT NULL,
    value text NOT NULL,
    phone_key text NOT NULL,
    phone text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    city text NOT NULL,
    category text NOT NULL,
    extra jsonb NOT NULL
) ON COMMIT DROP
""")

ANALYZE_ROWS: Final = text("ANALYZE staged_rows (reason, phone_key)")

COPY_ROWS: Final = "COPY staged_rows (%s) FROM STDIN"

REPEATS: Final = text("""
CREATE TEMPORARY TABLE staged_repeats ON COMMIT DROP AS
SELECT phone_key, count(*) AS times FROM staged_rows WHERE reason = '' GROUP BY phone_key HAVING count(*) > 1
""")

COUNT_REPEATS: Final = text("SELECT coalesce(sum(times - 1), 0)::bigint FROM staged_repeats")

MERGE_REPEATS: Final = text("""
WITH gone AS (
    DELETE FROM staged_rows s USING staged_repeats r
    WHERE s.phone_key = r.phone_key AND s.reason = ''
    RETURNING s.*
), extras AS (
    SELECT g.phone_key, jsonb_object_agg(e.key, e.value ORDER BY g.row_number) AS extra
    FROM gone g CROSS JOIN LATERAL jsonb_each(g.extra) e
    GROUP BY g.phone_key
)
INSERT INTO staged_rows
SELECT min(g.row_number), '', '', g.phone_key, (array_agg(g.phone ORDER BY g.row_number DESC))[1],
    coalesce((array_agg(g.name ORDER BY g.row_number DESC) FILTER (WHERE g.name <> ''))[1], ''),
    coalesce((array_agg(g.email ORDER BY g.row_number DESC) FILTER (WHERE g.email <> ''))[1], ''),
    coalesce((array_agg(g.city ORDER BY g.row_number DESC) FILTER (WHERE g.city <> ''))[1], ''),
    coalesce((array_agg(g.category ORDER BY g.row_number DESC) FILTER (WHERE g.category <> ''))[1], ''),
    coalesce(min(x.extra::text)::jsonb, '{}')
FROM gone g LEFT JOIN extras x ON x.phone_key = g.phone_key
GROUP BY g.phone_key
""")
"""Several rows of one person become one: of each column the last value that isn't empty."""

STAGED_IDENTITIES: Final = text("SELECT phone_key, lower(email) FROM staged_rows WHERE reason = ''")

LEAVE_OUT: Final = text("DELETE FROM staged_rows WHERE reason = '' AND phone_key = ANY(CAST(:keys AS text[]))")

ID_SEQUENCE: Final = text("SELECT pg_get_serial_sequence('leads', 'id')")
"""Asked once: inside the statement it would be looked up for each row, which took as long as all the rest."""

_TELLS_MORE: Final = """((:consent_source <> '' AND l.consent_source = '')
            OR (CAST(:consent_at AS timestamptz) IS NOT NULL AND l.consent_at IS NULL)
            OR (:consent_proof <> '' AND l.consent_proof = ''))"""
"""Of a person with the same legal basis: this file says something of the permission that nobody had said."""


def _filled(statement: str) -> TextClause:
    return text(statement.replace("$TELLS_MORE", _TELLS_MORE))


PEOPLE: Final = _filled("""
CREATE TEMPORARY TABLE staged_people ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY s.phone_key) AS n,
    s.phone_key, s.phone, s.name, s.email, s.city, s.category, s.extra,
    coalesce(l.id, nextval(CAST(:ids AS regclass))) AS lead_id,
    l.id IS NULL AS is_new,
    x.id IS NOT NULL OR y.id IS NOT NULL AS is_suppressed,
    l.id IS NOT NULL AND (
        (s.name NOT IN ('', l.name)) OR (s.email NOT IN ('', l.email)) OR (s.city NOT IN ('', l.city))
        OR (s.category NOT IN ('', l.category)) OR NOT l.extra @> s.extra
        OR array_position(:bases, l.legal_basis::text) > array_position(:bases, :basis)
        OR (l.legal_basis::text = :basis AND $TELLS_MORE)
    ) AS is_changed
FROM staged_rows s
LEFT JOIN leads l ON l.tenant_id = :tenant AND l.phone_key = s.phone_key
LEFT JOIN suppressions x ON x.tenant_id = :tenant AND x.phone_key = s.phone_key
LEFT JOIN platform_suppressions y ON y.phone_key = s.phone_key
WHERE s.reason = ''
""")
"""Who is new, who changes, who must not be written to. `bases` is the strongest legal basis first: an import may
strengthen a person's, never weaken it. The permission's source, date and proof go with the basis they are of."""

INDEX_PEOPLE: Final = text("CREATE UNIQUE INDEX ON staged_people (n)")
ANALYZE_PEOPLE: Final = text("ANALYZE staged_people (n, lead_id, is_new, is_changed, is_suppressed)")

COUNTS: Final = text("""
SELECT count(*) AS people,
    count(*) FILTER (WHERE is_new) AS new_people,
    count(*) FILTER (WHERE is_suppressed) AS suppressed,
    count(*) FILTER (WHERE NOT is_new AND NOT is_suppressed) AS updated,
    count(*) FILTER (WHERE is_new AND NOT is_suppressed) AS created,
    (SELECT count(*) FROM staged_rows WHERE reason <> '') AS invalid
FROM staged_people
""")

PROBLEMS: Final = text("""
SELECT reason, count(*) AS count,
    (SELECT jsonb_agg(jsonb_build_object('row', e.row_number, 'column', e.name, 'value', e.value)
        ORDER BY e.row_number)
     FROM (SELECT row_number, name, value FROM staged_rows i WHERE i.reason = s.reason ORDER BY row_number LIMIT 5) e
    ) AS examples
FROM staged_rows s WHERE reason <> '' GROUP BY reason ORDER BY count(*) DESC, reason
""")
"""A refused row's `name` is that of the column at fault."""

FORGET_REJECTS: Final = text("DELETE FROM lead_import_rejects WHERE tenant_id = :tenant AND import_id = :import")

KEEP_REJECTS: Final = text("""
INSERT INTO lead_import_rejects (tenant_id, import_id, row_number, reason, value, cells)
SELECT :tenant, :import, row_number, reason, value, extra FROM staged_rows WHERE reason <> '' ORDER BY row_number
""")

_INSERT_NEW = """
INSERT INTO leads
    (tenant_id, id, phone, phone_key, name, email, city, category, extra, legal_basis, source, import_id, updated_at,
     consent_source, consent_at, consent_proof)
SELECT :tenant, lead_id, phone, phone_key, name, email, city, category, extra, :basis, :source, :import, now(),
    :consent_source, CAST(:consent_at AS timestamptz), :consent_proof
FROM staged_people WHERE is_new AND n BETWEEN :first AND :last ORDER BY n
"""
INSERT_NEW: Final = text(_INSERT_NEW)
"""Without ON CONFLICT, whose speculative insertion costs a fifth more; when it does meet a conflict: the next two."""

INSERT_NEW_CAREFULLY: Final = text(_INSERT_NEW + "ON CONFLICT (tenant_id, phone_key) DO NOTHING")

FIND_RACED: Final = text("""
UPDATE staged_people p SET lead_id = l.id, is_new = false
FROM leads l
WHERE l.tenant_id = :tenant AND l.phone_key = p.phone_key AND l.id <> p.lead_id AND p.n BETWEEN :first AND :last
""")
"""Somebody else (an inbox, a form) made the same person between our look and our insert: use theirs."""

REMEMBER_CHANGED: Final = text("""
INSERT INTO lead_import_changes (tenant_id, import_id, lead_id, before, changed_at)
SELECT :tenant, :import, l.id, jsonb_build_object('name', l.name, 'email', l.email, 'city', l.city,
    'category', l.category, 'extra', l.extra, 'legal_basis', l.legal_basis, 'consent_source', l.consent_source,
    'consent_at', l.consent_at, 'consent_proof', l.consent_proof), now()
FROM leads l
WHERE l.tenant_id = :tenant
    AND l.id = ANY (ARRAY(SELECT lead_id FROM staged_people WHERE is_changed AND n BETWEEN :first AND :last))
ORDER BY l.id
FOR UPDATE
""")

UPDATE_CHANGED: Final = text("""
UPDATE leads l SET
    name = coalesce(nullif(p.name, ''), l.name),
    email = coalesce(nullif(p.email, ''), l.email),
    city = coalesce(nullif(p.city, ''), l.city),
    category = coalesce(nullif(p.category, ''), l.category),
    extra = l.extra || p.extra,
    legal_basis = CASE WHEN array_position(:bases, l.legal_basis::text) > array_position(:bases, :basis)
        THEN :basis ELSE l.legal_basis END,
    (consent_source, consent_at, consent_proof) = (
        SELECT CASE b.gain WHEN 1 THEN :consent_source
                WHEN 0 THEN coalesce(nullif(l.consent_source, ''), :consent_source) ELSE l.consent_source END,
            CASE b.gain WHEN 1 THEN CAST(:consent_at AS timestamptz)
                WHEN 0 THEN coalesce(l.consent_at, CAST(:consent_at AS timestamptz)) ELSE l.consent_at END,
            CASE b.gain WHEN 1 THEN :consent_proof
                WHEN 0 THEN coalesce(nullif(l.consent_proof, ''), :consent_proof) ELSE l.consent_proof END
        FROM (SELECT sign(array_position(:bases, l.legal_basis::text) - array_position(:bases, :basis)) AS gain) b
    ),
    updated_at = now()
FROM staged_people p
WHERE l.tenant_id = :tenant AND l.id = p.lead_id AND p.is_changed AND p.n BETWEEN :first AND :last
    AND l.id = ANY (ARRAY(SELECT lead_id FROM staged_people WHERE is_changed AND n BETWEEN :first AND :last))
""")

JOIN_NEW: Final = text("""
INSERT INTO lead_list_members (tenant_id, list_id, lead_id, import_id)
SELECT :tenant, :list, lead_id, :import FROM staged_people WHERE is_new AND n BETWEEN :first AND :last ORDER BY n
""")

JOIN_KNOWN: Final = text("""
INSERT INTO lead_list_members (tenant_id, list_id, lead_id, import_id)
SELECT :tenant, :list, lead_id, :import FROM staged_people
WHERE NOT is_new AND n BETWEEN :first AND :last ORDER BY lead_id
ON CONFLICT (tenant_id, list_id, lead_id) DO NOTHING
""")

USED_BY_CAMPAIGN: Final = text("""
SELECT EXISTS (
    SELECT FROM campaign_lists cl
    JOIN campaign_contacts c ON c.tenant_id = :tenant AND c.campaign_id = cl.campaign_id
    JOIN lead_list_members m
        ON m.tenant_id = :tenant AND m.list_id = cl.list_id AND m.lead_id = c.lead_id AND m.import_id = :import
    WHERE cl.tenant_id = :tenant AND cl.list_id = :list
)
""")

LEAVE_LIST: Final = text("""
DELETE FROM lead_list_members WHERE tenant_id = :tenant AND list_id = :list AND import_id = :import
""")

RESTORE_CHANGED: Final = text("""
UPDATE leads l SET
    name = c.before ->> 'name', email = c.before ->> 'email', city = c.before ->> 'city',
    category = c.before ->> 'category', extra = c.before -> 'extra', legal_basis = c.before ->> 'legal_basis',
    consent_source = coalesce(c.before ->> 'consent_source', l.consent_source),
    consent_at = (c.before ->> 'consent_at')::timestamptz,
    consent_proof = coalesce(c.before ->> 'consent_proof', l.consent_proof),
    updated_at = now()
FROM lead_import_changes c
WHERE c.tenant_id = :tenant AND c.import_id = :import
    AND l.tenant_id = :tenant AND l.id = c.lead_id AND l.updated_at = c.changed_at
    AND l.id = ANY (ARRAY(
        SELECT lead_id FROM lead_import_changes WHERE tenant_id = :tenant AND import_id = :import
    ))
""")
"""Only where nobody has changed the person since: their later change is worth more than our undo."""

COUNT_CHANGED: Final = text(
    "SELECT count(*) FROM lead_import_changes WHERE tenant_id = :tenant AND import_id = :import"
)
FORGET_CHANGED: Final = text("DELETE FROM lead_import_changes WHERE tenant_id = :tenant AND import_id = :import")

REMOVE_CREATED: Final = text("""
DELETE FROM leads l
WHERE l.tenant_id = :tenant AND l.import_id = :import
    AND NOT EXISTS (SELECT FROM lead_list_members m WHERE m.tenant_id = :tenant AND m.lead_id = l.id)
""")

PURGE_LEADS: Final = text("""
WITH gone AS (
    DELETE FROM leads l USING lead_list_members m
    WHERE m.tenant_id = :tenant AND m.list_id = :list AND l.tenant_id = :tenant AND l.id = m.lead_id
        AND NOT EXISTS (
            SELECT FROM lead_list_members other
            WHERE other.tenant_id = :tenant AND other.lead_id = l.id AND other.list_id <> :list
        )
    RETURNING l.phone_key
)
SELECT x.phone_key FROM gone JOIN suppressions x ON x.tenant_id = :tenant AND x.phone_key = gone.phone_key
""")
"""-> whom of them must not be written to."""

VARIABLES: Final = text("""
WITH people AS (
    SELECT l.name, l.email, l.city, l.category, l.extra
    FROM leads l
    WHERE l.tenant_id = :tenant AND l.id IN (
        SELECT m.lead_id FROM lead_list_members m WHERE m.tenant_id = :tenant AND m.list_id = ANY(:lists)
    )
)
SELECT 'total' AS kind, '' AS name, count(*) AS filled FROM people
UNION ALL SELECT 'own', 'nome', count(*) FILTER (WHERE name <> '') FROM people
UNION ALL SELECT 'own', 'email', count(*) FILTER (WHERE email <> '') FROM people
UNION ALL SELECT 'own', 'cidade', count(*) FILTER (WHERE city <> '') FROM people
UNION ALL SELECT 'own', 'categoria', count(*) FILTER (WHERE category <> '') FROM people
UNION ALL SELECT 'extra', key, count(*) FROM people CROSS JOIN LATERAL jsonb_object_keys(extra) AS key GROUP BY key
""")

ADD_SUPPRESSIONS: Final = text("""
INSERT INTO suppressions (tenant_id, phone_key, phone, email, reason, source)
SELECT :tenant, u.phone_key, u.phone, u.email, :reason, :source
FROM unnest(CAST(:keys AS text[]), CAST(:phones AS text[]), CAST(:emails AS text[])) AS u(phone_key, phone, email)
ON CONFLICT DO NOTHING
""")

ADD_PLATFORM_SUPPRESSIONS: Final = text("""
INSERT INTO platform_suppressions (phone_key, phone, email, reason)
SELECT u.phone_key, u.phone, u.email, :reason
FROM unnest(CAST(:keys AS text[]), CAST(:phones AS text[]), CAST(:emails AS text[])) AS u(phone_key, phone, email)
ON CONFLICT DO NOTHING
""")
