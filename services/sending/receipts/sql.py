"""What applying the inbox reads and writes. System scope; see `services.sending.sql` for the order of locks."""

from typing import Final

from sqlalchemy import text

TAKE_INBOX: Final = text("""
SELECT w.tenant_id, w.id, w.instance_id, i.connector, w.headers, w.body, w.received_at
FROM webhook_inbox w
JOIN instances i ON i.tenant_id = w.tenant_id AND i.id = w.instance_id
WHERE w.status = 'pending' AND w.due_at <= :now AND (CAST(:only AS bigint) IS NULL OR w.id = :only)
ORDER BY w.due_at
LIMIT :most
FOR UPDATE OF w SKIP LOCKED
""")

DUE_INBOX: Final = text("""
SELECT w.id FROM webhook_inbox w WHERE w.status = 'pending' AND w.due_at <= :now ORDER BY w.due_at LIMIT :most
""")

SET_ASIDE: Final = text("""
UPDATE webhook_inbox w SET
    status = CASE WHEN w.received_at < :now - interval '1 day' THEN 'unreadable' ELSE w.status END,
    due_at = :now + GREATEST(interval '1 minute', (:now - w.received_at) / 2),
    applied_at = CASE WHEN w.received_at < :now - interval '1 day' THEN CAST(:now AS timestamptz) END,
    problem = :problem
WHERE w.id = :id AND w.status = 'pending'
""")
"""Tried again for a day, ever more seldom: the fault may be ours, and then no call must be lost by it."""

FILE_INBOX: Final = text("""
UPDATE webhook_inbox w SET status = u.status, problem = u.problem,
    due_at = CASE WHEN u.status = 'pending' THEN :now + make_interval(secs => u.wait_seconds) ELSE w.due_at END,
    applied_at = CASE WHEN u.status = 'pending' THEN NULL ELSE CAST(:now AS timestamptz) END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:problems AS text[]),
            CAST(:waits AS float8[])) AS u(tenant_id, id, status, problem, wait_seconds)
WHERE w.tenant_id = u.tenant_id AND w.id = u.id
""")

FORGET_CALLS: Final = text("""
DELETE FROM webhook_inbox w USING (
    SELECT o.tenant_id, o.id FROM webhook_inbox o
    WHERE o.applied_at < :oldest
    ORDER BY o.applied_at
    LIMIT 5000
    FOR UPDATE SKIP LOCKED
) s
WHERE w.tenant_id = s.tenant_id AND w.id = s.id
""")

MESSAGES_BY_ID: Final = text("""
SELECT c.tenant_id, c.campaign_id, c.id, c.instance_id, c.provider_message_id, c.status, c.claimed_day
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:message_ids AS text[]))
     AS s(tenant_id, instance_id, message_id)
JOIN campaign_contacts c ON c.tenant_id = s.tenant_id AND c.instance_id = s.instance_id
                        AND c.provider_message_id = s.message_id
ORDER BY c.tenant_id, c.campaign_id, c.id
FOR NO KEY UPDATE OF c
""")

UNCONFIRMED_BY_PHONE: Final = text("""
SELECT s.place, c.tenant_id, c.campaign_id, c.id, c.instance_id, s.message_id, c.status, c.claimed_day
FROM unnest(CAST(:places AS int[]), CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]),
            CAST(:keys AS text[]), CAST(:message_ids AS text[]), CAST(:bodies AS text[]),
            CAST(:received AS timestamptz[])) AS s(place, tenant_id, instance_id, phone_key, message_id, body, received)
CROSS JOIN LATERAL (
    SELECT * FROM campaign_contacts o
    WHERE o.tenant_id = s.tenant_id AND o.phone_key = s.phone_key AND o.instance_id = s.instance_id
      AND o.provider_message_id IS NULL AND o.claimed_at <= s.received
      AND o.claimed_at > s.received - interval '10 minutes'
      AND (s.body IS NULL OR o.rendered_text = s.body)
    ORDER BY o.claimed_at DESC
    LIMIT 1
    FOR NO KEY UPDATE
) c
WHERE c.status = 'unconfirmed'
""")
"""The newest message of this number to this person that nobody has named yet, if its outcome is open. One that is
still `sending` is newer than any open one and hides it: its own settle must come first."""

MOVE_MESSAGES: Final = text("""
UPDATE campaign_contacts c SET
    status = u.status, provider_message_id = u.message_id,
    reason = CASE WHEN u.status = 'failed' THEN u.reason END,
    error = CASE WHEN u.status = 'failed' THEN u.error END,
    sent_at = CASE WHEN u.status = 'failed' THEN c.sent_at ELSE COALESCE(c.sent_at, u.at) END,
    delivered_at = CASE WHEN u.status IN ('delivered', 'read') THEN COALESCE(c.delivered_at, u.delivered_at)
                        ELSE c.delivered_at END,
    read_at = CASE WHEN u.status = 'read' THEN COALESCE(c.read_at, u.at) ELSE c.read_at END,
    failed_at = CASE WHEN u.status = 'failed' THEN COALESCE(c.failed_at, u.at) END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:contacts AS bigint[]),
            CAST(:statuses AS text[]), CAST(:message_ids AS text[]), CAST(:reasons AS text[]), CAST(:errors AS text[]),
            CAST(:moments AS timestamptz[]), CAST(:delivered AS timestamptz[]))
     AS u(tenant_id, campaign_id, id, status, message_id, reason, error, at, delivered_at)
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.id = u.id
""")
"""Only rows locked by the look-ups above, in the same transaction."""

MARK_REPLIED: Final = text("""
UPDATE campaign_contacts c SET replied_at = u.at
FROM (
    SELECT q.tenant_id, q.campaign_id, q.id, s.at
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:keys AS text[]), CAST(:moments AS timestamptz[]))
         AS s(tenant_id, phone_key, at)
    CROSS JOIN LATERAL (
        SELECT o.tenant_id, o.campaign_id, o.id, o.replied_at FROM campaign_contacts o
        WHERE o.tenant_id = s.tenant_id AND o.phone_key = s.phone_key AND o.claimed_at IS NOT NULL
          AND o.status IN ('sending', 'sent', 'delivered', 'read', 'unconfirmed')
        ORDER BY o.claimed_at DESC
        LIMIT 1
        FOR NO KEY UPDATE
    ) q
    WHERE q.replied_at IS NULL
) u
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.id = u.id
RETURNING c.tenant_id, c.campaign_id, c.id, c.instance_id, c.claimed_day, c.phone_key
""")

CHANGE_CONNECTIONS: Final = text("""
UPDATE instances i SET
    status = u.status, status_reason = u.reason, consecutive_unclear = 0, held_until = NULL,
    phone = COALESCE(NULLIF(u.phone, ''), i.phone)
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:statuses AS text[]),
            CAST(:reasons AS text[]), CAST(:phones AS text[])) AS u(tenant_id, id, status, reason, phone)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id AND i.status <> u.status
  AND CASE u.status WHEN 'connected' THEN i.status IN ('disconnected', 'connecting')
                    WHEN 'disconnected' THEN i.status IN ('connected', 'connecting', 'paused')
                    WHEN 'banned' THEN i.status IN ('connected', 'paused') ELSE false END
RETURNING i.tenant_id, i.id, i.status, i.status_reason, i.health_score
""")

ASK_STATUS: Final = text("""
UPDATE instances i SET consecutive_unclear = GREATEST(i.consecutive_unclear, 2), held_until = NULL
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS u(tenant_id, id)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id AND i.status = 'connected'
""")
"""A change whose meaning we don't know: the number rests until its status call is good."""

CAMPAIGNS_OF_NUMBERS: Final = text("""
SELECT m.tenant_id, m.campaign_id, m.instance_id
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS s(tenant_id, id)
JOIN campaign_instances m ON m.tenant_id = s.tenant_id AND m.instance_id = s.id
JOIN campaigns c ON c.tenant_id = m.tenant_id AND c.id = m.campaign_id
WHERE c.status IN ('running', 'waiting_quota', 'waiting_window')
""")
