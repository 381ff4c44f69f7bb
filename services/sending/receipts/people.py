"""Numbers: those that receipts made ill, and changes of connection, out of the inbox."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from connectors.whatsapp import ConnectionStatus
from models.campaigns import LogType, Severity
from models.instances import InstanceStatus
from services.sending.arrays import plain, texts
from services.sending.numbers import ILL, NumberNow, Numbers
from services.sending.receipts import sql
from services.sending.receipts.gather import Change
from services.sending.telling import Stopped, number_down
from services.sending.telling.sql import CAMPAIGNS_OF_NUMBERS
from services.sending.words import LogLine

BELOW_50: Final = "A saúde do número ficou abaixo de 50."
CONNECTION_TEXTS: Final = {
    InstanceStatus.CONNECTED: "",
    InstanceStatus.DISCONNECTED: "O WhatsApp deste número foi desconectado; conecte de novo com o QR code.",
    InstanceStatus.BANNED: "O WhatsApp bloqueou este número.",
}
_STATUSES: Final = {
    ConnectionStatus.CONNECTED: InstanceStatus.CONNECTED,
    ConnectionStatus.DISCONNECTED: InstanceStatus.DISCONNECTED,
    ConnectionStatus.BANNED: InstanceStatus.BANNED,
}


def stopped_by_health(session: Session, told: Numbers, after: Mapping[int, NumberNow], now: datetime) -> list[LogLine]:
    """Two lines in each active campaign of a number that its receipts have made ill: why, and that it stopped."""
    stopped = [(tenant_id, number) for tenant_id, number in told.news if number in after and after[number].has_stopped]
    if not stopped:
        return []
    columns = {"tenants": plain(one[0] for one in stopped), "instances": plain(one[1] for one in stopped)}
    lines = []
    for tenant_id, campaign_id, number in session.execute(CAMPAIGNS_OF_NUMBERS, columns):
        who, health = (tenant_id, campaign_id, now), after[number].health
        lines += [
            LogLine(*who, LogType.HEALTH_ISSUE, Severity.WARNING, BELOW_50, {}, number, health=health),
            LogLine(*who, LogType.INSTANCE_PAUSED, Severity.CRITICAL, ILL, {}, number, health=health),
        ]
    return lines


def apply_changes(session: Session, changes: Sequence[Change], now: datetime) -> list[LogLine]:
    """A number's connection as its provider now tells it; a paused number stays paused when it is connected."""
    known = [one for one in changes if one.change.status in _STATUSES]
    doubtful = [one for one in changes if one.change.status not in _STATUSES]
    if doubtful:
        session.execute(sql.ASK_STATUS, _numbers(doubtful))
    if not known:
        return []
    targets = [_STATUSES[one.change.status] for one in known]
    columns = _numbers(known) | {
        "statuses": plain(target.value for target in targets),
        "reasons": texts(CONNECTION_TEXTS[target] for target in targets),
        "phones": texts(one.change.phone for one in known),
    }
    rows = {(row.tenant_id, row.id): row for row in session.execute(sql.CHANGE_CONNECTIONS, columns)}
    if not rows:
        return []
    down = [row for row in rows.values() if row.status != InstanceStatus.CONNECTED]
    number_down(session, [Stopped(row.tenant_id, row.id, row.status, row.status_reason) for row in down], now)
    touched = {"tenants": plain(key[0] for key in rows), "instances": plain(key[1] for key in rows)}
    return [
        _line(now, tenant_id, campaign_id, rows[tenant_id, instance_id])
        for tenant_id, campaign_id, instance_id in session.execute(CAMPAIGNS_OF_NUMBERS, touched)
    ]


def _numbers(changes: Sequence[Change]) -> dict[str, str]:
    return {
        "tenants": plain(one.tenant_id for one in changes),
        "instances": plain(one.instance_id for one in changes),
    }


def _line(now: datetime, tenant_id: int, campaign_id: int, row: Any) -> LogLine:
    status = InstanceStatus(row.status)
    is_back = status is InstanceStatus.CONNECTED
    return LogLine(
        tenant_id,
        campaign_id,
        now,
        LogType.INSTANCE_RESUMED if is_back else LogType.INSTANCE_PAUSED,
        Severity.INFO if is_back else Severity.CRITICAL,
        "O número conectou e voltou a enviar." if is_back else CONNECTION_TEXTS[status],
        {"status": status.value},
        row.id,
        health=float(row.health_score),
    )
