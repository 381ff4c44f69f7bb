"""Launching: everybody once, whoever is left out with the reason, nobody twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from core.errors import NotFound
from core.tenancy import tenant_scope
from core.zones import ACRE, BRASILIA, TENANT
from models.campaigns import CampaignContact, CampaignLog, CampaignStatus, ContactStatus, LogType
from models.leads import Lead, LeadListMember, Suppression
from models.states import NotAllowedNow
from services import campaigns
from services.accounts import limit_messages_per_person
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, launched, move_contacts, phone, suppress
from tests.support.world import TenantHandle


def contacts(session: Session, tenant: TenantHandle, campaign_id: int) -> dict[str, CampaignContact]:
    return {one.phone: one for one in campaigns.contacts_of(session, tenant.id, campaign_id, limit=500).items}


def logs(session: Session, tenant: TenantHandle, campaign_id: int) -> list[CampaignLog]:
    session.flush()
    return list(reversed(campaigns.logs_of(session, tenant.id, campaign_id).items))


def test_everybody_of_the_lists_is_in_once(session: Session, tenant: TenantHandle) -> None:
    first = add_list(session, tenant.id, 3)
    second = add_list(session, tenant.id, 2, first=4)
    shared = session.scalars(select(LeadListMember.lead_id).where(LeadListMember.tenant_id == tenant.id,
                                                                  LeadListMember.list_id == first)).first()  # fmt: skip
    assert shared is not None
    session.add(LeadListMember(tenant_id=tenant.id, list_id=second, lead_id=shared))
    session.flush()
    campaign_id = launched(session, tenant.id, lists=[first, second])
    assert list(contacts(session, tenant, campaign_id)) == [phone(number) for number in range(1, 6)]
    counts = campaigns.counts_of(session, tenant.id, campaign_id)
    assert (counts.total, counts.pending) == (5, 5)
    assert campaigns.campaign_of(session, tenant.id, campaign_id).status is CampaignStatus.RUNNING


def test_who_asked_not_to_be_written_to_is_in_the_ledger_with_the_reason(
    session: Session, tenant: TenantHandle
) -> None:
    suppress(session, tenant.id, 2)
    campaign_id = launched(session, tenant.id)
    left_out = contacts(session, tenant, campaign_id)[phone(2)]
    assert (left_out.status, left_out.reason) == (ContactStatus.SUPPRESSED, "opt_out")
    counts = campaigns.counts_of(session, tenant.id, campaign_id)
    assert (counts.total, counts.pending, counts.suppressed) == (3, 2, 1)


def test_an_opt_out_by_email_counts_for_the_phone_too(session: Session, tenant: TenantHandle) -> None:
    session.add(Suppression(tenant_id=tenant.id, email="ana@example.com", reason="manual"))
    people = [{"name": "Ana", "email": "Ana@example.com"}, {"name": "Bia"}]
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, people)])
    assert contacts(session, tenant, campaign_id)[phone(1)].reason == "opt_out"
    assert contacts(session, tenant, campaign_id)[phone(2)].reason is None


def test_only_the_variables_of_the_texts_are_frozen(session: Session, tenant: TenantHandle) -> None:
    people = [{"name": "Ana", "city": "Recife", "extra": {"Procedimento ": " limpeza ", "Segredo": "x"}}]
    campaign_id = launched(
        session, tenant.id, lists=[add_list(session, tenant.id, people)],
        messages=["Oi {nome}, sua {procedimento} em {city}"],
    )  # fmt: skip
    (ana,) = contacts(session, tenant, campaign_id).values()
    assert ana.variables == {"procedimento": "limpeza", "cidade": "Recife"}
    assert ana.name == "Ana"


def test_a_column_spelled_in_two_ways_is_one_variable(session: Session, tenant: TenantHandle) -> None:
    people = [{"name": "Ana", "extra": {"Plano": "", "plano": "Ouro"}}, {"name": "Bia", "extra": {"PLANO": "Prata"}}]
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, people)], messages=["{plano}"])
    assert [one.variables for one in contacts(session, tenant, campaign_id).values()] == [
        {"plano": "Ouro"},
        {"plano": "Prata"},
    ]


def test_a_person_without_a_needed_value_is_left_out_with_the_reason(session: Session, tenant: TenantHandle) -> None:
    people = [{"name": "Ana"}, {"name": "  "}]
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, people)])
    nameless = contacts(session, tenant, campaign_id)[phone(2)]
    assert (nameless.status, nameless.reason) == (ContactStatus.INVALID, "missing_variable")


@pytest.mark.parametrize(
    ("choice", "pending"),
    [
        ({"messages": ["Oi {nome|tudo bem}"]}, 2),
        ({"fallbacks": {"Nome": "tudo bem"}}, 2),
        ({"fallbacks": {"nome": "tudo bem"}, "leave_out_incomplete": True}, 1),
    ],
)
def test_a_fallback_keeps_them_unless_the_campaign_leaves_them_out(
    session: Session, tenant: TenantHandle, choice: dict[str, object], pending: int
) -> None:
    people = [{"name": "Ana"}, {"name": ""}]
    campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, people)], **choice)
    assert campaigns.counts_of(session, tenant.id, campaign_id).pending == pending


def test_whoever_heard_from_us_lately_is_spared(session: Session, tenant: TenantHandle) -> None:
    people = add_list(session, tenant.id, 3)
    before = launched(session, tenant.id, lists=[people])
    move_contacts(session, tenant.id, before, ContactStatus.SENT, count=1, sent_at=NOW - timedelta(days=2))
    move_contacts(session, tenant.id, before, ContactStatus.SENT, count=1, sent_at=NOW - timedelta(days=9))
    campaign_id = launched(session, tenant.id, lists=[people], repeat_guard_days=7)
    spared = [one for one in contacts(session, tenant, campaign_id).values() if one.reason == "repeat_guard"]
    assert [one.phone for one in spared] == [phone(1)]
    assert spared[0].status is ContactStatus.SUPPRESSED


def test_whoever_had_the_weeks_messages_is_left_out_and_the_check_page_says_so_before(
    session: Session, tenant: TenantHandle
) -> None:
    people = add_list(session, tenant.id, 3)
    for days in (1, 6):
        before = launched(session, tenant.id, lists=[people])
        move_contacts(session, tenant.id, before, ContactStatus.READ, count=1, sent_at=NOW - timedelta(days=days))
    made = add_campaign(session, tenant.id, lists=[people])
    verdict = campaigns.check_campaign(session, tenant.id, made.id, NOW)
    assert (verdict.recipients, verdict.left_out) == (2, {campaigns.Reason.FREQUENCY_CAP: 1})
    campaign_id = launched(session, tenant.id, lists=[people])
    assert [one.phone for one in contacts(session, tenant, campaign_id).values() if one.reason == "frequency_cap"] == [
        phone(1)
    ]
    limit_messages_per_person(session, tenant.id, None, actor=None)
    assert campaigns.check_campaign(session, tenant.id, made.id, NOW).recipients == 3


def test_the_launch_writes_down_where_each_person_lives(session: Session, tenant: TenantHandle) -> None:
    people = add_list(session, tenant.id, 3)
    numbers = {"5568999991234": ACRE, "351912345678": TENANT, phone(3): BRASILIA}
    for before, after in zip((phone(1), phone(2)), numbers, strict=False):
        session.execute(
            update(Lead).where(Lead.tenant_id == tenant.id, Lead.phone == before).values(phone=after, phone_key=after)
        )
    campaign_id = launched(session, tenant.id, lists=[people])
    assert {one.phone: one.zone for one in contacts(session, tenant, campaign_id).values()} == numbers


def test_the_story_says_how_many_were_added_and_who_started(session: Session, tenant: TenantHandle) -> None:
    campaign_id = add_campaign(session, tenant.id).id
    campaigns.launch_campaign(session, tenant.id, campaign_id, actor=tenant.owner_id, now=NOW)
    created, added, started = logs(session, tenant, campaign_id)
    assert created.log_type is LogType.CREATED
    assert (added.log_type, added.details["count"]) == (LogType.CONTACT_ADDED, 3)
    assert (started.log_type, started.created_by) == (LogType.STARTED, tenant.owner_id)


def test_two_launches_at_once_add_nobody_twice(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        campaign_id = add_campaign(session, tenant.id, lists=[add_list(session, tenant.id, 200)]).id
    together = Barrier(2)

    def launch() -> str:
        with tenant_scope(tenant.id), factory() as session:
            together.wait()
            try:
                campaigns.launch_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
            except NotAllowedNow:
                return "refused"
            session.commit()
            return "launched"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(future.result() for future in [pool.submit(launch) for _ in range(2)])
    assert outcomes == ["launched", "refused"]
    with tenant_scope(tenant.id), factory() as session:
        rows = select(func.count()).where(CampaignContact.tenant_id == tenant.id)
        assert session.scalar(rows) == 200
        added = [one for one in logs(session, tenant, campaign_id) if one.log_type is LogType.CONTACT_ADDED]
        assert len(added) == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"messages": []}, "no_message"),
        ({"lists": []}, "no_list"),
        ({"instances": []}, "no_number"),
        ({"messages": ["Oi {prosedimento}"]}, "unknown_variable"),
    ],
)
def test_an_unready_campaign_says_what_to_do_and_adds_nobody(
    session: Session, tenant: TenantHandle, said: dict[str, object], code: str
) -> None:
    campaign_id = add_campaign(session, tenant.id, **said).id
    with pytest.raises(campaigns.NotReady) as refusal:
        campaigns.launch_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    assert refusal.value.code == code
    assert campaigns.counts_of(session, tenant.id, campaign_id).total == 0


def test_without_a_licence_nothing_starts(
    factory: sessionmaker[Session], make_tenant: Callable[..., TenantHandle]
) -> None:
    unpaid = make_tenant(plan="")
    with tenant_scope(unpaid.id), factory() as session:
        campaign_id = add_campaign(session, unpaid.id, instances=[add_number(session, unpaid.id)]).id
        with pytest.raises(campaigns.NotReady) as refusal:
            campaigns.launch_campaign(session, unpaid.id, campaign_id, actor=None, now=NOW)
        assert refusal.value.code == "no_live_licence"


def test_a_stranger_finds_no_campaign(
    factory: sessionmaker[Session], session: Session, tenant: TenantHandle, make_tenant: Callable[..., TenantHandle]
) -> None:
    campaign_id = add_campaign(session, tenant.id).id
    session.commit()
    stranger = make_tenant()
    with tenant_scope(stranger.id), factory() as other, pytest.raises(NotFound):
        campaigns.launch_campaign(other, stranger.id, campaign_id, actor=None, now=NOW)


def test_a_scheduled_campaign_starts_when_its_moment_comes(session: Session, tenant: TenantHandle) -> None:
    at = NOW + timedelta(hours=1)
    campaign_id = add_campaign(session, tenant.id, schedule_at=at).id
    assert campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=NOW) is CampaignStatus.SCHEDULED
    assert campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, NOW) is None
    started = campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, at + timedelta(minutes=29))
    assert started is CampaignStatus.RUNNING
    assert campaigns.counts_of(session, tenant.id, campaign_id).pending == 3
    assert campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, at + timedelta(minutes=30)) is None


def test_a_campaign_more_than_half_an_hour_late_is_held_and_a_person_sends_it(
    session: Session, tenant: TenantHandle
) -> None:
    at = NOW + timedelta(hours=1)
    campaign_id = add_campaign(session, tenant.id, schedule_at=at).id
    campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    late = at + timedelta(minutes=31)
    assert campaigns.start_scheduled_campaign(session, tenant.id, campaign_id, late) is CampaignStatus.HELD
    held = campaigns.campaign_of(session, tenant.id, campaign_id)
    assert "horário marcado passou" in held.pause_reason
    campaigns.start_campaign(session, tenant.id, campaign_id, actor=None, now=late)
    assert campaigns.campaign_of(session, tenant.id, campaign_id).status is CampaignStatus.RUNNING
