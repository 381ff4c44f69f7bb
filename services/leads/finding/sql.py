"""The words of leads in blocks, and looking for pieces of words in them.

A block holds 32 records: two capitals for the place in the block (what is looked for is never a capital), then name,
e-mail and phone. Reading 32 people at once costs about what reading one does, and one row of `lead_grams` answers for
1,024 blocks; with btrees alone, whose equality is leakproof, so that row-level security leaves the indexes in use.
"""

from typing import Final

from sqlalchemy import text

TRY_LOCK: Final = text("SELECT pg_try_advisory_xact_lock(72102, (:tenant % 2147483647)::int)")
"""One maker of blocks at a time in a tenant."""

MAKE_BLOCKS: Final = text("""
INSERT INTO lead_blocks (tenant_id, block, body)
SELECT :tenant, d.block, coalesce(w.body, '')
FROM unnest(CAST(:blocks AS bigint[])) AS d (block)
CROSS JOIN LATERAL (
    SELECT string_agg(
        chr(65 + (l.id % 32 / 8)::int) || chr(65 + (l.id % 8)::int)
            || translate(lower(l.name || E'\\x1f' || l.email), :accented, :plain) || E'\\x1f' || l.phone,
        E'\\x1e'
    ) AS body
    FROM leads l
    WHERE l.tenant_id = :tenant AND l.id BETWEEN d.block * 32 AND d.block * 32 + 31
) w
ON CONFLICT (tenant_id, block) DO UPDATE SET body = excluded.body
""")

KEEP_GRAMS: Final = text("""
INSERT INTO lead_grams (tenant_id, gram, segment, blocks)
SELECT :tenant, g.gram, :segment, g.blocks
FROM unnest(CAST(:grams AS text[]), CAST(:blocks AS bytea[])) AS g (gram, blocks)
ON CONFLICT (tenant_id, gram, segment) DO UPDATE SET blocks = excluded.blocks
""")

FIND_IN_BLOCKS: Final = text("""
SELECT b.block * 32 + (ascii(r.words) - 65) * 8 + ascii(substr(r.words, 2)) - 65 AS id
FROM lead_blocks b CROSS JOIN LATERAL unnest(string_to_array(b.body, E'\\x1e')) AS r (words)
WHERE b.tenant_id = :tenant AND b.block = ANY(CAST(:blocks AS bigint[]))
    AND strpos(b.body, :piece_0) > 0 AND strpos(b.body, :piece_1) > 0 AND strpos(b.body, :piece_2) > 0
    AND strpos(b.body, :piece_3) > 0 AND strpos(b.body, :piece_4) > 0 AND strpos(b.body, :piece_5) > 0
    AND strpos(r.words, :piece_0) > 0 AND strpos(r.words, :piece_1) > 0 AND strpos(r.words, :piece_2) > 0
    AND strpos(r.words, :piece_3) > 0 AND strpos(r.words, :piece_4) > 0 AND strpos(r.words, :piece_5) > 0
""")
"""The leads in these blocks that contain every piece (those left over are empty), in no order."""

VALUES_OF_CITY: Final = text("""
WITH RECURSIVE found (value, n) AS (
    (SELECT city, 1 FROM leads WHERE tenant_id = :tenant AND city <> '' ORDER BY city LIMIT 1)
    UNION ALL
    SELECT (SELECT l.city FROM leads l WHERE l.tenant_id = :tenant AND l.city > f.value AND l.city <> ''
            ORDER BY l.city LIMIT 1), f.n + 1
    FROM found f WHERE f.value IS NOT NULL AND f.n < :most
)
SELECT value FROM found WHERE value IS NOT NULL
""")
"""Each value once, by jumping from one to the next in the index: reading a million rows to find 200 cities would take
half a second."""

VALUES_OF_CATEGORY: Final = text(VALUES_OF_CITY.text.replace("city", "category"))

VALUES_OF_TAG: Final = text("""
WITH RECURSIVE found (value, n) AS (
    (SELECT tag, 1 FROM lead_tags WHERE tenant_id = :tenant ORDER BY tag LIMIT 1)
    UNION ALL
    SELECT (SELECT t.tag FROM lead_tags t WHERE t.tenant_id = :tenant AND t.tag > f.value ORDER BY t.tag LIMIT 1),
        f.n + 1
    FROM found f WHERE f.value IS NOT NULL AND f.n < :most
)
SELECT value FROM found WHERE value IS NOT NULL
""")
