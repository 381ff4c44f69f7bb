"""Who did what, append-only."""

from services.audit.record import record_audit

__all__ = ["record_audit"]
