"""Where one person's data lies in an account: looked at for their file, emptied when they are forgotten.

Each statement takes `tenant`, `keys` (phones), `emails`, `leads` (ids), `digits` and `whole` (`Person`) and
names its tenant; the policies stand behind. `about(x)` is true for a text that holds one of the phones, however it is
written, or one of the e-mails.
"""

from typing import Final

from sqlalchemy import TextClause, text

_ABOUT: Final = """(EXISTS (SELECT FROM unnest(CAST(:digits AS text[])) d
    WHERE strpos(regexp_replace({0}, '[^0-9]', '', 'g'), d) > 0)
    OR EXISTS (SELECT FROM unnest(CAST(:emails AS text[])) e WHERE strpos(lower({0}), e) > 0))"""
_IN_BYTES: Final = """EXISTS (SELECT FROM unnest(CAST(:whole AS text[]) || CAST(:emails AS text[])
        || CAST(:addresses AS text[])) d WHERE position(convert_to(d, 'UTF8') in {0}) > 0)"""


def about(column: str) -> str:
    """The condition for a text."""
    return _ABOUT.format(column)


_REJECT: Final = f"""({about("r.value")}
    OR EXISTS (SELECT FROM jsonb_array_elements_text(r.cells) c WHERE {about("c")}))"""
_LAST_CONTACT: Final = """l.tenant_id = :tenant AND l.created_at < :before AND l.updated_at < :before
    AND NOT EXISTS (SELECT FROM campaign_contacts c WHERE c.tenant_id = :tenant AND c.phone_key = l.phone_key
        AND (greatest(c.claimed_at, c.replied_at) >= :before OR c.status IN ('pending', 'sending')))
    AND NOT EXISTS (SELECT FROM instances i JOIN conversations v ON v.tenant_id = i.tenant_id AND v.instance_id = i.id
        AND v.phone_key = l.phone_key WHERE i.tenant_id = :tenant AND v.last_message_at >= :before)"""
_PARTS: Final = {
    "$CONTACT": "c.tenant_id = :tenant AND c.phone_key = ANY(CAST(:keys AS text[]))",
    "$IN_BODY": _IN_BYTES.format("w.body"),
    "$REJECT": _REJECT,
    "$VALUE": about("(x ->> 'value')"),
    "$TITLE": about("n.title"),
    "$NOTICE": about("n.body"),
    "$ANSWER": about("k.body"),
    "$NO_CONTACT": _LAST_CONTACT,
    "$KEPT": about("CAST(m.kept_before AS text)"),
    "$MERGED": about("CAST(m.gone AS text)"),
    "$FILTER": about("CAST(f.filter AS text)"),
    "$SAMPLES": about("CAST(i.samples AS text)"),
}


def filled(statement: str) -> TextClause:
    """The statement with its parts in place."""
    for name, part in _PARTS.items():
        statement = statement.replace(name, part)
    return text(statement)


HELD: Final[dict[str, TextClause]] = {
    "leads": text("""
        SELECT phone, name, email, city, category, extra, source, legal_basis, consent_source, consent_at,
            consent_proof, created_at, updated_at
        FROM leads WHERE tenant_id = :tenant AND id = ANY(CAST(:leads AS bigint[])) ORDER BY id"""),
    "lead_lists": text("""
        SELECT l.name, m.lead_id FROM lead_list_members m
        JOIN lead_lists l ON l.tenant_id = m.tenant_id AND l.id = m.list_id
        WHERE m.tenant_id = :tenant AND m.lead_id = ANY(CAST(:leads AS bigint[])) ORDER BY l.name"""),
    "lead_import_changes": text("""
        SELECT before, changed_at FROM lead_import_changes
        WHERE tenant_id = :tenant AND lead_id = ANY(CAST(:leads AS bigint[])) ORDER BY changed_at"""),
    "lead_import_rejects": filled(
        """
        SELECT i.filename, r.row_number, r.reason, r.value, r.cells FROM lead_import_rejects r
        JOIN lead_imports i ON i.tenant_id = r.tenant_id AND i.id = r.import_id
        WHERE r.tenant_id = :tenant AND $REJECT ORDER BY r.import_id, r.row_number"""
    ),
    "suppressions": text("""
        SELECT phone, email, reason, source, is_hashed, created_at FROM suppressions
        WHERE tenant_id = :tenant AND (phone_key = ANY(CAST(:keys AS text[]) || CAST(:hashes AS text[]))
            OR email = ANY(CAST(:emails AS text[]) || CAST(:hashes AS text[]))) ORDER BY id"""),
    "campaign_contacts": filled("""
        SELECT k.name AS campaign, c.phone, c.name, c.variables, c.status, c.reason, c.rendered_text, c.error,
            c.recipient_id, c.queued_at, c.sent_at, c.delivered_at, c.read_at, c.failed_at, c.replied_at
        FROM campaign_contacts c JOIN campaigns k ON k.tenant_id = c.tenant_id AND k.id = c.campaign_id
        WHERE $CONTACT ORDER BY c.queued_at, c.id"""),
    "direct_messages": text("""
        SELECT phone, kind, body, status, error, created_at, sent_at, delivered_at, read_at FROM direct_messages
        WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[])) ORDER BY id"""),
    "conversations": text("""
        SELECT phone, name, wish, last_text, last_message_at, created_at FROM conversations
        WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[])) ORDER BY id"""),
    "inbox_messages": text("""
        SELECT m.direction, m.body, m.media, m.wish, m.at FROM inbox_messages m
        JOIN conversations v ON v.tenant_id = m.tenant_id AND v.id = m.conversation_id
        WHERE m.tenant_id = :tenant AND v.phone_key = ANY(CAST(:keys AS text[])) ORDER BY m.at, m.id"""),
    "number_checks": text("""
        SELECT phone_key, has_whatsapp, recipient_id, checked_at FROM number_checks
        WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[]))"""),
    "webhook_inbox": filled("""
        SELECT received_at, status, octet_length(body) AS bytes FROM webhook_inbox w
        WHERE w.tenant_id = :tenant AND $IN_BODY ORDER BY id"""),
    "outgoing_emails": text("""
        SELECT recipient, subject, status, created_at, sent_at FROM outgoing_emails
        WHERE tenant_id = :tenant AND lower(recipient) = ANY(CAST(:emails AS text[])) ORDER BY id"""),
}
"""What is held of somebody, by table: the parts of their file."""

ADDRESSES: Final = filled("""
SELECT DISTINCT recipient_id FROM (
    SELECT recipient_id FROM number_checks WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[]))
    UNION ALL SELECT c.recipient_id FROM campaign_contacts c WHERE $CONTACT
) a WHERE recipient_id <> ''
""")
"""What WhatsApp calls them where it doesn't say the phone."""

UNDER_WAY: Final = filled("""
SELECT (SELECT count(*) FROM campaign_contacts c WHERE $CONTACT AND c.status = 'sending')
    + (SELECT count(*) FROM direct_messages d
       WHERE d.tenant_id = :tenant AND d.phone_key = ANY(CAST(:keys AS text[])) AND d.status = 'sending')
    + (SELECT count(*) FROM webhook_inbox w
       WHERE w.tenant_id = :tenant AND w.status = 'pending' AND $IN_BODY)
""")
"""Messages that are leaving this moment and calls that wait to be applied: they would be written down again."""

STOP_WAITING: Final = filled("""
WITH stopped AS (
    UPDATE campaign_contacts c SET status = 'suppressed', reason = 'opt_out' WHERE $CONTACT AND c.status = 'pending'
    RETURNING c.campaign_id
), counted AS (SELECT campaign_id, count(*) AS people FROM stopped GROUP BY campaign_id ORDER BY campaign_id)
UPDATE campaign_counts k SET pending = k.pending - n.people, suppressed = k.suppressed + n.people
FROM counted n WHERE k.tenant_id = :tenant AND k.campaign_id = n.campaign_id
""")

LEAVE_LISTS: Final = text("""
WITH gone AS (
    DELETE FROM lead_list_members WHERE tenant_id = :tenant AND lead_id = ANY(CAST(:leads AS bigint[]))
    RETURNING list_id
), counted AS (SELECT list_id, count(*) AS people FROM gone GROUP BY list_id)
UPDATE lead_lists l SET lead_count = l.lead_count - n.people
FROM counted n WHERE l.tenant_id = :tenant AND l.id = n.list_id
""")

ERASE: Final[dict[str, TextClause]] = {
    "lead_list_members": LEAVE_LISTS,
    "leads": text("DELETE FROM leads WHERE tenant_id = :tenant AND id = ANY(CAST(:leads AS bigint[]))"),
    "lead_blocks": text("""
        DELETE FROM lead_blocks WHERE tenant_id = :tenant
            AND block IN (SELECT l / 32 FROM unnest(CAST(:leads AS bigint[])) l)"""),
    "lead_merges": filled("""
        DELETE FROM lead_merges m WHERE m.tenant_id = :tenant
            AND (m.kept_id = ANY(CAST(:leads AS bigint[])) OR $KEPT OR $MERGED)"""),
    "lead_segments": filled("""
        DELETE FROM lead_segments f WHERE f.tenant_id = :tenant AND $FILTER"""),
    "lead_deeds": filled("""
        UPDATE lead_deeds f SET filter = '{}' WHERE f.tenant_id = :tenant AND f.status = 'finished' AND $FILTER"""),
    "lead_imports.samples": filled("""
        UPDATE lead_imports i SET samples = '[]' WHERE i.tenant_id = :tenant AND $SAMPLES"""),
    "lead_import_rejects": filled("""
        UPDATE lead_import_rejects r SET value = '', cells = '[]' WHERE r.tenant_id = :tenant AND $REJECT"""),
    "lead_imports": filled("""
        UPDATE lead_imports i SET problems = (
            SELECT coalesce(jsonb_agg(jsonb_set(p, '{examples}', coalesce((
                SELECT jsonb_agg(CASE WHEN $VALUE THEN jsonb_set(x, '{value}', '""') ELSE x END)
                FROM jsonb_array_elements(p -> 'examples') x), '[]'))), '[]')
            FROM jsonb_array_elements(i.problems) p)
        WHERE i.tenant_id = :tenant AND EXISTS (
            SELECT FROM jsonb_array_elements(i.problems) p, jsonb_array_elements(p -> 'examples') x
            WHERE $VALUE)"""),
    "inbox_messages": text("""
        DELETE FROM inbox_messages m USING conversations v
        WHERE m.tenant_id = :tenant AND v.tenant_id = :tenant AND v.id = m.conversation_id
            AND v.phone_key = ANY(CAST(:keys AS text[]))"""),
    "conversations": text("""
        DELETE FROM conversations WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[]))"""),
    "direct_messages": text("""
        DELETE FROM direct_messages WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[]))"""),
    "webhook_inbox": filled("""
        DELETE FROM webhook_inbox w WHERE w.tenant_id = :tenant AND w.status <> 'pending'
            AND $IN_BODY"""),
    "number_checks": text("""
        DELETE FROM number_checks WHERE tenant_id = :tenant AND phone_key = ANY(CAST(:keys AS text[]))"""),
    "outgoing_emails": text("""
        DELETE FROM outgoing_emails WHERE tenant_id = :tenant AND lower(recipient) = ANY(CAST(:emails AS text[]))
            AND status IN ('sent', 'failed')"""),
    "notices": filled("""
        UPDATE notices n SET title = '', body = '' WHERE n.tenant_id = :tenant AND ($TITLE OR $NOTICE)"""),
    "idempotency_keys": filled("""
        DELETE FROM idempotency_keys k WHERE k.tenant_id = :tenant AND $ANSWER"""),
    "campaign_contacts": filled("""
        UPDATE campaign_contacts c SET phone = 'x' || c.id, phone_key = 'x' || c.id, lead_id = NULL, name = '',
            variables = '{}', rendered_text = NULL, error = NULL, recipient_id = NULL,
            provider_message_id = CASE WHEN c.provider_message_id IS NULL THEN NULL ELSE 'x' || c.id END
        WHERE $CONTACT"""),
}  # fmt: skip
"""In this order. The rows of campaigns stay, without anybody in them, so that the figures go on adding up; a message's
id at the provider holds the phone with some of them, and only whether there was one is kept."""

MUCH_TO_READ: Final = text("""
SELECT (SELECT count(*) FROM (SELECT FROM webhook_inbox WHERE tenant_id = :tenant LIMIT :most) w)
    + (SELECT count(*) FROM (SELECT FROM lead_import_rejects WHERE tenant_id = :tenant LIMIT :most) r)
""")
"""How many rows must be read through, counted up to `most` each."""

STALE: Final = filled("""
SELECT l.id FROM leads l WHERE l.id > :after AND $NO_CONTACT ORDER BY l.id LIMIT :most
FOR UPDATE OF l SKIP LOCKED
""")
COUNT_STALE: Final = filled("SELECT count(*) FROM leads l WHERE $NO_CONTACT")
"""Nobody has written to them or heard of them since, and nothing waits for them."""
