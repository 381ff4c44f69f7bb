"""Step 3: one transaction that turns turns into committed claims. Nothing here talks to the outside.

The caller opens the session in the system scope, commits, and only then sends.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.sending import sql
from services.sending.arrays import plain, texts
from services.sending.counters import Deltas
from services.sending.picking import Fences, Pick, Row, judged, picked
from services.sending.pipe import defer, fetch
from services.sending.rendering import Texts, Variation, compose
from services.sending.reply_window import Ask, open_windows
from services.sending.words import CampaignKey, Claimed, ClaimReport, Slot, Terms


@dataclass(frozen=True, slots=True)
class ClaimOrder:
    """What to claim: the turns, each tenant's terms, and under which name. `texts` is this process's cache of
    campaign texts, filled by the claim; `windows` the hours of those numbers that may not always write freely."""

    slots: Sequence[Slot]
    terms: Mapping[int, Terms]
    claim_id: str
    daemon_id: str
    now: datetime
    lease_until: datetime
    texts: dict[int, Texts]
    zones: Mapping[int, int] = field(default_factory=dict)
    """The open zones of each campaign whose hours depend on where people live, a bit a code; all of the others'."""
    windows: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Campaign:
    """A campaign as it is inside the transaction."""

    daily_limit: int | None
    fences: Fences


def claim(session: Session, order: ClaimOrder) -> ClaimReport:
    """Lock, drop the suppressed, reserve quota, cap and pace, write `sending`. Commit before sending anything."""
    report = ClaimReport()
    deltas = Deltas()
    slots = _usable_slots(session, order, report)
    campaigns = _running_campaigns(session, order, slots)
    report.dry = {slot.turn.campaign_id for slot in slots} - campaigns.keys()
    slots = [slot for slot in slots if slot.turn.campaign_id in campaigns]
    if not slots:
        return report
    picks = _pick_contacts(session, order, slots, campaigns=campaigns, deltas=deltas, report=report)
    picks = _within_quota(session, order, picks, report)
    picks = _within_campaign_limits(session, order, picks, campaigns=campaigns, deltas=deltas, report=report)
    _write_claims(session, order, picks, report)
    for pick in picks:
        turn = pick.slot.turn
        deltas.move((turn.tenant_id, turn.campaign_id), "pending", "sending")
        day = order.terms[turn.tenant_id].day
        deltas.days[turn.tenant_id, turn.campaign_id, day, 0]["claimed"] += 1
    deltas.write(session)
    return report


def _usable_slots(session: Session, order: ClaimOrder, report: ClaimReport) -> list[Slot]:
    turns = [slot.turn for slot in order.slots]
    columns = {
        "tenants": plain(turn.tenant_id for turn in turns),
        "instances": plain(turn.chosen.instance_id for turn in turns),
        "days": plain(order.terms[turn.tenant_id].day for turn in turns),
        "caps": plain(turn.chosen.daily_cap for turn in turns),
        "now": order.now,
        "daemon": order.daemon_id,
    }
    usable = {row[0] for row in fetch(session, sql.LOCK_INSTANCES, columns)}
    report.refused = {turn.chosen.instance_id for turn in turns} - usable
    return [slot for slot in order.slots if slot.turn.chosen.instance_id in usable]


def _keys(keys: Iterable[CampaignKey]) -> dict[str, str]:
    listed = list(keys)
    return {"tenants": plain(key[0] for key in listed), "campaigns": plain(key[1] for key in listed)}


def _running_campaigns(session: Session, order: ClaimOrder, slots: Sequence[Slot]) -> dict[int, _Campaign]:
    """The campaigns that still run, their texts brought up to date in the cache."""
    wanted = {(slot.turn.tenant_id, slot.turn.campaign_id) for slot in slots}
    if not wanted:
        return {}
    found: dict[int, _Campaign] = {}
    changed: dict[CampaignKey, Any] = {}
    for tenant_id, campaign_id, limit, guard, version, exit_line, fallbacks, most_a_week, family_id in fetch(
        session, sql.RUNNING_CAMPAIGNS, _keys(wanted)
    ):
        found[campaign_id] = _Campaign(limit, Fences(family_id, guard or 0, most_a_week))
        known = order.texts.get(campaign_id)
        if known is None or known.version != float(version):
            changed[tenant_id, campaign_id] = (float(version), exit_line, fallbacks)
    if changed:
        _read_texts(session, order, changed)
    return {one: found[one] for one in found if order.texts[one].variations}


def _read_texts(session: Session, order: ClaimOrder, changed: Mapping[CampaignKey, Any]) -> None:
    variations: dict[int, list[Variation]] = defaultdict(list)
    for campaign_id, *message, kind, template, body, header in fetch(session, sql.CAMPAIGN_TEXTS, _keys(changed)):
        message_id, content, media_id = message
        whole = template and {**template, "body": body, "header": header}
        variations[campaign_id].append(Variation(message_id, content, media_id, kind, whole))
    for (_, campaign_id), (version, exit_line, fallbacks) in changed.items():
        order.texts[campaign_id] = Texts(version, tuple(variations[campaign_id]), fallbacks, exit_line)


def _pick_contacts(
    session: Session,
    order: ClaimOrder,
    slots: Sequence[Slot],
    *,
    campaigns: Mapping[int, _Campaign],
    deltas: Deltas,
    report: ClaimReport,
) -> list[Pick]:
    """Rows with a number to leave through, locked; whoever must not be written to is written down as suppressed."""
    waiting: dict[CampaignKey, list[Slot]] = defaultdict(list)
    for slot in slots:
        waiting[slot.turn.tenant_id, slot.turn.campaign_id].append(slot)
    wanted = {key: len(slots_of) for key, slots_of in waiting.items()}
    fences = {key: campaigns[key[1]].fences for key in waiting}
    rows = picked(session, wanted, fences, order.zones, order.now)
    found = Counter(row.key for row in rows)
    report.dry |= {key[1] for key, count in wanted.items() if found[key] < count}
    free, refused = judged(session, rows, fences, order.now)
    _suppress(session, refused, deltas)
    return [Pick(waiting[row.key].pop(), row) for row in free]


def _suppress(session: Session, refused: Sequence[tuple[Row, str]], deltas: Deltas) -> None:
    if not refused:
        return
    columns = _keys(row.key for row, _ in refused) | {
        "contacts": plain(row.contact_id for row, _ in refused),
        "reasons": texts(reason for _, reason in refused),
    }
    defer(session, sql.SUPPRESS_CONTACTS, columns)
    for row, _ in refused:
        deltas.move(row.key, "pending", "suppressed")


def _within_quota(session: Session, order: ClaimOrder, picks: Sequence[Pick], report: ClaimReport) -> list[Pick]:
    """Reserve the tenants' days; picks beyond what is left fall away (their rows stay pending, unlocked at commit)."""
    wanted = Counter(pick.slot.turn.tenant_id for pick in picks)
    if not wanted:
        return []
    tenants = sorted(wanted)
    columns = {
        "tenants": plain(tenants),
        "days": plain(order.terms[one].day for one in tenants),
        "wanted": plain(wanted[one] for one in tenants),
        "limits": plain(order.terms[one].daily_messages for one in tenants),
    }
    defer(session, sql.OPEN_DAYS, {"tenants": columns["tenants"], "days": columns["days"]})
    granted: Counter[int] = Counter(dict(fetch(session, sql.RESERVE_QUOTA, columns)))
    report.spent |= {one for one in tenants if granted[one] < wanted[one]}
    kept: list[Pick] = []
    for pick in picks:
        tenant_id = pick.slot.turn.tenant_id
        if granted[tenant_id] > 0:
            granted[tenant_id] -= 1
            kept.append(pick)
    return kept


def _within_campaign_limits(
    session: Session,
    order: ClaimOrder,
    picks: Sequence[Pick],
    *,
    campaigns: Mapping[int, _Campaign],
    deltas: Deltas,
    report: ClaimReport,
) -> list[Pick]:
    """Campaigns with a daily limit of their own: what goes beyond it gives its quota back."""
    limited = {
        (pick.slot.turn.tenant_id, pick.slot.turn.campaign_id)
        for pick in picks
        if campaigns[pick.slot.turn.campaign_id].daily_limit is not None
    }
    if not limited:
        return list(picks)
    keys = sorted(limited)
    columns = _keys(keys) | {"days": plain(order.terms[key[0]].day for key in keys)}
    _open_campaign_days(session, order, keys)
    used: dict[int, int] = dict(fetch(session, sql.CAMPAIGN_DAYS_USED, columns))
    left = {key[1]: max(0, (campaigns[key[1]].daily_limit or 0) - used.get(key[1], 0)) for key in keys}
    kept: list[Pick] = []
    for pick in picks:
        turn = pick.slot.turn
        if left.get(turn.campaign_id, 1) > 0:
            kept.append(pick)
            if turn.campaign_id in left:
                left[turn.campaign_id] -= 1
        else:
            report.dry.add(turn.campaign_id)
            deltas.usage[turn.tenant_id, order.terms[turn.tenant_id].day] -= 1
    return kept


def _open_campaign_days(session: Session, order: ClaimOrder, keys: Sequence[CampaignKey]) -> None:
    opened = Deltas()
    for tenant_id, campaign_id in keys:
        opened.days[tenant_id, campaign_id, order.terms[tenant_id].day, 0]["claimed"] += 0
    opened.write(session)


def _write_claims(session: Session, order: ClaimOrder, picks: Sequence[Pick], report: ClaimReport) -> None:
    if not picks:
        return
    may_get_text = _open_windows(session, order, picks)
    for pick in picks:
        turn = pick.slot.turn
        said = compose(
            order.texts[turn.campaign_id],
            turn.campaign_id,
            pick.row.phone,
            name=pick.row.name,
            variables=pick.row.variables,
            is_open=may_get_text.get(pick.row.contact_id),
        )
        report.claimed.append(
            Claimed(
                turn.tenant_id,
                turn.campaign_id,
                pick.row.contact_id,
                turn.chosen.instance_id,
                said.message_id,
                pick.row.phone,
                said.text,
                pick.row.attempts + 1,
                order.terms[turn.tenant_id].day,
                order.claim_id,
                pick.slot,
                pick.row.recipient_id or "",
                said.media_id,
                said.template,
                said.is_closed,
            )
        )
    _mark_sending(session, order, report.claimed)


def _open_windows(session: Session, order: ClaimOrder, picks: Sequence[Pick]) -> dict[int, bool]:
    """Contact -> whether free text may go, for those whose number has such a rule."""
    if not order.windows:
        return {}
    asks = [
        Ask(pick.slot.turn.tenant_id, pick.slot.turn.chosen.instance_id, pick.row.contact_id, pick.row.phone)
        for pick in picks
        if pick.slot.turn.chosen.instance_id in order.windows
    ]
    found = open_windows(session, asks, order.windows, order.now)
    return {one.contact_id: one.contact_id in found for one in asks}


def _mark_sending(session: Session, order: ClaimOrder, claimed: Sequence[Claimed]) -> None:
    shared = {
        "tenants": plain(one.tenant_id for one in claimed),
        "days": plain(one.day for one in claimed),
        "instances": plain(one.instance_id for one in claimed),
        "now": order.now,
        "lease": order.lease_until,
    }
    rows = {
        "campaigns": plain(one.campaign_id for one in claimed),
        "contacts": plain(one.contact_id for one in claimed),
        "messages": plain(one.message_id for one in claimed),
        "bodies": texts(one.text for one in claimed),
        "claim": order.claim_id,
    }
    gaps = {"gaps": plain(one.slot.gap_ms for one in claimed), "daemon": order.daemon_id}
    defer(session, sql.MARK_SENDING, shared | rows)
    defer(session, sql.USE_INSTANCES, shared | gaps)
