"""What the columns of a file are, asked of a person and remembered for the next file with the same headers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.queue import IMPORTS, enqueue_after_commit
from models.leads import ColumnMapping, ImportStatus, LeadImport
from models.states import NotAllowedNow
from services.audit import record_audit
from services.leads.choices import Choice, WrongChoices, checked_choices, choices_from, headers_key
from services.leads.looking import Look

RUN: Final = "jobs.leads.run_import"
ASKABLE: Final = (ImportStatus.MAPPING, ImportStatus.READY)
COUNTS: Final = ("total", "created", "updated", "duplicates", "invalid", "not_selected", "suppressed")
AS_IF_NEVER_CHECKED: Final[dict[str, Any]] = {
    **dict.fromkeys(COUNTS, 0),
    **dict.fromkeys(("failure", "failure_code", "waiting_since", "heartbeat_at")),
    "problems": [],
}


def asked_columns(session: Session, tenant_id: int, look: Look, *, now: datetime) -> dict[str, Any]:
    """The values of an import that waits for its columns: what was said of the same headers last time, else our
    guess. `layout.is_remembered` says which, for the page."""
    remembered = _remembered(session, tenant_id, look) if look.has_header else ()
    return {
        "layout": look.layout | {"is_remembered": bool(remembered)},
        "choices": [one.as_json() for one in remembered or look.choices],
        "samples": look.samples,
        "waiting_since": now,
    }


def choose_columns(
    session: Session,
    found: LeadImport,
    said: Sequence[Choice] | Mapping[int, Choice],
    *,
    actor: int | None,
    now: datetime,
) -> None:
    """A person says what the columns are (all of them in order, or some by their place from 0); the file is checked
    again with them. WrongChoices names what can't be; NotAllowedNow unless the import waits for its columns or its
    confirmation."""
    if found.status not in ASKABLE:
        raise NotAllowedNow("As colunas desta importação não podem mais ser mudadas.")
    headers = [str(header) for header in found.layout.get("headers", [])]
    choices = checked_choices(headers, _all_of(said, choices_from(found.choices)))
    kept = [one.as_json() for one in choices]
    moved = session.execute(
        update(LeadImport)
        .where(
            LeadImport.tenant_id == found.tenant_id,
            LeadImport.id == found.id,
            LeadImport.status.in_(ASKABLE),
        )
        .values(
            status=ImportStatus.CHECKING,
            choices=kept,
            attempts_before=LeadImport.attempts,
            **AS_IF_NEVER_CHECKED,
        )
        .returning(LeadImport.id)
    ).scalar()
    if moved is None:
        raise NotAllowedNow
    if found.layout.get("header_row"):
        _remember(session, found.tenant_id, headers, kept, now=now)
    record_audit(session, found.tenant_id, "leads.choose_columns", actor_user_id=actor, target=("import", found.id))
    enqueue_after_commit(session, RUN, found.tenant_id, found.id, queue=IMPORTS)


def _all_of(said: Sequence[Choice] | Mapping[int, Choice], before: Sequence[Choice]) -> Sequence[Choice]:
    if not isinstance(said, Mapping):
        return said
    unknown = [at for at in said if not 0 <= at < len(before)]
    if unknown:
        raise WrongChoices(fields={"columns": [f"O arquivo não tem a coluna {at + 1}." for at in unknown]})
    return [said.get(at, one) for at, one in enumerate(before)]


def _remembered(session: Session, tenant_id: int, look: Look) -> tuple[Choice, ...]:
    kept = session.scalar(
        select(ColumnMapping.choices).where(
            ColumnMapping.tenant_id == tenant_id, ColumnMapping.headers_key == headers_key(look.headers)
        )
    )
    choices = choices_from(kept or [])
    try:
        return checked_choices(look.headers, choices) if choices else ()
    except WrongChoices:
        return ()  # said under rules that have changed since


def _remember(
    session: Session, tenant_id: int, headers: Sequence[str], kept: list[dict[str, str]], *, now: datetime
) -> None:
    session.execute(
        insert(ColumnMapping)
        .values(tenant_id=tenant_id, headers_key=headers_key(headers), choices=kept, updated_at=now)
        .on_conflict_do_update(index_elements=["tenant_id", "headers_key"], set_={"choices": kept, "updated_at": now})
    )
