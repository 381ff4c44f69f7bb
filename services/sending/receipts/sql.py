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
WHERE c.status = 'unconfirmed' AND NOT EXISTS (
    SELECT 1 FROM direct_messages d
    WHERE d.tenant_id = c.tenant_id AND d.phone_key = c.phone_key AND d.instance_id = c.instance_id
      AND d.status IN ('sending', 'unconfirmed') AND d.provider_message_id IS NULL
      AND d.claimed_at > c.claimed_at AND d.claimed_at <= s.received AND (s.body IS NULL OR d.body = s.body))
""")
"""The newest message of this number to this person that nobody has named yet, if its outcome is open. One that is
still `sending` is newer than any open one and hides it: its own settle must come first. So does a newer direct message
that the news may as well speak of."""

DIRECTS_BY_ID: Final = text("""
SELECT d.tenant_id, d.id, d.instance_id, d.provider_message_id, d.status
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:message_ids AS text[]))
     AS s(tenant_id, instance_id, message_id)
JOIN direct_messages d ON d.tenant_id = s.tenant_id AND d.instance_id = s.instance_id
                      AND d.provider_message_id = s.message_id
ORDER BY d.tenant_id, d.id
FOR NO KEY UPDATE OF d
""")

UNCONFIRMED_DIRECTS_BY_PHONE: Final = text("""
SELECT s.place, d.tenant_id, d.id, d.instance_id, s.message_id, d.status
FROM unnest(CAST(:places AS int[]), CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]),
            CAST(:keys AS text[]), CAST(:message_ids AS text[]), CAST(:bodies AS text[]),
            CAST(:received AS timestamptz[])) AS s(place, tenant_id, instance_id, phone_key, message_id, body, received)
CROSS JOIN LATERAL (
    SELECT * FROM direct_messages o
    WHERE o.tenant_id = s.tenant_id AND o.phone_key = s.phone_key AND o.instance_id = s.instance_id
      AND o.status IN ('sending', 'unconfirmed') AND o.provider_message_id IS NULL AND o.claimed_at <= s.received
      AND o.claimed_at > s.received - interval '10 minutes'
      AND (s.body IS NULL OR o.body = s.body)
    ORDER BY o.claimed_at DESC
    LIMIT 1
    FOR NO KEY UPDATE
) d
WHERE d.status = 'unconfirmed'
""")
"""As UNCONFIRMED_BY_PHONE."""

MOVE_DIRECTS: Final = text("""
UPDATE direct_messages d SET
    status = u.status, provider_message_id = u.message_id,
    reason = CASE WHEN u.status = 'failed' THEN u.reason END,
    error = CASE WHEN u.status = 'failed' THEN u.error END,
    sent_at = CASE WHEN u.status = 'failed' THEN d.sent_at ELSE COALESCE(d.sent_at, u.at) END,
    delivered_at = CASE WHEN u.status IN ('delivered', 'read') THEN COALESCE(d.delivered_at, u.delivered_at)
                        ELSE d.delivered_at END,
    read_at = CASE WHEN u.status = 'read' THEN COALESCE(d.read_at, u.at) ELSE d.read_at END,
    failed_at = CASE WHEN u.status = 'failed' THEN COALESCE(d.failed_at, u.at) END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:message_ids AS text[]),
            CAST(:reasons AS text[]), CAST(:errors AS text[]), CAST(:moments AS timestamptz[]),
            CAST(:delivered AS timestamptz[]))
     AS u(tenant_id, id, status, message_id, reason, error, at, delivered_at)
WHERE d.tenant_id = u.tenant_id AND d.id = u.id
""")
"""Only rows locked by the look-ups above, in the same transaction."""

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
WITH latest AS (
    SELECT q.*, s.at
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:keys AS text[]), CAST(:moments AS timestamptz[]))
         AS s(tenant_id, phone_key, at)
    CROSS JOIN LATERAL (
        SELECT o.tenant_id, o.campaign_id, o.id, o.instance_id, o.claimed_day, o.phone_key, o.replied_at
        FROM campaign_contacts o
        WHERE o.tenant_id = s.tenant_id AND o.phone_key = s.phone_key AND o.claimed_at IS NOT NULL
          AND o.status IN ('sending', 'sent', 'delivered', 'read', 'unconfirmed')
        ORDER BY o.claimed_at DESC
        LIMIT 1
        FOR NO KEY UPDATE
    ) q
), marked AS (
    UPDATE campaign_contacts c SET replied_at = l.at
    FROM latest l
    WHERE c.tenant_id = l.tenant_id AND c.campaign_id = l.campaign_id AND c.id = l.id AND l.replied_at IS NULL
)
SELECT l.tenant_id, l.campaign_id, l.id, l.instance_id, l.claimed_day, l.phone_key, l.replied_at IS NULL AS is_first,
       EXISTS (SELECT FROM campaigns f JOIN campaigns a ON a.tenant_id = f.tenant_id AND a.id = l.campaign_id
               WHERE f.tenant_id = l.tenant_id AND f.parent_id IN (a.id, a.parent_id)) AS has_follow_ups
FROM latest l
""")
"""Each person's latest campaign message; what was answered before keeps its moment."""

STOP_FOLLOW_UPS: Final = text("""
UPDATE campaign_contacts c SET status = 'cancelled', reason = 'replied'
FROM (
    SELECT q.tenant_id, q.campaign_id, q.id
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:keys AS text[]))
         AS s(tenant_id, campaign_id, phone_key)
    JOIN campaigns a ON a.tenant_id = s.tenant_id AND a.id = s.campaign_id
    JOIN campaigns f ON f.tenant_id = a.tenant_id AND f.parent_id IN (a.id, a.parent_id) AND f.stop_on_reply
    CROSS JOIN LATERAL (
        SELECT o.tenant_id, o.campaign_id, o.id, o.status FROM campaign_contacts o
        WHERE o.tenant_id = s.tenant_id AND o.phone_key = s.phone_key AND o.campaign_id = f.id
        FOR NO KEY UPDATE
    ) q
    WHERE q.status = 'pending'
) u
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.id = u.id
RETURNING c.tenant_id, c.campaign_id, c.id
""")
"""The later steps of the answered campaign, and of the one it belongs to, for these people."""

WISHES_HEARD: Final = text("""
SELECT s.place,
       bool_or(v.instance_id = s.instance_id AND m.provider_message_id = s.message_id) AS is_known,
       bool_or(m.wish IN ('leave', 'return') AND m.at > s.at) AS is_outdated,
       bool_or(m.wish = 'leave' AND m.campaign_id = s.campaign_id) AS is_counted
FROM unnest(CAST(:places AS int[]), CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:keys AS text[]),
            CAST(:message_ids AS text[]), CAST(:moments AS timestamptz[]), CAST(:campaigns AS bigint[]))
     AS s(place, tenant_id, instance_id, phone_key, message_id, at, campaign_id)
CROSS JOIN LATERAL (
    SELECT c.tenant_id, c.id, c.instance_id FROM instances i
    JOIN conversations c ON c.tenant_id = i.tenant_id AND c.instance_id = i.id
    WHERE i.tenant_id = s.tenant_id AND c.phone_key = s.phone_key
    OFFSET 0
) v
JOIN inbox_messages m ON m.tenant_id = v.tenant_id AND m.conversation_id = v.id AND m.direction = 'in'
                     AND (m.wish IN ('leave', 'return') OR m.provider_message_id = s.message_id)
GROUP BY s.place
""")
"""What is known of messages that ask to leave or to return: told before, overtaken by a later wish of the same person
(to any of our numbers), or already counted for the campaign."""

FORGIVE_PEOPLE: Final = text("""
DELETE FROM suppressions x
USING unnest(CAST(:tenants AS bigint[]), CAST(:keys AS text[])) AS s(tenant_id, phone_key)
WHERE x.tenant_id = s.tenant_id AND x.phone_key = s.phone_key AND x.source = 'reply'
RETURNING x.tenant_id, x.phone_key
""")
"""Only what a reply began: never what a person of the team or the provider decided."""

HIDDEN_PEOPLE: Final = text("""
SELECT s.place, COALESCE(
    (SELECT o.phone FROM campaign_contacts o
     WHERE o.tenant_id = s.tenant_id AND o.instance_id = s.instance_id AND o.provider_message_id = s.reply_to
     LIMIT 1),
    (SELECT d.phone FROM direct_messages d
     WHERE d.tenant_id = s.tenant_id AND d.instance_id = s.instance_id AND d.provider_message_id = s.reply_to
     LIMIT 1),
    (SELECT n.phone_key FROM number_checks n
     WHERE n.tenant_id = s.tenant_id AND n.recipient_id = s.address AND n.recipient_id <> ''
     LIMIT 1)) AS phone
FROM unnest(CAST(:places AS int[]), CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]),
            CAST(:addresses AS text[]), CAST(:reply_tos AS text[]))
     AS s(place, tenant_id, instance_id, address, reply_to)
""")
"""Who stands behind a hidden id: the recipient of the message of ours that is quoted, else the phone that WhatsApp
gave this id for. Nothing else is sure."""

CHANGE_CONNECTIONS: Final = text("""
UPDATE instances i SET
    status = u.status, status_reason = u.reason, consecutive_unclear = 0, held_until = NULL,
    phone = COALESCE(NULLIF(u.phone, ''), i.phone),
    first_connected_at = CASE WHEN u.status = 'connected' THEN COALESCE(i.first_connected_at, now())
                              ELSE i.first_connected_at END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:statuses AS text[]),
            CAST(:reasons AS text[]), CAST(:phones AS text[])) AS u(tenant_id, id, status, reason, phone)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id AND i.status <> u.status
  AND CASE u.status WHEN 'connected' THEN i.status IN ('disconnected', 'connecting')
                    WHEN 'disconnected' THEN i.status IN ('connected', 'connecting', 'paused')
                    WHEN 'banned' THEN i.status IN ('connected', 'paused') ELSE false END
RETURNING i.tenant_id, i.id, i.status, i.status_reason, i.health_score
""")

ASK_STATUS: Final = text("""
UPDATE instances i SET consecutive_unclear = i.consecutive_unclear % 100 + 100, held_until = NULL
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[])) AS u(tenant_id, id)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id AND i.status = 'connected'
""")
"""A change whose meaning we don't know: the number rests until its status call is good."""
