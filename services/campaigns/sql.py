"""What the audit of counters reads. System scope; every statement is set-based and names its tenants row by row."""

from typing import Final

from sqlalchemy import TextClause, text

_ROWS: Final = """
SELECT c.tenant_id, c.campaign_id, c.claimed_day AS day, c.instance_id,
    count(*) FILTER (WHERE c.status IN ('sent', 'delivered', 'read')) AS sent,
    count(*) FILTER (WHERE c.status IN ('delivered', 'read')) AS delivered,
    count(*) FILTER (WHERE c.status = 'read') AS read,
    count(*) FILTER (WHERE c.status = 'failed') AS failed,
    count(*) FILTER (WHERE c.status = 'invalid') AS invalid,
    count(*) FILTER (WHERE c.replied_at IS NOT NULL) AS replied,
    count(*) FILTER (WHERE c.status IN ('sending', 'sent', 'delivered', 'read', 'unconfirmed')
                        OR (c.status = 'failed' AND c.provider_message_id IS NOT NULL)) AS claimed
FROM campaign_contacts c
WHERE c.claimed_day >= :since AND c.instance_id IS NOT NULL
GROUP BY 1, 2, 3, 4
"""
"""`claimed`: what its day's quota was spent on for good. Refused at once gives the quota back, failed later doesn't."""

_UNTRACEABLE: Final = """
resent AS (
    SELECT DISTINCT l.tenant_id, l.campaign_id FROM campaign_logs l
    WHERE l.log_type = 'resumed' AND jsonb_exists(l.details, 'only')
), restless AS (
    SELECT tenant_id FROM resent
    UNION SELECT a.tenant_id FROM audit_events a WHERE a.action = 'campaigns.delete'
)
"""
"""Rows know only their latest claim: what was sent again on a person's word, or deleted, stays in the day's figures."""


def _filled(statement: str) -> TextClause:
    """The statement with the two parts all of them share."""
    return text(statement.replace("$ROWS", _ROWS).replace("$UNTRACEABLE", _UNTRACEABLE))


DAYS: Final = _filled("""
WITH counted AS ($ROWS), $UNTRACEABLE
SELECT COALESCE(d.tenant_id, r.tenant_id) AS tenant_id, COALESCE(d.campaign_id, r.campaign_id) AS row_id,
    d.sent AS kept_sent, r.sent AS low_sent, r.sent AS high_sent,
    d.delivered AS kept_delivered, r.delivered AS low_delivered, r.delivered AS high_delivered,
    d.read AS kept_read, r.read AS low_read, r.read AS high_read,
    d.failed AS kept_failed, r.failed AS low_failed, r.failed + r.invalid AS high_failed,
    d.replied AS kept_replied, r.replied AS low_replied, r.replied AS high_replied,
    e.tenant_id IS NULL AS is_exact
FROM (SELECT * FROM campaign_days WHERE day >= :since AND instance_id <> 0) d
FULL JOIN counted r ON r.tenant_id = d.tenant_id AND r.campaign_id = d.campaign_id AND r.day = d.day
                   AND r.instance_id = d.instance_id
LEFT JOIN resent e ON e.tenant_id = COALESCE(d.tenant_id, r.tenant_id)
                  AND e.campaign_id = COALESCE(d.campaign_id, r.campaign_id)
""")

CLAIMED: Final = _filled("""
WITH counted AS (
    SELECT tenant_id, campaign_id, day, CAST(sum(claimed) AS bigint) AS claimed FROM ($ROWS) r GROUP BY 1, 2, 3
), $UNTRACEABLE
SELECT COALESCE(d.tenant_id, r.tenant_id) AS tenant_id, COALESCE(d.campaign_id, r.campaign_id) AS row_id,
    d.claimed AS kept_claimed, r.claimed AS low_claimed, r.claimed AS high_claimed, e.tenant_id IS NULL AS is_exact
FROM (SELECT * FROM campaign_days WHERE day >= :since AND instance_id = 0) d
FULL JOIN counted r ON r.tenant_id = d.tenant_id AND r.campaign_id = d.campaign_id AND r.day = d.day
LEFT JOIN resent e ON e.tenant_id = COALESCE(d.tenant_id, r.tenant_id)
                  AND e.campaign_id = COALESCE(d.campaign_id, r.campaign_id)
""")
"""A day's claims of a campaign, by which its own daily limit holds (the rows of instance 0)."""

USAGE: Final = _filled("""
WITH counted AS (
    SELECT tenant_id, day, CAST(sum(claimed) AS bigint) AS claimed FROM campaign_days
    WHERE instance_id = 0 AND day >= :since GROUP BY 1, 2
), $UNTRACEABLE
SELECT COALESCE(u.tenant_id, r.tenant_id) AS tenant_id, COALESCE(u.tenant_id, r.tenant_id) AS row_id,
    u.messages_reserved AS kept_messages_reserved, r.claimed AS low_messages_reserved,
    r.claimed AS high_messages_reserved, e.tenant_id IS NULL AS is_exact
FROM (SELECT * FROM daily_usage WHERE day >= :since) u
FULL JOIN counted r ON r.tenant_id = u.tenant_id AND r.day = u.day
LEFT JOIN restless e ON e.tenant_id = COALESCE(u.tenant_id, r.tenant_id)
""")

NUMBERS: Final = _filled("""
WITH counted AS (
    SELECT tenant_id, instance_id, day, CAST(sum(claimed) AS bigint) AS reserved, CAST(sum(sent) AS bigint) AS sent,
        CAST(sum(delivered) AS bigint) AS delivered, CAST(sum(read) AS bigint) AS read,
        CAST(sum(failed) AS bigint) AS failed
    FROM ($ROWS) r GROUP BY 1, 2, 3
), $UNTRACEABLE, direct AS (
    SELECT m.tenant_id, m.instance_id, count(*) AS messages FROM direct_messages m
    WHERE m.claimed_at >= :since GROUP BY 1, 2
)
SELECT i.tenant_id, i.id AS row_id,
    i.reserved_today AS kept_reserved_today, r.reserved AS low_reserved_today,
    COALESCE(r.reserved, 0) + COALESCE(m.messages, 0) AS high_reserved_today,
    i.sent_today AS kept_sent_today, r.sent AS low_sent_today,
    COALESCE(r.sent, 0) + COALESCE(m.messages, 0) AS high_sent_today,
    i.delivered_today AS kept_delivered_today, r.delivered AS low_delivered_today,
    COALESCE(r.delivered, 0) + COALESCE(m.messages, 0) AS high_delivered_today,
    i.read_today AS kept_read_today, r.read AS low_read_today,
    COALESCE(r.read, 0) + COALESCE(m.messages, 0) AS high_read_today,
    i.failed_today AS kept_failed_today, r.failed AS low_failed_today,
    COALESCE(r.failed, 0) + COALESCE(m.messages, 0) AS high_failed_today,
    NOT EXISTS (SELECT 1 FROM restless e WHERE e.tenant_id = i.tenant_id) AS is_exact
FROM instances i
LEFT JOIN counted r ON r.tenant_id = i.tenant_id AND r.instance_id = i.id AND r.day = i.usage_day
LEFT JOIN direct m ON m.tenant_id = i.tenant_id AND m.instance_id = i.id
WHERE i.deleted_at IS NULL AND i.usage_day >= :since
""")
"""A number's figures of its day: its campaign messages, and at most its direct messages besides."""
