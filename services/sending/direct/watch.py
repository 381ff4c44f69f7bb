"""What the direct lane reads between messages, and what a crash or a number that never comes back leaves to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.sending.arrays import plain
from services.sending.direct import sql
from services.sending.direct.words import DirectNumber

PATIENCE: Final = timedelta(hours=24)
"""How long a message waits for its number; an answer of yesterday is no answer any more."""

INTERRUPTED: Final = "O envio foi interrompido no meio; a mensagem pode ter chegado."
BANNED: Final = "O WhatsApp bloqueou este número; use outro número."
PAUSED: Final = "Este número está pausado; retome-o para enviar."
RESTING: Final = "Este número está descansando depois de respostas ruins do provedor; espere um pouco."
DISCONNECTED: Final = "O WhatsApp deste número está desconectado; conecte de novo com o QR code."
GONE: Final = "O número foi removido antes do envio; use outro número."
LATE: Final = "A mensagem não saiu em 24 horas; escreva de novo."


def waiting_numbers(session: Session, now: datetime, daemon_id: str) -> list[DirectNumber]:
    """The numbers that have a direct message due and may send it."""
    rows = session.execute(sql.WAITING_NUMBERS, {"now": now, "daemon": daemon_id})
    return [DirectNumber(*row) for row in rows]


def tend(session: Session, now: datetime) -> int:
    """Say of each message why it waits; fail what has waited 24 hours or lost its number. Returns how many changed."""
    sentences = {"banned": BANNED, "paused": PAUSED, "resting": RESTING, "disconnected": DISCONNECTED}
    explained = session.execute(sql.EXPLAIN_WAITING, {"now": now} | sentences).all()
    leaving = {"now": now, "oldest": now - PATIENCE, "gone": GONE, "late": LATE}
    return len(explained) + len(session.execute(sql.GIVE_UP, leaving).all())


def recover_directs(session: Session, now: datetime) -> int:
    """Those whose lease ran out may have arrived: `unconfirmed`, never sent again by themselves. How many."""
    return len(session.execute(sql.OVERDUE, {"now": now, "error": INTERRUPTED}).all())


def take_over_directs(session: Session, dead: Sequence[str]) -> int:
    """The same for what these dead daemons had in flight. Before their leases are freed: those say whose it was."""
    return len(session.execute(sql.OF_THE_DEAD, {"dead": plain(dead), "error": INTERRUPTED}).all())


def return_directs(session: Session, claim_id: str, tenant_ids: Sequence[int], *, daemon_id: str) -> int:
    """Undo a claim whose commit was never answered: nothing of it has left. How many."""
    rows = session.execute(sql.RETURN_CLAIM, {"claim": claim_id, "tenants": plain(tenant_ids)}).all()
    if rows:
        columns = {"tenants": plain(row.tenant_id for row in rows), "instances": plain(row.instance_id for row in rows)}
        session.execute(sql.RELEASE_NUMBERS, columns | {"daemon": daemon_id})
    return len(rows)
