"""The campaign's story, written in batches. Lines hold ids and numbers; the page joins names in."""

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from connectors.whatsapp import Sent, Unclear
from core.http_messages import HttpResponse, redacted_answer
from models.campaigns import ContactStatus, LogType, Severity
from services.sending import sql
from services.sending.arrays import plain, texts
from services.sending.pipe import defer
from services.sending.rotation import explain
from services.sending.words import Answer, LogLine, Ruling

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
SENT_MESSAGE: Final = "Mensagem enviada."
UNCLEAR_MESSAGE: Final = "Sem resposta clara do provedor; a mensagem pode ter chegado e não será repetida sozinha."
LATER_MESSAGE: Final = "A mensagem não saiu e voltou para a fila."
LEASE_MESSAGE: Final = "O envio foi interrompido no meio; a mensagem pode ter chegado e não será repetida sozinha."


def write_logs(session: Session, lines: Sequence[LogLine]) -> None:
    """Append the lines before the commit, one statement. Write counters first: lines carry the progress after them."""
    if not lines:
        return
    columns = {
        "tenants": plain(line.tenant_id for line in lines),
        "campaigns": plain(line.campaign_id for line in lines),
        "moments": texts(line.at.isoformat() for line in lines),
        "types": plain(line.log_type for line in lines),
        "severities": plain(line.severity for line in lines),
        "messages": texts(line.message for line in lines),
        "details": texts(_ENCODE(line.details) for line in lines),
        "durations": plain(line.duration_ms for line in lines),
        "http_statuses": plain(line.http_status for line in lines),
        "requests": texts(_json(line.request) for line in lines),
        "responses": texts(_json(line.response) for line in lines),
        "health": plain(line.health for line in lines),
        "instances": plain(line.instance_id for line in lines),
        "contacts": plain(line.contact_id for line in lines),
    }
    defer(session, sql.ADD_LOGS, columns)


def _json(value: object) -> str | None:
    return None if value is None else _ENCODE(value)


def line_of(answer: Answer, ruling: Ruling, health: float | None) -> LogLine:
    """The line an answer leaves. A failure keeps the redacted request and answer, a success neither."""
    log_type, severity, message = _headline(answer, ruling)
    claimed = answer.claimed
    turn = claimed.slot.turn
    details: dict[str, object] = {"message_id": claimed.message_id, "attempt": claimed.attempt}
    if log_type is LogType.MESSAGE_SENT:
        details["why"] = explain(turn.mode, turn.chosen, is_slowed=turn.is_slowed)
    else:
        details |= {"reason": ruling.reason, "status": ruling.status.value}
    is_failure = log_type is not LogType.MESSAGE_SENT and answer.answer is not None
    return LogLine(
        claimed.tenant_id,
        claimed.campaign_id,
        answer.at,
        log_type,
        severity,
        message,
        details,
        claimed.instance_id,
        claimed.contact_id,
        answer.duration_ms,
        answer.answer.status if isinstance(answer.answer, HttpResponse) else None,
        answer.request,
        redacted_answer(answer.answer) if is_failure and answer.answer is not None else None,
        health,
    )


def _headline(answer: Answer, ruling: Ruling) -> tuple[LogType, Severity, str]:
    if isinstance(answer.outcome, Sent):
        return LogType.MESSAGE_SENT, Severity.INFO, SENT_MESSAGE
    if isinstance(answer.outcome, Unclear):
        return LogType.MESSAGE_FAILED, Severity.WARNING, UNCLEAR_MESSAGE
    if ruling.status is ContactStatus.PENDING:
        return LogType.MESSAGE_FAILED, Severity.WARNING, f"{LATER_MESSAGE} {answer.outcome.message}"
    return LogType.MESSAGE_FAILED, Severity.ERROR, answer.outcome.message
