"""Who a campaign would write to, as one query: the check page counts it, the preview reads a row of it, the launch
freezes it. One place, so that the three can't disagree.

A person is in the audience once, whatever lists they are in. Out of it fall, in this order: who asked not to be
written to, who heard from this account within the campaign's repeat guard, who has had the account's messages of a
week, and who has nothing in a variable that nobody gave another text for. The sender asks again for each message.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, Subquery, and_, case, func, literal, null, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from models.accounts import Tenant
from models.campaigns import Campaign, CampaignContact, CampaignList, ContactStatus
from models.leads import Lead, LeadList, LeadListMember, Suppression
from models.privacy import PlatformSuppression
from services.campaigns.rendering import (
    BUILT_IN,
    CATEGORY,
    CITY,
    EMAIL,
    FIRST_NAME,
    NAME,
    PHONE,
    canonical,
    placeholders,
)

LARGE: Final = 5_000
"""People in a campaign's lists from which on its queries are many people's work: they leave the web request, and don't
rely on statistics."""


FEW: Final = 200
"""Up to so many people loops within loops cost nothing that anybody would notice."""

WEEK: Final = timedelta(days=7)
_PLANNED: Final = "planned_for_many"


class Reason(StrEnum):
    """Why a row of the ledger was never sent."""

    OPT_OUT = "opt_out"
    REPEAT_GUARD = "repeat_guard"
    FREQUENCY_CAP = "frequency_cap"
    MISSING_VARIABLE = "missing_variable"


WRITTEN_TO: Final = (
    ContactStatus.SENDING,
    ContactStatus.SENT,
    ContactStatus.DELIVERED,
    ContactStatus.READ,
    ContactStatus.UNCONFIRMED,
)
"""Rows whose person has, or may have, a message of ours."""


@dataclass(frozen=True, slots=True)
class Variables:
    """What the texts use. `used` are canonical names, `spellings` the written ones, `bare` the known ones that stand
    somewhere without a fallback of their own, `needed` those of them the campaign has no fallback for either;
    `columns` are the spellings each imported column has in `leads.extra`."""

    used: Sequence[str] = ()
    spellings: Mapping[str, str] = field(default_factory=dict)
    bare: Sequence[str] = ()
    needed: frozenset[str] = frozenset()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def unknown(self) -> list[str]:
        """As written: variables that are no column of any person in the chosen lists."""
        return [self.spellings[name] for name in self.used if name not in BUILT_IN and name not in self.columns]

    @property
    def frozen(self) -> list[str]:
        """Those kept with each recipient; name and phone have columns of their own."""
        return [name for name in self.used if name not in (NAME, FIRST_NAME, PHONE)]


_IN_COLUMNS: Final = {NAME: Lead.name, FIRST_NAME: Lead.name, PHONE: Lead.phone, EMAIL: Lead.email, CITY: Lead.city,
                      CATEGORY: Lead.category}  # fmt: skip


def read_variables(
    session: Session, tenant_id: int, campaign_id: int, texts: Iterable[str], fallbacks: Iterable[str]
) -> Variables:
    """What these texts use, against the columns the campaign's people have."""
    found = [one for text in texts for one in placeholders(text)]
    spellings: dict[str, str] = {}
    for one in found:
        spellings.setdefault(one.name, one.written)
    spare = {canonical(name) for name in fallbacks}
    imported = spellings.keys() - set(BUILT_IN)
    columns = columns_of_audience(session, tenant_id, campaign_id) if imported else {}
    known = {*BUILT_IN, *columns}
    bare = tuple(dict.fromkeys(one.name for one in found if one.fallback is None and one.name in known))
    return Variables(tuple(spellings), spellings, bare, frozenset(bare) - spare, columns)


def columns_of_audience(session: Session, tenant_id: int, campaign_id: int) -> dict[str, list[str]]:
    """Canonical name -> spellings of every imported column among the people of the campaign's lists."""
    people = (
        _people(tenant_id, campaign_id).with_only_columns(func.jsonb_object_keys(Lead.extra).label("key")).subquery()
    )
    return _by_name(session.scalars(select(people.c.key).distinct().order_by(people.c.key)))


def has_people_of_source(session: Session, campaign: Campaign, source: str) -> bool:
    """Whether the campaign's lists hold anybody who came this way (`leads.source`)."""
    people = _people(campaign.tenant_id, campaign.id).where(Lead.source == source)
    return session.scalar(people.with_only_columns(Lead.id).limit(1)) is not None


def columns_of_tenant(session: Session, tenant_id: int, *, newest: int = 2000) -> dict[str, list[str]]:
    """The same from the tenant's newest leads, to offer while no list has been chosen yet."""
    recent = (
        select(func.jsonb_object_keys(Lead.extra).label("key"))
        .where(Lead.tenant_id == tenant_id)
        .order_by(Lead.id.desc())
        .limit(newest)
        .subquery()
    )
    return _by_name(session.scalars(select(recent.c.key).distinct().order_by(recent.c.key)))


def audience(campaign: Campaign, variables: Variables, now: datetime) -> Subquery:
    """One row a person: id, phone, phone_key, name, legal_basis, source, variables (JSON), status and reason as the
    ledger would have them, and `empty_N` for the Nth of `variables.bare`."""
    tenant_id, campaign_id = campaign.tenant_id, campaign.id
    empties = {name: _value_of(name, variables) == "" for name in variables.bare}
    left_alone = _LeftAlone(tenant_id)
    # Made once each: without statistics PostgreSQL takes them for a row or two and would make them for every person.
    people = _people(tenant_id, campaign_id).with_only_columns(Lead.id, Lead.phone_key).cte("people")
    people = people.prefix_with("MATERIALIZED", dialect="postgresql")
    heard = _heard(campaign, select(people.c.phone_key), now)
    most = select(Tenant.messages_per_person_week).where(Tenant.id == tenant_id).scalar_subquery()
    refusals = {
        Reason.OPT_OUT: left_alone.is_wanted,
        Reason.REPEAT_GUARD: func.coalesce(heard.c.lately, literal(False)),
        # None allows any number; who had no message at all is not in `heard`.
        Reason.FREQUENCY_CAP: func.coalesce(func.coalesce(heard.c.this_week, 0) >= most, literal(False)),
    }
    is_incomplete = or_(literal(False), *(empties[name] for name in variables.bare if name in variables.needed))
    return (
        left_alone.joined(select(Lead).where(Lead.tenant_id == tenant_id, Lead.id.in_(select(people.c.id))))
        .outerjoin(heard, heard.c.phone_key == Lead.phone_key)
        .with_only_columns(
            Lead.id,
            Lead.phone,
            Lead.phone_key,
            Lead.name,
            Lead.legal_basis,
            Lead.source,
            _frozen(variables).label("variables"),
            *_verdict(refusals, is_incomplete),
            *(empty.label(f"empty_{number}") for number, empty in enumerate(empties.values())),
        )
        .subquery("audience")
    )


class _LeftAlone:
    """Who must not be written to, by this account or by anybody, by phone or e-mail. Joined, not asked for each person:
    all four are unique, and without statistics an EXISTS read all of an account's opt-outs for each of its people."""

    def __init__(self, tenant_id: int) -> None:
        self._tenant_id = tenant_id
        self._own = aliased(Suppression), aliased(Suppression)
        self._everybodys = aliased(PlatformSuppression), aliased(PlatformSuppression)

    def joined(self, leads: Select[Any]) -> Select[Any]:
        """The leads with what is said of them, if anything."""
        for one in (self._own[0], self._everybodys[0]):
            leads = leads.outerjoin(one, and_(*self._in_account(one), one.phone_key == Lead.phone_key))
        for one in (self._own[1], self._everybodys[1]):
            leads = leads.outerjoin(one, and_(*self._in_account(one), one.email == func.lower(Lead.email)))
        return leads

    @property
    def is_wanted(self) -> ColumnElement[bool]:
        """True where any of them says something."""
        return or_(*(one.id.is_not(None) for one in (*self._own, *self._everybodys)))

    def _in_account(self, one: Any) -> list[ColumnElement[bool]]:
        return [one.tenant_id == self._tenant_id] if one in self._own else []


def _verdict(refusals: Mapping[Reason, ColumnElement[bool]], is_incomplete: ColumnElement[bool]) -> list[Any]:
    """Status and reason as the ledger would have them: the first refusal that holds, then a missing variable."""
    status = case(
        (or_(*refusals.values()), ContactStatus.SUPPRESSED.value),
        (is_incomplete, ContactStatus.INVALID.value),
        else_=ContactStatus.PENDING.value,
    )
    reasons = [(holds, reason.value) for reason, holds in refusals.items()]
    reason = case(*reasons, (is_incomplete, Reason.MISSING_VARIABLE.value), else_=null())
    return [status.label("status"), reason.label("reason")]


@contextmanager
def planned_for_many(session: Session, lists: Sequence[LeadList]) -> Iterator[None]:
    """Ask about a large audience without nested loops over whole tables. What was imported a minute ago has no
    statistics yet: PostgreSQL takes it for a handful of rows, and 100,000 people then cost ten minutes instead of a
    second. A few people in a large account are better served by the loops."""
    if sum(one.lead_count for one in lists) <= FEW or session.info.get(_PLANNED):
        yield
        return
    session.info[_PLANNED] = True
    try:
        _plan_loops(session, "off")
        yield
        # When the work raised, the transaction is undone and these settings with it.
        _plan_loops(session, "on")
    finally:
        session.info[_PLANNED] = False


def _plan_loops(session: Session, value: str) -> None:
    session.execute(select(*(func.set_config(name, value, True) for name in ("enable_nestloop", "enable_seqscan"))))


def _people(tenant_id: int, campaign_id: int) -> Select[Any]:
    members = (
        select(LeadListMember.lead_id)
        .join(
            CampaignList,
            and_(CampaignList.tenant_id == LeadListMember.tenant_id, CampaignList.list_id == LeadListMember.list_id),
        )
        .join(LeadList, and_(LeadList.tenant_id == CampaignList.tenant_id, LeadList.id == CampaignList.list_id))
        .where(
            LeadListMember.tenant_id == tenant_id,
            CampaignList.tenant_id == tenant_id,
            CampaignList.campaign_id == campaign_id,
            LeadList.deleted_at.is_(None),
        )
    )
    return select(Lead).where(Lead.tenant_id == tenant_id, Lead.id.in_(members))


def _value_of(name: str, variables: Variables) -> ColumnElement[str]:
    """A person's value: a column, or the first spelling of an imported column that says something."""
    if name in _IN_COLUMNS:
        return func.btrim(_IN_COLUMNS[name])
    spellings = variables.columns.get(name, ())
    values = [func.nullif(func.btrim(Lead.extra[key].astext), "") for key in spellings]
    return func.coalesce(*values, "")


def _frozen(variables: Variables) -> ColumnElement[Any]:
    pairs = [part for name in variables.frozen for part in (literal(name), _value_of(name, variables))]
    return func.jsonb_build_object(*pairs, type_=JSONB)


def _heard(campaign: Campaign, phone_keys: Select[str], now: datetime) -> CTE:
    """What these people were sent lately, once over the ledger's rows of all of them: how much within a week, and
    whether another campaign wrote within the repeat guard. A message counts from its claim on, as for the sender: it
    may have arrived."""
    guard = timedelta(days=campaign.repeat_guard_days or 0)
    oldest = now - max(WEEK, guard)
    is_another = and_(CampaignContact.campaign_id != campaign.id, CampaignContact.claimed_at > now - guard)
    return (
        select(
            CampaignContact.phone_key,
            func.count().filter(CampaignContact.claimed_at > now - WEEK).label("this_week"),
            func.bool_or(is_another if guard else literal(False)).label("lately"),
        )
        .where(
            CampaignContact.tenant_id == campaign.tenant_id,
            CampaignContact.claimed_at > oldest,
            CampaignContact.status.in_(WRITTEN_TO),
            CampaignContact.phone_key.in_(phone_keys),
        )
        .group_by(CampaignContact.phone_key)
        .cte("heard")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )


def _by_name(keys: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        if canonical(key):
            found[canonical(key)].append(key)
    return dict(found)
