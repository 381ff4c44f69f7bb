"""Launching: one INSERT ... SELECT freezes the audience; from then on the ledger row is the truth about a person."""

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
from services.campaigns.audience import audience
from services.campaigns.check import SENTENCES, Obstacle, Verdict, check_campaign, variables_of
from services.campaigns.find import locked_campaign, parts_of
from services.campaigns.follow_ups import refuse_step, start_steps
from services.campaigns.logbook import write_log

LATEST_START: Final = timedelta(minutes=30)
LAUNCHABLE: Final = frozenset(
    {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.HELD, CampaignStatus.PAUSED}
)
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
    if campaign.status not in LAUNCHABLE or campaign.started_at is not None:
        raise NotAllowedNow("Esta campanha já começou. Recarregue a página para acompanhar.")
    verdict = check_campaign(session, tenant_id, campaign_id, now)
    refuse_unready(verdict, verdict.obstacles)
    return _start(session, campaign, actor=actor, now=now)


def start_scheduled_campaign(
    session: Session, tenant_id: int, campaign_id: int, now: datetime
) -> CampaignStatus | None:
    """The sender's: launch a campaign whose moment has come -> its new status, None when there is nothing to do (not
    due, or another daemon is at it). More than 30 minutes late, or with something in the way, it is held and the
    person asked: nobody wants yesterday's good morning."""
    campaign = session.execute(
        select(Campaign)
        .where(
            Campaign.tenant_id == tenant_id,
            Campaign.id == campaign_id,
            Campaign.status == CampaignStatus.SCHEDULED,
            Campaign.schedule_at <= now,
        )
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if campaign is None or campaign.schedule_at is None:
        return None
    if now - campaign.schedule_at > LATEST_START:
        return _hold(session, campaign, TOO_LATE)
    verdict = check_campaign(session, tenant_id, campaign_id, now)
    serious = [obstacle for obstacle in verdict.obstacles if obstacle is not Obstacle.NO_CONNECTED_NUMBER]
    if serious:
        return _hold(session, campaign, SENTENCES[serious[0]])
    _start(session, campaign, actor=None, now=now)
    return CampaignStatus.RUNNING


def refuse_unready(verdict: Verdict, obstacles: Sequence[Obstacle]) -> None:
    """NotReady with the first obstacle's sentence; its code names the obstacle."""
    if not obstacles:
        return
    names = ", ".join(f"{{{name}}}" for name in verdict.unknown_variables)
    fields = {"messages": [f"Não encontramos: {names}."]} if names else {}
    raise NotReady(SENTENCES[obstacles[0]], code=obstacles[0].value, fields=fields)


def _start(session: Session, campaign: Campaign, *, actor: int | None, now: datetime) -> Frozen:
    tenant_id, campaign_id = campaign.tenant_id, campaign.id
    frozen = _freeze(session, campaign, now)
    session.execute(
        update(Campaign)
        .where(Campaign.tenant_id == tenant_id, Campaign.id == campaign_id, Campaign.status == campaign.status)
        .values(
            status=CampaignStatus.RUNNING,
            started_at=now,
            pause_reason="",
            next_send_at=None,
            # Who is invalid from the start was never tried: the alarm counts what comes later.
            alarm_invalid=frozen.invalid,
        )
    )
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
    variables = variables_of(session, campaign, parts_of(session, tenant_id, campaign_id))
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
    session.execute(insert(CampaignContact).from_select(FROZEN_COLUMNS, rows).on_conflict_do_nothing())
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


def _hold(session: Session, campaign: Campaign, reason: str) -> CampaignStatus:
    campaign.status, campaign.pause_reason = CampaignStatus.HELD, reason
    write_log(
        session, campaign.tenant_id, campaign.id, LogType.PAUSED, "Não começou no horário marcado e espera por você.",
        severity=Severity.WARNING, status=CampaignStatus.HELD,
    )  # fmt: skip
    session.flush()
    return CampaignStatus.HELD
