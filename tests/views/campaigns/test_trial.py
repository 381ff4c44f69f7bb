"""The check page's "Enviar um teste para mim"."""

import pytest
from sqlalchemy import select, update

from models.instances import DirectMessage, InstanceStatus
from tests.support.campaigns import add_campaign, add_number, phone
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle
from tests.views.campaigns.conftest import Work


@pytest.fixture
def draft(work: Work, tenant: TenantHandle) -> int:
    with work() as session:
        return add_campaign(session, tenant.id).id


def queued(work: Work, tenant: TenantHandle) -> list[DirectMessage]:
    with work() as session:
        found = list(session.scalars(select(DirectMessage).where(DirectMessage.tenant_id == tenant.id)))
        session.expunge_all()
        return found


def settle(work: Work, tenant: TenantHandle, **values: object) -> None:
    with work() as session:
        session.execute(update(DirectMessage).where(DirectMessage.tenant_id == tenant.id).values(**values))


def test_one_press_queues_it_and_the_page_shows_what_became_of_it(
    owner: PageClient, work: Work, tenant: TenantHandle, draft: int
) -> None:
    page = owner.get(f"/campaigns/{draft}/check").text
    assert "Enviar um teste para mim" in page
    assert 'data-status="empty"' in page.partition('id="teste"')[2]

    answer = owner.post(f"/campaigns/{draft}/test", {"phone": "(21) 98765-4321", "row": "2"})

    assert answer.status_code == 303
    assert answer.location.endswith(f"/campaigns/{draft}/check?row=2#teste")
    (test,) = queued(work, tenant)
    assert (test.phone, test.campaign_id) == ("5521987654321", draft)
    page = owner.get(f"/campaigns/{draft}/check?row=2").text
    block = page.partition('id="teste"')[2]
    assert 'data-status="pending"' in block
    assert "data-live=" in block
    assert 'value="(21) 98765-4321"' in block
    settle(work, tenant, status="failed", reason="opt_out", error="Esta pessoa está na lista de não perturbe.")
    result = owner.get(f"/campaigns/{draft}/test").text
    assert 'data-status="failed"' in result
    assert "não perturbe" in result
    assert "data-live=" not in result


def test_what_is_wrong_is_said_and_nothing_is_queued(
    owner: PageClient, work: Work, tenant: TenantHandle, draft: int
) -> None:
    owner.get(f"/campaigns/{draft}/check")
    answer = owner.post(f"/campaigns/{draft}/test", {"phone": "12"})
    assert "Exemplo" in owner.get(answer.location.partition("#")[0]).text
    assert queued(work, tenant) == []


def test_with_several_numbers_a_person_chooses_and_without_one_there_is_no_form(
    owner: PageClient, work: Work, tenant: TenantHandle
) -> None:
    with work() as session:
        one, two = add_number(session, tenant.id, name="Loja"), add_number(session, tenant.id, name="Clínica")
        off = add_number(session, tenant.id, name="Fora", status=InstanceStatus.DISCONNECTED)
        several = add_campaign(session, tenant.id, instances=[one, two, off]).id
        none = add_campaign(session, tenant.id, instances=[off]).id
    page = owner.get(f"/campaigns/{several}/check").text
    assert f'<option value="{two}">Clínica</option>' in page
    assert f'<option value="{off}">' not in page
    owner.post(f"/campaigns/{several}/test", {"phone": phone(1), "instance_id": str(two)})
    assert [test.instance_id for test in queued(work, tenant)] == [two]
    assert 'id="teste"' not in owner.get(f"/campaigns/{none}/check").text


def test_a_colleague_who_reads_sees_no_form_and_may_not_send(
    viewer: PageClient, operator: PageClient, work: Work, tenant: TenantHandle, draft: int
) -> None:
    assert 'id="teste"' not in viewer.get(f"/campaigns/{draft}/check").text
    assert viewer.post(f"/campaigns/{draft}/test", {"phone": phone(1)}).status_code == 403
    operator.get(f"/campaigns/{draft}/check")
    assert operator.post(f"/campaigns/{draft}/test", {"phone": phone(1)}).status_code == 303
    assert len(queued(work, tenant)) == 1


def test_a_stranger_can_send_nothing_of_it(stranger: PageClient, work: Work, tenant: TenantHandle, draft: int) -> None:
    stranger.get("/campaigns")
    assert stranger.post(f"/campaigns/{draft}/test", {"phone": phone(1)}).status_code == 404
    assert stranger.get(f"/campaigns/{draft}/test").status_code == 404
    assert queued(work, tenant) == []
