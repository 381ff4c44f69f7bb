"""A test send of a campaign: the same text its person would get, queued ahead, with nothing of the campaign changed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.errors import InvalidInput, NotFound, TooManyRequests
from models.campaigns import CampaignStatus
from models.instances import DirectKind, DirectMessage, InstanceStatus
from services import campaigns
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, phone
from tests.support.world import TenantHandle

PHONE = "(21) 98765-4321"


def send(session: Session, tenant: TenantHandle, campaign_id: int, **options: Any) -> DirectMessage:
    given = {"phone": PHONE, "now": utcnow(), "actor": tenant.owner.user_id} | options
    return campaigns.send_test(session, tenant.id, campaign_id, **given)


def test_it_is_what_the_person_of_that_row_gets_with_variation_and_exit_line(
    session: Session, tenant: TenantHandle
) -> None:
    people = add_list(session, tenant.id, [{"name": "Ana Lima"}, {"name": "Beto Reis"}, {"name": "Caio Sá"}])
    made = add_campaign(session, tenant.id, lists=[people], messages=["Oi {primeiro nome}!", "Olá {nome}."])
    for row in (1, 2, 3):
        shown = campaigns.preview_or_404(session, tenant.id, made.id, row, NOW)
        test = send(session, tenant, made.id, row=row)
        assert test.body == shown.text
        assert test.body.endswith(campaigns.EXIT_LINE)
    assert send(session, tenant, made.id, row=1, variation=1).body.startswith("Oi Ana!")
    assert send(session, tenant, made.id, row=1, variation=2).body.startswith("Olá Ana Lima.")


def test_it_is_a_direct_message_and_changes_nothing_of_the_campaign(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id)
    test = send(session, tenant, made.id)

    assert (test.kind, test.phone, test.status) == (DirectKind.TEST, "5521987654321", "pending")
    assert (test.campaign_id, test.created_by) == (made.id, tenant.owner.user_id)
    assert campaigns.campaign_of(session, tenant.id, made.id).status is CampaignStatus.DRAFT
    assert campaigns.counts_of(session, tenant.id, made.id).total == 0


def test_it_goes_through_the_number_chosen_else_the_first_that_is_connected(
    session: Session, tenant: TenantHandle
) -> None:
    off = add_number(session, tenant.id, name="A", status=InstanceStatus.DISCONNECTED)
    first, second = add_number(session, tenant.id, name="B"), add_number(session, tenant.id, name="C")
    made = add_campaign(session, tenant.id, instances=[off, first, second])

    assert send(session, tenant, made.id).instance_id == first
    assert send(session, tenant, made.id, instance_id=second).instance_id == second
    with pytest.raises(InvalidInput) as refused:
        send(session, tenant, made.id, instance_id=off)
    assert "Conecte" in refused.value.fields["instance_id"][0]


def test_what_is_wrong_is_said_in_words(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id)
    with pytest.raises(InvalidInput) as refused:
        send(session, tenant, made.id, phone="123")
    assert "Exemplo" in refused.value.fields["phone"][0]
    with pytest.raises(NotFound):
        send(session, tenant, made.id, variation=9)
    with pytest.raises(NotFound):
        send(session, tenant, made.id, instance_id=999_999)
    off = add_number(session, tenant.id, status=InstanceStatus.PAUSED)
    nobody = add_campaign(session, tenant.id, instances=[off])
    with pytest.raises(InvalidInput) as refused:
        send(session, tenant, nobody.id)
    assert "conectado" in refused.value.fields["instance_id"][0]


def test_thirty_an_hour_are_enough(session: Session, tenant: TenantHandle) -> None:
    made = add_campaign(session, tenant.id)
    for _ in range(campaigns.MOST_PER_HOUR):
        send(session, tenant, made.id)
    with pytest.raises(TooManyRequests):
        send(session, tenant, made.id)
    session.execute(
        update(DirectMessage)
        .where(DirectMessage.tenant_id == tenant.id)
        .values(created_at=DirectMessage.created_at - timedelta(hours=2))
    )
    send(session, tenant, made.id)


def test_the_page_remembers_the_phone_and_the_last_test_of_this_campaign(
    session: Session, tenant: TenantHandle
) -> None:
    made, other = add_campaign(session, tenant.id), add_campaign(session, tenant.id)
    who = tenant.owner.user_id
    assert campaigns.trial_of(session, tenant.id, made.id, who) == campaigns.Trial("", None)
    send(session, tenant, made.id)
    newest = send(session, tenant, made.id, phone=phone(7))
    found = campaigns.trial_of(session, tenant.id, made.id, who)
    assert (found.phone, found.last, found.is_moving) == (phone(7), newest, True)
    assert campaigns.trial_of(session, tenant.id, other.id, who) == campaigns.Trial(phone(7), None)
    assert campaigns.trial_of(session, tenant.id, made.id, who + 10_000).phone == ""
    assert session.scalar(select(DirectMessage.id).where(DirectMessage.tenant_id == tenant.id).limit(1))
