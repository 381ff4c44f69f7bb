"""Steering: start, schedule, pause, resume, cancel, send again. A status moves only by a conditional UPDATE along
`CAMPAIGN_TRANSITIONS`; each move says in the campaign's story who made it. A campaign's follow-ups move with it; one of
them alone may be paused, resumed and cancelled too."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.wake import wake_sender_after_commit
from models.campaigns import (
    ACTIVE,
    CAMPAIGN_TRANSITIONS,
    Campaign,
    CampaignContact,
    CampaignCounts,
    CampaignStatus,
    ContactStatus,
    LogType,
)
from models.states import NotAllowedNow, sources_of
from services.audit import record_audit
from services.campaigns.check import check_campaign
from services.campaigns.find import campaign_of, locked_campaign, steps_of
from services.campaigns.follow_ups import move_steps, refuse_before_parent, refuse_step
from services.campaigns.launch import begin_campaign, refuse_unready
from services.campaigns.logbook import write_log

PAUSED_BY_HAND: Final = "Pausada por alguém da equipe."
RESENDABLE: Final = ACTIVE | {CampaignStatus.PAUSED, CampaignStatus.COMPLETED}


class Resend(StrEnum):
    """Which messages may be sent again: those that surely didn't go, or those that may have."""

    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"


def start_campaign(
    session: Session, tenant_id: int, campaign_id: int, *, actor: int | None, now: datetime, at_most: int | None = None
) -> CampaignStatus:
    """What the one button does: a draft with a moment in the future is scheduled, a paused campaign goes on, any
    other is launched, by the sender when it goes to many. NotReady (MorePeople than `at_most`) or NotAllowedNow
    otherwise."""
    campaign = locked_campaign(session, tenant_id, campaign_id)
    if campaign.status is CampaignStatus.PAUSED:
        return resume_campaign(session, tenant_id, campaign_id, actor=actor, now=now)
    if campaign.status is CampaignStatus.DRAFT and campaign.schedule_at and campaign.schedule_at > now:
        schedule_campaign(session, tenant_id, campaign_id, campaign.schedule_at, actor=actor, now=now)
        return CampaignStatus.SCHEDULED
    return begin_campaign(session, tenant_id, campaign_id, actor=actor, now=now, at_most=at_most)


def schedule_campaign(
    session: Session, tenant_id: int, campaign_id: int, at: datetime, *, actor: int | None, now: datetime
) -> None:
    """Let it start by itself at `at` (aware). Numbers may still be disconnected; everything else must be in order."""
    if at <= now:
        raise InvalidInput(fields={"schedule_at": ["Este horário já passou. Escolha um no futuro."]})
    campaign = locked_campaign(session, tenant_id, campaign_id)
    refuse_step(campaign)
    if campaign.started_at is not None:
        raise NotAllowedNow("Esta campanha já começou, então não dá mais para agendar.")
    verdict = check_campaign(session, tenant_id, campaign_id, now)
    if not verdict.can_schedule:
        refuse_unready(verdict, verdict.obstacles)
    _move(session, tenant_id, campaign_id, CampaignStatus.SCHEDULED, schedule_at=at, pause_reason="")
    _tell(
        session, tenant_id, campaign_id, LogType.RESUMED, "Campanha agendada.", actor=actor, schedule_at=at.isoformat()
    )


def pause_campaign(session: Session, tenant_id: int, campaign_id: int, *, actor: int | None) -> None:
    """No new message from the next claim on; what is under way is still settled."""
    _move(session, tenant_id, campaign_id, CampaignStatus.PAUSED, pause_reason=PAUSED_BY_HAND, next_send_at=None)
    told = {"pause_reason": PAUSED_BY_HAND, "next_send_at": None}
    move_steps(session, (tenant_id, campaign_id), ACTIVE, CampaignStatus.PAUSED, **told)
    _tell(session, tenant_id, campaign_id, LogType.PAUSED, "Campanha pausada.", actor=actor)


def resume_campaign(
    session: Session, tenant_id: int, campaign_id: int, *, actor: int | None, now: datetime
) -> CampaignStatus:
    """Go on where it was paused; what was paused before it began is scheduled again, or launched if its moment has
    passed."""
    campaign = locked_campaign(session, tenant_id, campaign_id)
    if campaign.status is not CampaignStatus.PAUSED:
        raise NotAllowedNow("Só uma campanha pausada pode continuar.")
    if campaign.started_at is None:
        if campaign.schedule_at and campaign.schedule_at > now:
            schedule_campaign(session, tenant_id, campaign_id, campaign.schedule_at, actor=actor, now=now)
            return CampaignStatus.SCHEDULED
        return begin_campaign(session, tenant_id, campaign_id, actor=actor, now=now)
    refuse_before_parent(session, campaign)
    paused = {CampaignStatus.PAUSED}
    told: dict[str, Any] = {"pause_reason": "", "next_send_at": None, **_alarm_figures()}
    _move(session, tenant_id, campaign_id, CampaignStatus.RUNNING, sources=paused, **told)
    move_steps(session, (tenant_id, campaign_id), paused, CampaignStatus.RUNNING, **told)
    _tell(session, tenant_id, campaign_id, LogType.RESUMED, "Campanha retomada.", actor=actor)
    wake_sender_after_commit(session)
    return CampaignStatus.RUNNING


def _alarm_figures() -> dict[str, Any]:
    """The counters as they are, for an UPDATE of campaigns: a person has seen them, the alarms count from here."""

    def counted(name: str) -> Any:
        return (
            select(getattr(CampaignCounts, name))
            .where(CampaignCounts.tenant_id == Campaign.tenant_id, CampaignCounts.campaign_id == Campaign.id)
            .scalar_subquery()
        )

    return {f"alarm_{name}": counted(name) for name in ("sent", "opted_out", "invalid")}


def cancel_campaign(session: Session, tenant_id: int, campaign_id: int, *, actor: int | None, now: datetime) -> None:
    """End it for good. The door commits this at once, so that no further message leaves, and then calls
    `cancel_pending`: a million rows take seconds, the status must not wait for them."""
    told: dict[str, Any] = {"pause_reason": "", "next_send_at": None, "finished_at": now}
    _move(session, tenant_id, campaign_id, CampaignStatus.CANCELLED, **told)
    move_steps(session, (tenant_id, campaign_id), ACTIVE | {CampaignStatus.PAUSED}, CampaignStatus.CANCELLED, **told)
    _tell(session, tenant_id, campaign_id, LogType.CANCELLED, "Campanha cancelada.", actor=actor)


def cancel_pending(session: Session, tenant_id: int, campaign_id: int) -> int:
    """Move what still waits in a cancelled campaign and its follow-ups to `cancelled` -> how many. May be called again
    at any time: a row that came back to the queue at the very moment of the cancelling is found by the next call."""
    family = [campaign_of(session, tenant_id, campaign_id), *steps_of(session, tenant_id, [campaign_id])]
    cancelled = [one.id for one in family if one.status is CampaignStatus.CANCELLED]
    return sum(_cancel_waiting(session, tenant_id, one) for one in cancelled)


def _cancel_waiting(session: Session, tenant_id: int, campaign_id: int) -> int:
    moved = session.execute(
        update(CampaignContact)
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.status == ContactStatus.PENDING,
        )
        .values(status=ContactStatus.CANCELLED)
        .execution_options(synchronize_session=False)
    )
    count = _rows(moved)
    if count:
        _shift_counts(session, (tenant_id, campaign_id), ContactStatus.PENDING, ContactStatus.CANCELLED, count)
        write_log(
            session, tenant_id, campaign_id, LogType.CONTACT_REMOVED, "Quem ainda esperava não recebe mais.",
            count=count,
        )  # fmt: skip
        session.flush()
    return count


def resend(session: Session, tenant_id: int, campaign_id: int, only: Resend, *, actor: int | None) -> int:
    """Put the failed or the unconfirmed back into the queue, with all their attempts -> how many. A completed
    campaign runs again. For the unconfirmed a person decides: their message may arrive twice.

    The campaign's row comes last, as it does in the engine's settle: the other way round the two could wait for
    each other.
    """
    source = ContactStatus(only)
    count = _back_to_the_queue(session, tenant_id, campaign_id, source)
    if count:
        _shift_counts(session, (tenant_id, campaign_id), source, ContactStatus.PENDING, count)
    campaign = locked_campaign(session, tenant_id, campaign_id)
    refuse_before_parent(session, campaign)
    if campaign.status not in RESENDABLE:
        raise NotAllowedNow("Só dá para reenviar em uma campanha que começou e não foi cancelada.")
    if not count:
        raise NotAllowedNow("Não há nenhuma mensagem nessa situação para reenviar.")
    again = {CampaignStatus.COMPLETED}
    if campaign.status is CampaignStatus.COMPLETED:
        _move(session, tenant_id, campaign_id, CampaignStatus.RUNNING, sources=again, finished_at=None)
    # Who gets the message now gets the follow-ups in their time.
    move_steps(session, (tenant_id, campaign_id), again, CampaignStatus.RUNNING, finished_at=None)
    text = "Mensagens voltaram para a fila."
    _tell(session, tenant_id, campaign_id, LogType.RESUMED, text, actor=actor, only=only.value, count=count)
    wake_sender_after_commit(session)
    return count


def _move(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    target: CampaignStatus,
    *,
    sources: Iterable[CampaignStatus] | None = None,
    **values: Any,
) -> None:
    """The conditional UPDATE; NotFound for a stranger's campaign, NotAllowedNow from any other state."""
    allowed = sources_of(CAMPAIGN_TRANSITIONS, target)
    moved = session.execute(
        update(Campaign)
        .where(
            Campaign.tenant_id == tenant_id,
            Campaign.id == campaign_id,
            Campaign.status.in_(allowed if sources is None else allowed & set(sources)),
        )
        .values(status=target, **values)
        .returning(Campaign.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        campaign_of(session, tenant_id, campaign_id)
        raise NotAllowedNow


def _tell(session: Session, tenant_id: int, campaign_id: int, log_type: LogType, message: str, **details: Any) -> None:
    """One line in the story, one in the audit trail."""
    write_log(session, tenant_id, campaign_id, log_type, message, **details)
    actor = details.pop("actor")
    verb = f"campaigns.{log_type.value}"
    record_audit(session, tenant_id, verb, actor_user_id=actor, target=("campaign", campaign_id), **details)
    session.flush()


def _shift_counts(
    session: Session, campaign: tuple[int, int], source: ContactStatus, target: ContactStatus, count: int
) -> None:
    """By delta, in the transaction that moved the rows, after them: the engine takes its locks in the same order."""
    tenant_id, campaign_id = campaign
    columns = {
        source.value: getattr(CampaignCounts, source.value) - count,
        target.value: getattr(CampaignCounts, target.value) + count,
    }
    session.execute(
        update(CampaignCounts)
        .where(CampaignCounts.tenant_id == tenant_id, CampaignCounts.campaign_id == campaign_id)
        .values(**columns)
        .execution_options(synchronize_session=False)
    )


def _back_to_the_queue(session: Session, tenant_id: int, campaign_id: int, source: ContactStatus) -> int:
    moved = session.execute(
        update(CampaignContact)
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id == campaign_id,
            CampaignContact.status == source,
            # Where a person was forgotten there is nobody to write to.
            CampaignContact.phone_key.not_like("x%"),
        )
        .values(
            status=ContactStatus.PENDING,
            attempts=0,
            next_attempt_at=func.now(),
            # The 30 days of waiting begin anew, or a resend of an old campaign would expire at once.
            queued_at=func.now(),
            **dict.fromkeys(("reason", "error", "claim_id", "sent_at", "failed_at", "provider_message_id")),
        )
        .execution_options(synchronize_session=False)
    )
    return _rows(moved)


def _rows(result: Any) -> int:
    count: int = result.rowcount
    return count
