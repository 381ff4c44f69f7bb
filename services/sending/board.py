"""The picture in memory, kept true between two looks: which numbers are free, who is in the ring, what is in flight.

No session, no clock, no I/O: times are epoch seconds given by the caller. The board only proposes; the claim's
transaction decides, so a stale board costs a refused turn and never a wrong message.
"""

import heapq
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from services.sending.pacing import Interval, gap_interval, gap_ms
from services.sending.picture import CampaignView, NumberView, Picture
from services.sending.rotation import Candidate, all_bad, slowed_gap_ms
from services.sending.turns import CampaignHand, TenantHand, Turn, deal
from services.sending.words import Channel, ClaimReport, Slot

DRY_SECONDS: Final = 1.0
"""A campaign whose pending rows aren't due yet is asked again this much later (or when somebody wakes us)."""

UNTIL_NEXT_LOOK: Final = float("inf")
MOST_UNSETTLED: Final = 1
"""Answers a number may have waiting to be written when it takes its next message, so that a crash leaves at most two
of its messages unconfirmed."""


@dataclass(slots=True)
class Number:
    """A number's state. `changed_at` is when we last knew better than a look that had begun before."""

    view: NumberView
    ready_at: float
    used: int
    is_busy: bool = False
    unsettled: int = 0
    changed_at: float = 0.0

    @property
    def candidate(self) -> Candidate:
        view = self.view
        return Candidate(view.instance_id, self.used, view.daily_cap, view.health, view.record, view.warm_up)

    def is_free(self, now: float) -> bool:
        return self.ready_at <= now and not self.is_busy and self.unsettled <= MOST_UNSETTLED


class Board:
    """See the module's docstring. All methods are called from one thread."""

    def __init__(self, rng: Random) -> None:
        self.picture = Picture()
        self.numbers: dict[int, Number] = {}
        self._rng = rng
        self._hands: dict[int, TenantHand] = {}
        self._ring: deque[TenantHand] = deque()
        self._in_ring: set[int] = set()
        self._timers: list[tuple[float, int]] = []
        self._dry_until: dict[int, float] = {}
        self._dry: set[int] = set()
        self._last_used: dict[int, int] = {}
        self._wanted: set[int] = set()
        self.lent: set[int] = set()

    def show(self, picture: Picture, *, looked_at: float, now: float, woken: bool = False) -> None:
        """Take a new picture. What changed here since `looked_at` is kept: the look could not know it."""
        self.picture = picture
        if woken:
            self._dry_until.clear()
        self._dry_until = {one: until for one, until in self._dry_until.items() if until > now}
        self._last_used = {one: used for one, used in self._last_used.items() if one in picture.campaigns}
        self._refresh_numbers(picture.numbers.values(), looked_at)
        self._refresh_hands()
        self._timers.clear()
        for number in self.numbers.values():
            self._offer(number, now)

    def deal(self, now: float, capacity: int) -> list[Slot]:
        """The turns to claim now, each with its gap. Their numbers are busy until the claim's report."""
        self._free_due(now)
        turns = deal(self._ring, capacity, self._rng)
        self._in_ring = {hand.tenant_id for hand in self._ring}
        slots = [Slot(turn, self._gap(turn)) for turn in turns]
        for turn in turns:
            number = self.numbers[turn.chosen.instance_id]
            number.is_busy = True
            number.used += 1
            number.changed_at = now
            self._last_used[turn.campaign_id] = turn.chosen.instance_id
        return slots

    def claimed(self, slots: Sequence[Slot], report: ClaimReport, now: float) -> None:
        """A claim has been committed: claimed numbers stay busy, refused ones wait for the next look, others are
        free again."""
        gone = {one.instance_id: one.slot.gap_ms for one in report.claimed}
        self._dry |= report.dry
        for campaign_id in report.dry:
            self._set_aside(campaign_id, now + DRY_SECONDS)
        for tenant_id in report.spent & self._hands.keys():
            self._hands[tenant_id].left = 0
        for slot in slots:
            number = self.numbers[slot.turn.chosen.instance_id]
            number.changed_at = now
            if number.view.instance_id in gone:
                number.ready_at = now + gone[number.view.instance_id] / 1000
                continue
            number.is_busy = False
            number.used -= 1
            if number.view.instance_id in report.refused:
                number.ready_at = UNTIL_NEXT_LOOK
            self._offer(number, now)

    def not_claimed(self, slots: Sequence[Slot], now: float, rest_seconds: float = 0.0) -> None:
        """The claim failed as a whole: its numbers wait for the next look, its campaigns for `rest_seconds`."""
        for slot in slots:
            number = self.numbers[slot.turn.chosen.instance_id]
            number.is_busy = False
            number.ready_at = UNTIL_NEXT_LOOK
            if rest_seconds:
                self._set_aside(slot.turn.campaign_id, now + rest_seconds)

    def answered(self, instance_id: int, now: float, *, is_fine: bool) -> None:
        """An answer came. After anything but success the number rests until its row has been settled and read."""
        number = self.numbers[instance_id]
        number.is_busy = False
        number.unsettled += 1
        number.changed_at = now
        if not is_fine:
            number.ready_at = UNTIL_NEXT_LOOK
        self._offer(number, now)

    def settled(self, instance_ids: Iterable[int], now: float) -> None:
        """One answer of each of these numbers stands in the database."""
        for instance_id in instance_ids:
            number = self.numbers[instance_id]
            number.unsettled -= 1
            if number.ready_at == UNTIL_NEXT_LOOK:
                number.changed_at = now
            self._offer(number, now)

    def take_dry(self) -> set[int]:
        """Campaigns that gave less than asked for since this was last asked."""
        dry, self._dry = self._dry, set()
        return dry

    def give_way(self, wanted: Collection[int], now: float) -> None:
        """Numbers that a lane ahead of campaigns wants or has: no campaign gets one of them until it is let go."""
        released = self._wanted.difference(wanted)
        self._wanted = set(wanted)
        for instance_id in self._wanted & self.numbers.keys():
            hand = self._hands.get(self.numbers[instance_id].view.tenant_id)
            if hand is not None:
                hand.free.pop(instance_id, None)
        for instance_id in released & self.numbers.keys():
            self._offer(self.numbers[instance_id], now)

    def is_at_rest(self, instance_id: int) -> bool:
        """Whether another lane may use this number now: no campaign has a message in flight through it."""
        number = self.numbers.get(instance_id)
        return number is None or (not number.is_busy and number.unsettled <= MOST_UNSETTLED)

    def is_idle(self, instance_id: int) -> bool:
        """Whether nothing is in flight through it, of campaigns or of the lane it is lent to."""
        return not self.numbers[instance_id].is_busy and instance_id not in self.lent

    def channel(self, instance_id: int) -> Channel:
        """How to reach a number that has a message in flight."""
        return self.numbers[instance_id].view

    def errors_of(self, instance_id: int) -> int:
        """Its errors in a row, as last seen."""
        return self.numbers[instance_id].view.consecutive_errors

    def next_ready(self) -> float | None:
        """When the next number's gap ends; None when no number waits for time."""
        return self._timers[0][0] if self._timers else None

    def _refresh_numbers(self, views: Iterable[NumberView], looked_at: float) -> None:
        for view in views:
            number = self.numbers.get(view.instance_id)
            if number is None:
                self.numbers[view.instance_id] = Number(view, view.ready_at, view.used_today)
                continue
            number.view = view
            if number.changed_at < looked_at:
                number.ready_at, number.used = view.ready_at, view.used_today
        for instance_id in self.numbers.keys() - self.picture.numbers.keys():
            number = self.numbers[instance_id]
            number.ready_at = UNTIL_NEXT_LOOK
            if not number.is_busy and not number.unsettled:
                del self.numbers[instance_id]

    def _refresh_hands(self) -> None:
        wanted: dict[int, list[CampaignView]] = {}
        for campaign in self.picture.campaigns.values():
            if campaign.campaign_id not in self._dry_until:
                wanted.setdefault(campaign.tenant_id, []).append(campaign)
        self._hands = {tenant_id: self._refreshed(tenant_id, campaigns) for tenant_id, campaigns in wanted.items()}
        # Whoever was in the ring keeps the place; newcomers go to its end as their numbers are offered.
        self._ring = deque(self._hands[hand.tenant_id] for hand in self._ring if hand.tenant_id in self._hands)
        self._in_ring = {hand.tenant_id for hand in self._ring}

    def _refreshed(self, tenant_id: int, views: Sequence[CampaignView]) -> TenantHand:
        """The tenant's hand with new figures; campaigns keep their turn, new ones go to the end."""
        known = self._hands.get(tenant_id)
        order = {hand.campaign_id: place for place, hand in enumerate(known.campaigns)} if known else {}
        ordered = sorted(views, key=lambda view: order.get(view.campaign_id, len(order)))
        hand = TenantHand(tenant_id, self.picture.tenants[tenant_id].left)
        for view in ordered:
            last_id = self._last_used.get(view.campaign_id)
            usable = (self.numbers[one].candidate for one in view.members & self.picture.numbers.keys())
            is_slowed = all_bad(view.mode, usable)
            hand.campaigns.append(
                CampaignHand(view.campaign_id, view.mode, view.members, view.left, last_id, is_slowed)
            )
        return hand

    def _set_aside(self, campaign_id: int, until: float) -> None:
        self._dry_until[campaign_id] = until
        view = self.picture.campaigns.get(campaign_id)
        hand = self._hands.get(view.tenant_id) if view else None
        for campaign in hand.campaigns if hand else ():
            if campaign.campaign_id == campaign_id:
                campaign.left = 0

    def _free_due(self, now: float) -> None:
        while self._timers and self._timers[0][0] <= now:
            _, instance_id = heapq.heappop(self._timers)
            number = self.numbers.get(instance_id)
            if number is not None:
                self._offer(number, now)

    def _offer(self, number: Number, now: float) -> None:
        """Put a free number into its tenant's hand, or note when it will be free."""
        view = number.view
        hand = self._hands.get(view.tenant_id)
        if hand is None or number.is_busy or view.is_spent or view.instance_id in self._wanted:
            return
        if not number.is_free(now):
            if number.ready_at > now and number.ready_at != UNTIL_NEXT_LOOK:
                heapq.heappush(self._timers, (number.ready_at, view.instance_id))
            return
        hand.free[view.instance_id] = number.candidate
        if hand.tenant_id not in self._in_ring and hand.can_give:
            self._in_ring.add(hand.tenant_id)
            self._ring.append(hand)

    def _gap(self, turn: Turn) -> int:
        campaign = self.picture.campaigns[turn.campaign_id]
        view = self.numbers[turn.chosen.instance_id].view
        interval = gap_interval(
            view.floor_ms,
            Interval(view.min_ms, view.max_ms),
            Interval(campaign.interval_min_ms, campaign.interval_max_ms),
            is_sandbox=view.is_sandbox,
        )
        gap = gap_ms(interval, self._rng)
        return slowed_gap_ms(gap) if turn.is_slowed else gap
