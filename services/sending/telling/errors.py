"""Our own failures, told in the story of the campaigns they hold up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from models.campaigns import LogType, Severity
from services.sending.logbook import write_logs
from services.sending.words import LogLine

CLAIM_TROUBLE: Final = "Um erro nosso parou os envios desta campanha por um minuto; depois tentamos de novo sozinhos."


def tell_errors(session: Session, campaigns: Iterable[tuple[int, int]], error: str, now: datetime) -> None:
    """One line in each; `error` is the name of what happened, never a text that could quote somebody."""
    details = {"error": error}
    write_logs(
        session,
        [
            LogLine(tenant_id, campaign_id, now, LogType.ERROR, Severity.ERROR, CLAIM_TROUBLE, details)
            for tenant_id, campaign_id in sorted(campaigns)
        ],
    )
