"""Steering: every move the table allows and no other, who did it in the story, deals that never go below zero."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from core.errors import Conflict, InvalidInput, NotFound
from core.tenancy import tenant_scope
from models.campaigns import CAMPAIGN_TRANSITIONS, Campaign, CampaignStatus, ContactStatus, LogType
from models.states import NotAllowedNow
from services import campaigns
from tests.support.campaigns import NOW, add_campaign, launched, move_contacts
from tests.support.world import TenantHandle

Act = Callable[[Session, int, int], object]

PAUSE: Act = lambda session, tenant, one: campaigns.pause_campaign(session, tenant, one, actor=None)  # noqa: E731
CANCEL: Act = lambda session, tenant, one: campaigns.cancel_campaign(session, tenant, one, actor=None, now=NOW)  # noqa: E731
RESUME: Act = lambda session, tenant, one: campaigns.resume_campaign(session, tenant, one, actor=None, now=NOW)  # noqa: E731
LAUNCH: Act = lambda session, tenant, one: campaigns.launch_campaign(session, tenant, one, actor=None, now=NOW)  # noqa: E731
SCHEDULE: Act = lambda session, tenant, one: campaigns.schedule_campaign(  # noqa: E731
    session, tenant, one, NOW + timedelta(hours=1), actor=None, now=NOW
)
MOVES: dict[str, tuple[Act, CampaignStatus]] = {
    "pause": (PAUSE, CampaignStatus.PAUSED),
    "cancel": (CANCEL, CampaignStatus.CANCELLED),
    "resume": (RESUME, CampaignStatus.RUNNING),
    "launch": (LAUNCH, CampaignStatus.RUNNING),
    "schedule": (SCHEDULE, CampaignStatus.SCHEDULED),
}
BY_THE_ENGINE_ALONE = {
    (source, target)
    for target in (
        CampaignStatus.WAITING_QUOTA, CampaignStatus.WAITING_WINDOW, CampaignStatus.COMPLETED, CampaignStatus.HELD
    )
    for source in CampaignStatus
} | {(CampaignStatus.WAITING_QUOTA, CampaignStatus.RUNNING), (CampaignStatus.WAITING_WINDOW, CampaignStatus.RUNNING),
     (CampaignStatus.COMPLETED, CampaignStatus.RUNNING)}  # fmt: skip


def put(session: Session, tenant: TenantHandle, campaign_id: int, status: CampaignStatus) -> None:
    session.execute(
        update(Campaign).where(Campaign.tenant_id == tenant.id, Campaign.id == campaign_id).values(status=status)
    )


def status_of(session: Session, tenant: TenantHandle, campaign_id: int) -> CampaignStatus:
    return campaigns.campaign_of(session, tenant.id, campaign_id).status


@pytest.mark.parametrize("verb", MOVES)
@pytest.mark.parametrize("source", CampaignStatus)
def test_a_move_works_exactly_where_the_table_says(
    session: Session, tenant: TenantHandle, source: CampaignStatus, verb: str
) -> None:
    act, target = MOVES[verb]
    is_allowed = target in CAMPAIGN_TRANSITIONS.get(source, frozenset()) and (source, target) not in BY_THE_ENGINE_ALONE
    if verb == "resume":
        is_allowed = source is CampaignStatus.PAUSED
    campaign_id = add_campaign(session, tenant.id).id
    put(session, tenant, campaign_id, source)
    if is_allowed:
        act(session, tenant.id, campaign_id)
        assert status_of(session, tenant, campaign_id) is target
    else:
        with pytest.raises(NotAllowedNow):
            act(session, tenant.id, campaign_id)
        assert status_of(session, tenant, campaign_id) is source


def test_pausing_and_resuming_says_who_did_it(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=tenant.owner_id)
    assert campaigns.campaign_of(session, tenant.id, campaign_id).pause_reason
    campaigns.resume_campaign(session, tenant.id, campaign_id, actor=tenant.owner_id, now=NOW)
    resumed, paused, *_ = campaigns.logs_of(session, tenant.id, campaign_id).items
    assert (paused.log_type, paused.created_by) == (LogType.PAUSED, tenant.owner_id)
    assert (resumed.log_type, resumed.created_by) == (LogType.RESUMED, tenant.owner_id)
    assert campaigns.campaign_of(session, tenant.id, campaign_id).pause_reason == ""


def test_the_sender_is_woken_once_a_launch_is_committed(session: Session, tenant: TenantHandle, redis_url: str) -> None:
    listening = Redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)
    listening.subscribe("sender:wake")
    listening.get_message(timeout=1)
    launched(session, tenant.id)
    assert listening.get_message(timeout=0.2) is None
    session.commit()
    assert listening.get_message(timeout=2) is not None
    listening.close()


def test_cancelling_moves_what_still_waits_and_nothing_else(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.READ, count=1, sent_at=NOW)
    assert campaigns.cancel_pending(session, tenant.id, campaign_id) == 0
    campaigns.cancel_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    assert campaigns.cancel_pending(session, tenant.id, campaign_id) == 2
    counts = campaigns.counts_of(session, tenant.id, campaign_id)
    assert (counts.total, counts.pending, counts.cancelled, counts.read) == (3, 0, 2, 1)


def test_failed_messages_go_back_to_the_queue_and_a_completed_campaign_runs_again(
    session: Session, tenant: TenantHandle
) -> None:
    campaign_id = launched(session, tenant.id)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=2, attempts=3, reason="no_such_number")
    move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=1)
    put(session, tenant, campaign_id, CampaignStatus.COMPLETED)
    assert campaigns.resend(session, tenant.id, campaign_id, campaigns.Resend.FAILED, actor=None) == 2
    assert status_of(session, tenant, campaign_id) is CampaignStatus.RUNNING
    again = campaigns.contacts_of(session, tenant.id, campaign_id, status="pending").items
    assert [(one.attempts, one.reason) for one in again] == [(0, None), (0, None)]
    counts = campaigns.counts_of(session, tenant.id, campaign_id)
    assert (counts.failed, counts.pending, counts.sent) == (0, 2, 1)


def test_resending_with_nothing_to_resend_says_so(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    with pytest.raises(NotAllowedNow, match="nenhuma mensagem"):
        campaigns.resend(session, tenant.id, campaign_id, campaigns.Resend.UNCONFIRMED, actor=None)


def test_nothing_of_a_cancelled_campaign_is_sent_again(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1)
    campaigns.cancel_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    with pytest.raises(NotAllowedNow):
        campaigns.resend(session, tenant.id, campaign_id, campaigns.Resend.FAILED, actor=None)


def test_deals_go_up_and_down_but_never_below_zero(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    assert campaigns.add_deal(session, tenant.id, campaign_id, 1, actor=None) == 1
    assert campaigns.add_deal(session, tenant.id, campaign_id, -1, actor=None) == 0
    with pytest.raises(campaigns.NoDealToRemove):
        campaigns.add_deal(session, tenant.id, campaign_id, -1, actor=None)
    with pytest.raises(InvalidInput):
        campaigns.add_deal(session, tenant.id, campaign_id, 7, actor=None)
    with pytest.raises(NotFound):
        campaigns.add_deal(session, tenant.id, campaign_id + 999, 1, actor=None)


def test_many_hands_on_the_deals_lose_none(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        campaign_id = add_campaign(session, tenant.id).id

    def press(delta: int) -> int:
        with tenant_scope(tenant.id), factory() as session:
            try:
                campaigns.add_deal(session, tenant.id, campaign_id, delta, actor=None)
            except campaigns.NoDealToRemove:
                return 0
            session.commit()
            return delta

    with ThreadPoolExecutor(4) as pool:
        pressed = list(pool.map(press, [1, -1, 1, 1, -1, -1, -1, 1, 1, -1] * 4))
    with tenant_scope(tenant.id), factory() as session:
        closed = campaigns.campaign_of(session, tenant.id, campaign_id).closed_deals
    assert closed == sum(pressed) >= 0


def test_deleting_takes_everything_but_a_line_in_the_audit_trail(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    with pytest.raises(NotAllowedNow):
        campaigns.delete_campaign(session, tenant.id, campaign_id, actor=tenant.owner_id)
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)
    campaigns.delete_campaign(session, tenant.id, campaign_id, actor=tenant.owner_id)
    with pytest.raises(NotFound):
        campaigns.campaign_of(session, tenant.id, campaign_id)


def test_a_campaign_with_a_message_under_way_is_not_deleted(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.SENDING, count=1)
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)
    with pytest.raises(Conflict, match="saindo agora"):
        campaigns.delete_campaign(session, tenant.id, campaign_id, actor=None)
