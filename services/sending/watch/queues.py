"""What stands at the head of campaigns' queues, for those few where it decides why nothing is sent now: a claim of
theirs came back with less than it had turns for, or their hours depend on where the waiting people live.

Asked anew every few seconds only, and kept between looks, so that a look at thousands of campaigns stays cheap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from core.zones import ZONES
from services.sending.arrays import plain
from services.sending.standing import OF_THE_QUEUE, Head
from services.sending.watch import sql

KEEP_SHUT: Final = timedelta(seconds=60)
"""While a campaign's hours are shut everywhere, its queue hardly changes and nothing depends on it."""


class Waiting(NamedTuple):
    """A campaign with pending rows. `is_open` anywhere; `is_by_recipient` when it depends on where people live."""

    tenant_id: int
    campaign_id: int
    pause_reason: str
    is_open: bool
    is_by_recipient: bool


class _Known(NamedTuple):
    read_at: datetime
    heads: Mapping[int, Head]


@dataclass(slots=True)
class Queues:
    """One daemon's knowledge. Used by one look at a time."""

    keep_seconds: float = 2.0
    _known: dict[int, _Known] = field(default_factory=dict)
    _dry: set[int] = field(default_factory=set)

    def doubt(self, campaign_ids: Iterable[int], *, all_of_them: bool = False) -> None:
        """Claims came back from these with less than asked for; or somebody woke us, and any queue may have changed."""
        self._dry.update(campaign_ids)
        if all_of_them:
            self._dry.update(self._known)

    def heads_of(
        self, session: Session, campaigns: Sequence[Waiting], now: datetime
    ) -> Mapping[int, Mapping[int, Head]]:
        """Campaign -> zone code -> its first pending row, of those where it matters."""
        wanted = [one for one in campaigns if self._is_wanted(one, now)]
        active = {one.campaign_id for one in campaigns}
        self._known = {one: known for one, known in self._known.items() if one in active}
        self._dry.clear()
        if wanted:
            read = _read(session, wanted)
            self._known.update({one.campaign_id: _Known(now, read.get(one.campaign_id, {})) for one in wanted})
        return {one: known.heads for one, known in self._known.items()}

    def forget(self, campaign_ids: Iterable[int]) -> None:
        """These can send: their queues say nothing more than that."""
        for campaign_id in campaign_ids:
            self._known.pop(campaign_id, None)

    def _is_wanted(self, one: Waiting, now: datetime) -> bool:
        if one.campaign_id in self._dry:
            return True
        known = self._known.get(one.campaign_id)
        if known is not None:
            return now - known.read_at > (timedelta(seconds=self.keep_seconds) if one.is_open else KEEP_SHUT)
        # Another daemon, or this one before its restart, knew something: ask before it is taken back.
        return one.pause_reason in OF_THE_QUEUE or (one.is_by_recipient and not one.is_open)


def _read(session: Session, campaigns: Sequence[Waiting]) -> dict[int, dict[int, Head]]:
    columns = {
        "tenants": plain(one.tenant_id for one in campaigns),
        "campaigns": plain(one.campaign_id for one in campaigns),
        "zones": plain(ZONES),
    }
    found: dict[int, dict[int, Head]] = {}
    for campaign_id, zone, due_at, attempts in session.execute(sql.QUEUE_HEADS, columns):
        found.setdefault(campaign_id, {})[zone] = Head(due_at, attempts)
    return found
