"""The life of an import: uploaded -> checking -> (ready, when a person confirms) -> writing -> finished or failed.
A guided one also stops at `mapping`, for a person to say what its columns are (`services.leads.mapping`); one that
waits may be discarded (`services.leads.waiting`).

The write is one transaction, all or nothing. Resumable batches would show half a list while they run and need
their own bookkeeping to add up after a crash; one transaction needs neither, costs nothing (a million rows stay
under a minute), and what a killed worker began PostgreSQL undoes by itself. Signs of life and progress are
committed by the job in short transactions of their own. Whoever claims an import raises `attempts`; an older claim
can't move it any more and rolls back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from core.errors import AppError, InvalidInput
from core.queue import IMPORTS, enqueue_after_commit
from core.storage import storage
from models.leads import IMPORT_TRANSITIONS, ImportStatus, LeadImport, LegalBasis
from models.states import NotAllowedNow, sources_of
from services.accounts import entitlement_of, require_live_licence
from services.audit import record_audit
from services.leads.choices import Choice, choices_from
from services.leads.consent import NOT_SAID, Permission, permission_problems
from services.leads.limits import MAX_ATTEMPTS, MAX_LIST_NAME, STALE_SECONDS, rows_allowed
from services.leads.lists import list_of
from services.leads.looking import Look, open_for_a_person
from services.leads.mapping import asked_columns
from services.leads.merging import Target, find_or_make_list, keep_rejects, merge, refuse_beyond_plan
from services.leads.opening import open_table
from services.leads.progress import READING, WRITING
from services.leads.refusals import FileRefused, ImportNotFound, ImportTakenOver, NothingToImport
from services.leads.staging import Tick, Verdict, stage
from services.leads.table import Table
from services.leads.uploads import StoredUpload

RUN: Final = "jobs.leads.run_import"
OPEN: Final = (ImportStatus.UPLOADED, ImportStatus.CHECKING, ImportStatus.WRITING)
GAVE_UP: Final = (
    "A leitura parou sozinha três vezes, então desistimos deste arquivo; nada foi gravado. Salve-o como CSV e envie "
    "de novo, ou fale com o suporte."
)
NOTHING_SELECTED: Final = (
    "Nenhuma linha tem 1 na coluna status, então ninguém foi selecionado. Ponha 1 nas linhas que quer importar ou "
    "apague a coluna, e envie de novo."
)
NOTHING_USABLE: Final = "Nenhuma linha pôde ser aproveitada. Veja abaixo o que corrigir e envie o arquivo de novo."


@dataclass(frozen=True, slots=True)
class NewImport:
    """What a person says of a file: where to (a list's id, or a name) and why they may write to these people. A guided
    import asks for the columns and then for a confirmation, whatever `auto_confirm` says."""

    upload: StoredUpload
    legal_basis: str
    list_name: str = ""
    list_id: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    auto_confirm: bool = True
    is_guided: bool = False
    source: str = "import"
    permission: Permission = NOT_SAID


@dataclass(frozen=True, slots=True)
class ImportTask:
    """A claimed import, as plain values: safe to hold while transactions come and go."""

    tenant_id: int
    import_id: int
    attempt: int
    status: ImportStatus
    file_key: str
    list_id: int | None
    list_name: str
    legal_basis: str
    mapping: dict[str, str]
    is_confirmed: bool
    max_leads: int
    is_guided: bool = False
    choices: tuple[Choice, ...] = ()
    source: str = "import"
    permission: Permission = NOT_SAID

    @property
    def asks_for_columns(self) -> bool:
        """Nobody has said yet what the columns are, and a person is there to say it."""
        return self.is_guided and not self.choices


def create_import(session: Session, tenant_id: int, new: NewImport, *, actor: int | None, now: datetime) -> LeadImport:
    """Take a file in; a worker goes on. InvalidInput names the fields, NoLiveLicence, ListNotFound."""
    require_live_licence(session, tenant_id, now)
    basis, name = _checked(session, tenant_id, new, now)
    made = LeadImport(
        tenant_id=tenant_id,
        list_id=new.list_id,
        list_name=name,
        filename=new.upload.filename,
        file_key=new.upload.file_key,
        file_bytes=new.upload.file_bytes,
        source=new.source,
        legal_basis=basis,
        is_auto_confirmed=new.auto_confirm and not new.is_guided,
        is_guided=new.is_guided,
        mapping=dict(new.mapping),
        created_by=actor,
        **new.permission.as_columns(),
    )
    if new.upload.look is not None:
        made.status = ImportStatus.MAPPING
        for name, value in asked_columns(session, tenant_id, new.upload.look, now=now).items():
            setattr(made, name, value)
    session.add(made)
    session.flush()
    record_audit(
        session,
        tenant_id,
        "leads.import",
        actor_user_id=actor,
        target=("import", made.id),
        legal_basis=str(basis),
        bytes=new.upload.file_bytes,
    )
    if new.upload.look is None:
        enqueue_after_commit(session, RUN, tenant_id, made.id, queue=IMPORTS)
    return made


def claim_import(session: Session, tenant_id: int, import_id: int, *, now: datetime) -> ImportTask | None:
    """Make the import this worker's: a fresh one, a confirmed one, or one whose worker has gone silent. None when
    there is nothing to do. One that has killed three workers is failed instead."""
    silent = or_(LeadImport.heartbeat_at.is_(None), LeadImport.heartbeat_at < now - timedelta(seconds=STALE_SECONDS))
    row = session.execute(
        update(LeadImport)
        .where(LeadImport.tenant_id == tenant_id, LeadImport.id == import_id, LeadImport.status.in_(OPEN), silent)
        .values(attempts=LeadImport.attempts + 1, heartbeat_at=now, started_at=now, rows_done=0, phase="")
        .returning(LeadImport)
    ).scalar_one_or_none()
    if row is None:
        return None
    if row.attempts - row.attempts_before > MAX_ATTEMPTS:
        _fail(session, row.tenant_id, row.id, row.attempts, GAVE_UP, code="gave_up", now=now)
        return None
    if row.status is ImportStatus.UPLOADED:
        row.status = ImportStatus.CHECKING
    return ImportTask(
        tenant_id=tenant_id,
        import_id=import_id,
        attempt=row.attempts,
        status=row.status,
        file_key=row.file_key,
        list_id=row.list_id,
        list_name=row.list_name,
        legal_basis=str(row.legal_basis),
        mapping=dict(row.mapping),
        is_confirmed=row.is_auto_confirmed or row.status is ImportStatus.WRITING,
        max_leads=entitlement_of(session, tenant_id, now).max_leads,
        is_guided=row.is_guided,
        choices=choices_from(row.choices),
        source=row.source,
        permission=Permission(row.consent_source, row.consent_at, row.consent_proof),
    )


def note_progress(
    session: Session,
    task: ImportTask,
    *,
    done: int,
    expected: int,
    status: ImportStatus,
    now: datetime,
    phase: str = "",
) -> None:
    """A sign of life with the figures so far, for a short transaction. ImportTakenOver when the claim is lost.
    `phase` says what the rows are counted in when the status doesn't: a confirmed import is read again first."""
    phase = phase or (READING if status is ImportStatus.CHECKING else WRITING)
    since = case((LeadImport.phase == phase, LeadImport.phase_started_at), else_=now)
    moved = session.execute(
        update(LeadImport)
        .where(*_mine(task), LeadImport.status.in_({status} | sources_of(IMPORT_TRANSITIONS, status)))
        .values(
            rows_done=done, rows_expected=expected, heartbeat_at=now, status=status, phase=phase, phase_started_at=since
        )
        .returning(LeadImport.id)
    ).scalar()
    if moved is None:
        raise ImportTakenOver


def check_file(session: Session, task: ImportTask, table: Table, *, tick: Tick) -> Verdict:
    """Stage the rows and judge them. FileRefused, or PlanIsFull when the new people don't fit."""
    verdict = stage(
        session,
        task.tenant_id,
        table,
        basis=task.legal_basis,
        permission=task.permission,
        max_rows=rows_allowed(task.max_leads),
        tick=tick,
    )
    refuse_beyond_plan(session, task.tenant_id, verdict, max_leads=task.max_leads)
    keep_rejects(session, task.tenant_id, task.import_id)
    return verdict


def ask_for_columns(session: Session, task: ImportTask, look: Look, *, now: datetime) -> None:
    """Wait for a person to say what the columns are."""
    columns = asked_columns(session, task.tenant_id, look, now=now)
    _settle(session, task, ImportStatus.MAPPING, columns | {"heartbeat_at": None})


def hold_for_confirmation(
    session: Session, task: ImportTask, table: Table, verdict: Verdict, *, look: Look | None = None, now: datetime
) -> None:
    """Show the verdict and wait for a person; the staged rows go with the transaction. With nobody to import the
    verdict says so: other columns may help, so the file isn't given up."""
    values = verdict.as_columns() | {"layout": table.layout, "heartbeat_at": None, "waiting_since": now}
    if look is not None:
        values |= {"choices": [one.as_json() for one in look.choices], "samples": look.samples}
    _settle(session, task, ImportStatus.READY, values | ({} if verdict.people else _without_leads(verdict)))


def write_leads(
    session: Session, task: ImportTask, table: Table, verdict: Verdict, *, tick: Tick, now: datetime
) -> None:
    """The merge, and the end of the import, in the caller's transaction."""
    list_id, is_new = task.list_id, False
    if list_id is None:
        list_id, is_new = find_or_make_list(session, task.tenant_id, task.list_name)
    else:
        list_of(session, task.tenant_id, list_id)
    target = Target(
        task.tenant_id, task.import_id, list_id, task.legal_basis, source=task.source, permission=task.permission
    )
    merge(session, target, verdict, tick=tick)
    outcome = {
        "list_id": list_id,
        "is_new_list": is_new,
        "layout": table.layout,
        "samples": [],
        "rows_done": verdict.total,
        "rows_expected": verdict.total,
        "finished_at": now,
    }
    _settle(session, task, ImportStatus.FINISHED, verdict.as_columns() | outcome)


def end_without_leads(session: Session, task: ImportTask, table: Table, verdict: Verdict, *, now: datetime) -> None:
    """No row is usable: the counts and the refused rows stay, no list is made."""
    outcome = {"layout": table.layout, "samples": [], "finished_at": now} | _without_leads(verdict)
    _settle(session, task, ImportStatus.FAILED, verdict.as_columns() | outcome)


def fail_import(session: Session, task: ImportTask, refusal: AppError, *, now: datetime) -> None:
    """End the import with the refusal's sentence, unless somebody else holds it by now."""
    _fail(session, task.tenant_id, task.import_id, task.attempt, refusal.message, code=refusal.code, now=now)


def confirm_import(session: Session, tenant_id: int, import_id: int, *, actor: int | None) -> None:
    """A person has seen the verdict and says yes. NotAllowedNow unless the import is ready, NothingToImport when
    none of its rows can be."""
    found = import_of(session, tenant_id, import_id)
    if found.status is ImportStatus.READY and not found.created + found.updated + found.suppressed:
        raise NothingToImport(found.failure)
    moved = session.execute(
        update(LeadImport)
        .where(LeadImport.tenant_id == tenant_id, LeadImport.id == import_id, LeadImport.status == ImportStatus.READY)
        .values(
            status=ImportStatus.WRITING,
            is_auto_confirmed=True,
            heartbeat_at=None,
            waiting_since=None,
            attempts_before=LeadImport.attempts,
        )
        .returning(LeadImport.id)
    ).scalar()
    if moved is None:
        raise NotAllowedNow("Esta importação não está esperando confirmação.")
    record_audit(session, tenant_id, "leads.confirm_import", actor_user_id=actor, target=("import", import_id))
    enqueue_after_commit(session, RUN, tenant_id, import_id, queue=IMPORTS)


def import_of(session: Session, tenant_id: int, import_id: int) -> LeadImport:
    """One import; ImportNotFound for a stranger's."""
    found = session.execute(
        select(LeadImport).where(LeadImport.tenant_id == tenant_id, LeadImport.id == import_id)
    ).scalar_one_or_none()
    if found is None:
        raise ImportNotFound
    return found


def recent_imports(session: Session, tenant_id: int, *, limit: int = 5) -> list[LeadImport]:
    """The newest first."""
    return list(
        session.scalars(
            select(LeadImport).where(LeadImport.tenant_id == tenant_id).order_by(LeadImport.id.desc()).limit(limit)
        )
    )


def silent_imports(session: Session, *, now: datetime) -> list[tuple[int, int]]:
    """Imports nobody works on though somebody should -> (tenant, import). For the clock, in system scope."""
    before = now - timedelta(seconds=STALE_SECONDS)
    return [
        (row.tenant_id, row.id)
        for row in session.execute(
            select(LeadImport.tenant_id, LeadImport.id).where(
                LeadImport.status.in_(OPEN),
                or_(
                    LeadImport.heartbeat_at < before,
                    LeadImport.heartbeat_at.is_(None) & (LeadImport.created_at < before),
                ),
            )
        )
    ]


def _mine(task: ImportTask) -> tuple[Any, ...]:
    return (
        LeadImport.tenant_id == task.tenant_id,
        LeadImport.id == task.import_id,
        LeadImport.attempts == task.attempt,
    )


def _settle(session: Session, task: ImportTask, status: ImportStatus, values: dict[str, Any]) -> None:
    moved = session.execute(
        update(LeadImport)
        .where(*_mine(task), LeadImport.status.in_(sources_of(IMPORT_TRANSITIONS, status)))
        .values(status=status, **values)
        .returning(LeadImport.id)
    ).scalar()
    if moved is None:
        raise ImportTakenOver


def _fail(
    session: Session, tenant_id: int, import_id: int, attempt: int, message: str, *, code: str, now: datetime
) -> None:
    session.execute(
        update(LeadImport)
        .where(
            LeadImport.tenant_id == tenant_id,
            LeadImport.id == import_id,
            LeadImport.attempts == attempt,
            LeadImport.status.in_(sources_of(IMPORT_TRANSITIONS, ImportStatus.FAILED)),
        )
        .values(status=ImportStatus.FAILED, failure=message, failure_code=code, finished_at=now, samples=[])
    )


def _without_leads(verdict: Verdict) -> dict[str, Any]:
    nobody = verdict.not_selected == verdict.total
    return {
        "failure": NOTHING_SELECTED if nobody else NOTHING_USABLE,
        "failure_code": "nothing_selected" if nobody else "nothing_usable",
    }


def _checked(session: Session, tenant_id: int, new: NewImport, now: datetime) -> tuple[LegalBasis, str]:
    problems = permission_problems(session, tenant_id, new.permission, basis=new.legal_basis, now=now)
    if new.legal_basis not in set(LegalBasis):
        problems["legal_basis"] = ["Diga por que você pode escrever para estas pessoas."]
    name = " ".join(new.list_name.split())
    if new.list_id is None and not 1 <= len(name) <= MAX_LIST_NAME:
        problems["list_name"] = [f"Dê um nome à lista, com até {MAX_LIST_NAME} letras."]
    if problems:
        raise InvalidInput(fields=problems)
    if new.list_id is not None:
        name = list_of(session, tenant_id, new.list_id).name
    return LegalBasis(new.legal_basis), name


def open_task(task: ImportTask) -> Table:
    """The task's file, opened and understood; close `table.source`. FileRefused also when the file is gone."""
    try:
        path = storage().path(task.file_key)
        if task.is_guided or task.choices:
            return open_for_a_person(path, task.mapping, task.choices)
        return open_table(path, task.mapping)
    except FileNotFoundError as problem:
        raise FileRefused("O arquivo enviado não está mais aqui. Envie-o de novo.", code="file_gone") from problem
