"""What the engine serves: lanes, each a queue of its own kind. A lane offers `claim` and `settle` and nothing else;
pacing, fairness, transport and recovery are the engine's.

Lanes that share numbers are served in their order: direct messages, then campaigns. Each has a dealer, which keeps the
picture of its queue in memory and proposes turns; only a claim's transaction decides.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy.orm import Session

from services.sending.board import Board
from services.sending.claim import ClaimOrder, claim
from services.sending.rendering import Texts
from services.sending.reply_window import window_hours
from services.sending.settle import SettleOrder, settle
from services.sending.words import Answer, AnswerTo, Channel, ClaimReport, Parcel, ParcelT, Ruling, Slot


class Turn(Protocol):
    """One message may go."""

    @property
    def tenant_id(self) -> int: ...


class Report(Protocol):
    """What a claim brought."""

    @property
    def claimed(self) -> Sequence[Parcel]: ...


TurnT = TypeVar("TurnT", bound=Turn)
ReportT = TypeVar("ReportT", bound=Report)
TurnIn = TypeVar("TurnIn", bound=Turn, contravariant=True)
ReportIn = TypeVar("ReportIn", bound=Report, contravariant=True)
ReportOut = TypeVar("ReportOut", bound=Report, covariant=True)


@dataclass(frozen=True, slots=True)
class ClaimStamp:
    """Under which name a claim is made, at which time of the database, and until when it is its daemon's."""

    claim_id: str
    daemon_id: str
    now: datetime
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class SettleStamp:
    """Who settles and when; `idle` numbers have nothing in flight any more and give up their lease."""

    daemon_id: str
    now: datetime
    idle: frozenset[int]


class Lane(Protocol[TurnIn, ParcelT, ReportOut]):
    """Both methods are called in the engine's loop and return the work of one transaction, which runs in a thread with
    nothing but what it was given. What `claim` returns as claimed stands as `sending` before a byte of it leaves;
    `settle` may be run again with the same batch."""

    def claim(self, turns: Sequence[TurnIn], stamp: ClaimStamp) -> Callable[[Session], ReportOut]: ...

    def settle(
        self, batch: Sequence[tuple[AnswerTo[ParcelT], Ruling]], stamp: SettleStamp
    ) -> Callable[[Session], object]: ...


class Dealer(Protocol[TurnT, ReportIn]):
    """A lane's queue in memory. Times are epoch seconds."""

    def deal(self, now: float, room: int) -> list[TurnT]:
        """The turns to claim now, at most `room`. Their numbers are busy until the claim's report."""

    def claimed(self, turns: Sequence[TurnT], report: ReportIn, now: float) -> None:
        """The claim has been committed."""

    def not_claimed(self, turns: Sequence[TurnT], now: float, rest_seconds: float = 0.0) -> None:
        """The claim failed as a whole."""

    def answered(self, instance_id: int, now: float, *, is_fine: bool) -> None:
        """An answer came."""

    def settled(self, instance_ids: Iterable[int], now: float) -> None:
        """One answer of each of these numbers stands in the database."""

    def channel(self, instance_id: int) -> Channel:
        """How to reach a number that has a message in flight."""

    def errors_of(self, instance_id: int) -> int:
        """Errors in a row of a number that has a message in flight or unsettled, as last seen."""

    def is_idle(self, instance_id: int) -> bool:
        """Whether nothing of any lane is in flight through this number."""


@dataclass(slots=True)
class Served(Generic[TurnT, ParcelT, ReportT]):
    """A lane, its dealer, and the answers that wait to be settled. What goes ahead of campaigns is few by nature and
    finds room however much of them is in flight."""

    lane: Lane[TurnT, ParcelT, ReportT]
    dealer: Dealer[TurnT, ReportT]
    goes_ahead: bool = False
    answers: deque[AnswerTo[ParcelT]] = field(default_factory=deque)

    def take(self, most: int) -> list[AnswerTo[ParcelT]]:
        """The oldest answers, out of the queue."""
        return [self.answers.popleft() for _ in range(min(len(self.answers), most))]


@dataclass(slots=True)
class CampaignLane:
    """Campaigns: `services.sending.claim` and `services.sending.settle`. `texts` caches what campaigns say; `in_use`
    holds the numbers each sends through, for its story."""

    board: Board
    texts: dict[int, Texts] = field(default_factory=dict)
    in_use: dict[int, set[int]] = field(default_factory=dict)

    def claim(self, turns: Sequence[Slot], stamp: ClaimStamp) -> Callable[[Session], ClaimReport]:
        """The terms are those of the picture the turns were dealt from: the next may come while the claim runs."""
        tenants = self.board.picture.tenants
        order = ClaimOrder(
            slots=turns,
            terms={one: tenants[one].terms_at(stamp.now) for one in {slot.tenant_id for slot in turns}},
            claim_id=stamp.claim_id,
            daemon_id=stamp.daemon_id,
            now=stamp.now,
            lease_until=stamp.lease_until,
            texts=self.texts,
            zones=self.board.picture.open_zones({slot.turn.campaign_id for slot in turns}),
            windows=self._windows(turns),
        )
        return partial(claim, order=order)

    def settle(self, batch: Sequence[tuple[Answer, Ruling]], stamp: SettleStamp) -> Callable[[Session], object]:
        """States, numbers, quota, counters and logs."""
        return partial(settle, order=SettleOrder(batch, stamp.now, stamp.daemon_id, stamp.idle, self.in_use))

    def _windows(self, turns: Sequence[Slot]) -> dict[int, int]:
        """The numbers of these turns that may not always write freely, and their hours."""
        chosen = (self.board.channel(slot.turn.chosen.instance_id) for slot in turns)
        return {one.instance_id: hours for one in chosen if (hours := window_hours(one.connector))}

    def forget_all_but(self, campaigns: Iterable[int]) -> None:
        """Keep the texts of these campaigns only."""
        self.texts = {one: self.texts[one] for one in campaigns if one in self.texts}
