"""Deleting an extraction, with or without the leads it brought."""

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from models.leads import ImportStatus, LeadImport
from models.leads_extractions import Extraction
from models.states import NotAllowedNow
from services.accounts import remove_from_directory
from services.audit import record_audit
from services.leads.extraction.create import WEBHOOK
from services.leads.extraction.find import extraction_of, is_moving
from services.leads.extraction.run import RUN
from services.leads.locks import try_lock_leads
from services.leads.undo import Undone, take_back


def delete_extraction(
    session: Session, tenant_id: int, extraction_id: int, *, with_leads: bool, actor: int | None
) -> Undone | None:
    """Forget the job. `with_leads`: the people it brought leave its list, and the account where no other list holds
    them; those it changed say again what they said before. NotAllowedNow while it runs, LeadsBusy while an import
    writes."""
    found = extraction_of(session, tenant_id, extraction_id)
    if is_moving(found):
        raise NotAllowedNow("Esta extração ainda está em andamento. Interrompa-a antes de apagar.")
    done = _take_back(session, found) if with_leads and found.import_id is not None else None
    for kind in (WEBHOOK, RUN):
        remove_from_directory(session, kind, tenant_id=tenant_id, target_id=extraction_id)
    session.execute(delete(Extraction).where(Extraction.tenant_id == tenant_id, Extraction.id == extraction_id))
    record_audit(
        session,
        tenant_id,
        "leads.delete_extraction",
        actor_user_id=actor,
        target=("extraction", extraction_id),
        removed=done.removed if done else 0,
    )
    return done


def _take_back(session: Session, found: Extraction) -> Undone | None:
    """As the import's undo does, also where a campaign has used the people or another extraction stands on them: a
    campaign's own rows stay."""
    try_lock_leads(session, found.tenant_id)
    taken = session.execute(
        update(LeadImport)
        .where(
            LeadImport.tenant_id == found.tenant_id,
            LeadImport.id == found.import_id,
            LeadImport.status == ImportStatus.FINISHED,
        )
        .values(status=ImportStatus.UNDONE)
        .returning(LeadImport)
    ).scalar_one_or_none()
    return None if taken is None else take_back(session, found.tenant_id, taken)
