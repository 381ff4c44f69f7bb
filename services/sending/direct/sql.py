"""The direct lane's statements. System scope; every statement is set-based and names its tenants row by row.

Locks: the instance first, then the message, each with SKIP LOCKED in the claim; the settle's messages by ascending key,
then the instances. Updates by key name no literal status (see `services.sending.sql`).
"""

from typing import Final

from sqlalchemy import text

WAITING_NUMBERS: Final = text("""
SELECT DISTINCT i.tenant_id, i.id, i.connector, i.base_url, i.instance_key, i.sealed_credentials, i.consecutive_errors
FROM (
    SELECT DISTINCT d.tenant_id, d.instance_id, d.kind = 'test' AS is_test
    FROM direct_messages d WHERE d.status = 'pending' AND d.next_attempt_at <= :now
) w
JOIN instances i ON i.tenant_id = w.tenant_id AND i.id = w.instance_id
WHERE i.deleted_at IS NULL AND (i.status = 'connected' OR (i.status = 'paused' AND i.ill_since IS NOT NULL))
  AND (i.leased_by IS NULL OR i.leased_by = CAST(:daemon AS uuid) OR i.leased_until <= :now)
  AND (NOT w.is_test OR (i.status = 'connected' AND i.health_score >= 50 AND i.consecutive_unclear < 2
                         AND (i.held_until IS NULL OR i.held_until <= :now)))
""")
"""Connected, or paused by its health alone: a person's own conversation goes on; not what a person has paused. A test
asks whether the number works, so it waits where a campaign would."""

LOCK_NUMBERS: Final = text("""
SELECT i.tenant_id, i.id, i.status = 'connected' AND i.health_score >= 50 AND i.consecutive_unclear < 2
    AND (i.held_until IS NULL OR i.held_until <= :now)
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS s(tenant_id, id)
JOIN instances i ON i.tenant_id = s.tenant_id AND i.id = s.id
WHERE i.deleted_at IS NULL AND (i.status = 'connected' OR (i.status = 'paused' AND i.ill_since IS NOT NULL))
  AND (i.leased_by IS NULL OR i.leased_by = CAST(:daemon AS uuid) OR i.leased_until <= :now)
FOR NO KEY UPDATE OF i SKIP LOCKED
""")
"""The same lease as a campaign's: one message in flight per number, over all lanes and all daemons."""

PICK: Final = text("""
WITH due AS (
    SELECT DISTINCT ON (d.tenant_id, d.instance_id) d.tenant_id, d.id,
        count(*) OVER (PARTITION BY d.tenant_id, d.instance_id) AS waiting
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:well AS bool[]))
         AS s(tenant_id, instance_id, is_well)
    JOIN direct_messages d ON d.tenant_id = s.tenant_id AND d.instance_id = s.instance_id
    WHERE d.status = 'pending' AND d.next_attempt_at <= :now AND (s.is_well OR d.kind <> 'test')
    ORDER BY d.tenant_id, d.instance_id, d.next_attempt_at, d.id
)
SELECT d.tenant_id, d.id, d.instance_id, d.phone, COALESCE(n.recipient_id, ''), d.body, d.media_id, d.template,
    d.attempts, due.waiting > 1,
    d.kind <> 'confirmation' AND (
        EXISTS (SELECT 1 FROM suppressions x WHERE x.tenant_id = d.tenant_id AND x.phone_key = d.phone_key)
        OR EXISTS (SELECT 1 FROM platform_suppressions x WHERE x.phone_key = d.phone_key))
FROM due
JOIN direct_messages d ON d.tenant_id = due.tenant_id AND d.id = due.id
LEFT JOIN number_checks n ON n.tenant_id = d.tenant_id AND n.phone_key = d.phone_key AND n.has_whatsapp
WHERE d.status = 'pending'
FOR NO KEY UPDATE OF d SKIP LOCKED
""")
"""The oldest message of each number, whether more wait behind it, and whether its person wants nothing any more."""

MARK_SENDING: Final = text("""
UPDATE direct_messages d SET status = 'sending', claim_id = CAST(:claim AS uuid), lease_until = :lease,
    claimed_at = :now, attempts = d.attempts + 1, reason = NULL, error = NULL
FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[])) AS u(tenant_id, id)
WHERE d.tenant_id = u.tenant_id AND d.id = u.id
""")
"""Only rows that PICK has locked in the same transaction."""

REFUSE: Final = text("""
UPDATE direct_messages d SET status = 'failed', reason = 'opt_out', error = :error, failed_at = :now
FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[])) AS u(tenant_id, id)
WHERE d.tenant_id = u.tenant_id AND d.id = u.id
""")

LEASE_NUMBERS: Final = text("""
UPDATE instances i SET leased_by = CAST(:daemon AS uuid), leased_until = :lease
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS u(tenant_id, id)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id
""")
"""Gap, quota and cap stay as they are: a person's conversation uses none of them."""

SETTLE: Final = text("""
WITH told AS (
    SELECT * FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[]), CAST(:claims AS uuid[]),
        CAST(:statuses AS text[]), CAST(:reasons AS text[]), CAST(:errors AS text[]), CAST(:provider_ids AS text[]),
        CAST(:moments AS timestamptz[]), CAST(:retries AS int[]), CAST(:attempts_back AS int[]),
        CAST(:late AS bool[]))
        AS u(tenant_id, id, claim_id, status, reason, error, provider_message_id, at, retry_seconds, attempts_back,
             is_late_fine)
), locked AS (
    SELECT d.tenant_id, d.id FROM direct_messages d JOIN told u ON u.tenant_id = d.tenant_id AND u.id = d.id
    WHERE d.claim_id = u.claim_id
      AND d.status = ANY(CASE WHEN u.is_late_fine THEN CAST(:open_or_late AS text[]) ELSE CAST(:open AS text[]) END)
    ORDER BY d.tenant_id, d.id
    FOR NO KEY UPDATE OF d
)
UPDATE direct_messages d SET
    status = u.status, reason = u.reason, error = u.error, lease_until = NULL,
    provider_message_id = COALESCE(u.provider_message_id, d.provider_message_id),
    sent_at = CASE WHEN u.status = 'sent' THEN u.at ELSE d.sent_at END,
    failed_at = CASE WHEN u.status = 'failed' THEN u.at ELSE d.failed_at END,
    next_attempt_at = CASE WHEN u.status = 'pending' THEN u.at + make_interval(secs => u.retry_seconds)
                           ELSE d.next_attempt_at END,
    attempts = d.attempts - u.attempts_back
FROM told u JOIN locked l ON l.tenant_id = u.tenant_id AND l.id = u.id
WHERE d.tenant_id = u.tenant_id AND d.id = u.id
RETURNING d.id
""")
"""An answer that came after the lease had run out still says `sent`; any other answer is then too late. A row that has
moved on in the meantime isn't returned, so that settling twice changes nothing."""

OVERDUE: Final = text("""
WITH doomed AS (
    SELECT d.tenant_id, d.id FROM direct_messages d
    WHERE d.status = 'sending' AND d.lease_until < :now
    ORDER BY d.lease_until
    LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE direct_messages d SET status = 'unconfirmed', reason = 'interrupted', error = :error, lease_until = NULL
FROM doomed o
WHERE d.tenant_id = o.tenant_id AND d.id = o.id
RETURNING d.id
""")

OF_THE_DEAD: Final = text("""
UPDATE direct_messages d SET status = 'unconfirmed', reason = 'interrupted', error = :error, lease_until = NULL
FROM instances i
WHERE i.leased_by = ANY(CAST(:dead AS uuid[])) AND d.tenant_id = i.tenant_id AND d.instance_id = i.id
  AND d.status = 'sending'
RETURNING d.id
""")

RETURN_CLAIM: Final = text("""
UPDATE direct_messages d SET status = 'pending', attempts = d.attempts - 1, claim_id = NULL, lease_until = NULL
WHERE d.tenant_id = ANY(CAST(:tenants AS bigint[])) AND d.status = 'sending' AND d.claim_id = CAST(:claim AS uuid)
  AND d.lease_until IS NOT NULL
RETURNING d.tenant_id, d.instance_id
""")

RELEASE_NUMBERS: Final = text("""
UPDATE instances i SET leased_by = NULL
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS u(tenant_id, id)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id AND i.leased_by = CAST(:daemon AS uuid)
""")

EXPLAIN_WAITING: Final = text("""
WITH waiting AS (
    SELECT d.tenant_id, d.id, CASE
        WHEN i.status = 'banned' THEN :banned
        WHEN i.status = 'paused' THEN :paused
        WHEN i.status = 'connected' THEN :resting
        ELSE :disconnected END AS why
    FROM direct_messages d JOIN instances i ON i.tenant_id = d.tenant_id AND i.id = d.instance_id
    WHERE d.status = 'pending' AND d.next_attempt_at <= :now AND i.deleted_at IS NULL
      AND CASE WHEN d.kind = 'test'
               THEN i.status <> 'connected' OR i.health_score < 50 OR i.consecutive_unclear >= 2 OR i.held_until > :now
               ELSE i.status <> 'connected' AND (i.status <> 'paused' OR i.ill_since IS NULL) END
), changed AS (
    SELECT w.tenant_id, w.id, w.why
    FROM waiting w JOIN direct_messages d ON d.tenant_id = w.tenant_id AND d.id = w.id
    WHERE d.error IS DISTINCT FROM w.why AND d.status = 'pending'
    LIMIT 1000
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE direct_messages d SET reason = 'instance_disconnected', error = c.why
FROM changed c WHERE d.tenant_id = c.tenant_id AND d.id = c.id
RETURNING d.id
""")

GIVE_UP: Final = text("""
WITH old AS (
    SELECT d.tenant_id, d.id, i.deleted_at IS NOT NULL AS is_gone
    FROM direct_messages d JOIN instances i ON i.tenant_id = d.tenant_id AND i.id = d.instance_id
    WHERE d.status = 'pending' AND (d.created_at < :oldest OR i.deleted_at IS NOT NULL)
    LIMIT 1000
    FOR NO KEY UPDATE OF d SKIP LOCKED
)
UPDATE direct_messages d SET status = 'failed', failed_at = :now,
    reason = CASE WHEN o.is_gone THEN 'instance_disconnected' ELSE COALESCE(d.reason, 'instance_disconnected') END,
    error = CASE WHEN o.is_gone THEN :gone ELSE COALESCE(d.error, :late) END
FROM old o WHERE d.tenant_id = o.tenant_id AND d.id = o.id
RETURNING d.id
""")
