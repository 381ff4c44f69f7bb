"""From the transaction's staged people into the tenant's tables: all of them or none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ClauseElement, CursorResult, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict
from models.leads import Lead, LeadList
from services.leads import sql
from services.leads.consent import NOT_SAID, Permission
from services.leads.places import keep_places
from services.leads.staging import LEGAL_BASES, Verdict

PEOPLE_A_STEP: Final = 50_000
"""About a second of work between two signs of life."""


class PlanIsFull(Conflict):
    """The new people don't fit; nothing was written."""

    code = "plan_limit_leads"


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows go and what is said of them."""

    tenant_id: int
    import_id: int
    list_id: int
    basis: str
    source: str = "import"
    permission: Permission = NOT_SAID


def refuse_beyond_plan(session: Session, tenant_id: int, verdict: Verdict, *, max_leads: int) -> None:
    """PlanIsFull unless every new person fits. Counted while the tenant's leads are locked, so that two
    imports can't both fit."""
    if not verdict.new_people:
        return
    held = session.scalar(select(func.count()).select_from(Lead).where(Lead.tenant_id == tenant_id)) or 0
    if held + verdict.new_people > max_leads:
        raise PlanIsFull(
            f"Seu plano guarda até {_dotted(max_leads)} leads: você tem {_dotted(held)} e este arquivo traz "
            f"{_dotted(verdict.new_people)} novos. Apague listas que não usa, mude de plano ou envie um arquivo menor."
        )


def find_or_make_list(session: Session, tenant_id: int, name: str) -> tuple[int, bool]:
    """The live list of this name -> (id, whether it was made now). Two at once end up in the same list."""
    made = session.scalar(
        insert(LeadList)
        .values(tenant_id=tenant_id, name=name)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"], index_where=LeadList.deleted_at.is_(None))
        .returning(LeadList.id)
    )
    if made is not None:
        return made, True
    found = session.execute(
        select(LeadList.id).where(LeadList.tenant_id == tenant_id, LeadList.name == name, LeadList.deleted_at.is_(None))
    )
    return found.scalar_one(), False


def merge(session: Session, target: Target, verdict: Verdict, *, tick: Callable[[int], None]) -> None:
    """Write the staged people: new leads, changed leads (what they said before is kept for the undo), members of
    the list and its count. A person who stays as they are isn't touched, so importing again costs little."""
    joined = 0
    for first in range(1, verdict.people + 1, PEOPLE_A_STEP):
        last = min(first + PEOPLE_A_STEP - 1, verdict.people)
        joined += _merge_step(session, target, first, last)
        tick(last)
    keep_places(session, target.tenant_id, target.import_id)
    session.execute(
        update(LeadList)
        .where(LeadList.tenant_id == target.tenant_id, LeadList.id == target.list_id)
        .values(lead_count=LeadList.lead_count + joined)
    )


def refresh_statistics(session: Session) -> None:
    """Tell the planner of the new rows, after the commit that made them visible; half a second for a million."""
    session.execute(sql.ANALYZE_LEADS)


def keep_rejects(session: Session, tenant_id: int, import_id: int) -> None:
    """Replace what is kept of the import's refused rows by the staged ones."""
    values = {"tenant": tenant_id, "import": import_id}
    session.execute(sql.FORGET_REJECTS, values)
    session.execute(sql.KEEP_REJECTS, values)


def _merge_step(session: Session, target: Target, first: int, last: int) -> int:
    values = {
        "tenant": target.tenant_id,
        "import": target.import_id,
        "list": target.list_id,
        "basis": target.basis,
        "bases": LEGAL_BASES,
        "source": target.source,
        "first": first,
        "last": last,
        **target.permission.as_columns(),
    }
    _insert_new(session, values)
    if rows_of(session, sql.REMEMBER_CHANGED, values):
        session.execute(sql.UPDATE_CHANGED, values)
    return rows_of(session, sql.JOIN_NEW, values) + rows_of(session, sql.JOIN_KNOWN, values)


def _insert_new(session: Session, values: dict[str, Any]) -> None:
    try:
        with session.begin_nested():
            session.execute(sql.INSERT_NEW, values)
    except IntegrityError:
        session.execute(sql.INSERT_NEW_CAREFULLY, values)
        session.execute(sql.FIND_RACED, values)


def rows_of(session: Session, statement: ClauseElement, values: dict[str, Any]) -> int:
    """How many rows a statement touched."""
    result = session.execute(statement, values)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)
    return int(result.rowcount)


def _dotted(number: int) -> str:
    return f"{number:,}".replace(",", ".")
