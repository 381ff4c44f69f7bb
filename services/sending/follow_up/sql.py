"""How people come into follow-ups, and when a follow-up is over. System scope; every statement is set-based."""

from typing import Final

from sqlalchemy import text

DUE_FOLLOW_UPS: Final = text("""
SELECT k.tenant_id, k.id, k.parent_id, s.id, k.stop_on_reply, k.arrived_until,
       CAST(:now AS timestamptz) - make_interval(hours => 24 * k.after_days)
FROM campaigns k
JOIN campaigns p ON p.tenant_id = k.tenant_id AND p.id = k.parent_id AND p.status NOT IN ('paused', 'cancelled')
CROSS JOIN LATERAL (
    SELECT o.id, o.started_at, o.finished_at FROM campaigns o
    WHERE o.tenant_id = k.tenant_id AND o.id = k.parent_id AND k.step = 1
    UNION ALL
    SELECT o.id, o.started_at, o.finished_at FROM campaigns o
    WHERE o.tenant_id = k.tenant_id AND o.parent_id = k.parent_id AND o.step = k.step - 1 AND k.step > 1
) s
JOIN campaign_counts c ON c.tenant_id = k.tenant_id AND c.campaign_id = s.id AND c.sent > 0
WHERE k.parent_id IS NOT NULL AND k.status IN ('running', 'waiting_quota', 'waiting_window')
  AND s.started_at <= CAST(:now AS timestamptz) - make_interval(hours => 24 * k.after_days)
  AND (k.arrived_until IS NULL OR (
      k.arrived_until <= CAST(:now AS timestamptz) - make_interval(hours => 24 * k.after_days)
                         - make_interval(secs => GREATEST(:gap_seconds, c.total / 1000.0))
      AND (s.finished_at IS NULL OR k.arrived_until < s.finished_at)))
ORDER BY k.arrived_until NULLS FIRST
LIMIT 200
""")
"""Follow-ups whose next people may be due, longest waiting first. A walk through a million rows takes seconds, so a
large campaign is walked less often: every 1,000 s for a million people, who then come up to that much later."""

LET_ARRIVE: Final = text("""
WITH piece AS MATERIALIZED (
    SELECT r.id, r.phone, r.phone_key, r.lead_id, r.name, r.variables, r.zone, r.recipient_id, r.checked_at, r.status,
           r.sent_at
    FROM campaign_contacts r
    WHERE r.tenant_id = :tenant_id AND r.campaign_id = :source AND r.id > :after
    ORDER BY r.id
    LIMIT :most
), arrived AS (
    INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, lead_id, name, variables, zone,
                                   recipient_id, checked_at, status, queued_at, next_attempt_at)
    SELECT :tenant_id, :campaign_id, r.phone, r.phone_key, r.lead_id, r.name, r.variables, r.zone,
           r.recipient_id, r.checked_at, 'pending', :now, :now
    FROM piece r
    WHERE r.sent_at <= :until AND r.sent_at > COALESCE(CAST(:since AS timestamptz), '-infinity')
      AND r.status IN ('sent', 'delivered', 'read') AND r.phone_key NOT LIKE 'x%'
      AND EXISTS (SELECT 1 FROM campaigns k WHERE k.tenant_id = :tenant_id AND k.id = :campaign_id
                  AND k.status IN ('running', 'waiting_quota', 'waiting_window'))
      AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.tenant_id = :tenant_id AND x.phone_key = r.phone_key)
      AND NOT EXISTS (SELECT 1 FROM platform_suppressions x WHERE x.phone_key = r.phone_key)
      AND NOT EXISTS (
          SELECT 1 FROM campaign_contacts o
          JOIN campaigns f ON f.tenant_id = o.tenant_id AND f.id = o.campaign_id
          WHERE o.tenant_id = :tenant_id AND o.phone_key = r.phone_key
            AND ((COALESCE(f.parent_id, f.id) = :parent AND
                  (o.deal_at IS NOT NULL OR (:stop_on_reply AND o.replied_at IS NOT NULL)))
                 OR (:stop_on_reply AND o.replied_at >= r.sent_at)))
    ORDER BY r.id
    ON CONFLICT (tenant_id, campaign_id, phone) DO NOTHING
    RETURNING 1
)
SELECT (SELECT max(id) FROM piece), (SELECT count(*) FROM piece), (SELECT count(*) FROM arrived)
""")
"""One piece of a walk. A person stops the steps by an answer to any of them (or, since the message, to anything of
this account: it is the latest message that an answer is counted for), by a deal in any of them, or by opting out."""

ADD_PEOPLE: Final = text("""
UPDATE campaign_counts k SET total = k.total + :count, pending = k.pending + :count
WHERE k.tenant_id = :tenant_id AND k.campaign_id = :campaign_id
""")

END_WALK: Final = text("""
UPDATE campaigns k SET arrived_until = :until
WHERE k.tenant_id = :tenant_id AND k.id = :campaign_id AND (k.arrived_until IS NULL OR k.arrived_until < :until)
""")

FINISH_FOLLOW_UPS: Final = text("""
WITH over AS (
    SELECT k.tenant_id, k.id
    FROM campaigns k
    JOIN campaign_counts c ON c.tenant_id = k.tenant_id AND c.campaign_id = k.id AND c.pending = 0 AND c.sending = 0
    CROSS JOIN LATERAL (
        SELECT o.id, o.status, o.finished_at FROM campaigns o
        WHERE o.tenant_id = k.tenant_id AND o.id = k.parent_id AND k.step = 1
        UNION ALL
        SELECT o.id, o.status, o.finished_at FROM campaigns o
        WHERE o.tenant_id = k.tenant_id AND o.parent_id = k.parent_id AND o.step = k.step - 1 AND k.step > 1
    ) s
    JOIN campaign_counts sc ON sc.tenant_id = k.tenant_id AND sc.campaign_id = s.id
    WHERE k.parent_id IS NOT NULL AND k.status IN ('running', 'waiting_quota', 'waiting_window')
      AND s.status IN ('completed', 'cancelled') AND (k.arrived_until >= s.finished_at OR sc.sent = 0)
    ORDER BY k.tenant_id, k.id
    FOR NO KEY UPDATE OF k SKIP LOCKED
)
UPDATE campaigns k SET status = 'completed', pause_reason = '', next_send_at = NULL, finished_at = :now
FROM over o, campaign_counts c
WHERE k.tenant_id = o.tenant_id AND k.id = o.id AND c.tenant_id = k.tenant_id AND c.campaign_id = k.id
  AND c.pending = 0 AND c.sending = 0
RETURNING k.tenant_id, k.id, c.total, c.sent, c.failed, c.unconfirmed
""")
"""The one rule: a follow-up is done when the step before it is, everybody that step sent to has had their time and been
looked at, and nobody waits or is under way."""
