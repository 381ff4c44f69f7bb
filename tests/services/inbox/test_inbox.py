"""Conversations: kept once, answered ahead of campaigns, doubtful replies judged by a person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.audit import AuditEvent
from models.campaigns import CampaignCounts
from models.inbox import Wish
from services import inbox, leads, subscriptions
from tests.support.campaigns import add_list, add_number, launched, phone
from tests.support.inbox import arrive, conversation, direct_messages
from tests.support.world import TenantHandle

Factory = sessionmaker[Session]
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def everybody_listens() -> None:
    subscriptions.subscribe_all()


def test_a_message_told_twice_is_kept_once(factory: Factory, tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        number = add_number(session, tenant.id)
    ids = {arrive(factory, tenant.id, "Oi", "Quanto custa?", instance_id=number) for _ in range(3)}

    found = conversation(factory, tenant.id, ids.pop())
    assert ids == set()
    assert (found.unread_count, found.last_text, found.name) == (2, "Quanto custa?", "Pessoa 1")


def test_a_lead_gives_the_conversation_its_name(factory: Factory, tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        add_list(session, tenant.id, [{"name": "Ana Souza"}])
    found = conversation(factory, tenant.id, arrive(factory, tenant.id, "Oi"))
    assert found.name == "Ana Souza" and found.lead_id


def test_an_old_message_that_comes_late_is_not_the_last_one(factory: Factory, tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        number = add_number(session, tenant.id)
    arrive(factory, tenant.id, "nova", instance_id=number, at=NOW)
    found = arrive(factory, tenant.id, "velha", instance_id=number, at=NOW - timedelta(hours=1))
    assert conversation(factory, tenant.id, found).last_text == "nova"


def test_a_text_with_a_nul_is_kept_without_it(factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "o\x00i \\u0000", wish=Wish.NONE)
    assert conversation(factory, tenant.id, found).last_text == "oi \\u0000"


def test_an_answer_is_queued_and_shown_with_its_state(factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "Quanto custa?")
    with tenant_scope(tenant.id), factory.begin() as session:
        inbox.answer(session, tenant.id, found, "  São 100 reais.  ", actor=tenant.owner.user_id, now=NOW)
    with tenant_scope(tenant.id), factory() as session:
        newest = inbox.messages_of(session, tenant.id, found).items[0]

    assert (newest.message.body, newest.status, newest.is_ours) == ("São 100 reais.", "pending", True)
    queued = direct_messages(factory, tenant.id)[0]
    assert (queued.kind, queued.conversation_id, queued.created_by) == ("answer", found, tenant.owner.user_id)
    assert conversation(factory, tenant.id, found).last_text == "São 100 reais."


def test_nobody_who_asked_to_be_left_alone_is_answered(factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "Oi")
    with tenant_scope(tenant.id), factory.begin() as session:
        leads.suppress(session, tenant.id, phone(1), "opt_out", "manual")
        with pytest.raises(inbox.MustNotWrite):
            inbox.answer(session, tenant.id, found, "Oi!", actor=None, now=NOW)


def test_the_official_api_is_answered_within_24_hours_only(factory: Factory, tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        number = add_number(session, tenant.id, connector="cloud_api")
    found = arrive(factory, tenant.id, "Oi", instance_id=number)
    with tenant_scope(tenant.id), factory.begin() as session:
        inbox.answer(session, tenant.id, found, "Oi!", actor=None, now=NOW + timedelta(hours=23))
        with pytest.raises(inbox.WindowClosed):
            inbox.answer(session, tenant.id, found, "Oi!", actor=None, now=NOW + timedelta(hours=25))


def test_a_removed_number_answers_nobody(factory: Factory, tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        number = add_number(session, tenant.id, deleted_at=NOW)
    found = arrive(factory, tenant.id, "Oi", instance_id=number)
    with tenant_scope(tenant.id), factory.begin() as session, pytest.raises(inbox.NumberGone):
        inbox.answer(session, tenant.id, found, "Oi!", actor=None, now=NOW)


def test_a_judged_wish_suppresses_counts_and_is_confirmed_once(factory: Factory, tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        campaign = launched(session, tenant.id)
    found = arrive(factory, tenant.id, "não me mande mais boletos", campaign_id=campaign)
    with tenant_scope(tenant.id), factory.begin() as session:
        inbox.judge(session, tenant.id, found, is_leave=True, actor=tenant.owner.user_id)
    with tenant_scope(tenant.id), factory.begin() as session, pytest.raises(inbox.NothingToJudge):
        inbox.judge(session, tenant.id, found, is_leave=True, actor=tenant.owner.user_id)

    assert conversation(factory, tenant.id, found).wish is Wish.LEAVE
    assert [one.kind for one in direct_messages(factory, tenant.id)] == ["confirmation"]
    with tenant_scope(tenant.id), factory() as session:
        assert leads.is_suppressed(session, tenant.id, phone(1))
        assert session.get_one(CampaignCounts, (tenant.id, campaign)).opted_out == 1
        told = session.scalars(
            select(AuditEvent).where(AuditEvent.tenant_id == tenant.id, AuditEvent.action == "inbox.judge")
        ).one()
    assert (told.details, told.actor_user_id, told.target_id) == ({"wish": "leave"}, tenant.owner.user_id, found)


def test_a_wish_judged_to_be_none_changes_nothing(factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    with tenant_scope(tenant.id), factory.begin() as session:
        inbox.judge(session, tenant.id, found, is_leave=False, actor=None)
        assert not leads.is_suppressed(session, tenant.id, phone(1))
    assert conversation(factory, tenant.id, found).wish is Wish.NONE
    assert direct_messages(factory, tenant.id) == []


def test_nobody_is_suppressed_behind_a_hidden_id(factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "sair", phone="777000@lid", wish=Wish.MAYBE)
    with tenant_scope(tenant.id), factory.begin() as session, pytest.raises(inbox.UnknownPerson):
        inbox.judge(session, tenant.id, found, is_leave=True, actor=None)


def test_a_conversation_opens_where_the_person_wrote_last_or_was_written_to(
    factory: Factory, tenant: TenantHandle
) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        add_list(session, tenant.id, 2)
        first, second = add_number(session, tenant.id), add_number(session, tenant.id, status="disconnected")
    there = arrive(factory, tenant.id, "Oi", instance_id=second)
    with tenant_scope(tenant.id), factory.begin() as session:
        known = conversation(factory, tenant.id, there).lead_id
        found, is_new = inbox.open_conversation(session, tenant.id, known or 0, now=NOW)
        assert (found.id, is_new) == (there, False)
        fresh, is_new = inbox.open_conversation(session, tenant.id, (known or 0) + 1, now=NOW)
        assert (fresh.instance_id, is_new, fresh.name) == (first, True, "Pessoa 2")
        with pytest.raises(leads.LeadNotFound):
            inbox.open_conversation(session, tenant.id, 10**12, now=NOW)


def test_a_stranger_finds_nothing(factory: Factory, tenant: TenantHandle, make_tenant: Any) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    stranger = make_tenant()
    with tenant_scope(stranger.id), factory.begin() as session:
        assert inbox.page_of_conversations(session, stranger.id).items == []
        for act in (
            lambda: inbox.messages_of(session, stranger.id, found),
            lambda: inbox.answer(session, stranger.id, found, "Oi", actor=None, now=NOW),
            lambda: inbox.judge(session, stranger.id, found, is_leave=True, actor=None),
            lambda: inbox.mark_unread(session, stranger.id, found),
        ):
            with pytest.raises(inbox.ConversationNotFound):
                act()


def test_two_clicks_at_the_same_moment_send_one_message(factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "Oi")
    together = Barrier(4)

    def click(_: int) -> int:
        together.wait(10)
        with tenant_scope(tenant.id), factory.begin() as session:
            row = inbox.answer(session, tenant.id, found, "Sim.", actor=None, now=NOW, form_key="one form")
            return row.id

    with ThreadPoolExecutor(4) as people:
        ids = set(people.map(click, range(4)))
    assert len(ids) == 1
    assert len(direct_messages(factory, tenant.id)) == 1
