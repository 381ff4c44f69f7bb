"""Which numbers have a direct message waiting, kept in memory between two looks. No session, no clock, no I/O.

From the moment a message waits until its answer has been settled, its number belongs to this lane: campaigns get no
turn of it, and what they have in flight through it is waited for. So a message waits for one of a campaign at most,
and a number never has two in flight.
"""

from collections.abc import Iterable, Sequence

from services.sending.board import Board
from services.sending.direct.words import DirectNumber, DirectReport
from services.sending.words import Channel


class DirectQueue:
    """The direct lane's dealer (`services.sending.lanes.Dealer`). All methods are called from one thread."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._waiting: dict[int, DirectNumber] = {}
        self._in_flight: dict[int, DirectNumber] = {}

    def show(self, numbers: Iterable[DirectNumber], now: float) -> bool:
        """Take what a look has found; whether anything waits. A number served meanwhile costs one empty claim."""
        self._waiting = {one.instance_id: one for one in numbers}
        self._tell(now)
        return bool(self._waiting)

    def deal(self, now: float, room: int) -> list[DirectNumber]:
        """One turn for each number that waits and has nothing in flight."""
        ready = [one for one in self._waiting.values() if self._may_go(one.instance_id)][:room]
        for one in ready:
            self._in_flight[one.instance_id] = self._waiting.pop(one.instance_id)
            self._board.lent.add(one.instance_id)
        return ready

    def claimed(self, turns: Sequence[DirectNumber], report: DirectReport, now: float) -> None:
        """Numbers with nothing to send, or that could not be used, are let go."""
        gone = {one.instance_id for one in report.claimed}
        for one in turns:
            if one.instance_id in report.more:
                self._waiting.setdefault(one.instance_id, one)
            if one.instance_id not in gone:
                self._let_go(one.instance_id)
        self._tell(now)

    def not_claimed(self, turns: Sequence[DirectNumber], now: float, rest_seconds: float = 0.0) -> None:
        """The next look finds them again; until then their numbers are everybody's."""
        for one in turns:
            self._let_go(one.instance_id)
        self._tell(now)

    def answered(self, instance_id: int, now: float, *, is_fine: bool) -> None:
        """Nothing yet: the number is kept until its answer has been settled."""

    def settled(self, instance_ids: Iterable[int], now: float) -> None:
        """These are free for their next direct message, or for campaigns."""
        for instance_id in instance_ids:
            self._let_go(instance_id)
        self._tell(now)

    def channel(self, instance_id: int) -> Channel:
        """How to reach a number that has a message in flight."""
        return self._in_flight[instance_id]

    def errors_of(self, instance_id: int) -> int:
        """Its errors in a row when its turn came."""
        return self._in_flight[instance_id].consecutive_errors

    def is_idle(self, instance_id: int) -> bool:
        """At the settle its one message has been answered, and no campaign could have one in flight."""
        return True

    def _may_go(self, instance_id: int) -> bool:
        return instance_id not in self._in_flight and self._board.is_at_rest(instance_id)

    def _let_go(self, instance_id: int) -> None:
        self._in_flight.pop(instance_id, None)
        self._board.lent.discard(instance_id)

    def _tell(self, now: float) -> None:
        self._board.give_way(self._waiting.keys() | self._in_flight.keys(), now)
