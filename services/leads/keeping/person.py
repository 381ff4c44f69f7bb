"""One lead: added by hand, changed, left alone, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import Conflict, InvalidInput
from core.phone import Phone, from_whatsapp_link, parse
from models.leads import Lead, LeadList, LeadListMember, LegalBasis, Suppression
from services.accounts import entitlement_of, require_live_licence
from services.audit import record_audit
from services.leads.finding import suppressed_among
from services.leads.forgetting import hash_suppressions
from services.leads.hashing import forgotten_among
from services.leads.keeping import sql
from services.leads.keeping.tags import set_tags, tags_in
from services.leads.limits import MAX_CELL_CHARS
from services.leads.merging import PlanIsFull, rows_of
from services.leads.refusals import LeadNotFound
from services.leads.suppressions import Entry, suppress_entry
from services.leads.text import MAX_EMAIL_CHARS, clean, is_email, one_line, variable_name

MOST_EXTRAS: Final = 200
FORGOTTEN: Final = (
    "Esta pessoa pediu para não receber mais nada e foi apagada. Se ela mudou de ideia, tire o número da lista de não "
    "perturbe antes de incluí-la."
)
_LONGEST: Final = {"name": 200, "email": MAX_EMAIL_CHARS, "city": 120, "category": 120}


class AlreadyLead(Conflict):
    """The number is a lead's already; `lead_id` says whose."""

    code = "already_lead"

    def __init__(self, lead: Lead) -> None:
        self.lead_id = lead.id
        sentence = f"Este número já está nos seus leads, como “{lead.name or lead.phone}”. Abra e edite por lá."
        super().__init__(sentence, fields={"phone": [sentence]})


@dataclass(frozen=True, slots=True)
class PersonInput:
    """What is said of a person; `tags` with commas between them, None = leave them as they are."""

    name: str = ""
    email: str = ""
    city: str = ""
    category: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    tags: str | None = None


def lead_of(session: Session, tenant_id: int, lead_id: int) -> Lead:
    """One lead; LeadNotFound for a stranger's."""
    found = session.execute(select(Lead).where(Lead.tenant_id == tenant_id, Lead.id == lead_id)).scalar_one_or_none()
    if found is None:
        raise LeadNotFound("Esta pessoa não existe ou foi apagada.")
    return found


def lists_of_lead(session: Session, tenant_id: int, lead_id: int) -> Sequence[LeadList]:
    """The live lists this person is in, by name."""
    return session.scalars(
        select(LeadList)
        .join(
            LeadListMember,
            (LeadListMember.tenant_id == LeadList.tenant_id) & (LeadListMember.list_id == LeadList.id),
        )
        .where(
            LeadList.tenant_id == tenant_id,
            LeadListMember.tenant_id == tenant_id,
            LeadListMember.lead_id == lead_id,
            LeadList.deleted_at.is_(None),
        )
        .order_by(LeadList.name)
    ).all()


def stopped_among(session: Session, tenant_id: int, leads: Sequence[Lead]) -> set[int]:
    """The ids of those who must not be written to, by phone or e-mail."""
    ids = [lead.id for lead in leads]
    found = select(Lead.id).where(Lead.tenant_id == tenant_id, Lead.id.in_(ids), suppressed_among(tenant_id))
    return set(session.scalars(found)) if ids else set()


def change_lead(
    session: Session, tenant_id: int, lead_id: int, said: PersonInput, *, actor: int | None, now: datetime
) -> Lead:
    """Say something else of a person; the phone is who they are and stays. InvalidInput names the fields."""
    lead = lead_of(session, tenant_id, lead_id)
    values, tags = _checked(said)
    for name, value in values.items():
        setattr(lead, name, value)
    lead.updated_at = now
    session.flush()
    if tags is not None:
        set_tags(session, tenant_id, lead_id, tags)
    record_audit(session, tenant_id, "leads.change", actor_user_id=actor, target=("lead", lead_id))
    return lead


def add_lead(
    session: Session,
    tenant_id: int,
    phone: str,
    basis: str,
    said: PersonInput,
    *,
    actor: int | None,
    now: datetime,
    source: str = "manual",
) -> Lead:
    """One person by hand (or a program's). InvalidInput names the fields; AlreadyLead, PlanIsFull, NoLiveLicence."""
    require_live_licence(session, tenant_id, now)
    found = from_whatsapp_link(phone) or parse(phone)
    problems: dict[str, list[str]] = {} if isinstance(found, Phone) else {"phone": [found.sentence]}
    if basis not in set(LegalBasis):
        problems["legal_basis"] = ["Diga por que você pode escrever para esta pessoa."]
    try:
        values, tags = _checked(said)
    except InvalidInput as refusal:
        raise InvalidInput(fields=problems | refusal.fields) from refusal
    if problems or not isinstance(found, Phone):
        raise InvalidInput(fields=problems)
    if forgotten_among(session, tenant_id, [found.key]):
        raise InvalidInput(fields={"phone": [FORGOTTEN]})
    _refuse_beyond_plan(session, tenant_id, now)
    identity = {"tenant_id": tenant_id, "phone": found.digits, "phone_key": found.key}
    made = session.scalar(
        insert(Lead)
        .values(**identity, **values, source=source, legal_basis=LegalBasis(basis))
        .on_conflict_do_nothing(index_elements=["tenant_id", "phone_key"])
        .returning(Lead.id)
    )
    if made is None:
        raise AlreadyLead(
            session.execute(select(Lead).where(Lead.tenant_id == tenant_id, Lead.phone_key == found.key)).scalar_one()
        )
    set_tags(session, tenant_id, made, tags or [])
    record_audit(session, tenant_id, "leads.add", actor_user_id=actor, target=("lead", made), legal_basis=basis)
    return lead_of(session, tenant_id, made)


def delete_lead(session: Session, tenant_id: int, lead_id: int, *, actor: int | None) -> Lead:
    """Take a person out of the account and of every list. What campaigns sent stays in their records, and who asked
    to be left alone stays in that list."""
    lead = lead_of(session, tenant_id, lead_id)
    delete_leads(session, tenant_id, [lead_id])
    record_audit(session, tenant_id, "leads.delete", actor_user_id=actor, target=("lead", lead_id))
    return lead


def delete_leads(session: Session, tenant_id: int, ids: Sequence[int]) -> int:
    """The same for many, without a line in the audit of its own -> how many there were. Who had asked to be left alone
    by phone is known by hash from now on: a file that brings them back doesn't bring them back here. A suppressed
    e-mail stays as it is, since others may share it."""
    keys = session.scalars(select(Lead.phone_key).where(Lead.tenant_id == tenant_id, Lead.id.in_(ids))).all()
    hash_suppressions(session, tenant_id, keys)
    return take_out(session, tenant_id, ids)


def take_out(session: Session, tenant_id: int, ids: Sequence[int]) -> int:
    """Only the rows of people, with what hangs on them -> how many: for a merge, which can be taken back."""
    values = {"tenant": tenant_id, "ids": list(ids)}
    session.execute(sql.LEAVE_ALL_LISTS, values)
    session.execute(sql.FORGET_MERGES, values)
    return rows_of(session, sql.DELETE_LEADS, values)


def suppress_lead(session: Session, tenant_id: int, lead_id: int, *, actor: int | None) -> Lead:
    """Never write to this person again."""
    lead = lead_of(session, tenant_id, lead_id)
    suppress_entry(session, tenant_id, Entry(phone=f"+{lead.phone}"), actor=actor)
    return lead


def unsuppress_lead(session: Session, tenant_id: int, lead_id: int, *, actor: int | None) -> Lead:
    """Let this person be written to again, whichever way they had been left alone."""
    lead = lead_of(session, tenant_id, lead_id)
    same = or_(Suppression.phone_key == lead.phone_key, Suppression.email == lead.email.lower())
    session.execute(delete(Suppression).where(Suppression.tenant_id == tenant_id, same))
    record_audit(session, tenant_id, "leads.unsuppress", actor_user_id=actor, target=("lead", lead_id))
    return lead


def _checked(said: PersonInput) -> tuple[dict[str, Any], list[str] | None]:
    """The columns and tags as they are kept; InvalidInput."""
    values: dict[str, Any] = {name: one_line(clean(getattr(said, name))) for name in _LONGEST}
    problems = {name: [f"Use até {most} letras."] for name, most in _LONGEST.items() if len(values[name]) > most}
    if values["email"] and not is_email(values["email"]):
        problems.setdefault("email", ["Este e-mail não é válido."])
    if len(said.extra) > MOST_EXTRAS:
        problems["extra"] = [f"Use até {MOST_EXTRAS} campos."]
    if problems:
        raise InvalidInput(fields=problems)
    values["extra"] = {
        variable_name(name, at): clean(str(value))[:MAX_CELL_CHARS]
        for at, (name, value) in enumerate(said.extra.items(), 1)
        if str(value).strip()
    }
    return values, None if said.tags is None else tags_in(said.tags)


def _refuse_beyond_plan(session: Session, tenant_id: int, now: datetime) -> None:
    most = entitlement_of(session, tenant_id, now).max_leads
    held = session.scalar(select(func.count()).select_from(Lead).where(Lead.tenant_id == tenant_id)) or 0
    if held >= most:
        raise PlanIsFull("Seu plano não guarda mais leads. Apague quem não usa ou mude de plano.")
