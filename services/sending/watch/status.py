"""Numbers with two unclear answers in a row rest until their status call is good, and until that means something.

A provider may answer every status call while no send gets a clear answer. So a good status ends the rest at once only
when an earlier one was bad: then the outage has visibly passed. Else the number waits and then tries one message, after
1, 2, 4 and at most 10 minutes; the receipt of an unclear message ends the doubt about it sooner (receipts/apply.py).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from connectors.whatsapp import ConnectionStatus, InstanceState, Refused, Unclear
from models.instances import InstanceStatus
from services.sending.telling import Stopped, tell_stopped
from services.sending.watch import sql

LOST: Final = "O WhatsApp deste número não está conectado; conecte de novo com o QR code."
BANNED: Final = "O WhatsApp bloqueou este número."


UNCLEAR_AFTER_A_TRY: Final = 1
"""What a number that tries one message starts from: one more unclear answer and it rests again."""
MOST_UNCLEAR: Final = 2
ONLY_TO_ASK: Final = 100
"""Added to a number's unclear answers (receipts/sql.py) when its provider said something odd about its connection:
nothing was unclear, so a good status is all it takes."""
LONGEST_REST: Final = timedelta(minutes=10)


@dataclass(slots=True)
class _Doubt:
    since: datetime
    asked_at: datetime
    was_bad: bool = False
    tries: int = 0


@dataclass(slots=True)
class Doubts:
    """What this daemon remembers of the numbers it asks about. Another daemon may know less and then waits longer."""

    rest: timedelta
    _of: dict[int, _Doubt] = field(default_factory=dict)

    def unclear_left(self, number: "Doubtful", now: datetime, *, is_good: bool) -> int | None:
        """After a status answer: how many unclear answers the number is still charged with; None while it rests."""
        instance_id = number.instance_id
        if is_good and ONLY_TO_ASK <= number.unclear < ONLY_TO_ASK + MOST_UNCLEAR:
            return number.unclear - ONLY_TO_ASK
        doubt = self._of.setdefault(instance_id, _Doubt(now, now))
        if now - doubt.asked_at > LONGEST_REST:
            doubt = self._of[instance_id] = _Doubt(now, now)
        doubt.asked_at = now
        if not is_good:
            doubt.was_bad = True
            return None
        if doubt.was_bad:
            del self._of[instance_id]
            return 0
        if now - doubt.since < min(self.rest * (1 << min(doubt.tries, 10)), LONGEST_REST):
            return None
        doubt.since, doubt.tries = now, doubt.tries + 1
        return UNCLEAR_AFTER_A_TRY


class Doubtful(NamedTuple):
    """A number to ask about."""

    tenant_id: int
    instance_id: int
    connector: str
    base_url: str
    instance_key: str
    sealed_credentials: str
    unclear: int


def doubtful_numbers(session: Session, now: datetime, recheck_seconds: float) -> list[Doubtful]:
    """Take the numbers whose turn to be asked has come; nobody asks the same one for `recheck_seconds`."""
    rows = session.execute(sql.UNCLEAR_NUMBERS, {"now": now, "recheck_seconds": recheck_seconds})
    return [Doubtful(*row) for row in rows]


def is_connected(state: InstanceState | Refused | Unclear) -> bool:
    """Whether a status answer is a good one."""
    return isinstance(state, InstanceState) and state.status is ConnectionStatus.CONNECTED


def apply_status(
    session: Session,
    number: Doubtful,
    state: InstanceState | Refused | Unclear,
    unclear_left: int | None,
    *,
    now: datetime,
) -> None:
    """Connected and trusted with `unclear_left`: it may send again. Disconnected, banned or refused: it stops with the
    reason. Else it goes on resting and is asked again. A silent number that says it is connected stays paused."""
    who = {"tenant_id": number.tenant_id, "instance_id": number.instance_id}
    if unclear_left is not None:
        session.execute(sql.TRUST_AGAIN, who | {"unclear": unclear_left})
    elif isinstance(state, InstanceState) and state.status is ConnectionStatus.BANNED:
        _stop(session, number, InstanceStatus.BANNED, BANNED, now=now)
    elif isinstance(state, InstanceState) and state.status is ConnectionStatus.DISCONNECTED:
        _stop(session, number, InstanceStatus.DISCONNECTED, LOST, now=now)
    elif isinstance(state, Refused) and state.pauses_instance:
        _stop(session, number, InstanceStatus.PAUSED, state.message, now=now)


def _stop(session: Session, number: Doubtful, status: InstanceStatus, reason: str, *, now: datetime) -> None:
    who = {"tenant_id": number.tenant_id, "instance_id": number.instance_id}
    health = session.execute(sql.STOP_NUMBER, who | {"status": status.value, "reason": reason}).scalar()
    if health is not None:
        stopped = Stopped(number.tenant_id, number.instance_id, status.value, reason, float(health))
        tell_stopped(session, [stopped], now)
