"""A campaign that annoys people or writes into the void stops by itself, until a person has looked at it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from models.campaigns import LogType, Severity
from services.sending.arrays import plain, texts
from services.sending.logbook import write_logs
from services.sending.telling import campaigns_paused
from services.sending.watch import sql
from services.sending.words import LogLine

LEAST_SENDS: Final = 50
MOST_OPT_OUTS: Final = 0.03
MOST_WRONG_NUMBERS: Final = 0.20


class Since(NamedTuple):
    """What happened since a person last resumed the campaign, or since its start."""

    sent: int
    opted_out: int
    invalid: int


def alarm(since: Since) -> str:
    """Why the campaign must stop, with what to do; '' while all is well. Pure.

    Opt-outs count against the messages sent. Wrong numbers count against all numbers tried: what a check finds ahead
    of the send was tried too, and a list of nothing but wrong numbers would never reach 50 sends.
    """
    tried = since.sent + since.invalid
    if since.sent >= LEAST_SENDS and since.opted_out > MOST_OPT_OUTS * since.sent:
        share = _percent(since.opted_out / since.sent)
        return (
            f"Parou sozinha: {share} das pessoas pediram para não receber mais. Confira se a lista espera esta mensagem"
            " e se o texto diz quem você é; depois continue, se fizer sentido."
        )
    if tried >= LEAST_SENDS and since.invalid > MOST_WRONG_NUMBERS * tried:
        share = _percent(since.invalid / tried)
        return (
            f"Parou sozinha: {share} dos números não têm WhatsApp. Confira de onde veio a lista e limpe os números"
            " errados; depois continue, se fizer sentido."
        )
    return ""


def sound_alarms(session: Session, now: datetime) -> int:
    """Pause the campaigns whose alarm goes off, each with its reason, a line and a notice. Returns how many."""
    rows = session.execute(sql.ALARM_FIGURES, {"least": LEAST_SENDS}).all()
    ringing = [(row[0], row[1], Since(*row[2:]), why) for row in rows if (why := alarm(Since(*row[2:])))]
    if not ringing:
        return 0
    columns = {
        "tenants": plain(one[0] for one in ringing),
        "campaigns": plain(one[1] for one in ringing),
        "reasons": texts(one[3] for one in ringing),
        "now": now,
    }
    figures = {one[:2]: one[2] for one in ringing}
    stopped = session.execute(sql.PAUSE_ALARMED, columns).all()
    write_logs(session, [_line(now, row, figures[row[0], row[1]]) for row in stopped])
    campaigns_paused(session, _keys(stopped), now)
    return len(stopped)


def _keys(rows: Sequence[Any]) -> list[tuple[int, int, str]]:
    return [(row[0], row[1], row[2]) for row in rows]


def _line(now: datetime, row: Any, since: Since) -> LogLine:
    return LogLine(row[0], row[1], now, LogType.PAUSED, Severity.CRITICAL, row[2], since._asdict())


def _percent(share: float) -> str:
    return f"{share * 100:.1f}".replace(".", ",") + "%"
