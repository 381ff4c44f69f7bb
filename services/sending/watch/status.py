"""Numbers with two unclear answers in a row rest until their status call is good."""

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from connectors.whatsapp import ConnectionStatus, InstanceState, Refused, Unclear
from models.instances import InstanceStatus
from services.sending.telling import Stopped, tell_stopped
from services.sending.watch import sql

LOST: Final = "O WhatsApp deste número não está conectado; conecte de novo com o QR code."
BANNED: Final = "O WhatsApp bloqueou este número."


class Doubtful(NamedTuple):
    """A number to ask about."""

    tenant_id: int
    instance_id: int
    connector: str
    base_url: str
    instance_key: str
    sealed_credentials: str


def doubtful_numbers(session: Session, now: datetime, recheck_seconds: float) -> list[Doubtful]:
    """Take the numbers whose turn to be asked has come; nobody asks the same one for `recheck_seconds`."""
    rows = session.execute(sql.UNCLEAR_NUMBERS, {"now": now, "recheck_seconds": recheck_seconds})
    return [Doubtful(*row) for row in rows]


def apply_status(session: Session, number: Doubtful, state: InstanceState | Refused | Unclear, now: datetime) -> None:
    """Connected: it may send again. Disconnected, banned or refused: it stops with the reason. Else it goes on
    resting and is asked again. A silent number that says it is connected stays paused."""
    who = {"tenant_id": number.tenant_id, "instance_id": number.instance_id}
    if isinstance(state, InstanceState) and state.status is ConnectionStatus.CONNECTED:
        session.execute(sql.TRUST_AGAIN, who)
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
