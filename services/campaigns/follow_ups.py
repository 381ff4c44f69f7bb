"""Follow-ups: the later steps of a campaign, each a campaign of its own with a parent. Written, started, paused,
resumed and cancelled with it; the sender brings their people (`services.sending.follow_up`)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from models.campaigns import (
    ACTIVE,
    Campaign,
    CampaignCounts,
    CampaignDay,
    CampaignMessage,
    CampaignStatus,
    LogType,
)
from models.states import NotAllowedNow
from services.campaigns.figures import success_rate
from services.campaigns.find import campaign_of, steps_of
from services.campaigns.follow_up_input import FollowUpInput
from services.campaigns.input import NAME_CHARS, CampaignInput
from services.campaigns.logbook import write_log

ENDED: Final = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})
OF_ITS_CAMPAIGN: Final = "Esta é uma etapa de outra campanha. Faça isto na campanha principal."


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A step with its counters and texts. `next_day` is the tenant's next day on which people come, `next_people` how
    many at most (those who answer meanwhile don't); None and 0 while nobody is due."""

    campaign: Campaign
    counts: CampaignCounts
    messages: Sequence[CampaignMessage]
    next_day: date | None = None
    next_people: int = 0

    @property
    def success_rate(self) -> float:
        """In percent."""
        return success_rate(self.counts)


def write_steps(
    session: Session, parent: Campaign, said: CampaignInput, columns: dict[str, Any], now: datetime
) -> list[tuple[Campaign, FollowUpInput]]:
    """Make the parent's steps what was said: rows written, in their order, for the caller to write their texts and
    numbers. InvalidInput for taking away one that has people: what they were sent stays told."""
    there = {step.step: step for step in steps_of(session, parent.tenant_id, [parent.id])}
    written = []
    for number, wanted in enumerate(said.follow_ups, 1):
        step = there.get(number) or _new_step(session, parent, number, now)
        for name, value in columns.items():
            setattr(step, name, value)
        step.name = f"{said.name[: NAME_CHARS - 12].rstrip()} (etapa {number})"
        step.description, step.schedule_at = "", None
        step.variable_fallbacks = dict(said.fallbacks)
        step.after_days, step.stop_on_reply = wanted.after_days, wanted.stop_on_reply
        step.updated_at = now
        written.append((step, wanted))
    session.flush()
    for number in sorted(there.keys() - set(range(1, len(written) + 1))):
        _remove(session, there[number])
    return written


def start_steps(session: Session, parent: Campaign, *, actor: int | None, now: datetime) -> None:
    """With the parent's launch: they run from now on, and wait for their people."""
    for step in steps_of(session, parent.tenant_id, [parent.id]):
        step.status, step.started_at = CampaignStatus.RUNNING, now
        write_log(session, step.tenant_id, step.id, LogType.STARTED, "Etapa iniciada.", actor=actor)
    session.flush()


def move_steps(
    session: Session,
    parent: tuple[int, int],
    sources: Collection[CampaignStatus],
    target: CampaignStatus,
    **values: Any,
) -> list[int]:
    """The parent's move, for those of its steps that are in one of these states -> which moved, by ascending id (the
    sender takes the locks on campaigns in that order too)."""
    tenant_id, parent_id = parent
    moving = session.scalars(
        select(Campaign.id)
        .where(Campaign.tenant_id == tenant_id, Campaign.parent_id == parent_id, Campaign.status.in_(sources))
        .order_by(Campaign.id)
        .with_for_update(key_share=True)
    ).all()
    if moving:
        session.execute(
            update(Campaign)
            .where(Campaign.tenant_id == tenant_id, Campaign.id.in_(moving))
            .values(status=target, **values)
            .execution_options(synchronize_session=False)
        )
    return list(moving)


def refuse_step(campaign: Campaign) -> None:
    """NotAllowedNow for what only a whole campaign can do."""
    if campaign.parent_id is not None:
        raise NotAllowedNow(OF_ITS_CAMPAIGN)


def refuse_with_live_steps(session: Session, campaign: Campaign) -> None:
    """NotAllowedNow while a step may still send."""
    if any(step.status in ACTIVE for step in steps_of(session, campaign.tenant_id, [campaign.id])):
        raise NotAllowedNow("Uma etapa desta campanha ainda vai enviar. Pause ou cancele a etapa antes de apagar.")


def refuse_before_parent(session: Session, step: Campaign) -> None:
    """NotAllowedNow when the step's campaign is paused or cancelled: it decides."""
    if step.parent_id is None:
        return
    if campaign_of(session, step.tenant_id, step.parent_id).status in (CampaignStatus.PAUSED, CampaignStatus.CANCELLED):
        raise NotAllowedNow("A campanha desta etapa está pausada ou cancelada. Continue por ela.")


def follow_ups_of(
    session: Session, tenant_id: int, campaign_ids: Sequence[int], now: datetime
) -> dict[int, list[FollowUp]]:
    """The steps of these campaigns in their order; four queries for all of them."""
    found: dict[int, list[FollowUp]] = {one: [] for one in campaign_ids}
    steps = steps_of(session, tenant_id, campaign_ids)
    if not steps:
        return found
    ids = [step.id for step in steps]
    messages: dict[int, list[CampaignMessage]] = {one: [] for one in ids}
    for message in session.scalars(
        select(CampaignMessage)
        .where(CampaignMessage.tenant_id == tenant_id, CampaignMessage.campaign_id.in_(ids))
        .order_by(CampaignMessage.campaign_id, CampaignMessage.position)
    ):
        messages[message.campaign_id].append(message)
    query = select(CampaignCounts).where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id.in_(ids))
    counts = {one.campaign_id: one for one in session.scalars(query.execution_options(populate_existing=True))}
    sent = _sent_by_day(session, tenant_id, [*campaign_ids, *ids])
    source = dict.fromkeys(campaign_ids, 0)
    for step in steps:
        parent_id = step.parent_id or 0
        day, people = _next_people(step, sent.get(source[parent_id] or parent_id, {}), now)
        found[parent_id].append(FollowUp(step, counts[step.id], messages[step.id], day, people))
        source[parent_id] = step.id
    return found


def _new_step(session: Session, parent: Campaign, number: int, now: datetime) -> Campaign:
    """A step of a campaign that has started is as far as it is: paused, since only then it may be edited."""
    has_started = parent.started_at is not None
    step = Campaign(tenant_id=parent.tenant_id, parent_id=parent.id, step=number, created_by=parent.created_by, name="")
    step.status = parent.status if has_started else CampaignStatus.DRAFT
    step.started_at = now if has_started else None
    session.add(step)
    session.flush()
    session.add(CampaignCounts(tenant_id=step.tenant_id, campaign_id=step.id))
    return step


def _remove(session: Session, step: Campaign) -> None:
    people = select(CampaignCounts.total).where(
        CampaignCounts.tenant_id == step.tenant_id, CampaignCounts.campaign_id == step.id
    )
    if session.scalar(people):
        sentence = f"A etapa {step.step} já tem pessoas. Cancele-a na página da campanha em vez de tirar."
        raise InvalidInput(fields={"follow_ups": [sentence]})
    session.expunge(step)
    session.execute(select(func.delete_campaign(step.tenant_id, step.id, None)))


def _sent_by_day(session: Session, tenant_id: int, campaign_ids: Sequence[int]) -> dict[int, dict[date, int]]:
    rows = session.execute(
        select(CampaignDay.campaign_id, CampaignDay.day, func.sum(CampaignDay.sent))
        .where(
            CampaignDay.tenant_id == tenant_id,
            CampaignDay.campaign_id.in_(campaign_ids),
            CampaignDay.instance_id != 0,
            CampaignDay.sent > 0,
        )
        .group_by(CampaignDay.campaign_id, CampaignDay.day)
        .order_by(CampaignDay.day)
    )
    found: dict[int, dict[date, int]] = {}
    for campaign_id, day, sent in rows:
        found.setdefault(campaign_id, {})[day] = int(sent)
    return found


def _next_people(step: Campaign, sent: dict[date, int], now: datetime) -> tuple[date | None, int]:
    """From the days on which the step before was sent: whole days, since nobody plans by the minute here."""
    if step.status in ENDED or step.after_days is None:
        return None, 0
    wait = timedelta(days=step.after_days)
    seen = (step.arrived_until or datetime.min.replace(tzinfo=now.tzinfo)).date()
    for day, people in sent.items():
        if day >= seen:
            return max(day + wait, now.date()), people
    return None, 0
