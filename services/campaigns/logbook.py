"""The campaign's story as this room writes it: one line per change, ids and numbers only."""

from typing import Any

from sqlalchemy.orm import Session

from models.campaigns import CampaignLog, LogType, Severity


def write_log(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    log_type: LogType,
    message: str,
    *,
    actor: int | None = None,
    severity: Severity = Severity.INFO,
    **details: Any,
) -> None:
    """Append a line in the caller's transaction; never a name, a phone or a text in `message` or `details`."""
    session.add(
        CampaignLog(
            tenant_id=tenant_id,
            campaign_id=campaign_id,
            log_type=log_type,
            severity=severity,
            message=message,
            details=details,
            created_by=actor,
        )
    )
