"""Messages that arrived, written set-based: any number of tenants in one statement (system scope), each row naming its
own. Conversations are locked in the order of their keys, so that two daemons never wait for each other in a ring."""

from typing import Final

from sqlalchemy import text

FIND: Final = text("""
SELECT v.tenant_id, v.instance_id, v.phone_key, v.id
FROM jsonb_to_recordset(CAST(:people AS jsonb)) AS p(tenant_id bigint, instance_id bigint, phone_key text)
JOIN conversations v ON v.tenant_id = p.tenant_id AND v.instance_id = p.instance_id AND v.phone_key = p.phone_key
ORDER BY v.tenant_id, v.instance_id, v.phone_key
FOR NO KEY UPDATE OF v
""")

OPEN: Final = text("""
INSERT INTO conversations AS v (tenant_id, instance_id, phone, phone_key, name, lead_id, last_message_at)
SELECT p.tenant_id, p.instance_id, p.phone, p.phone_key, COALESCE(NULLIF(l.name, ''), p.name), l.id, p.at
FROM jsonb_to_recordset(CAST(:people AS jsonb))
     AS p(tenant_id bigint, instance_id bigint, phone text, phone_key text, name text, at timestamptz)
LEFT JOIN leads l ON l.tenant_id = p.tenant_id AND l.phone_key = p.phone_key
ORDER BY p.tenant_id, p.instance_id, p.phone_key
ON CONFLICT (tenant_id, instance_id, phone_key) DO UPDATE SET phone = v.phone
RETURNING v.tenant_id, v.instance_id, v.phone_key, v.id
""")
"""The update changes nothing; it returns (and locks) what somebody else opened meanwhile."""

ADD: Final = text("""
WITH fresh AS (
    INSERT INTO inbox_messages
        (tenant_id, conversation_id, direction, body, media, wish, provider_message_id, campaign_id, at)
    SELECT a.tenant_id, a.conversation_id, 'in', a.body, a.media, a.wish, a.provider_message_id, a.campaign_id, a.at
    FROM jsonb_to_recordset(CAST(:messages AS jsonb))
         AS a(place int, tenant_id bigint, conversation_id bigint, body text, media jsonb, wish text,
              provider_message_id text, campaign_id bigint, at timestamptz)
    ORDER BY a.place
    ON CONFLICT (tenant_id, conversation_id, provider_message_id) DO NOTHING
    RETURNING tenant_id, conversation_id, id, body, media, wish, at
), news AS (
    SELECT f.tenant_id, f.conversation_id, count(*) AS unread, max(f.at) AS last_at,
           (array_agg(left(COALESCE(NULLIF(f.body, ''), '[' || (f.media ->> 'kind') || ']', ''), 300)
                      ORDER BY f.at DESC, f.id DESC))[1] AS last_text,
           (array_agg(f.wish ORDER BY f.at DESC, f.id DESC) FILTER (WHERE f.wish <> 'none'))[1] AS wish
    FROM fresh f
    GROUP BY f.tenant_id, f.conversation_id
)
UPDATE conversations v SET
    unread_count = v.unread_count + n.unread,
    last_text = CASE WHEN n.last_at >= v.last_message_at THEN n.last_text ELSE v.last_text END,
    last_message_at = GREATEST(v.last_message_at, n.last_at),
    last_inbound_at = GREATEST(v.last_inbound_at, n.last_at),
    wish = COALESCE(n.wish, v.wish),
    lead_id = COALESCE(v.lead_id, (SELECT l.id FROM leads l
                                   WHERE l.tenant_id = v.tenant_id AND l.phone_key = v.phone_key))
FROM news n
WHERE v.tenant_id = n.tenant_id AND v.id = n.conversation_id
""")
"""A message told again adds nothing; only what is new counts as unread."""

SHOW: Final = text("""
WITH queued AS (
    SELECT d.*, v.id AS conversation_id
    FROM jsonb_to_recordset(CAST(:messages AS jsonb)) AS q(tenant_id bigint, id bigint)
    CROSS JOIN LATERAL (
        SELECT o.tenant_id, o.id, o.body, o.campaign_id, o.instance_id, o.phone_key FROM direct_messages o
        WHERE o.tenant_id = q.tenant_id AND o.id = q.id LIMIT 1
    ) d
    CROSS JOIN LATERAL (
        SELECT c.id FROM conversations c
        WHERE c.tenant_id = d.tenant_id AND c.instance_id = d.instance_id AND c.phone_key = d.phone_key LIMIT 1
    ) v
), shown AS (
    INSERT INTO inbox_messages (tenant_id, conversation_id, direction, body, direct_message_id, campaign_id, at)
    SELECT q.tenant_id, q.conversation_id, 'out', q.body, q.id, q.campaign_id, now() FROM queued q
), linked AS (
    UPDATE direct_messages d SET conversation_id = q.conversation_id
    FROM queued q
    WHERE d.tenant_id = q.tenant_id AND d.id = q.id AND d.conversation_id IS NULL
)
UPDATE conversations v SET
    last_text = left(q.body, 300), last_message_at = GREATEST(v.last_message_at, now())
FROM queued q
WHERE v.tenant_id = q.tenant_id AND v.id = q.conversation_id
""")
"""Our own messages, in the conversations of those who get them. Looked up one by one through the keys: the planner's
idea of a JSON list's length makes it join everybody with everybody."""
