"""People found by an extraction never gave anybody their number: a campaign that reaches any of them says how to leave
and writes to few a day, unless its owner chose another daily limit. What the other recipients are written to for is
counted beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypeVar

from sqlalchemy import Label, Subquery, func, select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.campaigns import Campaign, CampaignContact, ContactStatus
from models.leads import Lead, LegalBasis

SCRAPED: Final = "extraction"
SCRAPED_DAILY_LIMIT: Final = 50
"""Messages a day while the owner hasn't chosen a number: who is written to uninvited reports more often, and what a
number may bear is learnt with few."""


class _Limits(Protocol):
    """What is left of a day, as `check.Quota` says it."""

    @property
    def left_today(self) -> int: ...

    @property
    def day_limit(self) -> int: ...


LimitsT = TypeVar("LimitsT", bound=_Limits)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Recipients by legal basis (only those there are), how many were extracted, and what follows: `forces_exit_line`
    where the campaign had it off, `daily_limit` where it had none of its own."""

    by_basis: Mapping[LegalBasis, int] = field(default_factory=dict)
    scraped: int = 0
    forces_exit_line: bool = False
    daily_limit: int | None = None


def counted_grounds(people: Subquery) -> Sequence[Label[int]]:
    """Columns to count of an audience (`audience.audience`), for `grounds_of`."""
    is_recipient = people.c.status == ContactStatus.PENDING.value
    of_basis = [
        func.count().filter(is_recipient, people.c.legal_basis == basis).label(f"basis_{basis}") for basis in LegalBasis
    ]
    return [*of_basis, func.count().filter(is_recipient, people.c.source == SCRAPED).label("scraped")]


def grounds_of(campaign: Campaign, counted: Mapping[str, int]) -> Grounds:
    """What the counts mean for a campaign that hasn't been launched."""
    scraped = counted["scraped"]
    return Grounds(
        by_basis={basis: counted[f"basis_{basis}"] for basis in LegalBasis if counted[f"basis_{basis}"]},
        scraped=scraped,
        forces_exit_line=bool(scraped) and not campaign.exit_line,
        daily_limit=SCRAPED_DAILY_LIMIT if scraped and campaign.daily_limit is None else None,
    )


def narrowed(quota: LimitsT, grounds: Grounds) -> LimitsT:
    """The day's limits under the default of these people."""
    if grounds.daily_limit is None:
        return quota
    most = grounds.daily_limit
    narrow: LimitsT = replace(  # type: ignore[type-var]
        quota, left_today=min(quota.left_today, most), day_limit=min(quota.day_limit, most)
    )
    return narrow


def reaches_scraped(session: Session, campaign: Campaign) -> bool:
    """Whether anybody in the campaign was found by an extraction. An account without any costs one look at an index."""
    extracted = select(Lead.id).where(Lead.tenant_id == campaign.tenant_id, Lead.source == SCRAPED)
    if session.scalar(extracted.limit(1)) is None:
        return False
    there = select(CampaignContact.id).where(
        CampaignContact.tenant_id == campaign.tenant_id,
        CampaignContact.campaign_id == campaign.id,
        CampaignContact.lead_id.in_(extracted),
    )
    return session.scalar(there.limit(1)) is not None


def strict_values(session: Session, campaign: Campaign) -> dict[str, Any]:
    """Columns to change as a campaign starts whose people are written down; its follow-ups get the exit line too."""
    if not reaches_scraped(session, campaign):
        return {}
    steps = update(Campaign).where(Campaign.tenant_id == campaign.tenant_id, Campaign.parent_id == campaign.id)
    session.execute(steps.values(exit_line=True))
    limit = SCRAPED_DAILY_LIMIT if campaign.daily_limit is None else campaign.daily_limit
    return {"exit_line": True, "daily_limit": limit}


def refuse_to_hide_the_exit(session: Session, campaign: Campaign, *, exit_line: bool) -> None:
    """InvalidInput for taking the exit line from people of an extraction after the start."""
    if not exit_line and reaches_scraped(session, campaign):
        sentence = (
            "Há pessoas de uma extração nesta campanha. Deixe ligada a linha que diz como sair, ou duplique a campanha "
            "para listas sem elas."
        )
        raise InvalidInput(fields={"exit_line": [sentence]})
