"""A filter as conditions on the table of leads; the text apart, since it has a way of its own."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, union
from sqlalchemy.orm import Session

from models.campaigns import CampaignContact
from models.instances import NumberCheck
from models.leads import Lead, LeadListMember, Suppression
from models.leads_people import LeadTag
from models.privacy import PlatformSuppression
from services.leads.finding import sql
from services.leads.finding.filter import LeadFilter, Standing
from services.leads.finding.words import ACCENTED, PLAIN, bare, phone_in, pieces_of

MOST_VALUES: Final = 2_000
"""Different spellings of cities (or categories, or tags) that are looked through."""


def conditions_of(session: Session, tenant_id: int, asked: LeadFilter) -> list[ColumnElement[bool]]:
    """All but the text; the tenant's own comes first."""
    found: list[ColumnElement[bool]] = [Lead.tenant_id == tenant_id]
    if asked.list_id:
        found.append(_is_member(tenant_id, asked.list_id))
    if asked.city:
        found.append(Lead.city.in_(_spellings(session, tenant_id, sql.VALUES_OF_CITY, asked.city)))
    if asked.category:
        found.append(Lead.category.in_(_spellings(session, tenant_id, sql.VALUES_OF_CATEGORY, asked.category)))
    if asked.tag:
        tagged = select(LeadTag.lead_id).where(LeadTag.tenant_id == tenant_id, LeadTag.tag == asked.tag)
        found.append(Lead.id.in_(tagged))
    found += _own_columns(asked)
    found += _standing(session, tenant_id, asked.status)
    found += _history(tenant_id, asked)
    return found


def text_conditions(query: str) -> list[ColumnElement[bool]]:
    """The text on the leads themselves: for the few that the search's copy can't answer for."""
    whole = phone_in(query)
    if whole is not None:
        return [Lead.phone_key == whole.key]
    words = [func.translate(func.lower(own), ACCENTED, PLAIN) for own in (Lead.name, Lead.email)] + [Lead.phone]
    return [or_(*(word.contains(piece, autoescape=True) for word in words)) for piece in pieces_of(query)]


def values_of(session: Session, tenant_id: int, column: str, *, most: int = MOST_VALUES) -> list[str]:
    """The different cities, categories or tags of a tenant, for a menu; the first `most` by name."""
    statement = {"city": sql.VALUES_OF_CITY, "category": sql.VALUES_OF_CATEGORY, "tag": sql.VALUES_OF_TAG}[column]
    return list(session.scalars(statement, {"tenant": tenant_id, "most": most}))


def suppressed_among(tenant_id: int) -> ColumnElement[bool]:
    """Whether a lead must not be written to, by phone or e-mail, by this account or by anybody."""
    mine, everybodys = Suppression.tenant_id == tenant_id, PlatformSuppression
    by_email, has_email = func.lower(Lead.email), Lead.email != ""
    return or_(
        exists().where(mine, Suppression.phone_key == Lead.phone_key),
        exists().where(mine, has_email, Suppression.email == by_email),
        exists().where(everybodys.phone_key == Lead.phone_key),
        exists().where(has_email, everybodys.email == by_email),
    )


def _spellings(session: Session, tenant_id: int, statement: Any, wanted: str) -> Sequence[str]:
    """The values that are the wanted one but for capitals and accents."""
    values: Iterable[str] = session.scalars(statement, {"tenant": tenant_id, "most": MOST_VALUES})
    return [value for value in values if bare(value) == bare(wanted)] or [wanted]


def _is_member(tenant_id: int, list_id: int) -> ColumnElement[bool]:
    members = select(LeadListMember.lead_id).where(
        LeadListMember.tenant_id == tenant_id, LeadListMember.list_id == list_id
    )
    return Lead.id.in_(members)


def _own_columns(asked: LeadFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.source:
        found.append(Lead.source == asked.source)
    if asked.source and asked.source != "import":
        found.append(Lead.source != "import")
    if asked.legal_basis:
        found.append(Lead.legal_basis == asked.legal_basis)
    return found


def _standing(session: Session, tenant_id: int, status: str) -> list[ColumnElement[bool]]:
    has_none = select(NumberCheck.phone_key).where(NumberCheck.tenant_id == tenant_id, ~NumberCheck.has_whatsapp)
    if status == Standing.INVALID:
        return [Lead.phone_key.in_(has_none)]
    if status == Standing.SUPPRESSED:
        return [Lead.id.in_(_suppressed_ids(session, tenant_id))]
    if status == Standing.REACHABLE:
        unreachable = exists().where(
            NumberCheck.tenant_id == tenant_id,
            NumberCheck.phone_key == Lead.phone_key,
            ~NumberCheck.has_whatsapp,
        )
        return [~suppressed_among(tenant_id), ~unreachable]
    return []


def _suppressed_ids(session: Session, tenant_id: int) -> Any:
    """From the suppressions to the leads, which are many more. An e-mail is looked for among all leads (no index holds
    them), so only where one is suppressed."""
    other = Lead.__table__.alias("same_person")
    mine = other.c.tenant_id == tenant_id
    found = []
    for one in (Suppression, PlatformSuppression):
        told = [Suppression.tenant_id == tenant_id] if one is Suppression else []
        found.append(select(other.c.id).where(mine, *told, other.c.phone_key == one.phone_key))
        if session.scalar(select(exists().where(*told, one.email.is_not(None)))):
            same = func.lower(other.c.email) == one.email
            found.append(select(other.c.id).where(mine, *told, other.c.email != "", same))
    return union(*found)


def _history(tenant_id: int, asked: LeadFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for wanted, moment in ((asked.contacted, CampaignContact.sent_at), (asked.replied, CampaignContact.replied_at)):
        if wanted == "yes":
            keys = select(CampaignContact.phone_key).where(CampaignContact.tenant_id == tenant_id, moment.is_not(None))
            found.append(Lead.phone_key.in_(keys))
        if wanted == "no":
            same = and_(
                CampaignContact.tenant_id == tenant_id,
                CampaignContact.phone_key == Lead.phone_key,
                moment.is_not(None),
            )
            found.append(~exists().where(same))
    return found
