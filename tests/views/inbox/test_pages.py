"""`/inbox` as owner, operator, viewer and stranger meet it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.inbox import Wish
from models.instances import DirectMessage
from tests.support.inbox import arrive, conversation, direct_messages
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

Factory = sessionmaker[Session]
SignIn = Callable[..., PageClient]


@pytest.fixture
def owner(sign_in: SignIn, tenant: TenantHandle) -> PageClient:
    return sign_in(tenant)


@pytest.fixture
def viewer(sign_in: SignIn, tenant: TenantHandle, make_user: Any) -> PageClient:
    return sign_in(make_user(tenant, role="viewer"))


@pytest.fixture
def operator(sign_in: SignIn, tenant: TenantHandle, make_user: Any) -> PageClient:
    return sign_in(make_user(tenant, role="operator"))


@pytest.fixture
def stranger(sign_in: SignIn, make_tenant: Any) -> PageClient:
    return sign_in(make_tenant(name="Pet Feliz"))


def rows(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'<tr data-id="(\d+)"', page)]


def test_the_first_visit_says_when_something_will_be_here(owner: PageClient) -> None:
    page = owner.get("/inbox").text
    assert 'data-status="empty"' in page and "Ninguém respondeu ainda" in page


def test_the_list_shows_who_wrote_and_the_menu_how_many_are_unread(
    owner: PageClient, factory: Factory, tenant: TenantHandle
) -> None:
    ids = [arrive(factory, tenant.id, "Quanto custa?", person=person) for person in (1, 2)]
    page = owner.get("/inbox").text
    assert rows(page) == ids[::-1]
    assert 'data-figure="unread_conversations" data-value="2"' in page
    assert "Pessoa 1" in page and "(11) 90000-0001" in page and "Quanto custa?" in page

    owner.get(f"/inbox/{ids[0]}")
    assert 'data-figure="unread_conversations" data-value="1"' in owner.get("/dashboard").text


def test_filters_and_search(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    doubtful = arrive(factory, tenant.id, "não me mande mais boletos", person=1)
    other = arrive(factory, tenant.id, "Quanto custa?", person=2)
    assert rows(owner.get("/inbox?only=maybe").text) == [doubtful]
    assert rows(owner.get("/inbox?q=custa").text) == [other]
    assert rows(owner.get("/inbox?q=90000-0001").text) == [doubtful]
    assert rows(owner.get("/inbox?q=ninguém").text) == []
    owner.get(f"/inbox/{other}")
    assert rows(owner.get("/inbox?only=unread").text) == [doubtful]


def test_pages_hold_25_and_lead_on(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    ids = [arrive(factory, tenant.id, "Oi", person=person) for person in range(1, 28)]
    page = owner.get("/inbox").text
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert len(rows(page)) == 25 and following
    assert rows(page) + rows(owner.get(following[1].replace("&amp;", "&")).text) == ids[::-1]


def test_an_answer_is_sent_and_shows_how_far_it_has_come(
    operator: PageClient, factory: Factory, tenant: TenantHandle
) -> None:
    found = arrive(factory, tenant.id, "Quanto custa?")
    operator.get(f"/inbox/{found}")
    answer = operator.post(f"/inbox/{found}/messages", {"text": "São 100 reais."})
    assert answer.status_code == 303
    assert 'data-status="pending"' in operator.get(f"/inbox/{found}").text
    for status, words in (("read", "Lida"), ("failed", "Falhou"), ("unconfirmed", "Sem confirmação")):
        with tenant_scope(tenant.id), factory.begin() as session:
            session.execute(
                update(DirectMessage).where(DirectMessage.tenant_id == tenant.id).values(
                    status=status, error="O número não tem WhatsApp."
                )
            )  # fmt: skip
        page = operator.get(f"/inbox/{found}/live").text
        assert f'data-status="{status}"' in page and words in page
        assert ("O número não tem WhatsApp." in page) is (status != "read")


def test_a_double_click_sends_one_message_and_another_text_is_another(
    owner: PageClient, factory: Factory, tenant: TenantHandle
) -> None:
    found = arrive(factory, tenant.id, "Oi")
    form_key = re.findall(r'name="form_key" value="([^"]+)"', owner.get(f"/inbox/{found}").text)[0]
    for text in ("Sim.", "Sim.", "Não."):
        typed = {"text": text, "form_key": form_key}
        assert owner.post(f"/inbox/{found}/messages", typed).status_code == 303
    assert sorted(one.body for one in direct_messages(factory, tenant.id)) == ["Não.", "Sim."]
    assert form_key not in owner.get(f"/inbox/{found}").text
    assert owner.post(f"/inbox/{found}/messages", {"text": "Sim."}).status_code == 303
    assert len(direct_messages(factory, tenant.id)) == 3


def test_what_was_typed_is_kept_when_it_is_refused(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "Oi")
    owner.get(f"/inbox/{found}")
    answer = owner.post(f"/inbox/{found}/messages", {"text": "x" * 4097})
    assert answer.status_code == 422
    assert "x" * 4097 in answer.text and "divida em duas" in answer.text
    assert owner.post(f"/inbox/{found}/messages", {"text": " "}).status_code == 422
    assert direct_messages(factory, tenant.id) == []


def test_a_doubtful_reply_is_judged_on_its_page(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    page = owner.get(f"/inbox/{found}").text
    assert 'data-action="judge-leave"' in page and 'data-action="judge-stay"' in page
    assert owner.post(f"/inbox/{found}/judge", {"is_leave": "1"}).status_code == 303

    page = owner.get(f"/inbox/{found}").text
    assert 'data-action="judge-leave"' not in page
    assert 'data-status="suppressed"' in page and 'data-status="blocked"' in page
    assert "Pronto, você não receberá mais mensagens nossas" in page
    assert owner.post(f"/inbox/{found}/judge", {"is_leave": "1"}).status_code == 409


def test_not_a_wish_to_leave(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    owner.get(f"/inbox/{found}")
    owner.post(f"/inbox/{found}/judge", {"is_leave": "0"})
    assert 'data-action="answer"' in owner.get(f"/inbox/{found}").text
    assert conversation(factory, tenant.id, found).wish == "none"


def test_a_hidden_person_is_shown_as_such(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "sair", phone="777000@lid", name="", wish=Wish.MAYBE)
    page = owner.get(f"/inbox/{found}").text
    assert "telefone oculto" in page and "777000@lid" not in page
    assert 'data-action="judge-leave"' not in page and 'data-action="judge-stay"' in page


def test_older_messages_are_a_page_away(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, *(f"mensagem {number} fim" for number in range(30)))
    page = owner.get(f"/inbox/{found}").text
    older = re.search(r'href="([^"]+)" data-action="older"', page)
    assert "mensagem 29 fim" in page and "mensagem 4 fim" not in page and older
    assert "mensagem 4 fim" in owner.get(older[1].replace("&amp;", "&")).text


def test_marking_as_unread(owner: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "Oi")
    owner.get(f"/inbox/{found}")
    assert conversation(factory, tenant.id, found).unread_count == 0
    owner.post(f"/inbox/{found}/unread")
    assert conversation(factory, tenant.id, found).unread_count == 1


def test_a_viewer_reads_and_does_nothing(viewer: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    page = viewer.get(f"/inbox/{found}").text
    assert "boletos" in page and 'data-action="answer"' not in page and "judge-leave" not in page
    assert conversation(factory, tenant.id, found).unread_count == 1
    for action, said in (("messages", {"text": "Oi"}), ("judge", {"is_leave": "1"}), ("unread", {})):
        assert viewer.post(f"/inbox/{found}/{action}", said).status_code == 403


def test_a_stranger_meets_404(stranger: PageClient, factory: Factory, tenant: TenantHandle) -> None:
    found = arrive(factory, tenant.id, "não me mande mais boletos")
    assert rows(stranger.get("/inbox").text) == []
    assert stranger.get(f"/inbox/{found}").status_code == 404
    assert stranger.get(f"/inbox/{found}/live").status_code == 404
    for action, said in (("messages", {"text": "Oi"}), ("judge", {"is_leave": "1"}), ("unread", {})):
        assert stranger.post(f"/inbox/{found}/{action}", said).status_code == 404
    assert conversation(factory, tenant.id, found).unread_count == 1
