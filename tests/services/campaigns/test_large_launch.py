"""Launches to many people: handed to the sender, never in anybody's way."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.audit import AuditEvent
from models.campaigns import CampaignContact, CampaignStatus
from services import campaigns
from services.campaigns import PREPARING
from tests.support.campaigns import MANY, NOW, add_campaign, add_list, add_many, phone
from tests.support.world import TenantHandle


def how_many(session: Session, tenant: TenantHandle, campaign_id: int) -> int:
    return session.scalars(
        select(func.count())
        .select_from(CampaignContact)
        .where(CampaignContact.tenant_id == tenant.id, CampaignContact.campaign_id == campaign_id)
    ).one()


def prepared(session: Session, tenant: TenantHandle) -> int:
    """A campaign for many whose button has been pressed."""
    campaign_id = add_campaign(session, tenant.id, lists=[add_many(session, tenant.id)]).id
    started = campaigns.start_campaign(session, tenant.id, campaign_id, actor=tenant.owner_id, now=NOW, at_most=MANY)
    assert started is CampaignStatus.SCHEDULED
    return campaign_id


def test_many_people_are_left_to_the_sender(session: Session, tenant: TenantHandle) -> None:
    campaign_id = prepared(session, tenant)
    campaign = campaigns.campaign_of(session, tenant.id, campaign_id)
    assert (campaign.pause_reason, campaign.schedule_at) == (PREPARING, NOW)
    assert how_many(session, tenant, campaign_id) == 0
    assert campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, NOW) is CampaignStatus.RUNNING
    assert how_many(session, tenant, campaign_id) == MANY
    assert campaigns.counts_of(session, tenant.id, campaign_id).pending == MANY
    assert campaigns.campaign_of(session, tenant.id, campaign_id).pause_reason == ""


def test_pressing_again_while_it_is_prepared_changes_nothing(session: Session, tenant: TenantHandle) -> None:
    campaign_id = prepared(session, tenant)
    later = NOW + timedelta(seconds=5)
    again = campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=later)
    assert again is CampaignStatus.SCHEDULED
    assert campaigns.campaign_of(session, tenant.id, campaign_id).schedule_at == NOW


def test_who_pressed_the_button_stands_in_the_audit(session: Session, tenant: TenantHandle) -> None:
    campaign_id = prepared(session, tenant)
    session.flush()
    entry = session.scalars(
        select(AuditEvent).where(AuditEvent.tenant_id == tenant.id, AuditEvent.action == "campaigns.launch")
    ).one()
    assert (entry.actor_user_id, entry.target_id) == (tenant.owner_id, campaign_id)


def test_more_than_the_person_was_told_is_refused(session: Session, tenant: TenantHandle) -> None:
    campaign_id = add_campaign(session, tenant.id, lists=[add_many(session, tenant.id)]).id
    with pytest.raises(campaigns.MorePeople):
        campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=NOW, at_most=MANY - 1)


def test_a_campaign_that_was_held_can_be_left_to_the_sender(session: Session, tenant: TenantHandle) -> None:
    people = add_many(session, tenant.id)
    campaign_id = add_campaign(session, tenant.id, lists=[people], schedule_at=NOW + timedelta(hours=1)).id
    campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    late = NOW + timedelta(hours=2)
    assert campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, late) is CampaignStatus.HELD
    again = campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=late)
    assert again is CampaignStatus.SCHEDULED
    assert campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, late) is CampaignStatus.RUNNING


def test_a_scheduled_campaign_that_would_reach_nobody_is_held_and_leaves_no_row(
    session: Session, tenant: TenantHandle
) -> None:
    people = add_list(session, tenant.id, 2)
    campaign_id = add_campaign(session, tenant.id, lists=[people], schedule_at=NOW + timedelta(hours=1)).id
    campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    session.execute(
        text(
            "INSERT INTO suppressions (tenant_id, phone_key, phone, reason)"
            " SELECT tenant_id, phone_key, phone, 'opt_out' FROM leads WHERE tenant_id = :tenant"
        ),
        {"tenant": tenant.id},
    )
    held = campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, NOW + timedelta(hours=1))
    assert held is CampaignStatus.HELD
    assert how_many(session, tenant, campaign_id) == 0
    assert campaigns.counts_of(session, tenant.id, campaign_id).total == 0


@pytest.mark.parametrize("steer", ["pause", "cancel"])
def test_a_launch_under_way_keeps_nobody_from_stopping_it(
    factory: sessionmaker[Session], session: Session, tenant: TenantHandle, steer: str
) -> None:
    """Another transaction holds one of the phones, so that the launch waits in the middle of its INSERT."""
    campaign_id = add_campaign(session, tenant.id, schedule_at=NOW + timedelta(hours=1)).id
    campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    session.commit()

    def launch() -> CampaignStatus | None:
        with tenant_scope(tenant.id), factory.begin() as own:
            at = NOW + timedelta(hours=1)
            return campaigns.start_scheduled_campaign(own, tenant.id, campaign_id, at)

    with tenant_scope(tenant.id), ThreadPoolExecutor(1) as threads, factory() as blocker:
        blocker.add(CampaignContact(tenant_id=tenant.id, campaign_id=campaign_id, phone=phone(3), phone_key=phone(3)))
        blocker.flush()
        launching = threads.submit(launch)
        wait_until(lambda: is_anybody_waiting(factory))
        began = time.monotonic()
        with tenant_scope(tenant.id), factory.begin() as own:
            if steer == "pause":
                campaigns.pause_campaign(own, tenant.id, campaign_id, actor=None)
            else:
                campaigns.cancel_campaign(own, tenant.id, campaign_id, actor=None, now=NOW)
        assert time.monotonic() - began < 1
        blocker.rollback()
        assert launching.result(timeout=30) is None
    wanted = CampaignStatus.PAUSED if steer == "pause" else CampaignStatus.CANCELLED
    assert campaigns.campaign_of(session, tenant.id, campaign_id).status is wanted
    assert how_many(session, tenant, campaign_id) == 0
    assert campaigns.counts_of(session, tenant.id, campaign_id).total == 0


def is_anybody_waiting(factory: sessionmaker[Session]) -> bool:
    """Whether some transaction of this database waits for another. (A transaction of its own: one sees the same
    activity all its life.)"""
    question = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND cardinality(pg_blocking_pids(pid)) > 0"
    )
    with factory() as session:
        return bool(session.scalar(text(question)))


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)
