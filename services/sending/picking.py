"""Which rows a claim takes: due, in a zone that is open, of people nobody else is writing to this moment, and who may
be written to by the tenant's own rules (opt-out, repeat guard, messages a week).

Exact for any number of claims at once: the person is locked for the length of the transaction, and judged by a
statement that sees what earlier holders of that lock have written.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from core.zones import ALL_ZONES
from services.sending import sql
from services.sending.arrays import plain, texts
from services.sending.pipe import fetch
from services.sending.words import CampaignKey, Slot


class Fences(NamedTuple):
    """What keeps a campaign from writing to somebody: `guard_days` since another campaign's message (0 = none),
    `most_a_week` over all campaigns (None = none). Campaigns of one `family_id` don't trip each other's guard."""

    family_id: int
    guard_days: int = 0
    most_a_week: int | None = None

    @property
    def are_up(self) -> bool:
        return self.guard_days > 0 or self.most_a_week is not None


class Row(NamedTuple):
    """A pending row, locked. `is_ours` says that no other claim has the same person in hand."""

    tenant_id: int
    campaign_id: int
    contact_id: int
    phone: str
    phone_key: str
    name: str
    variables: str
    attempts: int
    recipient_id: str | None
    is_ours: bool

    @property
    def key(self) -> CampaignKey:
        return self.tenant_id, self.campaign_id


class Pick(NamedTuple):
    """A row with the number it leaves through."""

    slot: Slot
    row: Row


def picked(
    session: Session,
    wanted: Mapping[CampaignKey, int],
    fences: Mapping[CampaignKey, Fences],
    zones: Mapping[int, int],
    now: datetime,
) -> list[Row]:
    """Up to so many due rows of each campaign, out of its open zones, locked until the end of the transaction."""
    columns = {
        "tenants": plain(key[0] for key in wanted),
        "campaigns": plain(key[1] for key in wanted),
        "wanted": plain(wanted.values()),
        "zones": plain(zones.get(key[1], ALL_ZONES) for key in wanted),
        "exclusive": plain(fences[key].are_up for key in wanted),
        "now": now,
    }
    return [Row(*found) for found in fetch(session, sql.PICK_CONTACTS, columns)]


def judged(
    session: Session, rows: Sequence[Row], fences: Mapping[CampaignKey, Fences], now: datetime
) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Who may be written to, and who not with the reason. In neither: whom another claim has in hand, and all but the
    first row of one person; they stay pending and are judged once it is known what became of the other message."""
    mine = _one_a_person(rows, fences)
    if not mine:
        return [], []
    columns = {
        "tenants": plain(row.tenant_id for row in mine),
        "campaigns": plain(row.campaign_id for row in mine),
        "contacts": plain(row.contact_id for row in mine),
        "keys": texts(row.phone_key for row in mine),
        "families": plain(fences[row.key].family_id for row in mine),
        "guards": plain(fences[row.key].guard_days for row in mine),
        "caps": plain(fences[row.key].most_a_week for row in mine),
        "now": now,
    }
    reasons = dict(fetch(session, sql.JUDGE_CONTACTS, columns))
    free = [row for row in mine if reasons[row.contact_id] is None]
    return free, [(row, reasons[row.contact_id]) for row in mine if reasons[row.contact_id] is not None]


def _one_a_person(rows: Sequence[Row], fences: Mapping[CampaignKey, Fences]) -> list[Row]:
    """Advisory locks are one transaction's own, so it has to mind its own repetitions itself."""
    seen: set[tuple[int, str]] = set()
    kept: list[Row] = []
    for row in rows:
        person = (row.tenant_id, row.phone_key)
        if not row.is_ours or (fences[row.key].are_up and person in seen):
            continue
        seen.add(person)
        kept.append(row)
    return kept
