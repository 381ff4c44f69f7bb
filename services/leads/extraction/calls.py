"""Apify's calls: recognised by the secret in their address, stored as they came, believed only as a hint."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors import apify
from core.crypto import fingerprint
from core.queue import enqueue_after_commit
from models.leads_extractions import Extraction, ExtractionCall, ExtractionStatus
from services.accounts import DirectoryEntry, find_in_directory
from services.leads.extraction.create import WEBHOOK

MOST_BYTES_KEPT: Final = 64 * 1024
"""Apify's own call is about 1 KB."""


def find_call_owner(session: Session, token: str) -> DirectoryEntry | None:
    """Whose address was called; None for nobody's. The door opens that tenant's scope."""
    return find_in_directory(session, WEBHOOK, fingerprint(token))


def store_call(session: Session, owner: DirectoryEntry, body: bytes, *, now: datetime) -> bool:
    """Keep the call and have the run looked at, if it still runs; False when the extraction is gone."""
    found = session.execute(
        select(Extraction.id).where(Extraction.tenant_id == owner.tenant_id, Extraction.id == owner.target_id)
    ).scalar()
    if found is None:
        return False
    hint = apify.read_webhook(body)
    session.add(
        ExtractionCall(
            tenant_id=owner.tenant_id,
            extraction_id=owner.target_id,
            body=body[:MOST_BYTES_KEPT],
            event=hint.event if hint else "",
            is_readable=hint is not None,
        )
    )
    session.execute(
        update(Extraction)
        .where(
            Extraction.tenant_id == owner.tenant_id,
            Extraction.id == owner.target_id,
            Extraction.status == ExtractionStatus.RUNNING,
        )
        .values(next_check_at=now)
    )
    enqueue_after_commit(session, "jobs.leads_extractions.advance_extraction", owner.tenant_id, owner.target_id)
    return True
