"""The claim's and the settle's statements: set-based, one round trip each for a whole tick.

Locks are taken in one order everywhere: contacts and instances first, then `daily_usage`, `campaign_days` and
`campaign_counts`, each by ascending key. The claim never waits for the first two (SKIP LOCKED), so no two daemons can
wait for each other. `FOR NO KEY UPDATE` lets webhook rows that point at an instance be inserted meanwhile.

Every statement runs in the system scope and names its tenants row by row.

Updates by key never name a literal status: it would make the partial indexes on `status` eligible, and since row-level
security's `OR` lets the planner expect 200 times too few rows, it would hash a whole one of them for each batch (16 ms
a tick at 20,000 pending rows instead of 2, growing with the queue).
"""

from typing import Final

from sqlalchemy import text

LOCK_INSTANCES: Final = text("""
SELECT i.id
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:days AS date[]), CAST(:caps AS int[]))
     AS s(tenant_id, id, day, cap)
JOIN instances i ON i.tenant_id = s.tenant_id AND i.id = s.id
WHERE i.status = 'connected' AND i.deleted_at IS NULL AND i.health_score >= 50 AND i.consecutive_unclear < 2
  AND i.next_allowed_at <= :now AND (i.held_until IS NULL OR i.held_until <= :now)
  AND (i.leased_by IS NULL OR i.leased_by = CAST(:daemon AS uuid) OR i.leased_until <= :now)
  AND (LEAST(i.daily_cap, s.cap) IS NULL OR i.usage_day IS DISTINCT FROM s.day
       OR i.reserved_today < LEAST(i.daily_cap, s.cap))
FOR NO KEY UPDATE OF i SKIP LOCKED
""")
"""The numbers that may really be used now; a number another daemon is claiming this instant is left out.
`caps` are the effective caps of the picture, warm-up included; the row's own, should a person have lowered it since,
holds as well."""

RUNNING_CAMPAIGNS: Final = text("""
SELECT c.tenant_id, c.id, c.daily_limit, c.repeat_guard_days, extract(epoch FROM c.updated_at), c.exit_line,
       c.variable_fallbacks, t.messages_per_person_week, COALESCE(c.parent_id, c.id)
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[])) AS s(tenant_id, id)
JOIN campaigns c ON c.tenant_id = s.tenant_id AND c.id = s.id
JOIN tenants t ON t.id = c.tenant_id
WHERE c.status = 'running'
  AND (c.parent_id IS NULL OR NOT EXISTS (
      SELECT 1 FROM campaigns p
      WHERE p.tenant_id = c.tenant_id AND p.id = c.parent_id AND p.status IN ('paused', 'cancelled')))
""")
"""Pause and cancel take effect here: the picture the turn was dealt from may be a quarter of a second old. A follow-up
waits for its campaign, whoever paused that: a person, an alarm or a refusal."""

CAMPAIGN_TEXTS: Final = text("""
SELECT m.campaign_id, m.id, m.content, m.media_id, COALESCE(f.kind, ''), m.template, COALESCE(t.body, ''),
       COALESCE(t.header, '')
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[])) AS s(tenant_id, id)
JOIN campaign_messages m ON m.tenant_id = s.tenant_id AND m.campaign_id = s.id
LEFT JOIN media_files f ON f.tenant_id = m.tenant_id AND f.id = m.media_id
LEFT JOIN LATERAL (
    SELECT a.body, a.header
    FROM approved_templates a
    JOIN campaign_instances i ON i.tenant_id = a.tenant_id AND i.instance_id = a.instance_id
    WHERE a.tenant_id = m.tenant_id AND i.campaign_id = m.campaign_id
      AND a.name = m.template ->> 'name' AND a.language = m.template ->> 'language'
    ORDER BY a.id
    LIMIT 1
) t ON true
ORDER BY m.campaign_id, m.position
""")
"""Read once for each version of a campaign."""

OPEN_WINDOWS: Final = text("""
SELECT u.contact_id
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:contacts AS bigint[]),
            CAST(:keys AS text[]), CAST(:since AS timestamptz[])) AS u(tenant_id, instance_id, contact_id, key, since)
JOIN conversations v ON v.tenant_id = u.tenant_id AND v.instance_id = u.instance_id AND v.phone_key = u.key
WHERE v.last_inbound_at > u.since
""")

PICK_CONTACTS: Final = text("""
SELECT s.tenant_id, s.campaign_id, q.id, q.phone, q.phone_key, q.name, q.variables, q.attempts, q.recipient_id,
       NOT s.is_exclusive OR pg_try_advisory_xact_lock(hashtextextended(q.phone_key, s.tenant_id))
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:wanted AS int[]), CAST(:zones AS int[]),
            CAST(:exclusive AS bool[])) AS s(tenant_id, campaign_id, wanted, zones, is_exclusive)
CROSS JOIN LATERAL (
    SELECT head.* FROM unnest(ARRAY[1, 0, 2, 3]) AS z(zone)
    CROSS JOIN LATERAL (
        SELECT c.id, c.phone, c.phone_key, c.name, CAST(c.variables AS text) AS variables, c.attempts, c.recipient_id
        FROM campaign_contacts c
        WHERE c.tenant_id = s.tenant_id AND c.campaign_id = s.campaign_id AND c.zone = z.zone
          AND c.status = 'pending' AND c.next_attempt_at <= :now
        ORDER BY c.next_attempt_at, c.id
        LIMIT s.wanted
        FOR NO KEY UPDATE OF c SKIP LOCKED
    ) head
    WHERE s.zones & (1 << z.zone) <> 0
    LIMIT s.wanted
) q
""")
"""Due rows of the zones whose bit is set (`core.zones.ZONES`, in its order), and of no others: a zone that is shut is
never read, however many of its people stand in front of the queue. The inner select begins at its zone's own end of
`ix_campaign_contacts_turn` and locks row by row as it is asked; the outer limit asks for no more than is returned, so
nothing else gets locked and a later zone isn't even opened once the earlier ones have given enough. Where it matters
who else is written to, the person is locked too: false means that another claim has them in hand this very moment."""

JUDGE_CONTACTS: Final = text("""
SELECT u.id, CASE
    WHEN u.phone_key LIKE 'x%'
        OR EXISTS (SELECT 1 FROM suppressions x WHERE x.tenant_id = u.tenant_id AND x.phone_key = u.phone_key)
        OR EXISTS (SELECT 1 FROM platform_suppressions x WHERE x.phone_key = u.phone_key)
        THEN 'opt_out'
    WHEN u.guard_days > 0 AND EXISTS (
        SELECT 1 FROM campaign_contacts o
        WHERE o.tenant_id = u.tenant_id AND o.phone_key = u.phone_key AND o.campaign_id <> u.campaign_id
          AND o.claimed_at > :now - make_interval(days => u.guard_days)
          AND o.status IN ('sending', 'sent', 'delivered', 'read', 'unconfirmed')
          AND NOT EXISTS (
              SELECT 1 FROM campaigns k WHERE k.tenant_id = o.tenant_id AND k.id = o.campaign_id
                AND COALESCE(k.parent_id, k.id) = u.family_id))
        THEN 'repeat_guard'
    WHEN u.most_a_week IS NOT NULL AND u.most_a_week <= (
        SELECT count(*) FROM campaign_contacts o
        WHERE o.tenant_id = u.tenant_id AND o.phone_key = u.phone_key
          AND o.claimed_at > :now - make_interval(days => 7)
          AND o.status IN ('sending', 'sent', 'delivered', 'read', 'unconfirmed'))
        THEN 'frequency_cap'
    END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:contacts AS bigint[]),
            CAST(:keys AS text[]), CAST(:families AS bigint[]), CAST(:guards AS int[]), CAST(:caps AS int[]))
     AS u(tenant_id, campaign_id, id, phone_key, family_id, guard_days, most_a_week)
""")
"""Who of the picked must not be written to now, and why (an `x` stands for somebody forgotten). A statement of its
own: its snapshot is newer than the locks PICK_CONTACTS took on the people, so it sees whatever another claim had
written for them before it let go. A message counts from its claim on, whether or not an answer came: it may have
arrived. Follow-ups of one campaign don't refuse each other, but count for the week like any message."""

SUPPRESS_CONTACTS: Final = text("""
UPDATE campaign_contacts c SET status = 'suppressed', reason = u.reason
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:contacts AS bigint[]),
            CAST(:reasons AS text[])) AS u(tenant_id, campaign_id, id, reason)
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.id = u.id
""")

OPEN_DAYS: Final = text("""
INSERT INTO daily_usage (tenant_id, day)
SELECT tenant_id, day FROM unnest(CAST(:tenants AS bigint[]), CAST(:days AS date[])) AS s(tenant_id, day)
ON CONFLICT DO NOTHING
""")

RESERVE_QUOTA: Final = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:tenants AS bigint[]), CAST(:days AS date[]), CAST(:wanted AS int[]),
                         CAST(:limits AS int[])) AS w(tenant_id, day, wanted, most)
), locked AS (
    SELECT u.tenant_id, u.day, LEAST(w.wanted, w.most - u.messages_reserved) AS granted
    FROM daily_usage u JOIN wanted w ON w.tenant_id = u.tenant_id AND w.day = u.day
    ORDER BY u.tenant_id, u.day
    FOR NO KEY UPDATE OF u
)
UPDATE daily_usage u SET messages_reserved = u.messages_reserved + l.granted
FROM locked l
WHERE u.tenant_id = l.tenant_id AND u.day = l.day AND l.granted > 0
RETURNING u.tenant_id, l.granted
""")
"""What is left of the plan's day, at most what was asked for: the rows are locked before the sum is made, so any
number of daemons together never pass the limit."""

CHANGE_QUOTA: Final = text("""
WITH locked AS (
    SELECT u.tenant_id, u.day, d.change
    FROM unnest(CAST(:tenants AS bigint[]), CAST(:days AS date[]), CAST(:changes AS int[]))
         AS d(tenant_id, day, change)
    JOIN daily_usage u ON u.tenant_id = d.tenant_id AND u.day = d.day
    ORDER BY u.tenant_id, u.day
    FOR NO KEY UPDATE OF u
)
UPDATE daily_usage u SET messages_reserved = u.messages_reserved + l.change
FROM locked l WHERE u.tenant_id = l.tenant_id AND u.day = l.day
""")

CAMPAIGN_DAYS_USED: Final = text("""
SELECT d.campaign_id, d.claimed
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:days AS date[]))
     AS s(tenant_id, campaign_id, day)
JOIN campaign_days d ON d.tenant_id = s.tenant_id AND d.campaign_id = s.campaign_id AND d.day = s.day
                    AND d.instance_id = 0
ORDER BY d.tenant_id, d.campaign_id
FOR NO KEY UPDATE OF d
""")

ADD_TO_DAYS: Final = text("""
INSERT INTO campaign_days AS d (tenant_id, campaign_id, day, instance_id, claimed, sent, delivered, read, failed,
                                replied)
SELECT * FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:days AS date[]),
                     CAST(:instances AS bigint[]), CAST(:claimed AS int[]), CAST(:sent AS int[]),
                     CAST(:delivered AS int[]), CAST(:read AS int[]), CAST(:failed AS int[]), CAST(:replied AS int[]))
ORDER BY 1, 2, 3, 4
ON CONFLICT (tenant_id, campaign_id, day, instance_id) DO UPDATE SET
    claimed = d.claimed + excluded.claimed, sent = d.sent + excluded.sent,
    delivered = d.delivered + excluded.delivered, read = d.read + excluded.read,
    failed = d.failed + excluded.failed, replied = d.replied + excluded.replied
""")
"""Instance 0 carries `claimed`, the campaign's own daily limit; the numbers' rows carry what became of it."""

ADD_TO_COUNTS: Final = text("""
WITH delta AS (
    SELECT * FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:pending AS int[]),
        CAST(:sending AS int[]), CAST(:sent AS int[]), CAST(:delivered AS int[]), CAST(:read AS int[]),
        CAST(:failed AS int[]), CAST(:unconfirmed AS int[]), CAST(:suppressed AS int[]), CAST(:invalid AS int[]),
        CAST(:cancelled AS int[]), CAST(:expired AS int[]), CAST(:replied AS int[]), CAST(:opted_out AS int[]))
        AS d(tenant_id, campaign_id, pending, sending, sent, delivered, read, failed, unconfirmed, suppressed,
             invalid, cancelled, expired, replied, opted_out)
), locked AS (
    SELECT k.tenant_id, k.campaign_id FROM campaign_counts k
    JOIN delta d ON d.tenant_id = k.tenant_id AND d.campaign_id = k.campaign_id
    ORDER BY k.tenant_id, k.campaign_id
    FOR NO KEY UPDATE OF k
)
UPDATE campaign_counts k SET
    pending = k.pending + d.pending, sending = k.sending + d.sending, sent = k.sent + d.sent,
    delivered = k.delivered + d.delivered, read = k.read + d.read, failed = k.failed + d.failed,
    unconfirmed = k.unconfirmed + d.unconfirmed, suppressed = k.suppressed + d.suppressed,
    invalid = k.invalid + d.invalid, cancelled = k.cancelled + d.cancelled, expired = k.expired + d.expired,
    replied = k.replied + d.replied, opted_out = k.opted_out + d.opted_out
FROM delta d JOIN locked l ON l.tenant_id = d.tenant_id AND l.campaign_id = d.campaign_id
WHERE k.tenant_id = d.tenant_id AND k.campaign_id = d.campaign_id
""")

MARK_SENDING: Final = text("""
UPDATE campaign_contacts c SET status = 'sending', claim_id = CAST(:claim AS uuid), lease_until = :lease,
    claimed_at = :now, claimed_day = u.day, instance_id = u.instance_id, message_id = u.message_id,
    rendered_text = u.body, attempts = c.attempts + 1, reason = NULL, error = NULL
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:contacts AS bigint[]),
            CAST(:days AS date[]), CAST(:instances AS bigint[]), CAST(:messages AS bigint[]), CAST(:bodies AS text[]))
     AS u(tenant_id, campaign_id, id, day, instance_id, message_id, body)
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.id = u.id
""")
"""Only for rows that PICK_CONTACTS has locked as pending in the same transaction."""

USE_INSTANCES: Final = text("""
UPDATE instances i SET
    next_allowed_at = :now + make_interval(secs => u.gap_ms / 1000.0),
    leased_by = CAST(:daemon AS uuid), leased_until = :lease, usage_day = u.day,
    reserved_today = CASE WHEN i.usage_day = u.day THEN i.reserved_today ELSE 0 END + 1,
    sent_today = CASE WHEN i.usage_day = u.day THEN i.sent_today ELSE 0 END,
    delivered_today = CASE WHEN i.usage_day = u.day THEN i.delivered_today ELSE 0 END,
    read_today = CASE WHEN i.usage_day = u.day THEN i.read_today ELSE 0 END,
    failed_today = CASE WHEN i.usage_day = u.day THEN i.failed_today ELSE 0 END,
    health_last_reset = CASE WHEN i.usage_day = u.day THEN i.health_last_reset ELSE :now END
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:days AS date[]), CAST(:gaps AS int[]))
     AS u(tenant_id, id, day, gap_ms)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id
""")

SETTLE_CONTACTS: Final = text("""
UPDATE campaign_contacts c SET
    status = CASE WHEN u.status = 'pending' AND EXISTS (
        SELECT 1 FROM campaigns k
        WHERE k.tenant_id = c.tenant_id AND k.id = c.campaign_id AND k.status = 'cancelled')
        THEN 'cancelled' ELSE u.status END,
    reason = u.reason, error = u.error, lease_until = NULL,
    provider_message_id = COALESCE(u.provider_message_id, c.provider_message_id),
    sent_at = CASE WHEN u.status = 'sent' THEN u.at ELSE c.sent_at END,
    failed_at = CASE WHEN u.status IN ('failed', 'invalid') THEN u.at ELSE c.failed_at END,
    next_attempt_at = CASE WHEN u.status = 'pending' THEN u.at + make_interval(secs => u.retry_seconds)
                           ELSE c.next_attempt_at END,
    attempts = c.attempts - u.attempts_back
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:contacts AS bigint[]),
            CAST(:claims AS uuid[]), CAST(:statuses AS text[]), CAST(:reasons AS text[]), CAST(:errors AS text[]),
            CAST(:provider_ids AS text[]), CAST(:moments AS timestamptz[]), CAST(:retries AS int[]),
            CAST(:attempts_back AS int[]), CAST(:expected AS text[]))
     AS u(tenant_id, campaign_id, id, claim_id, status, reason, error, provider_message_id, at, retry_seconds,
          attempts_back, expected)
WHERE c.tenant_id = u.tenant_id AND c.campaign_id = u.campaign_id AND c.id = u.id
  AND c.status = u.expected AND c.claim_id = u.claim_id
RETURNING c.id, c.status
""")
"""`expected` is 'sending', or 'unconfirmed' for an answer that came after the lease had run out. A row somebody else
has moved on in the meantime isn't returned, and nothing is counted for it. A row that would go back to the queue of a
cancelled campaign is cancelled like the others."""

SETTLE_INSTANCES: Final = text("""
WITH news AS (
    SELECT * FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:days AS date[]),
        CAST(:sent AS int[]), CAST(:failed AS int[]), CAST(:delivered AS int[]), CAST(:read AS int[]),
        CAST(:reserved AS int[]), CAST(:health AS float8[]), CAST(:resets AS bool[]), CAST(:errors AS int[]),
        CAST(:unclear AS int[]), CAST(:hold_seconds AS int[]), CAST(:statuses AS text[]), CAST(:reasons AS text[]),
        CAST(:last_errors AS text[]), CAST(:releases AS bool[]), CAST(:tries AS int[]), CAST(:bad AS int[]),
        CAST(:answers AS int[]), CAST(:latencies AS float8[]), CAST(:unacked AS int[]), CAST(:acked AS bool[]))
        AS u(tenant_id, id, day, sent, failed, delivered, read, reserved, health, resets, errors, unclear,
             hold_seconds, status, reason, last_error, releases, tries, bad, answers, latency, unacked, acked)
), locked AS (
    SELECT u.*, i.status AS was,
        LEAST(100, GREATEST(0, i.health_score + CAST(u.health AS numeric))) AS score,
        i.status = 'paused' AND i.ill_since IS NULL AND i.unacked_count >= :silent_after AS is_silent,
        i.unacked_since IS NULL OR (i.unacked_count < :silent_after
            AND i.unacked_since < CAST(:now AS timestamptz) - interval '15 minutes') AS begins,
        CASE WHEN u.sent > 0 OR u.health <> 0 THEN power(0.5, LEAST(60, GREATEST(0, COALESCE(date_part('epoch',
            CAST(:now AS timestamptz) - GREATEST(i.last_success_at, i.last_health_update)), 0)) / :half_life))
            ELSE 1 END AS kept,
        power(CAST(:older AS float8), u.tries) AS older,
        power(CAST(:older AS float8), LEAST(GREATEST(u.sent, 0), GREATEST(0, COALESCE(date_part('epoch',
            CAST(:now AS timestamptz) - i.last_success_at), u.sent)))) AS unanswered
    FROM news u JOIN instances i ON i.tenant_id = u.tenant_id AND i.id = u.id
    ORDER BY i.tenant_id, i.id
    FOR NO KEY UPDATE OF i
), told AS (
    SELECT l.*, l.is_silent AND l.acked AND l.score >= 50 AS is_back,
        l.score < 50 AND l.status = '' AND (l.was = 'connected' OR (l.is_silent AND l.acked)) AS falls_ill
    FROM locked l
)
UPDATE instances i SET
    sent_today = i.sent_today + CASE WHEN i.usage_day = u.day THEN u.sent ELSE 0 END,
    failed_today = i.failed_today + CASE WHEN i.usage_day = u.day THEN u.failed ELSE 0 END,
    delivered_today = i.delivered_today + CASE WHEN i.usage_day = u.day THEN u.delivered ELSE 0 END,
    read_today = i.read_today + CASE WHEN i.usage_day = u.day THEN u.read ELSE 0 END,
    reserved_today = i.reserved_today + CASE WHEN i.usage_day = u.day THEN u.reserved ELSE 0 END,
    health_score = u.score,
    last_health_update = CASE WHEN u.health <> 0 THEN :now ELSE i.last_health_update END,
    consecutive_errors = CASE WHEN u.resets THEN 0 ELSE i.consecutive_errors END + u.errors,
    consecutive_unclear = GREATEST(0, u.unclear
        + CASE WHEN u.resets OR u.is_back THEN 0 ELSE i.consecutive_unclear END),
    last_success_at = CASE WHEN u.sent > 0 THEN :now ELSE i.last_success_at END,
    held_until = CASE WHEN u.is_back THEN NULL WHEN u.is_silent THEN i.held_until
                      WHEN u.hold_seconds > 0 THEN :now + make_interval(secs => u.hold_seconds)
                      WHEN u.resets THEN NULL ELSE i.held_until END,
    last_error = CASE WHEN u.last_error <> '' THEN u.last_error ELSE i.last_error END,
    status = CASE WHEN u.is_back THEN 'connected' WHEN u.falls_ill THEN 'paused'
                  WHEN u.was = 'connected' AND u.status <> '' THEN u.status ELSE i.status END,
    status_reason = CASE WHEN u.is_back THEN '' WHEN u.falls_ill THEN :ill
                         WHEN u.was = 'connected' AND u.status <> '' THEN u.reason ELSE i.status_reason END,
    ill_since = CASE WHEN u.falls_ill THEN :now ELSE i.ill_since END,
    unacked_since = CASE WHEN u.acked THEN NULL
                         WHEN u.unacked > 0 AND u.was = 'connected' AND u.begins THEN :now
                         ELSE i.unacked_since END,
    unacked_count = CASE WHEN u.acked THEN 0
                         WHEN u.unacked > 0 AND u.was = 'connected'
                             THEN CASE WHEN u.begins THEN 0 ELSE i.unacked_count END + u.unacked
                         ELSE i.unacked_count END,
    smoothed_count = LEAST(i.smoothed_count + u.tries, 1000000),
    smoothed_failures = round(100000 * (i.smoothed_failures * u.kept * u.older
        + CASE WHEN u.tries > 0 THEN CAST(u.bad AS float8) / u.tries * (1 - u.older) ELSE 0 END)) / 100000,
    smoothed_acks = round(100000 * LEAST(1, GREATEST(0, (1 - (1 - i.smoothed_acks) * u.kept) * u.unanswered
        + (1 - CAST(:older AS float8)) * u.delivered))) / 100000,
    smoothed_latency_ms = CASE WHEN u.answers = 0 THEN i.smoothed_latency_ms
        WHEN i.smoothed_latency_ms = 0 THEN u.latency
        ELSE i.smoothed_latency_ms + (u.latency - i.smoothed_latency_ms)
             * (1 - power(CAST(:older AS float8), u.answers)) END,
    leased_by = CASE WHEN u.releases AND i.leased_by = CAST(:daemon AS uuid) THEN NULL ELSE i.leased_by END
FROM told u
WHERE i.tenant_id = u.tenant_id AND i.id = u.id
RETURNING i.id, i.health_score, i.status, u.was, i.status_reason
""")
"""The smoothed figures first rest for the time nobody used the number, then take in the news (a batch of n weighs as n
single ones). A number that sends more than one a second is judged by the second: its receipts lag behind, and being
fast must not look like being ignored. What WhatsApp has not acknowledged adds up only while the number is connected,
and begins anew when fewer than `silent_after` have been waiting for a quarter of an hour. A number that was paused for
it is back with the first acknowledgement."""

ADD_LOGS: Final = text("""
INSERT INTO campaign_logs (tenant_id, campaign_id, created_at, log_type, severity, message, details, duration_ms,
    http_status, request_data, response_data, campaign_progress, instance_health_score, instance_id, contact_id)
SELECT u.tenant_id, u.campaign_id, u.at, u.log_type, u.severity, u.message, u.details, u.duration_ms, u.http_status,
    u.request_data, u.response_data,
    (SELECT CASE WHEN k.total = 0 THEN 100
                 ELSE round(100.0 * (k.total - k.pending - k.sending) / k.total, 1) END
     FROM campaign_counts k WHERE k.tenant_id = u.tenant_id AND k.campaign_id = u.campaign_id),
    u.health, u.instance_id, u.contact_id
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:moments AS timestamptz[]),
    CAST(:types AS text[]), CAST(:severities AS text[]), CAST(:messages AS text[]), CAST(:details AS jsonb[]),
    CAST(:durations AS int[]), CAST(:http_statuses AS smallint[]), CAST(:requests AS jsonb[]),
    CAST(:responses AS jsonb[]), CAST(:health AS float8[]), CAST(:instances AS bigint[]), CAST(:contacts AS bigint[]))
    AS u(tenant_id, campaign_id, at, log_type, severity, message, details, duration_ms, http_status, request_data,
         response_data, health, instance_id, contact_id)
""")
"""The progress is the campaign's after the counters have been written in the same transaction."""

STOP_CAMPAIGNS: Final = text("""
UPDATE campaigns c SET status = 'paused', pause_reason = u.reason, updated_at = :now
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:reasons AS text[]))
     AS u(tenant_id, id, reason)
WHERE c.tenant_id = u.tenant_id AND c.id = u.id AND c.status IN ('running', 'waiting_quota', 'waiting_window')
RETURNING c.tenant_id, c.id, c.pause_reason
""")

SUPPRESS_PEOPLE: Final = text("""
INSERT INTO suppressions (tenant_id, phone_key, phone, reason, source)
SELECT DISTINCT ON (tenant_id, phone_key) * FROM unnest(CAST(:tenants AS bigint[]), CAST(:keys AS text[]),
    CAST(:phones AS text[]), CAST(:reasons AS text[]), CAST(:sources AS text[]))
    AS u(tenant_id, phone_key, phone, reason, source)
ORDER BY tenant_id, phone_key
ON CONFLICT (tenant_id, phone_key) DO NOTHING
RETURNING tenant_id, phone_key
""")
