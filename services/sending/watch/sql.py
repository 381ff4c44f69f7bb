"""What the look reads, and the sweeps that keep the picture true. System scope; every statement is set-based."""

from typing import Final

from sqlalchemy import text

ACTIVE_CAMPAIGNS: Final = text("""
SELECT c.tenant_id, c.id, c.status, c.rotation_mode, c.interval_min_ms, c.interval_max_ms, c.daily_limit,
       CAST(c.window AS text), c.pause_reason, c.next_send_at, t.time_zone, k.pending, k.sending,
       CASE WHEN c.daily_limit IS NOT NULL THEN COALESCE((
           SELECT d.claimed FROM campaign_days d
           WHERE d.tenant_id = c.tenant_id AND d.campaign_id = c.id AND d.instance_id = 0
             AND d.day = CAST(CAST(:now AS timestamptz) AT TIME ZONE t.time_zone AS date)), 0) END
FROM campaigns c
JOIN tenants t ON t.id = c.tenant_id
JOIN campaign_counts k ON k.tenant_id = c.tenant_id AND k.campaign_id = c.id
WHERE c.status IN ('running', 'waiting_quota', 'waiting_window')
  AND (c.parent_id IS NULL OR ((k.pending > 0 OR k.sending > 0) AND NOT EXISTS (
      SELECT 1 FROM campaigns p
      WHERE p.tenant_id = c.tenant_id AND p.id = c.parent_id AND p.status IN ('paused', 'cancelled'))))
""")
"""A follow-up is looked at while it has people and its campaign isn't paused; `services.sending.follow_up` ends it."""

ACTIVE_NUMBERS: Final = text("""
SELECT i.tenant_id, i.id, i.connector, i.base_url, i.instance_key, i.sealed_credentials, i.is_sandbox,
       i.min_interval_ms, i.max_interval_ms, i.daily_cap, i.usage_day, i.reserved_today,
       CAST(i.health_score AS float8), i.consecutive_errors,
       extract(epoch FROM GREATEST(i.next_allowed_at, COALESCE(i.held_until, i.next_allowed_at),
               CASE WHEN i.leased_by IS NULL OR i.leased_by = CAST(:daemon AS uuid) THEN i.next_allowed_at
                    ELSE i.leased_until END)),
       i.warm_up, i.first_connected_at, i.smoothed_count, i.smoothed_failures, i.smoothed_acks, i.smoothed_latency_ms,
       COALESCE(extract(epoch FROM CAST(:now AS timestamptz) - GREATEST(i.last_success_at, i.last_health_update)), 0),
       extract(epoch FROM GREATEST(i.next_allowed_at, i.held_until)),
       COALESCE(i.held_until > i.next_allowed_at, false)
FROM instances i
WHERE i.status = 'connected' AND i.deleted_at IS NULL AND i.health_score >= 50 AND i.consecutive_unclear < 2
  AND i.tenant_id = ANY(CAST(:tenants AS bigint[]))
""")

MEMBERS: Final = text("""
SELECT m.campaign_id, array_agg(m.instance_id)
FROM campaigns c
JOIN campaign_instances m ON m.tenant_id = c.tenant_id AND m.campaign_id = c.id
WHERE c.status IN ('running', 'waiting_quota', 'waiting_window')
GROUP BY m.campaign_id
""")

USED_TODAY: Final = text("""
SELECT u.tenant_id, u.messages_reserved
FROM unnest(CAST(:tenants AS bigint[]), CAST(:days AS date[])) AS s(tenant_id, day)
JOIN daily_usage u ON u.tenant_id = s.tenant_id AND u.day = s.day
""")

QUEUE_HEADS: Final = text("""
SELECT s.campaign_id, z.zone, q.next_attempt_at, q.attempts
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[])) AS s(tenant_id, campaign_id)
CROSS JOIN unnest(CAST(:zones AS smallint[])) AS z(zone)
CROSS JOIN LATERAL (
    SELECT c.next_attempt_at, c.attempts FROM campaign_contacts c
    WHERE c.tenant_id = s.tenant_id AND c.campaign_id = s.campaign_id AND c.zone = z.zone AND c.status = 'pending'
    ORDER BY c.next_attempt_at, c.id
    LIMIT 1
) q
""")

CHANGE_STANDING: Final = text("""
WITH verdicts AS (
    SELECT u.* FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:expected AS text[]),
            CAST(:targets AS text[]), CAST(:reasons AS text[]), CAST(:untils AS timestamptz[]))
         AS u(tenant_id, id, expected, target, reason, until)
    JOIN campaigns k ON k.tenant_id = u.tenant_id AND k.id = u.id
    ORDER BY u.tenant_id, u.id
    FOR NO KEY UPDATE OF k
)
UPDATE campaigns c SET status = u.target, pause_reason = u.reason, next_send_at = u.until
FROM verdicts u
WHERE c.tenant_id = u.tenant_id AND c.id = u.id AND c.status = u.expected
RETURNING c.tenant_id, c.id, u.expected, c.status, c.pause_reason, c.next_send_at
""")
"""Locked by ascending key, as a person's pause of a campaign and its follow-ups locks them."""

FINISH_CAMPAIGNS: Final = text("""
UPDATE campaigns c SET status = 'completed', pause_reason = '', next_send_at = NULL, finished_at = :now
FROM campaign_counts k
WHERE c.tenant_id = ANY(CAST(:tenants AS bigint[])) AND c.id = ANY(CAST(:campaigns AS bigint[]))
  AND c.status IN ('running', 'waiting_quota', 'waiting_window')
  AND k.tenant_id = c.tenant_id AND k.campaign_id = c.id AND k.pending = 0 AND k.sending = 0
RETURNING c.tenant_id, c.id, k.total, k.sent, k.failed, k.unconfirmed
""")

ALARM_FIGURES: Final = text("""
SELECT c.tenant_id, c.id, k.sent - c.alarm_sent, k.opted_out - c.alarm_opted_out, k.invalid - c.alarm_invalid
FROM campaigns c
JOIN campaign_counts k ON k.tenant_id = c.tenant_id AND k.campaign_id = c.id
WHERE c.status IN ('running', 'waiting_quota', 'waiting_window')
  AND k.sent + k.invalid >= :least AND k.invalid + k.opted_out > 0
""")

PAUSE_ALARMED: Final = text("""
UPDATE campaigns c SET status = 'paused', pause_reason = u.reason, next_send_at = NULL, updated_at = :now
FROM unnest(CAST(:tenants AS bigint[]), CAST(:campaigns AS bigint[]), CAST(:reasons AS text[]))
     AS u(tenant_id, id, reason)
WHERE c.tenant_id = u.tenant_id AND c.id = u.id AND c.status IN ('running', 'waiting_quota', 'waiting_window')
RETURNING c.tenant_id, c.id, c.pause_reason
""")

DUE_SCHEDULES: Final = text("""
SELECT c.tenant_id, c.id, COALESCE((
    SELECT sum(l.lead_count) FROM campaign_lists m
    JOIN lead_lists l ON l.tenant_id = m.tenant_id AND l.id = m.list_id
    WHERE m.tenant_id = c.tenant_id AND m.campaign_id = c.id), 0)
FROM campaigns c
WHERE c.status = 'scheduled' AND c.schedule_at <= :now
ORDER BY c.schedule_at
LIMIT 100
""")

OVERDUE_CLAIMS: Final = text("""
WITH doomed AS (
    SELECT c.tenant_id, c.campaign_id, c.phone FROM campaign_contacts c
    WHERE c.status = 'sending' AND c.lease_until < :now
    ORDER BY c.lease_until
    LIMIT 1000
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE campaign_contacts c SET status = 'unconfirmed', reason = 'interrupted', error = :error, lease_until = NULL
FROM doomed d
WHERE c.tenant_id = d.tenant_id AND c.campaign_id = d.campaign_id AND c.phone = d.phone
RETURNING c.tenant_id, c.campaign_id, c.id, c.instance_id, c.claimed_day
""")

CLAIMS_OF_THE_DEAD: Final = text("""
UPDATE campaign_contacts c SET status = 'unconfirmed', reason = 'interrupted', error = :error, lease_until = NULL
FROM instances i
WHERE i.leased_by = ANY(CAST(:dead AS uuid[])) AND c.tenant_id = i.tenant_id AND c.instance_id = i.id
  AND c.status = 'sending'
RETURNING c.tenant_id, c.campaign_id, c.id, c.instance_id, c.claimed_day
""")
"""A number is leased by one daemon at a time, so whatever is under way through it is that daemon's."""

FREE_LEASES_OF_THE_DEAD: Final = text("""
UPDATE instances i SET leased_by = NULL WHERE i.leased_by = ANY(CAST(:dead AS uuid[]))
""")

BE_PRESENT: Final = text("SELECT pg_advisory_lock(hashtextextended(:daemon, 0))")

STILL_THERE: Final = text("SELECT 1")

ABSENT_DAEMONS: Final = text("""
SELECT d.leased_by FROM (
    SELECT DISTINCT i.leased_by FROM instances i
    WHERE i.leased_by IS NOT NULL AND i.leased_by <> CAST(:daemon AS uuid)
) d
WHERE pg_try_advisory_xact_lock(hashtextextended(CAST(d.leased_by AS text), 0))
""")

FREE_LEASES: Final = text("""
UPDATE instances i SET leased_by = NULL WHERE i.leased_by IS NOT NULL AND i.leased_until < :now
""")

RETURN_CLAIM: Final = text("""
UPDATE campaign_contacts c SET status = 'pending', attempts = c.attempts - 1, claim_id = NULL, lease_until = NULL
WHERE c.tenant_id = ANY(CAST(:tenants AS bigint[])) AND c.status = 'sending' AND c.claim_id = CAST(:claim AS uuid)
  AND c.lease_until IS NOT NULL
RETURNING c.tenant_id, c.campaign_id, c.id, c.instance_id, c.claimed_day
""")

RESET_DAYS: Final = text("""
UPDATE instances i SET usage_day = s.today, reserved_today = 0, sent_today = 0, delivered_today = 0, read_today = 0,
    failed_today = 0, health_last_reset = :now
FROM (
    SELECT n.tenant_id, n.id, CAST(CAST(:now AS timestamptz) AT TIME ZONE t.time_zone AS date) AS today
    FROM instances n JOIN tenants t ON t.id = n.tenant_id
    WHERE n.deleted_at IS NULL AND n.usage_day < CAST(CAST(:now AS timestamptz) AT TIME ZONE t.time_zone AS date)
    ORDER BY n.tenant_id, n.id
    LIMIT 1000
    FOR NO KEY UPDATE OF n SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
""")

EXPIRE_CONTACTS: Final = text("""
WITH old AS (
    SELECT cc.tenant_id, cc.campaign_id, cc.phone
    FROM campaigns c
    JOIN campaign_contacts cc ON cc.tenant_id = c.tenant_id AND cc.campaign_id = c.id AND cc.status = 'pending'
    WHERE c.status IN ('running', 'waiting_quota', 'waiting_window', 'paused') AND c.started_at < :oldest
      AND cc.queued_at < :oldest
    LIMIT 5000
    FOR NO KEY UPDATE OF cc SKIP LOCKED
)
UPDATE campaign_contacts cc SET status = 'expired', reason = 'expired'
FROM old o
WHERE cc.tenant_id = o.tenant_id AND cc.campaign_id = o.campaign_id AND cc.phone = o.phone
RETURNING cc.tenant_id, cc.campaign_id
""")

CANCEL_LEFTOVERS: Final = text("""
WITH leftovers AS (
    SELECT cc.tenant_id, cc.campaign_id, cc.phone
    FROM campaigns c
    JOIN campaign_counts k ON k.tenant_id = c.tenant_id AND k.campaign_id = c.id AND k.pending > 0
    JOIN campaign_contacts cc ON cc.tenant_id = c.tenant_id AND cc.campaign_id = c.id AND cc.status = 'pending'
    WHERE c.status = 'cancelled'
    LIMIT 5000
    FOR NO KEY UPDATE OF cc SKIP LOCKED
)
UPDATE campaign_contacts cc SET status = 'cancelled'
FROM leftovers o
WHERE cc.tenant_id = o.tenant_id AND cc.campaign_id = o.campaign_id AND cc.phone = o.phone
RETURNING cc.tenant_id, cc.campaign_id
""")

WAIT_BRIEFLY: Final = text("SELECT set_config('lock_timeout', '2s', true)")
PREPARE_MONTHS: Final = text("SELECT ensure_month_partitions('campaign_logs', 3)")

UNCLEAR_NUMBERS: Final = text("""
UPDATE instances i SET held_until = CAST(:now AS timestamptz) + make_interval(secs => :recheck_seconds)
FROM (
    SELECT n.tenant_id, n.id FROM instances n
    WHERE n.status = 'connected' AND n.deleted_at IS NULL AND n.consecutive_unclear >= 2
      AND (n.held_until IS NULL OR n.held_until <= :now)
    ORDER BY n.tenant_id, n.id
    LIMIT 50
    FOR NO KEY UPDATE SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
RETURNING i.tenant_id, i.id, i.connector, i.base_url, i.instance_key, i.sealed_credentials, i.consecutive_unclear
""")
"""Taken with a hold on them, so that one daemon asks each number's status and asks again after a while."""

STOP_SILENT: Final = text("""
UPDATE instances i SET
    status = 'paused', held_until = CAST(:now AS timestamptz) + make_interval(secs => :trial_seconds),
    status_reason = CASE WHEN EXISTS (SELECT 1 FROM campaign_days d WHERE d.tenant_id = i.tenant_id
                                      AND d.instance_id = i.id AND d.delivered > 0) THEN :silent ELSE :never END
FROM (
    SELECT n.tenant_id, n.id FROM instances n
    WHERE n.status = 'connected' AND n.deleted_at IS NULL AND n.unacked_count >= :silent_after
      AND n.unacked_since <= CAST(:now AS timestamptz) - make_interval(secs => :silent_seconds)
    ORDER BY n.tenant_id, n.id
    LIMIT 50
    FOR NO KEY UPDATE SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
RETURNING i.tenant_id, i.id, i.connector, i.base_url, i.instance_key, i.sealed_credentials, i.status_reason,
          i.health_score
""")
"""A number that is paused, not ill, and has so many unacknowledged messages is a silent one: what a person pauses has
none. `held_until` is when it is tried again."""

TRY_SILENT_AGAIN: Final = text("""
UPDATE instances i SET status = 'connected', status_reason = '', held_until = NULL, consecutive_unclear = 0,
    unacked_since = :now, unacked_count = :silent_after - 1
FROM (
    SELECT n.tenant_id, n.id FROM instances n
    WHERE n.status = 'paused' AND n.deleted_at IS NULL AND n.ill_since IS NULL AND n.unacked_count >= :silent_after
      AND (n.held_until IS NULL OR n.held_until <= :now)
    ORDER BY n.tenant_id, n.id
    LIMIT 50
    FOR NO KEY UPDATE SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
RETURNING i.tenant_id, i.id, i.health_score
""")

STOP_ILL: Final = text("""
UPDATE instances i SET status = 'paused', status_reason = :ill, ill_since = COALESCE(i.ill_since, :now)
FROM (
    SELECT n.tenant_id, n.id FROM instances n
    WHERE n.status = 'connected' AND n.deleted_at IS NULL AND n.health_score < 50
    ORDER BY n.tenant_id, n.id
    FOR NO KEY UPDATE SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
RETURNING i.tenant_id, i.id, i.status_reason, i.health_score
""")

GROW_HEALTH: Final = text("""
UPDATE instances i SET
    health_score = LEAST(70, i.health_score + 0.1 * s.steps),
    last_health_update = s.since + s.steps * make_interval(secs => :step_seconds),
    smoothed_failures = round(CAST(i.smoothed_failures * s.kept AS numeric), 5),
    smoothed_acks = round(CAST(1 - (1 - i.smoothed_acks) * s.kept AS numeric), 5)
FROM (
    SELECT n.tenant_id, n.id, g.since, g.steps,
        power(0.5, LEAST(60, CAST(g.steps * :step_seconds AS float8) / :half_life)) AS kept
    FROM instances n
    CROSS JOIN LATERAL (
        SELECT GREATEST(n.last_health_update, n.ill_since) AS since,
            CAST(floor(extract(epoch FROM CAST(:now AS timestamptz) - GREATEST(n.last_health_update, n.ill_since))
                 / :step_seconds) AS int) AS steps
    ) g
    WHERE n.status = 'paused' AND n.deleted_at IS NULL AND n.ill_since IS NOT NULL AND n.health_score < 70
      AND g.steps >= 1
    ORDER BY n.tenant_id, n.id
    FOR NO KEY UPDATE OF n SKIP LOCKED
) s
WHERE i.tenant_id = s.tenant_id AND i.id = s.id
""")
"""`last_health_update` moves on by whole steps, so that nothing is lost between two turns; the smoothed figures rest
by the same time, for which it is their clock too."""

WELL_AGAIN: Final = text("""
SELECT n.tenant_id, n.id, n.recovered_on, t.time_zone
FROM instances n JOIN tenants t ON t.id = n.tenant_id
WHERE n.status = 'paused' AND n.deleted_at IS NULL AND n.health_score >= 60
  AND n.ill_since <= CAST(:now AS timestamptz) - interval '1 hour'
ORDER BY n.tenant_id, n.id
FOR NO KEY UPDATE OF n SKIP LOCKED
""")
"""Whether it is the tenant's next day is judged outside: one tenant's unreadable zone must not stop everybody."""

RESUME_HEALTHY: Final = text("""
UPDATE instances i SET status = 'connected', status_reason = '', ill_since = NULL, recovered_on = u.today,
    held_until = NULL, consecutive_unclear = 0, unacked_since = NULL, unacked_count = 0
FROM unnest(CAST(:tenants AS bigint[]), CAST(:instances AS bigint[]), CAST(:days AS date[])) AS u(tenant_id, id, today)
WHERE i.tenant_id = u.tenant_id AND i.id = u.id
RETURNING i.tenant_id, i.id, i.health_score
""")

NOTE_FIRST_CONNECTION: Final = text("""
UPDATE instances i SET first_connected_at = :now
WHERE i.status = 'connected' AND i.deleted_at IS NULL AND i.first_connected_at IS NULL
""")
"""Every way a number connects notes it; this is the net below, for a way somebody adds and forgets it."""

TRUST_AGAIN: Final = text("""
UPDATE instances i SET consecutive_unclear = :unclear, held_until = NULL
WHERE i.tenant_id = :tenant_id AND i.id = :instance_id AND i.status = 'connected'
""")

STOP_NUMBER: Final = text("""
UPDATE instances i SET status = :status, status_reason = :reason, consecutive_unclear = 0, held_until = NULL
WHERE i.tenant_id = :tenant_id AND i.id = :instance_id
  AND (i.status = 'connected' OR (i.status = 'paused' AND :status <> 'paused'))
RETURNING i.health_score
""")
"""A paused number too: one is paused for its silence before it is asked."""

BEAT: Final = text("""
INSERT INTO process_beats AS b (kind, name, pid, started_at, beat_at)
VALUES ('sender', :name, :pid, :started_at, now())
ON CONFLICT (kind, name) DO UPDATE SET pid = excluded.pid, started_at = excluded.started_at, beat_at = now()
""")

LAST_BEAT: Final = text("DELETE FROM process_beats WHERE kind = 'sender' AND name = :name")

DATABASE_TIME: Final = text("SELECT clock_timestamp()")
