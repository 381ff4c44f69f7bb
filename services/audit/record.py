"""One line in the tenant's audit trail."""

from typing import Any

from sqlalchemy.orm import Session

from models.audit import AuditEvent


def record_audit(
    session: Session,
    tenant_id: int,
    action: str,
    *,
    actor_user_id: int | None = None,
    target: tuple[str, int] | None = None,
    ip_address: str | None = None,
    **details: Any,
) -> None:
    """Write `action` (`room.verb`) in the caller's transaction. `details` are ids, numbers and short codes; never
    a secret, a phone or a text."""
    target_type, target_id = target or (None, None)
    session.add(
        AuditEvent(
            tenant_id=tenant_id,
            action=action,
            actor_user_id=actor_user_id,
            target_type=target_type,
            target_id=target_id,
            ip_address=ip_address,
            details=details,
        )
    )
