"""What number checks read and write. System scope."""

from typing import Final

from sqlalchemy import text

CHECKING_CAMPAIGNS: Final = text("""
SELECT n.tenant_id, n.id, n.connector, n.base_url, n.instance_key, n.sealed_credentials, array_agg(m.campaign_id)
FROM (
    SELECT i.* FROM instances i
    WHERE i.status = 'connected' AND i.deleted_at IS NULL AND i.check_numbers
      AND i.connector = ANY(CAST(:connectors AS text[])) AND (i.next_check_at IS NULL OR i.next_check_at <= :now)
      AND EXISTS (
          SELECT 1 FROM campaign_instances u
          JOIN campaigns c ON c.tenant_id = u.tenant_id AND c.id = u.campaign_id AND c.status = 'running'
          WHERE u.tenant_id = i.tenant_id AND u.instance_id = i.id)
    ORDER BY i.next_check_at NULLS FIRST
    LIMIT :most
) n
JOIN campaign_instances m ON m.tenant_id = n.tenant_id AND m.instance_id = n.id
JOIN campaigns k ON k.tenant_id = m.tenant_id AND k.id = m.campaign_id AND k.status = 'running'
GROUP BY n.tenant_id, n.id, n.connector, n.base_url, n.instance_key, n.sealed_credentials
""")
"""Numbers whose turn to ask has come, each with the running campaigns it serves."""

TAKE_KNOWN: Final = text("""
WITH front AS (
    SELECT c.*, k.has_whatsapp, k.recipient_id AS known_address, k.checked_at AS known_at
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[])) AS s(tenant_id, campaign_id)
    CROSS JOIN generate_series(0, 7) z(zone)
    CROSS JOIN LATERAL (
        SELECT q.tenant_id, q.campaign_id, q.phone, q.phone_key, q.status, q.checked_at FROM campaign_contacts q
        WHERE q.tenant_id = s.tenant_id AND q.campaign_id = s.campaign_id AND q.status = 'pending' AND q.zone = z.zone
        ORDER BY q.next_attempt_at, q.id
        LIMIT :ahead
    ) c
    JOIN number_checks k ON k.tenant_id = c.tenant_id AND k.phone_key = c.phone_key
    WHERE c.checked_at IS NULL
      AND k.checked_at > CAST(:now AS timestamptz) - CASE WHEN k.has_whatsapp THEN interval '30 days'
                                                          ELSE interval '7 days' END
), locked AS (
    SELECT c.tenant_id, c.campaign_id, c.phone, f.has_whatsapp, f.known_address, f.known_at
    FROM front f JOIN campaign_contacts c
        ON c.tenant_id = f.tenant_id AND c.campaign_id = f.campaign_id AND c.phone = f.phone AND c.status = f.status
    WHERE c.checked_at IS NULL
    FOR NO KEY UPDATE OF c SKIP LOCKED
)
UPDATE campaign_contacts c SET checked_at = l.known_at,
    recipient_id = CASE WHEN l.has_whatsapp THEN NULLIF(l.known_address, '') END,
    status = CASE WHEN l.has_whatsapp THEN c.status ELSE 'invalid' END,
    reason = CASE WHEN l.has_whatsapp THEN c.reason ELSE 'not_on_whatsapp' END,
    error = CASE WHEN l.has_whatsapp THEN c.error ELSE :error END,
    failed_at = CASE WHEN l.has_whatsapp THEN c.failed_at ELSE CAST(:now AS timestamptz) END
FROM locked l
WHERE c.tenant_id = l.tenant_id AND c.campaign_id = l.campaign_id AND c.phone = l.phone
RETURNING c.tenant_id, c.campaign_id, c.id, l.has_whatsapp
""")
"""What is known already is written on the rows without asking anybody. Only the front of each of a campaign's zones is
looked at (Brazil has four), in the order of the queue's index: bounded, however many people the campaign has."""

TAKE_UNKNOWN: Final = text("""
WITH front AS (
    SELECT f.*
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:wanted AS int[]))
         AS s(tenant_id, campaign_id, wanted)
    CROSS JOIN LATERAL (
        SELECT c.* FROM generate_series(0, 7) z(zone)
        CROSS JOIN LATERAL (
            SELECT q.tenant_id, q.campaign_id, q.phone, q.status, q.checked_at FROM campaign_contacts q
            WHERE q.tenant_id = s.tenant_id AND q.campaign_id = s.campaign_id AND q.status = 'pending'
              AND q.zone = z.zone
            ORDER BY q.next_attempt_at, q.id
            LIMIT :ahead
        ) c
        WHERE c.checked_at IS NULL
        LIMIT s.wanted
    ) f
), locked AS (
    SELECT c.tenant_id, c.campaign_id, c.phone
    FROM front f JOIN campaign_contacts c
        ON c.tenant_id = f.tenant_id AND c.campaign_id = f.campaign_id AND c.phone = f.phone AND c.status = f.status
    WHERE c.checked_at IS NULL
    FOR NO KEY UPDATE OF c SKIP LOCKED
)
UPDATE campaign_contacts c SET checked_at = :now
FROM locked l
WHERE c.tenant_id = l.tenant_id AND c.campaign_id = l.campaign_id AND c.phone = l.phone
RETURNING c.tenant_id, c.campaign_id, c.id, c.phone, c.phone_key
""")
"""Marked as asked before the call leaves: no two daemons ask about one row, and a call that fails isn't repeated."""

RESERVE_CHECKS: Final = text("""
UPDATE instances i SET next_check_at = CAST(:now AS timestamptz) + make_interval(secs => :gap_seconds)
FROM (
    SELECT n.tenant_id, n.id
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS s(tenant_id, id)
    JOIN instances n ON n.tenant_id = s.tenant_id AND n.id = s.id
    WHERE n.status = 'connected' AND (n.next_check_at IS NULL OR n.next_check_at <= :now)
    FOR NO KEY UPDATE OF n SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
RETURNING i.tenant_id, i.id
""")
"""The call's timeout is the gap: one question in flight per number, whichever daemon asks."""

REST_CHECKS: Final = text("""
UPDATE instances i SET next_check_at = CAST(:now AS timestamptz) + make_interval(secs => :rest_seconds)
WHERE i.tenant_id = :tenant_id AND i.id = :instance_id
""")

WRITE_ANSWERS: Final = text("""
UPDATE campaign_contacts c SET
    recipient_id = NULLIF(u.recipient_id, ''),
    status = CASE WHEN u.has_whatsapp THEN c.status ELSE 'invalid' END,
    reason = CASE WHEN u.has_whatsapp THEN c.reason ELSE 'not_on_whatsapp' END,
    error = CASE WHEN u.has_whatsapp THEN c.error ELSE :error END,
    failed_at = CASE WHEN u.has_whatsapp THEN c.failed_at ELSE CAST(:now AS timestamptz) END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:phones AS text[]),
            CAST(:have AS bool[]), CAST(:addresses AS text[]), CAST(:expected AS text[]))
     AS u(tenant_id, campaign_id, phone, has_whatsapp, recipient_id, expected)
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.phone = u.phone AND c.status = u.expected
RETURNING c.tenant_id, c.campaign_id, c.id, u.has_whatsapp
""")
"""Only what still waits: a message that has left in the meantime answers for itself."""

REMEMBER_CHECKS: Final = text("""
INSERT INTO number_checks AS n (tenant_id, phone_key, has_whatsapp, recipient_id, checked_at)
SELECT DISTINCT ON (tenant_id, phone_key) tenant_id, phone_key, has_whatsapp, recipient_id, CAST(:now AS timestamptz)
FROM unnest(CAST(:tenants AS bigint[]), CAST(:keys AS text[]), CAST(:have AS bool[]), CAST(:addresses AS text[]))
     AS u(tenant_id, phone_key, has_whatsapp, recipient_id)
ORDER BY tenant_id, phone_key, has_whatsapp DESC
ON CONFLICT (tenant_id, phone_key) DO UPDATE SET
    has_whatsapp = excluded.has_whatsapp, recipient_id = excluded.recipient_id, checked_at = excluded.checked_at
""")
