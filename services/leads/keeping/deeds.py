"""One deed on many leads: on those ticked at once, on everybody a filter finds in steps of a worker's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from core.queue import enqueue_after_commit
from models.leads import Lead
from models.leads_people import DeedStatus, LeadDeed
from services.audit import record_audit
from services.leads.finding import LeadFilter, ids_of_people
from services.leads.keeping import sql
from services.leads.keeping.person import delete_leads
from services.leads.keeping.tags import tag_in
from services.leads.lists import list_of
from services.leads.locks import try_lock_leads
from services.leads.merging import rows_of

ACTIONS: Final = ("tag", "untag", "add_to_list", "move", "remove_from_list", "suppress", "delete")
DEED_IN_REQUEST: Final = 1_000
"""More people than this are a worker's: a second or more."""
STEP: Final = 2_000
RUN: Final = "jobs.leads.run_deed"


class DeedNotFound(NotFound):
    """No such deed."""

    code = "deed_not_found"
    message = "Esta ação não existe."


@dataclass(frozen=True, slots=True)
class Deed:
    """What to do: `tag` for tag and untag, `list_id` for the target list, `from_list_id` for the list to leave."""

    action: str
    tag: str = ""
    list_id: int | None = None
    from_list_id: int | None = None


def do_deed(session: Session, tenant_id: int, deed: Deed, ids: Sequence[int], *, actor: int | None) -> int:
    """On these people now, in the caller's transaction -> for how many it changed something. InvalidInput,
    ListNotFound; LeadsBusy when leads are deleted while an import writes."""
    deed = _checked(session, tenant_id, deed)
    done = _do(session, tenant_id, deed, ids)
    _record(session, tenant_id, deed, done, actor)
    return done


def start_deed(session: Session, tenant_id: int, deed: Deed, asked: LeadFilter, *, actor: int | None) -> LeadDeed:
    """On everybody the filter finds; a worker goes through them."""
    deed = _checked(session, tenant_id, deed)
    first, last = session.execute(select(func.min(Lead.id), func.max(Lead.id)).where(Lead.tenant_id == tenant_id)).one()
    made = LeadDeed(
        tenant_id=tenant_id,
        action=deed.action,
        tag=deed.tag,
        list_id=deed.list_id,
        from_list_id=deed.from_list_id,
        filter=asked.asked(),
        first_id=first or 0,
        after_id=(first or 1) - 1,
        last_id=last or 0,
        created_by=actor,
    )
    session.add(made)
    session.flush()
    enqueue_after_commit(session, RUN, tenant_id, made.id)
    return made


def deed_of(session: Session, tenant_id: int, deed_id: int) -> LeadDeed:
    """One deed; DeedNotFound for a stranger's."""
    found = session.execute(
        select(LeadDeed).where(LeadDeed.tenant_id == tenant_id, LeadDeed.id == deed_id)
    ).scalar_one_or_none()
    if found is None:
        raise DeedNotFound
    return found


def open_deeds(session: Session) -> list[tuple[int, int]]:
    """Deeds not finished -> (tenant, deed). For the clock, in system scope: a killed worker's goes on."""
    rows = session.execute(
        select(LeadDeed.tenant_id, LeadDeed.id).where(LeadDeed.status.in_([DeedStatus.WAITING, DeedStatus.RUNNING]))
    )
    return [(row.tenant_id, row.id) for row in rows]


def run_deed_step(session: Session, tenant_id: int, deed_id: int, *, now: datetime) -> bool:
    """The next people, in the caller's transaction: what is done and how far it came are committed together. True
    while there is more. The row is locked, so that two workers don't take the same step."""
    deed = session.execute(
        select(LeadDeed)
        .where(LeadDeed.tenant_id == tenant_id, LeadDeed.id == deed_id, LeadDeed.status != DeedStatus.FINISHED)
        .with_for_update()
    ).scalar_one_or_none()
    if deed is None:
        return False
    asked = LeadFilter.of(deed.filter)
    ids = ids_of_people(session, tenant_id, asked, after=deed.after_id, most=STEP)
    meant = [one for one in ids if one <= deed.last_id]
    done = _do(session, tenant_id, Deed(deed.action, deed.tag, deed.list_id, deed.from_list_id), meant)
    is_over = len(meant) < STEP
    values: dict[str, Any] = {"seen": LeadDeed.seen + len(meant), "done": LeadDeed.done + done}
    values |= {"status": DeedStatus.FINISHED, "finished_at": now} if is_over else {"status": DeedStatus.RUNNING}
    values["after_id"] = deed.last_id if is_over else meant[-1]
    session.execute(update(LeadDeed).where(LeadDeed.tenant_id == tenant_id, LeadDeed.id == deed_id).values(**values))
    if is_over:
        told = Deed(deed.action, deed.tag, deed.list_id, deed.from_list_id)
        _record(session, tenant_id, told, deed.done + done, deed.created_by)
    return not is_over


def _checked(session: Session, tenant_id: int, deed: Deed) -> Deed:
    if deed.action not in ACTIONS:
        raise InvalidInput(fields={"action": ["Escolha o que fazer com estas pessoas."]})
    tag = tag_in(deed.tag) if deed.action in ("tag", "untag") else ""
    target = deed.list_id if deed.action in ("add_to_list", "move") else None
    source = deed.from_list_id if deed.action in ("move", "remove_from_list") else None
    if deed.action in ("add_to_list", "move"):
        if target is None:
            raise InvalidInput(fields={"list_id": ["Escolha a lista."]})
        list_of(session, tenant_id, target)
    if deed.action in ("move", "remove_from_list"):
        if source is None:
            raise InvalidInput(fields={"action": ["Abra uma lista, ou filtre por ela, para tirar pessoas dela."]})
        list_of(session, tenant_id, source)
    return Deed(deed.action, tag, target, source)


def _do(session: Session, tenant_id: int, deed: Deed, ids: Sequence[int]) -> int:
    if not ids:
        return 0
    values = {"tenant": tenant_id, "ids": list(ids)}
    if deed.action in ("tag", "untag"):
        statement = sql.ADD_TAG if deed.action == "tag" else sql.REMOVE_TAG
        return rows_of(session, statement, values | {"tag": deed.tag})
    if deed.action == "suppress":
        return rows_of(session, sql.SUPPRESS, values)
    if deed.action == "delete":
        try_lock_leads(session, tenant_id)
        return delete_leads(session, tenant_id, ids)
    return _relist(session, values, deed)


def _relist(session: Session, values: dict[str, Any], deed: Deed) -> int:
    """Into the one list, out of the other; both counts go with it."""
    came = left = 0
    if deed.list_id is not None:
        came = rows_of(session, sql.JOIN_LIST, values | {"list": deed.list_id})
        session.execute(sql.SHIFT_COUNT, values | {"list": deed.list_id, "by": came})
    if deed.from_list_id is not None and deed.from_list_id != deed.list_id:
        left = rows_of(session, sql.LEAVE_LIST, values | {"list": deed.from_list_id})
        session.execute(sql.SHIFT_COUNT, values | {"list": deed.from_list_id, "by": -left})
    return max(came, left)


def _record(session: Session, tenant_id: int, deed: Deed, done: int, actor: int | None) -> None:
    record_audit(session, tenant_id, f"leads.many_{deed.action}", actor_user_id=actor, people=done, list=deed.list_id)
