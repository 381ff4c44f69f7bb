"""People added by hand, changed, tagged, moved and merged; deeds on many; segments."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.clock import utcnow
from core.errors import Conflict, InvalidInput
from core.tenancy import tenant_scope
from jobs.leads import run_deed
from models.leads_people import DeedStatus, LeadMerge
from services import leads
from services.leads.keeping import deeds
from tests.support.lead_files import Importer, csv_of
from tests.support.world import TenantHandle

HEAD = "nome;telefone;email;cidade;bairro"
ANA = "Ana Prado;11900000001;ana@example.com;Santos;Gonzaga"
ANA_AGAIN = "Ana Prado;11900000002;ANA@example.com;;Centro"


@contextmanager
def as_tenant(importer: Importer) -> Iterator[Session]:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        yield session


def ids_of(importer: Importer) -> dict[str, int]:
    return {phone: lead.id for phone, lead in importer.leads().items()}


def count_of(importer: Importer, list_id: int | None) -> int:
    with as_tenant(importer) as session:
        return leads.list_of(session, importer.tenant_id, list_id or 0).lead_count


def test_a_person_by_hand_has_a_source_and_a_basis(importer: Importer) -> None:
    with as_tenant(importer) as session:
        said = leads.PersonInput("Bia", "bia@example.com", "Santos", "", {"Bairro": "Gonzaga"}, "VIP, quente , vip")
        made = leads.add_lead(session, importer.tenant_id, "11 8765-4321", "consent", said, actor=None, now=utcnow())
        assert (made.phone, made.source, made.legal_basis, made.extra) == (
            "5511987654321", "manual", "consent", {"bairro": "Gonzaga"},
        )  # fmt: skip
        assert leads.tags_of(session, importer.tenant_id, [made.id]) == {made.id: ["quente", "vip"]}


def test_the_same_number_in_another_form_is_the_same_person(importer: Importer) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    with as_tenant(importer) as session, pytest.raises(leads.AlreadyLead, match="Ana Prado"):
        leads.add_lead(
            session, importer.tenant_id, "+55 11 90000-0001", "consent", leads.PersonInput(), actor=None, now=utcnow()
        )


def test_everything_wrong_is_told_at_once(importer: Importer) -> None:
    with as_tenant(importer) as session, pytest.raises(InvalidInput) as told:
        said = leads.PersonInput(email="x@", name="n" * 201)
        leads.add_lead(session, importer.tenant_id, "123", "", said, actor=None, now=utcnow())
    assert set(told.value.fields) == {"phone", "legal_basis", "email", "name"}


def test_a_full_plan_takes_nobody(importer: Importer, make_tenant) -> None:
    tenant: TenantHandle = make_tenant(plan="starter")
    small = Importer(importer.factory, tenant.id)
    small.send(csv_of(*(f"P;119{n:08d};;;" for n in range(2_000)), header=HEAD))
    with as_tenant(small) as session, pytest.raises(leads.PlanIsFull):
        leads.add_lead(
            session, small.tenant_id, "21999990001", "consent", leads.PersonInput(), actor=None, now=utcnow()
        )


@pytest.mark.parametrize(("action", "done"), [("tag", 2), ("untag", 0), ("suppress", 2), ("delete", 2)])
def test_a_deed_on_ticked_people_leaves_strangers_alone(
    importer: Importer, make_tenant, action: str, done: int
) -> None:
    found = importer.send(csv_of(ANA, ANA_AGAIN, header=HEAD))
    other = Importer(importer.factory, make_tenant().id)
    other.send(csv_of(ANA, header=HEAD))
    ids = [*ids_of(importer).values(), *ids_of(other).values()]
    with as_tenant(importer) as session:
        assert leads.do_deed(session, importer.tenant_id, leads.Deed(action, "vip"), ids, actor=None) == done
    assert len(other.leads()) == 1
    with as_tenant(other) as session:
        assert leads.tags_of(session, other.tenant_id, ids) == {}
        assert leads.count_suppressions(session, other.tenant_id) == 0
    assert count_of(importer, found.list_id) == (0 if action == "delete" else 2)


def test_people_move_between_lists_and_the_counts_follow(importer: Importer) -> None:
    one = importer.send(csv_of(ANA, ANA_AGAIN, header=HEAD))
    two = importer.send(csv_of(ANA, header=HEAD), list_name="VIP")
    move = leads.Deed("move", list_id=two.list_id, from_list_id=one.list_id)
    with as_tenant(importer) as session:
        leads.do_deed(session, importer.tenant_id, move, list(ids_of(importer).values()), actor=None)
    assert (count_of(importer, one.list_id), count_of(importer, two.list_id)) == (0, 2)
    assert len(importer.members(two.list_id or 0)) == 2


def test_a_deed_needs_its_list_and_its_tag(importer: Importer) -> None:
    importer.send(csv_of(ANA, header=HEAD))
    wrong = [leads.Deed("tag"), leads.Deed("move", list_id=1), leads.Deed("add_to_list"), leads.Deed("explode")]
    for deed in wrong:
        with as_tenant(importer) as session, pytest.raises((InvalidInput, leads.ListNotFound)):
            leads.do_deed(session, importer.tenant_id, deed, [1], actor=None)


def test_a_large_deed_is_done_in_steps_and_goes_on_after_a_stop(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "STEP", 10)
    importer.send(csv_of(*(f"Pessoa {n};119{n:08d};;Santos;" for n in range(35)), header=HEAD))
    with as_tenant(importer) as session:
        asked = leads.LeadFilter(city="santos")
        made = leads.start_deed(session, importer.tenant_id, leads.Deed("tag", "praia"), asked, actor=None).id
    importer.send(csv_of("Tarde;11988880000;;Santos;", header=HEAD))
    with as_tenant(importer) as session:
        assert leads.run_deed_step(session, importer.tenant_id, made, now=utcnow())
        assert leads.deed_of(session, importer.tenant_id, made).done == 10
    run_deed(importer.tenant_id, made)
    with as_tenant(importer) as session:
        deed = leads.deed_of(session, importer.tenant_id, made)
        assert (deed.status, deed.done, deed.seen) == (DeedStatus.FINISHED, 35, 35), "who came later is not meant"
        assert leads.count_people(session, importer.tenant_id, leads.LeadFilter(tag="praia")).number == 35
        assert not leads.run_deed_step(session, importer.tenant_id, made, now=utcnow())


def test_a_deed_that_empties_its_own_filter_reaches_everybody(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deeds, "STEP", 10)
    found = importer.send(csv_of(*(f"Pessoa {n};119{n:08d};;;" for n in range(25)), header=HEAD))
    with as_tenant(importer) as session:
        asked = leads.LeadFilter(list_id=found.list_id)
        made = leads.start_deed(session, importer.tenant_id, leads.Deed("delete"), asked, actor=None).id
    run_deed(importer.tenant_id, made)
    assert importer.leads() == {}
    assert count_of(importer, found.list_id) == 0


def test_a_segment_is_a_filter_with_a_name(importer: Importer) -> None:
    importer.send(csv_of(ANA, ANA_AGAIN, header=HEAD))
    with as_tenant(importer) as session:
        saved = leads.save_segment(session, importer.tenant_id, "Praia", leads.LeadFilter(city="Santos"), actor=None)
        again = leads.save_segment(session, importer.tenant_id, "Praia", leads.LeadFilter(q="ana"), actor=None)
        assert saved.id == again.id
        session.expire_all()
        assert leads.LeadFilter.of(leads.segment_of(session, importer.tenant_id, saved.id).filter).q == "ana"
        with pytest.raises(InvalidInput):
            leads.save_segment(session, importer.tenant_id, "Todos", leads.LeadFilter(), actor=None)


def test_two_that_are_one_are_proposed_merged_and_taken_apart(importer: Importer) -> None:
    one = importer.send(csv_of(ANA, header=HEAD))
    two = importer.send(csv_of(ANA_AGAIN, header=HEAD), list_name="VIP")
    before = importer.leads()
    kept, gone = before["5511900000002"].id, before["5511900000001"].id
    with as_tenant(importer) as session:
        leads.do_deed(session, importer.tenant_id, leads.Deed("tag", "vip"), [gone], actor=None)
        pairs = leads.likely_duplicates(session, importer.tenant_id)
        assert [(pair.reason, {pair.first.id, pair.second.id}) for pair in pairs] == [("email", {kept, gone})]
        made = leads.merge_leads(session, importer.tenant_id, kept, gone, actor=None, now=utcnow()).id
    after = importer.leads()
    assert set(after) == {"5511900000002"}
    assert after["5511900000002"].city == "Santos"
    assert after["5511900000002"].extra == {"bairro": "Centro", "telefone_2": "5511900000001"}
    assert importer.members(one.list_id or 0) == {kept}
    with as_tenant(importer) as session:
        assert leads.tags_of(session, importer.tenant_id, [kept]) == {kept: ["vip"]}
        assert leads.likely_duplicates(session, importer.tenant_id) == []
        leads.undo_merge(session, importer.tenant_id, made, actor=None, now=utcnow())
    again = importer.leads()
    for phone, lead in before.items():
        assert (lead.id, lead.city, lead.extra) == (again[phone].id, again[phone].city, again[phone].extra)
    assert importer.members(one.list_id or 0) == {gone}
    assert importer.members(two.list_id or 0) == {kept}
    assert (count_of(importer, one.list_id), count_of(importer, two.list_id)) == (1, 1)
    with as_tenant(importer) as session:
        assert leads.tags_of(session, importer.tenant_id, [kept, gone]) == {gone: ["vip"]}
        with pytest.raises(leads.MergeNotFound):
            leads.undo_merge(session, importer.tenant_id, made, actor=None, now=utcnow())
        leads.delete_lead(session, importer.tenant_id, kept, actor=None)
        rows = session.scalars(select(LeadMerge).where(LeadMerge.tenant_id == importer.tenant_id)).all()
        assert rows == [], "what a merge remembers goes with the person"


def test_a_merge_and_its_undo_leave_wishes_and_permissions_as_they_were(importer: Importer) -> None:
    importer.send(csv_of(ANA, ANA_AGAIN, header=HEAD))
    kept, gone = ids_of(importer)["5511900000002"], ids_of(importer)["5511900000001"]
    told = {"consent_source": "feira", "consent_at": utcnow(), "consent_proof": "ata", "place_id": "ChIJ1"}
    with as_tenant(importer) as session:
        for name, value in told.items():
            setattr(leads.lead_of(session, importer.tenant_id, gone), name, value)
        for entry in (leads.Entry(phone="11 90000-0001"), leads.Entry(email="ana@example.com")):
            leads.suppress_entry(session, importer.tenant_id, entry, actor=None)
    with as_tenant(importer) as session:
        made = leads.merge_leads(session, importer.tenant_id, kept, gone, actor=None, now=utcnow()).id
        assert leads.stopped_among(session, importer.tenant_id, [leads.lead_of(session, importer.tenant_id, kept)])
        leads.undo_merge(session, importer.tenant_id, made, actor=None, now=utcnow())
    with as_tenant(importer) as session:
        back = leads.lead_of(session, importer.tenant_id, gone)
        assert {name: getattr(back, name) for name in told} == told
        assert leads.suppressed_keys(session, importer.tenant_id, [back.phone_key]) == {back.phone_key}
        page = leads.page_of_suppressions(session, importer.tenant_id)
        assert [one.phone or one.email for one in page.items] == ["ana@example.com", "5511900000001"]


def test_a_number_that_came_back_stops_the_undo_of_a_merge(importer: Importer) -> None:
    importer.send(csv_of(ANA, ANA_AGAIN, header=HEAD))
    found = ids_of(importer)
    with as_tenant(importer) as session:
        made = leads.merge_leads(
            session, importer.tenant_id, found["5511900000002"], found["5511900000001"], actor=None, now=utcnow()
        ).id
    importer.send(csv_of(ANA, header=HEAD))
    with as_tenant(importer) as session, pytest.raises(Conflict, match="já voltou"):
        leads.undo_merge(session, importer.tenant_id, made, actor=None, now=utcnow())
