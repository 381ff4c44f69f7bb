"""Composing a campaign: what a person or a program says of it, checked, written, changed, copied, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.errors import Conflict
from models.campaigns import (
    ACTIVE,
    Campaign,
    CampaignContact,
    CampaignCounts,
    CampaignInstance,
    CampaignList,
    CampaignMessage,
    CampaignStatus,
    ContactStatus,
    LogType,
)
from models.states import NotAllowedNow
from services.audit import record_audit
from services.campaigns.find import campaign_of, locked_campaign, messages_of, parts_of, steps_of
from services.campaigns.follow_up_input import FollowUpInput
from services.campaigns.follow_ups import refuse_step, refuse_with_live_steps, write_steps
from services.campaigns.input import COLUMNS, NAME_CHARS, CampaignInput, check_input, cleaned_input, refuse_new_audience
from services.campaigns.logbook import write_log
from services.campaigns.messages import MessageInput, cleaned_messages
from services.campaigns.scraped import refuse_to_hide_the_exit
from services.campaigns.window import checked_window

EDITABLE: Final = frozenset({CampaignStatus.DRAFT, CampaignStatus.PAUSED})


def create_campaign(
    session: Session, tenant_id: int, said: CampaignInput, *, actor: int | None, now: datetime
) -> Campaign:
    """A new draft. InvalidInput names every field that needs attention; what is missing for sending isn't refused
    here but said by `check_campaign`."""
    said = cleaned_input(said)
    check_input(session, tenant_id, said, now=now, is_new_schedule=True)
    campaign = Campaign(
        tenant_id=tenant_id, created_by=actor, variable_fallbacks=dict(said.fallbacks), **_columns(said)
    )
    session.add(campaign)
    session.flush()
    session.add(CampaignCounts(tenant_id=tenant_id, campaign_id=campaign.id))
    _write_messages(session, tenant_id, campaign.id, said.messages)
    _write_members(session, tenant_id, campaign.id, said)
    _write_follow_ups(session, campaign, said, now)
    write_log(session, tenant_id, campaign.id, LogType.CREATED, "Campanha criada.", actor=actor)
    session.flush()
    return campaign


def update_campaign(
    session: Session,
    tenant_id: int,
    campaign_id: int,
    changes: Mapping[str, Any],
    *,
    actor: int | None,
    now: datetime,
) -> Campaign:
    """Change what is named in `changes` (fields of CampaignInput), while draft or paused; NotAllowedNow otherwise.

    Once people are in the campaign its lists are history, and its texts may only use what was frozen with them.
    """
    campaign = locked_campaign(session, tenant_id, campaign_id)
    refuse_step(campaign)
    if campaign.status not in EDITABLE:
        raise NotAllowedNow("Pause a campanha antes de mudar alguma coisa nela.")
    before = input_of(session, campaign)
    said = cleaned_input(replace(before, **changes))
    check_input(session, tenant_id, said, now=now, is_new_schedule=said.schedule_at != before.schedule_at)
    if campaign.started_at is not None:
        refuse_new_audience(session, campaign, before, said)
        refuse_to_hide_the_exit(session, campaign, exit_line=said.exit_line)
    for name, value in _columns(said).items():
        setattr(campaign, name, value)
    campaign.variable_fallbacks = dict(said.fallbacks)
    # The sender keeps texts in memory and reads them anew when this moment changes.
    campaign.updated_at = now
    _write_messages(session, tenant_id, campaign_id, said.messages)
    _write_members(session, tenant_id, campaign_id, said)
    _write_follow_ups(session, campaign, said, now)
    if said.rotation_mode is not before.rotation_mode:
        write_log(
            session, tenant_id, campaign_id, LogType.ROTATION_CHANGED, "O rodízio de números mudou.",
            actor=actor, before=before.rotation_mode, after=said.rotation_mode,
        )  # fmt: skip
    record_audit(session, tenant_id, "campaigns.update", actor_user_id=actor, target=("campaign", campaign_id))
    session.flush()
    return campaign


def duplicate_campaign(
    session: Session, tenant_id: int, campaign_id: int, *, actor: int | None, now: datetime
) -> Campaign:
    """A new draft with the same texts, follow-ups, lists, numbers and settings, without a schedule and without
    recipients."""
    campaign = campaign_of(session, tenant_id, campaign_id)
    refuse_step(campaign)
    said = input_of(session, campaign)
    name = f"{said.name[: NAME_CHARS - 8].rstrip()} (cópia)"
    return create_campaign(session, tenant_id, replace(said, name=name, schedule_at=None), actor=actor, now=now)


def delete_campaign(session: Session, tenant_id: int, campaign_id: int, *, actor: int | None) -> None:
    """Remove the campaign with its follow-ups, its recipients and its story; an audit row stays.

    Refused while it is active or a message is under way. The rows are locked before they are counted, so that a
    claim that is just being made is either seen here or finds nothing.
    """
    campaign = locked_campaign(session, tenant_id, campaign_id)
    refuse_step(campaign)
    if campaign.status in ACTIVE | {CampaignStatus.SCHEDULED}:
        raise NotAllowedNow("Pause ou cancele a campanha antes de apagar.")
    refuse_with_live_steps(session, campaign)
    steps = steps_of(session, tenant_id, [campaign_id])
    doomed = [*(step.id for step in steps), campaign_id]
    in_flight = (
        select(CampaignContact.status)
        .where(
            CampaignContact.tenant_id == tenant_id,
            CampaignContact.campaign_id.in_(doomed),
            CampaignContact.status.in_((ContactStatus.PENDING, ContactStatus.SENDING)),
        )
        .with_for_update()
        .subquery()
    )
    if session.scalar(select(func.count()).where(in_flight.c.status == ContactStatus.SENDING)):
        raise Conflict("Há mensagens saindo agora. Tente de novo em alguns segundos.")
    session.flush()
    for one in (*steps, campaign):
        session.expunge(one)
    for one_id in doomed:
        session.execute(select(func.delete_campaign(tenant_id, one_id, actor)))


def input_of(session: Session, campaign: Campaign) -> CampaignInput:
    """What the campaign says now, in the shape it is said in."""
    parts = parts_of(session, campaign.tenant_id, campaign.id)
    return CampaignInput(
        messages=_said_messages(session, campaign),
        lists=tuple(one.id for one in parts.lists),
        instances=tuple(one.id for one in parts.instances),
        fallbacks=campaign.variable_fallbacks,
        follow_ups=tuple(
            FollowUpInput(step.after_days or 1, _said_messages(session, step), step.stop_on_reply)
            for step in steps_of(session, campaign.tenant_id, [campaign.id])
        ),
        **{name: getattr(campaign, name) for name in COLUMNS},
    )


def _said_messages(session: Session, campaign: Campaign) -> tuple[MessageInput, ...]:
    messages = messages_of(session, campaign.tenant_id, campaign.id)
    return tuple(MessageInput(one.content, one.media_id, one.template) for one in messages)


def _columns(said: CampaignInput) -> dict[str, Any]:
    return {name: getattr(said, name) for name in COLUMNS} | {"window": checked_window(said.window)}


def _write_follow_ups(session: Session, campaign: Campaign, said: CampaignInput, now: datetime) -> None:
    """The same numbers and settings as their campaign; no lists, since their people come out of its own."""
    for step, wanted in write_steps(session, campaign, said, _columns(said), now):
        _write_messages(session, step.tenant_id, step.id, wanted.messages)
        _write_members(session, step.tenant_id, step.id, replace(said, lists=()))


def _write_messages(session: Session, tenant_id: int, campaign_id: int, messages: Sequence[MessageInput | str]) -> None:
    """By position, so that the messages already sent keep the variation they point at."""
    there = {message.position: message for message in messages_of(session, tenant_id, campaign_id)}
    said = cleaned_messages(messages)
    for position, one in enumerate(said):
        row = there.get(position)
        if row is None:
            row = CampaignMessage(tenant_id=tenant_id, campaign_id=campaign_id, position=position)
            session.add(row)
        row.content, row.media_id = one.text, one.media_id
        row.template = None if one.template is None else dict(one.template)
    session.execute(
        delete(CampaignMessage).where(
            CampaignMessage.tenant_id == tenant_id,
            CampaignMessage.campaign_id == campaign_id,
            CampaignMessage.position >= len(said),
        )
    )


def _write_members(session: Session, tenant_id: int, campaign_id: int, said: CampaignInput) -> None:
    owner = {"tenant_id": tenant_id, "campaign_id": campaign_id}
    session.execute(
        delete(CampaignList).where(CampaignList.tenant_id == tenant_id, CampaignList.campaign_id == campaign_id)
    )
    session.execute(
        delete(CampaignInstance).where(
            CampaignInstance.tenant_id == tenant_id, CampaignInstance.campaign_id == campaign_id
        )
    )
    if said.lists:
        session.execute(insert(CampaignList), [owner | {"list_id": one} for one in said.lists])
    if said.instances:
        session.execute(insert(CampaignInstance), [owner | {"instance_id": one} for one in said.instances])
