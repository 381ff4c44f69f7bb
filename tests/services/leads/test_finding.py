"""Looking for leads: every way of asking, before and after the search's copy is made, page by page."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.errors import InvalidInput
from core.tenancy import system_scope, tenant_scope
from jobs.leads import refresh_search
from models.instances import NumberCheck
from models.leads import Lead
from models.leads_people import LeadBlock, LeadStaleBlock
from services import leads
from services.leads.finding import text_search
from services.leads.finding.words import SEGMENT_BLOCKS, packed, places_in, unpacked
from tests.support.lead_files import Importer, csv_of, thousand_rows

HEAD = "nome;telefone;email;cidade;categoria"
ANA = "Ana Conceição;(11) 98765-4321;ana@padaria.com.br;São Paulo;Padaria"
BIA = "Beatriz Araújo;11 3232-1000;bia@example.com;SAO PAULO;Dentista"
CAIO = "Caio Souza;(21) 99999-0003;;Niterói;dentista"
GUS = "Gústavo;+351 912 345 678;gus@example.pt;Lisboa;"


@contextmanager
def as_tenant(importer: Importer) -> Iterator[Session]:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        yield session


@pytest.fixture
def people(importer: Importer) -> Importer:
    importer.send(csv_of(ANA, BIA, CAIO, GUS, header=HEAD))
    return importer


def found(importer: Importer, **said: Any) -> set[str]:
    """First names a filter finds; the count must say the same."""
    asked = leads.LeadFilter.strictly(said)
    with as_tenant(importer) as session:
        page = leads.page_of_people(session, importer.tenant_id, asked)
        assert leads.count_people(session, importer.tenant_id, asked) == leads.Count(len(page.items))
        return {lead.name.split()[0] for lead in page.items}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("conceicao", {"Ana"}),
        ("CONCEIÇÃO ana", {"Ana"}),
        ("eição", {"Ana"}),
        ("ia", {"Ana", "Beatriz"}),
        ("a", {"Ana", "Beatriz", "Caio", "Gústavo"}),
        ("padaria.com", {"Ana"}),
        ("@example", {"Beatriz", "Gústavo"}),
        ("souza 2199999", {"Caio"}),
        ("gustavo", {"Gústavo"}),
        ("araujo caio", set()),
        ("%", set()),
        ("\x1e", {"Ana", "Beatriz", "Caio", "Gústavo"}),
    ],
)
def test_a_part_of_a_name_or_an_email_is_found(people: Importer, query: str, names: set[str]) -> None:
    assert found(people, q=query) == names


@pytest.mark.parametrize(
    "typed", ["(11) 98765-4321", "11 8765-4321", "+55 11 98765 4321", "551187654321", "98765-43", "4321"]
)
def test_a_phone_is_found_in_any_form(people: Importer, typed: str) -> None:
    assert found(people, q=typed) == {"Ana"}


def test_a_change_is_found_at_once_and_after_the_copy_is_made(people: Importer) -> None:
    with as_tenant(people) as session:
        ana = session.scalars(select(Lead).where(Lead.tenant_id == people.tenant_id, Lead.name.like("Ana%"))).one()
        said = leads.PersonInput("Zuleide Prado", "z@example.com", "Santos", "")
        leads.change_lead(session, people.tenant_id, ana.id, said, actor=None, now=utcnow())
    for _ in range(2):
        assert found(people, q="zuleide") == {"Zuleide"}
        assert found(people, q="conceicao") == set()
        assert found(people, q="padaria") == set()
        refresh_search(people.tenant_id)


def test_who_is_deleted_is_gone_from_the_copy_too(people: Importer) -> None:
    with as_tenant(people) as session:
        session.execute(Lead.__table__.delete().where(Lead.tenant_id == people.tenant_id, Lead.name.like("Ana%")))
    assert found(people, q="conceicao") == set()
    refresh_search(people.tenant_id)
    with as_tenant(people) as session:
        bodies = session.scalars(select(LeadBlock.body).where(LeadBlock.tenant_id == people.tenant_id)).all()
        marks = session.scalars(select(LeadStaleBlock.id).where(LeadStaleBlock.tenant_id == people.tenant_id)).all()
    assert ("conceicao" in "".join(bodies), marks) == (False, [])


def test_a_large_import_is_found_before_and_after_its_copy_is_made(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    importer.send(thousand_rows())
    asked = leads.LeadFilter(q="conceicao 777")
    for most in (1, 1_000):
        monkeypatch.setattr(text_search, "MOST_STALE_BLOCKS", most)
        with as_tenant(importer) as session:
            assert len(leads.page_of_people(session, importer.tenant_id, asked).items) == 1
    refresh_search(importer.tenant_id)
    with system_scope("test"), importer.factory() as session:
        assert importer.tenant_id not in leads.tenants_with_stale_blocks(session)
    with as_tenant(importer) as session:
        assert len(leads.page_of_people(session, importer.tenant_id, asked).items) == 1


def test_the_copy_has_the_words_of_one_tenant_only(people: Importer, make_tenant: Callable[..., Any]) -> None:
    other = Importer(people.factory, make_tenant().id)
    other.send(csv_of("Ana Conceição;11900000009;;;", header=HEAD))
    assert found(people, q="conceicao") == {"Ana"}
    with as_tenant(other) as session:
        assert leads.page_of_people(session, people.tenant_id, leads.LeadFilter(q="conceicao")).items == []


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ({"city": "sao paulo"}, {"Ana", "Beatriz"}),
        ({"city": "São Paulo", "category": "dentista"}, {"Beatriz"}),
        ({"category": "DENTISTA"}, {"Beatriz", "Caio"}),
        ({"category": "dentista", "q": "caio"}, {"Caio"}),
        ({"city": "nenhuma"}, set()),
        ({"source": "import"}, {"Ana", "Beatriz", "Caio", "Gústavo"}),
        ({"source": "manual"}, set()),
        ({"legal_basis": "customer", "city": "Lisboa"}, {"Gústavo"}),
        ({"legal_basis": "consent"}, set()),
        ({"contacted": "no"}, {"Ana", "Beatriz", "Caio", "Gústavo"}),
        ({"contacted": "yes"}, set()),
        ({"replied": "no", "q": "ana"}, {"Ana"}),
    ],
)
def test_filters_combine(people: Importer, said: dict[str, str], names: set[str]) -> None:
    assert found(people, **said) == names


def test_standing_knows_phones_and_emails(people: Importer) -> None:
    with as_tenant(people) as session:
        leads.suppress_entry(session, people.tenant_id, leads.Entry(phone="11 8765-4321"), actor=None)
        leads.suppress_entry(session, people.tenant_id, leads.Entry(email="bia@example.com"), actor=None)
    assert found(people, status="suppressed") == {"Ana", "Beatriz"}
    assert found(people, status="reachable") == {"Caio", "Gústavo"}
    assert found(people, status="invalid") == set()
    with as_tenant(people) as session:
        keys = {
            lead.name: lead.phone_key
            for lead in session.scalars(select(Lead).where(Lead.tenant_id == people.tenant_id))
        }
        for name, has_whatsapp in (("Caio Souza", False), ("Gústavo", True)):
            session.add(NumberCheck(tenant_id=people.tenant_id, phone_key=keys[name], has_whatsapp=has_whatsapp))
    assert found(people, status="invalid") == {"Caio"}
    assert found(people, status="reachable") == {"Gústavo"}
    with system_scope("a platform-wide block"), people.factory.begin() as session:
        leads.block_for_everybody(session, leads.Entry(phone="+351 912 345 678"))
    assert found(people, status="reachable") == set()
    assert found(people, status="suppressed") == {"Ana", "Beatriz", "Gústavo"}


def test_a_list_and_a_tag_narrow_it_down(people: Importer) -> None:
    vip = people.send(csv_of(CAIO, header=HEAD), list_name="VIP")
    with as_tenant(people) as session:
        ids = leads.ids_of_people(session, people.tenant_id, leads.LeadFilter(), after=0, most=2)
        leads.do_deed(session, people.tenant_id, leads.Deed("tag", "Quente"), ids, actor=None)
    assert found(people, list_id=vip.list_id) == {"Caio"}
    assert len(found(people, tag="quente")) == 2


def test_a_program_is_told_of_a_word_that_is_none(people: Importer) -> None:
    with pytest.raises(InvalidInput) as told:
        leads.LeadFilter.strictly({"status": "sleeping", "source": "import"})
    assert set(told.value.fields) == {"status"}
    assert leads.LeadFilter.of({"status": "sleeping", "list_id": "x"}).is_empty


@pytest.mark.parametrize("said", [{}, {"q": "pessoa"}, {"q": "pess", "city": "Santos"}, {"legal_basis": "customer"}])
def test_pages_go_on_and_back_over_everybody_once(importer: Importer, said: dict[str, str]) -> None:
    rows = [f"Pessoa {n};119{n:08d};;Santos;" for n in range(205)]
    importer.send(csv_of(*rows, header=HEAD))
    asked = leads.LeadFilter.of(said)
    with as_tenant(importer) as session:
        pages = [leads.page_of_people(session, importer.tenant_id, asked, limit=50)]
        while cursor := pages[-1].next_cursor:
            pages.append(leads.page_of_people(session, importer.tenant_id, asked, limit=50, cursor=cursor))
        ids = [lead.id for page in pages for lead in page.items]
        assert (len(ids), ids) == (205, sorted(ids, reverse=True))
        assert pages[0].previous_cursor is None
        page = pages[-1]
        for earlier in reversed(pages[:-1]):
            page = leads.page_of_people(session, importer.tenant_id, asked, limit=50, cursor=page.previous_cursor)
            assert [lead.id for lead in page.items] == [lead.id for lead in earlier.items]
        assert page.previous_cursor is None


@pytest.mark.parametrize("cursor", ["x", "WyJ4IiwxXQ", "WyJuIiwtMV0", "WyJuIiwiMSJd"])
def test_a_made_up_cursor_is_refused(people: Importer, cursor: str) -> None:
    with as_tenant(people) as session, pytest.raises(InvalidInput):
        leads.page_of_people(session, people.tenant_id, leads.LeadFilter(), cursor=cursor)


@given(st.sets(st.integers(0, SEGMENT_BLOCKS - 1)))
@settings(max_examples=60)
def test_packed_blocks_are_the_same_again(places: set[int]) -> None:
    bits = sum(1 << place for place in places)
    assert unpacked(packed(bits)) == bits
    assert places_in(bits) == sorted(places)
