"""A number's health over time: silent numbers out of the rotation and tried again, ill ones better by the hour.

All of it works on numbers that have no message in flight for the most part, and skips a row somebody else has locked:
the next turn comes in seconds.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from core.clock import day_in_zone
from models.instances import InstanceStatus
from services.campaigns import safe_zone
from services.sending.arrays import plain
from services.sending.numbers import ILL, SILENT_AFTER
from services.sending.rotation import HALF_LIFE_SECONDS
from services.sending.telling import Back, Stopped, tell_back, tell_stopped
from services.sending.watch import sql
from services.sending.watch.status import ONLY_TO_ASK, Doubtful

SILENT: Final = (
    "O WhatsApp não está confirmando as mensagens deste número, então ele foi pausado. Confira se o celular está ligado"
    " e com internet. Ele volta sozinho na primeira confirmação; sem ela, tentamos de novo em meia hora."
)
NEVER_HEARD: Final = (
    "O provedor nunca confirmou uma mensagem deste número, então ele foi pausado. Confira no painel do provedor se o"
    " endereço de avisos (webhook) está cadastrado e se o celular está com internet. Ele volta sozinho na primeira"
    " confirmação; sem ela, tentamos de novo em meia hora."
)
ON_TRIAL: Final = "O número volta a enviar em teste: precisa que o WhatsApp confirme uma mensagem."
RECOVERED: Final = "A saúde do número melhorou e ele voltou a enviar sozinho."
HEALTH_STEP_SECONDS: Final = 72
"""A tenth of a point each: 5 an hour."""
PAUSED: Final = InstanceStatus.PAUSED.value


def stop_silent(session: Session, now: datetime, *, silent_seconds: float, trial_seconds: float) -> list[Doubtful]:
    """Pause connected numbers with three or more messages and no acknowledgement of any kind for so long -> them, to
    be asked for their status. They are tried again after `trial_seconds`."""
    values = {
        "now": now,
        "silent_after": SILENT_AFTER,
        "silent_seconds": silent_seconds,
        "trial_seconds": trial_seconds,
        "silent": SILENT,
        "never": NEVER_HEARD,
    }
    rows = session.execute(sql.STOP_SILENT, values).all()
    tell_stopped(session, [_stopped(row) for row in rows], now)
    return [Doubtful._make((*row[:6], ONLY_TO_ASK)) for row in rows]


def try_silent_again(session: Session, now: datetime) -> int:
    """Silent numbers whose cool-down is over are connected again, on trial: one more message without an answer stops
    them once more. Returns how many."""
    rows = session.execute(sql.TRY_SILENT_AGAIN, {"now": now, "silent_after": SILENT_AFTER}).all()
    tell_back(session, [_back(row, ON_TRIAL) for row in rows], now)
    return len(rows)


def mind_health(session: Session, now: datetime) -> int:
    """Connected numbers below 50 are paused (one that was reconnected comes so); paused ones get 5 points an hour up
    to 70 and resume at 60, after an hour at least, once a day; a banned one never. Returns how many resumed. Also
    notes the first connection of those whose door did not."""
    session.execute(sql.NOTE_FIRST_CONNECTION, {"now": now})
    ill = session.execute(sql.STOP_ILL, {"now": now, "ill": ILL}).all()
    tell_stopped(session, [_stopped(row) for row in ill], now, is_ill=True)
    session.execute(sql.GROW_HEALTH, {"now": now, "step_seconds": HEALTH_STEP_SECONDS, "half_life": HALF_LIFE_SECONDS})
    return _resume_healthy(session, now)


def _resume_healthy(session: Session, now: datetime) -> int:
    well = [(row, day_in_zone(now, safe_zone(row.time_zone))) for row in session.execute(sql.WELL_AGAIN, {"now": now})]
    back = [(row, today) for row, today in well if row.recovered_on != today]
    if not back:
        return 0
    columns = {
        "tenants": plain(row.tenant_id for row, _ in back),
        "instances": plain(row.id for row, _ in back),
        "days": plain(today for _, today in back),
    }
    rows = session.execute(sql.RESUME_HEALTHY, columns).all()
    tell_back(session, [_back(row, RECOVERED) for row in rows], now)
    return len(rows)


def _stopped(row: Any) -> Stopped:
    return Stopped(row.tenant_id, row.id, PAUSED, row.status_reason, float(row.health_score))


def _back(row: Any, reason: str) -> Back:
    return Back(row.tenant_id, row.id, reason, float(row.health_score))
