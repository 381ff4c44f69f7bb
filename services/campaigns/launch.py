"""Launching: one INSERT ... SELECT freezes the audience; from then on the ledger row is the truth about a person.

Few people are frozen in the request that starts the campaign. More than 5,000 are left to the sender, in a thread: the
campaign is scheduled for now and says that it is being prepared. That launch holds no lock on the campaign's row while
it writes, so that pausing and cancelling never wait for it; it looks at the end whether it may still begin.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.wake import wake_sender_after_commit
from core.zones import zone_of_column
from models.campaigns import Campaign, CampaignContact, CampaignCounts, CampaignStatus, LogType, Severity
from models.states import NotAllowedNow
from services.audit import record_audit
from services.campaigns.audience import LARGE, audience, planned_for_many
from services.campaigns.check import (
    SENTENCES,
    Obstacle,
    Verdict,
    check_campaign,
    obstacles_to_launch,
    variables_of,
)
from services.campaigns.find import locked_campaign, parts_of
from services.campaigns.follow_ups import refuse_step, start_steps
from services.campaigns.forgotten import leave_out_forgotten
from services.campaigns.logbook import write_log
from services.campaigns.scraped import strict_values

LATEST_START: Final = timedelta(minutes=30)
LAUNCHABLE: Final = frozenset(
    {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.HELD, CampaignStatus.PAUSED}
)
PREPARING: Final = "Preparando os destinatários. Os envios começam sozinhos; você pode fechar esta página."
FROZEN_COLUMNS: Final = (
    "tenant_id",
    "campaign_id",
    "phone",
    "phone_key",
    "lead_id",
    "name",
    "variables",
    "status",
    "reason",
    "queued_at",
    "next_attempt_at",
    "zone",
)
TOO_LATE: Final = (
    "O horário marcado passou enquanto o envio estava parado. Confira se ainda faz sentido e envie agora, ou cancele."
)


class NotReady(InvalidInput):
    """The check page would not let this campaign start; `message` is the first thing to do."""

    code = "not_ready"


class MorePeople(NotReady):
    """The lists have grown since the person was told how many would receive."""

    code = "more_people"
    message = "As listas cresceram enquanto você conferia. Veja os números novos antes de enviar."


class _Undone(Exception):
    """Takes a launch back to its savepoint."""

    def __init__(self, *, reaches_nobody: bool) -> None:
        super().__init__()
        self.reaches_nobody = reaches_nobody


@dataclass(frozen=True, slots=True)
class Frozen:
    """How many people a launch put into the campaign, by what became of them at once."""

    total: int
    pending: int
    suppressed: int
    invalid: int


def launch_campaign(session: Session, tenant_id: int, campaign_id: int, *, actor: int | None, now: datetime) -> Frozen:
    """Freeze the audience and set the campaign running. NotReady with what stands in the way, NotAllowedNow when it
    has been launched already: the campaign's row is locked, so of two launches at once the second sees the first."""
    campaign = locked_campaign(session, tenant_id, campaign_id)
    refuse_step(campaign)
    _refuse_started(campaign)
    verdict = check_campaign(session, tenant_id, campaign_id, now)
    refuse_unready(verdict, verdict.obstacles)
    frozen = _start(session, campaign, actor=actor, now=now)
    assert frozen is not None, "its row is locked"
    return frozen


def begin_campaign(
    session: Session, tenant_id: int, campaign_id: int, *, actor: int | None, now: datetime, at_most: int | None = None
) -> CampaignStatus:
    """Launch it here, or leave a large launch to the sender -> `running` or `scheduled`. MorePeople when it would go to
    more than `at_most`; else refuses like `launch_campaign`. Asking again while it is prepared changes nothing."""
    campaign = locked_campaign(session, tenant_id, campaign_id)
    if campaign.status is CampaignStatus.SCHEDULED and campaign.pause_reason == PREPARING:
        return campaign.status
    refuse_step(campaign)
    _refuse_started(campaign)
    verdict = check_campaign(session, tenant_id, campaign_id, now)
    refuse_unready(verdict, verdict.obstacles)
    if at_most is not None and verdict.recipients > at_most:
        raise MorePeople
    if verdict.total > LARGE:
        return _leave_to_the_sender(session, campaign, verdict, actor=actor, now=now)
    _start(session, campaign, actor=actor, now=now)
    return CampaignStatus.RUNNING


def start_scheduled_campaign(
    session: Session, tenant_id: int, campaign_id: int, now: datetime
) -> CampaignStatus | None:
    """The sender's: launch a campaign whose moment has come -> its new status, None when there is nothing to do (not
    due, another daemon is at it, or a person stopped it meanwhile). More than 30 minutes late, or with something in the
    way, it is held and the person asked: nobody wants yesterday's good morning."""
    name = func.hashtextextended(f"launch:{tenant_id}:{campaign_id}", 0)
    if not session.scalar(select(func.pg_try_advisory_xact_lock(name))):
        return None
    campaign = session.execute(
        select(Campaign)
        .where(
            Campaign.tenant_id == tenant_id,
            Campaign.id == campaign_id,
            Campaign.status == CampaignStatus.SCHEDULED,
            Campaign.schedule_at <= now,
        )
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if campaign is None or campaign.schedule_at is None:
        return None
    if now - campaign.schedule_at > LATEST_START:
        return _hold(session, campaign, TOO_LATE)
    obstacles = obstacles_to_launch(session, campaign, now)
    serious = [obstacle for obstacle in obstacles if obstacle is not Obstacle.NO_CONNECTED_NUMBER]
    if serious:
        return _hold(session, campaign, SENTENCES[serious[0]])
    return _start_if_still_wanted(session, campaign, now)


def _start_if_still_wanted(session: Session, campaign: Campaign, now: datetime) -> CampaignStatus | None:
    """Freeze first, then look: of a launch that nobody wants any more, or that reaches nobody, nothing remains."""
    try:
        with session.begin_nested():
            frozen = _start(session, campaign, actor=None, now=now)
            if frozen is None or not frozen.pending:
                raise _Undone(reaches_nobody=frozen is not None)
    except _Undone as undone:
        return _hold(session, campaign, SENTENCES[Obstacle.NOBODY]) if undone.reaches_nobody else None
    return CampaignStatus.RUNNING


def _leave_to_the_sender(
    session: Session, campaign: Campaign, verdict: Verdict, *, actor: int | None, now: datetime
) -> CampaignStatus:
    campaign.status, campaign.schedule_at, campaign.pause_reason = CampaignStatus.SCHEDULED, now, PREPARING
    write_log(
        session, campaign.tenant_id, campaign.id, LogType.RESUMED, "Os destinatários estão sendo preparados.",
        actor=actor, recipients=verdict.recipients,
    )  # fmt: skip
    record_audit(
        session, campaign.tenant_id, "campaigns.launch", actor_user_id=actor, target=("campaign", campaign.id),
        recipients=verdict.recipients,
    )  # fmt: skip
    wake_sender_after_commit(session)
    session.flush()
    return CampaignStatus.SCHEDULED


def _refuse_started(campaign: Campaign) -> None:
    if campaign.status not in LAUNCHABLE or campaign.started_at is not None:
        raise NotAllowedNow("Esta campanha já começou. Recarregue a página para acompanhar.")


def refuse_unready(verdict: Verdict, obstacles: Sequence[Obstacle]) -> None:
    """NotReady with the first obstacle's sentence; its code names the obstacle."""
    if not obstacles:
        return
    names = ", ".join(f"{{{name}}}" for name in verdict.unknown_variables)
    fields = {"messages": [f"Não encontramos: {names}."]} if names else {}
    raise NotReady(SENTENCES[obstacles[0]], code=obstacles[0].value, fields=fields)


def _start(session: Session, campaign: Campaign, *, actor: int | None, now: datetime) -> Frozen | None:
    """None when somebody moved the campaign while its people were being written."""
    tenant_id, campaign_id = campaign.tenant_id, campaign.id
    frozen = _freeze(session, campaign, now)
    strict = strict_values(session, campaign)
    started = session.scalar(
        update(Campaign)
        .where(Campaign.tenant_id == tenant_id, Campaign.id == campaign_id, Campaign.status == campaign.status)
        .values(
            status=CampaignStatus.RUNNING,
            started_at=now,
            pause_reason="",
            next_send_at=None,
            # Who is invalid from the start was never tried: the alarm counts what comes later.
            alarm_invalid=frozen.invalid,
            **strict,
        )
        .returning(Campaign.id)
    )
    if started is None:
        return None
    write_log(
        session, tenant_id, campaign_id, LogType.CONTACT_ADDED, "Destinatários incluídos.", actor=actor,
        count=frozen.total, pending=frozen.pending, suppressed=frozen.suppressed, invalid=frozen.invalid,
    )  # fmt: skip
    write_log(session, tenant_id, campaign_id, LogType.STARTED, "Campanha iniciada.", actor=actor)
    start_steps(session, campaign, actor=actor, now=now)
    record_audit(
        session, tenant_id, "campaigns.launch", actor_user_id=actor, target=("campaign", campaign_id),
        recipients=frozen.pending,
    )  # fmt: skip
    wake_sender_after_commit(session)
    session.flush()
    return frozen


def _freeze(session: Session, campaign: Campaign, now: datetime) -> Frozen:
    """One INSERT for everybody, in the order of the leads, then the counters from what is really there."""
    tenant_id, campaign_id = campaign.tenant_id, campaign.id
    parts = parts_of(session, tenant_id, campaign_id)
    variables = variables_of(session, campaign, parts)
    people = audience(campaign, variables, now)
    rows = select(
        literal(tenant_id),
        literal(campaign_id),
        people.c.phone,
        people.c.phone_key,
        people.c.id,
        people.c.name,
        people.c.variables,
        people.c.status,
        people.c.reason,
        literal(now),
        literal(now),
        zone_of_column(people.c.phone),
    ).order_by(people.c.id)
    with planned_for_many(session, parts.lists):
        session.execute(insert(CampaignContact).from_select(FROZEN_COLUMNS, rows).on_conflict_do_nothing())
        leave_out_forgotten(session, campaign)
    there = select(CampaignContact.status, func.count()).where(
        CampaignContact.tenant_id == tenant_id, CampaignContact.campaign_id == campaign_id
    )
    counts = {status.value: count for status, count in session.execute(there.group_by(CampaignContact.status))}
    figures = {name: counts.get(name, 0) for name in ("pending", "suppressed", "invalid")}
    frozen = Frozen(total=sum(figures.values()), **figures)
    session.execute(
        update(CampaignCounts)
        .where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id == campaign_id)
        .values(total=frozen.total, **figures)
    )
    return frozen


def _hold(session: Session, campaign: Campaign, reason: str) -> CampaignStatus | None:
    tenant_id, campaign_id = campaign.tenant_id, campaign.id
    held = session.scalar(
        update(Campaign)
        .where(Campaign.tenant_id == tenant_id, Campaign.id == campaign_id, Campaign.status == CampaignStatus.SCHEDULED)
        .values(status=CampaignStatus.HELD, pause_reason=reason)
        .returning(Campaign.id)
    )
    if held is None:
        return None
    write_log(
        session, tenant_id, campaign_id, LogType.PAUSED, "Não começou no horário marcado e espera por você.",
        severity=Severity.WARNING, status=CampaignStatus.HELD,
    )  # fmt: skip
    session.flush()
    return CampaignStatus.HELD
