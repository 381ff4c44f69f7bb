"""A campaign's later steps as people make and steer them."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.errors import InvalidInput, NotFound
from models.campaigns import Campaign, CampaignContact, CampaignCounts, CampaignStatus, ContactStatus
from models.states import NotAllowedNow
from services import campaigns
from services.campaigns import FollowUpInput, MessageInput
from tests.support.campaigns import NOW, add_campaign, add_list, launched, move_contacts
from tests.support.world import TenantHandle

TWO = (
    FollowUpInput(3, (MessageInput("E aí, {nome}?"), MessageInput("Oi de novo, {nome}"))),
    FollowUpInput(4, (MessageInput("Última"),), stop_on_reply=False),
)


def steps(session: Session, tenant: TenantHandle, campaign_id: int) -> Sequence[campaigns.FollowUp]:
    return campaigns.follow_ups_of(session, tenant.id, [campaign_id], NOW)[campaign_id]


def statuses(session: Session, tenant: TenantHandle, campaign_id: int) -> list[str]:
    return [step.campaign.status.value for step in steps(session, tenant, campaign_id)]


def arrive(session: Session, tenant: TenantHandle, source: int, target: int, *, count: int) -> list[CampaignContact]:
    """What the sender's sweep does, for the first rows of `source`."""
    rows = campaigns.contacts_of(session, tenant.id, source, limit=count).items
    session.add_all(
        CampaignContact(tenant_id=tenant.id, campaign_id=target, phone=row.phone, phone_key=row.phone_key)
        for row in rows
    )
    session.execute(
        update(CampaignCounts)
        .where(CampaignCounts.tenant_id == tenant.id, CampaignCounts.campaign_id == target)
        .values(total=CampaignCounts.total + count, pending=CampaignCounts.pending + count)
    )
    session.flush()
    return list(rows)


def test_steps_are_made_with_the_campaign_and_share_its_settings(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id, follow_ups=TWO, daily_limit=7, repeat_guard_days=2, exit_line=False)
    first, second = steps(session, tenant, made.id)
    assert [one.content for one in first.messages] == ["E aí, {nome}?", "Oi de novo, {nome}"]
    assert [(one.campaign.step, one.campaign.after_days, one.campaign.stop_on_reply) for one in (first, second)] == [
        (1, 3, True),
        (2, 4, False),
    ]
    for one in (first, second):
        child = one.campaign
        assert (child.parent_id, child.daily_limit, child.repeat_guard_days, child.exit_line, child.window) == (
            made.id, 7, 2, False, None,
        )  # fmt: skip
        parts = campaigns.parts_of(session, tenant.id, child.id)
        assert [n.id for n in parts.instances] == [
            n.id for n in campaigns.parts_of(session, tenant.id, made.id).instances
        ]
        assert parts.lists == []
    assert campaigns.input_of(session, made).follow_ups == TWO


def test_lists_and_totals_count_a_campaign_once_and_all_its_messages(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    step = steps(session, tenant, campaign_id)[0].campaign.id
    move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=3, sent_at=NOW)
    arrive(session, tenant, campaign_id, step, count=2)
    move_contacts(session, tenant.id, step, ContactStatus.SENT, count=2, sent_at=NOW)
    assert [card.campaign.id for card in campaigns.cards_of(session, tenant.id).items] == [campaign_id]
    totals = campaigns.totals_of(session, tenant.id)
    assert (totals.campaigns, totals.active, totals.sent) == (1, 1, 5)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (FollowUpInput(0, ("oi",)), "de 1 a 90 dias"),
        (FollowUpInput(91, ("oi",)), "de 1 a 90 dias"),
        (FollowUpInput(2, ("  ",)), "escreva a mensagem"),
        (FollowUpInput(2, ("Oi {nome",)), "chave sem par"),
    ],
)
def test_a_step_that_cannot_be_is_refused(
    session: Session, tenant: TenantHandle, wrong: FollowUpInput, told: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        add_campaign(session, tenant.id, follow_ups=[TWO[0], wrong])
    (sentence,) = refusal.value.fields["follow_ups"]
    assert sentence.startswith("Etapa 2:")
    assert told in sentence
    with pytest.raises(InvalidInput) as refusal:
        add_campaign(session, tenant.id, follow_ups=[TWO[0]] * 6)
    assert "use até 5" in refusal.value.fields["follow_ups"][0]


def test_steps_change_come_and_go_while_the_campaign_is_a_draft(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id, follow_ups=TWO)
    before = [one.campaign.id for one in steps(session, tenant, made.id)]
    changed = [FollowUpInput(9, ("Mudou",)), TWO[1], FollowUpInput(1, ("Nova",))]
    campaigns.update_campaign(session, tenant.id, made.id, {"follow_ups": changed}, actor=None, now=NOW)
    found = steps(session, tenant, made.id)
    assert [one.campaign.id for one in found[:2]] == before
    assert [(one.campaign.after_days, [m.content for m in one.messages]) for one in found] == [
        (9, ["Mudou"]), (4, ["Última"]), (1, ["Nova"]),
    ]  # fmt: skip
    campaigns.update_campaign(session, tenant.id, made.id, {"name": "Outro nome"}, actor=None, now=NOW)
    assert steps(session, tenant, made.id)[2].campaign.name == "Outro nome (etapa 3)"
    campaigns.update_campaign(session, tenant.id, made.id, {"follow_ups": []}, actor=None, now=NOW)
    assert steps(session, tenant, made.id) == []


def test_once_it_has_started_a_step_with_people_stays(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    arrive(session, tenant, campaign_id, steps(session, tenant, campaign_id)[0].campaign.id, count=1)
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)

    def change(said: Sequence[FollowUpInput]) -> None:
        campaigns.update_campaign(session, tenant.id, campaign_id, {"follow_ups": said}, actor=None, now=NOW)

    change([FollowUpInput(5, ("Oi, {nome}",)), TWO[1], FollowUpInput(2, ("Nova",))])
    assert statuses(session, tenant, campaign_id) == ["paused"] * 3
    change([FollowUpInput(5, ("Oi, {nome}",))])
    assert statuses(session, tenant, campaign_id) == ["paused"]
    with pytest.raises(InvalidInput) as refusal:
        change([])
    assert "já tem pessoas" in refusal.value.fields["follow_ups"][0]
    with pytest.raises(InvalidInput) as refusal:
        change([FollowUpInput(5, ("Oi, {cidade}",))])
    assert "{cidade}" in refusal.value.fields["messages"][0]


def test_the_variables_of_every_step_are_frozen_with_the_people(session: Session, tenant: TenantHandle) -> None:
    people = add_list(session, tenant.id, [{"name": "Ana", "extra": {"pet": "Bidu"}}, {"name": "Bia"}])
    steps_said = [FollowUpInput(3, ("E o {pet}?",))]
    made = add_campaign(session, tenant.id, lists=[people], messages=["Oi {nome}"], follow_ups=steps_said)
    verdict = campaigns.check_campaign(session, tenant.id, made.id, NOW)
    assert (verdict.recipients, [one.name for one in verdict.empty_variables]) == (1, ["pet"])
    campaigns.launch_campaign(session, tenant.id, made.id, actor=None, now=NOW)
    (row,) = campaigns.contacts_of(session, tenant.id, made.id, status="pending").items
    assert row.variables == {"pet": "Bidu"}


def test_steps_start_pause_go_on_and_end_with_their_campaign(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    assert statuses(session, tenant, campaign_id) == ["running", "running"]
    assert all(step.campaign.started_at == NOW for step in steps(session, tenant, campaign_id))
    campaigns.pause_campaign(session, tenant.id, campaign_id, actor=None)
    assert statuses(session, tenant, campaign_id) == ["paused", "paused"]
    first = steps(session, tenant, campaign_id)[0].campaign.id
    with pytest.raises(NotAllowedNow, match="Continue por ela"):
        campaigns.resume_campaign(session, tenant.id, first, actor=None, now=NOW)
    campaigns.resume_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    assert statuses(session, tenant, campaign_id) == ["running", "running"]
    arrive(session, tenant, campaign_id, first, count=2)
    campaigns.cancel_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    assert campaigns.cancel_pending(session, tenant.id, campaign_id) == 5
    assert statuses(session, tenant, campaign_id) == ["cancelled", "cancelled"]
    assert steps(session, tenant, campaign_id)[0].counts.cancelled == 2


def test_one_step_alone_pauses_goes_on_and_ends(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    first = steps(session, tenant, campaign_id)[0].campaign.id
    campaigns.pause_campaign(session, tenant.id, first, actor=None)
    assert statuses(session, tenant, campaign_id) == ["paused", "running"]
    campaigns.resume_campaign(session, tenant.id, first, actor=None, now=NOW)
    campaigns.cancel_campaign(session, tenant.id, first, actor=None, now=NOW)
    assert statuses(session, tenant, campaign_id) == ["cancelled", "running"]
    assert campaigns.campaign_of(session, tenant.id, campaign_id).status is CampaignStatus.RUNNING


def test_what_only_a_whole_campaign_can_do_is_refused_to_a_step(session: Session, tenant: TenantHandle) -> None:
    first = steps(session, tenant, add_campaign(session, tenant.id, follow_ups=TWO).id)[0].campaign.id
    who = (session, tenant.id, first)
    for act in (
        lambda: campaigns.start_campaign(*who, actor=None, now=NOW),
        lambda: campaigns.launch_campaign(*who, actor=None, now=NOW),
        lambda: campaigns.schedule_campaign(*who, NOW + timedelta(hours=1), actor=None, now=NOW),
        lambda: campaigns.update_campaign(*who, {"name": "x"}, actor=None, now=NOW),
        lambda: campaigns.duplicate_campaign(*who, actor=None, now=NOW),
        lambda: campaigns.delete_campaign(*who, actor=None),
    ):
        with pytest.raises(NotAllowedNow, match="campanha principal"):
            act()


def test_a_copy_has_the_steps_and_a_deleted_campaign_takes_them_along(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    copy = campaigns.duplicate_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    assert campaigns.input_of(session, copy).follow_ups == TWO
    assert statuses(session, tenant, copy.id) == ["draft", "draft"]
    session.execute(update(Campaign).where(Campaign.tenant_id == tenant.id, Campaign.id == campaign_id)
                    .values(status=CampaignStatus.COMPLETED))  # fmt: skip
    with pytest.raises(NotAllowedNow, match="etapa"):
        campaigns.delete_campaign(session, tenant.id, campaign_id, actor=None)
    for step in steps(session, tenant, campaign_id):
        campaigns.cancel_campaign(session, tenant.id, step.campaign.id, actor=None, now=NOW)
    campaigns.delete_campaign(session, tenant.id, campaign_id, actor=None)
    left = session.scalars(select(Campaign.id).where(Campaign.tenant_id == tenant.id)).all()
    assert set(left) == {copy.id, *(step.campaign.id for step in steps(session, tenant, copy.id))}


def test_a_resend_of_a_campaign_that_was_done_opens_its_steps_again(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1, queued_at=NOW - timedelta(days=40))
    session.execute(update(Campaign).where(Campaign.tenant_id == tenant.id)
                    .values(status=CampaignStatus.COMPLETED, finished_at=NOW))  # fmt: skip
    campaigns.resend(session, tenant.id, campaign_id, campaigns.Resend.FAILED, actor=None)
    assert statuses(session, tenant, campaign_id) == ["running", "running"]
    queued = [row.queued_at for row in campaigns.contacts_of(session, tenant.id, campaign_id, status="pending").items]
    assert min(queued) > NOW - timedelta(days=30)


def test_the_next_people_are_told_from_the_days_of_the_step_before(session: Session, tenant: TenantHandle) -> None:
    from models.campaigns import CampaignDay

    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    assert [(one.next_day, one.next_people) for one in steps(session, tenant, campaign_id)] == [(None, 0), (None, 0)]
    session.add_all(
        CampaignDay(tenant_id=tenant.id, campaign_id=campaign_id, day=NOW.date() - timedelta(days=ago), instance_id=1,
                    sent=sent)
        for ago, sent in ((2, 20), (1, 10))
    )  # fmt: skip
    session.flush()
    first, second = steps(session, tenant, campaign_id)
    assert (first.next_day, first.next_people) == (NOW.date() + timedelta(days=1), 20)
    assert second.next_day is None
    session.execute(update(Campaign).where(Campaign.tenant_id == tenant.id, Campaign.id == first.campaign.id)
                    .values(arrived_until=NOW - timedelta(days=1)))  # fmt: skip
    assert steps(session, tenant, campaign_id)[0].next_people == 10


def test_a_deal_is_counted_once_a_person_and_spares_them_the_steps(session: Session, tenant: TenantHandle) -> None:
    campaign_id = launched(session, tenant.id, follow_ups=TWO)
    move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=2, sent_at=NOW)
    first, second = (step.campaign.id for step in steps(session, tenant, campaign_id))
    buyer, other = arrive(session, tenant, campaign_id, first, count=2)
    arrive(session, tenant, campaign_id, second, count=2)

    def deal(delta: int) -> int:
        return campaigns.add_deal(
            session, tenant.id, campaign_id, delta, actor=None, contact_id=buyer.id, now=NOW + timedelta(hours=1)
        )

    assert deal(1) == 1
    with pytest.raises(campaigns.DealCountedAlready):
        deal(1)
    for step in (first, second):
        rows = {row.phone: row for row in campaigns.contacts_of(session, tenant.id, step).items}
        assert (rows[buyer.phone].status, rows[buyer.phone].reason) == (ContactStatus.CANCELLED, "deal")
        assert rows[other.phone].status is ContactStatus.PENDING
        counts = campaigns.counts_of(session, tenant.id, step)
        assert (counts.pending, counts.cancelled) == (1, 1)
    session.expire_all()
    assert campaigns.contact_story(session, tenant.id, campaign_id, buyer.id).contact.deal_at is not None
    assert deal(-1) == 0
    with pytest.raises(campaigns.NoDealToRemove):
        deal(-1)
    with pytest.raises(NotFound):
        campaigns.add_deal(session, tenant.id, campaign_id, 1, actor=None, contact_id=buyer.id + 10**9, now=NOW)
