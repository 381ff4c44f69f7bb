"""Lists deleted and purged, people left alone, variables, files out."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest

from core.clock import utcnow
from core.errors import Conflict, InvalidInput
from core.phone import key_of
from core.tenancy import tenant_scope
from services import leads
from tests.support.lead_files import Importer, csv_of, thousand_rows

ANA = "Ana;11900000001;Campinas"
BIA = "Bia;11900000002;"
HEAD = "nome;telefone;cidade"


def delete(importer: Importer, list_id: int, *, with_leads: bool) -> None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.delete_list(session, importer.tenant_id, list_id, with_leads=with_leads, actor=None, now=utcnow())


def purge(importer: Importer, list_id: int, *, minutes: int) -> bool:
    later = utcnow() + timedelta(minutes=minutes)
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        return leads.purge_list(session, importer.tenant_id, list_id, now=later)


def test_a_deleted_list_is_purged_only_after_its_time(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, BIA, header=HEAD))
    importer.send(csv_of(ANA, header=HEAD), list_name="VIP")
    delete(importer, found.list_id or 0, with_leads=True)
    assert not purge(importer, found.list_id or 0, minutes=5)
    assert len(importer.members(found.list_id or 0)) == 2
    assert purge(importer, found.list_id or 0, minutes=11)
    assert set(importer.leads()) == {"5511900000001"}, "who is in another list stays"
    assert importer.members(found.list_id or 0) == set()
    with tenant_scope(importer.tenant_id), importer.factory() as session, pytest.raises(leads.ListNotFound):
        leads.restore_list(session, importer.tenant_id, found.list_id or 0, actor=None)


def test_without_the_tick_the_people_stay(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, header=HEAD))
    delete(importer, found.list_id or 0, with_leads=False)
    assert purge(importer, found.list_id or 0, minutes=11)
    assert set(importer.leads()) == {"5511900000001"}


def test_a_name_in_use_again_stops_the_restore(importer: Importer) -> None:
    found = importer.send(csv_of(ANA, header=HEAD))
    delete(importer, found.list_id or 0, with_leads=False)
    importer.send(csv_of(BIA, header=HEAD))
    with tenant_scope(importer.tenant_id), importer.factory() as session, pytest.raises(Conflict, match="outra lista"):
        leads.restore_list(session, importer.tenant_id, found.list_id or 0, actor=None)


def test_a_list_deleted_while_its_file_waits_refuses_the_file(importer: Importer) -> None:
    from jobs.leads import run_import

    found = importer.send(csv_of(ANA, header=HEAD))
    waiting = importer.upload(csv_of(BIA, header=HEAD), list_id=found.list_id)
    delete(importer, found.list_id or 0, with_leads=False)
    run_import(importer.tenant_id, waiting)
    assert importer.result(waiting).failure_code == "list_not_found"
    assert set(importer.leads()) == {"5511900000001"}


@pytest.mark.parametrize("typed", ["11 8765-4321", "(11) 98765-4321", "5511987654321", "551187654321"])
def test_one_form_of_a_number_suppresses_all(importer: Importer, typed: str) -> None:
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        assert leads.suppress(session, importer.tenant_id, typed, "opt_out", "inbox")
        assert not leads.suppress(session, importer.tenant_id, "11987654321", "opt_out", "inbox")
        assert leads.is_suppressed(session, importer.tenant_id, key_of("551187654321"))
        assert not leads.is_suppressed(session, importer.tenant_id, "5511900000001")


def test_nonsense_is_not_suppressed(importer: Importer) -> None:
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        for entry in (leads.Entry(), leads.Entry("123"), leads.Entry(email="x@"), leads.Entry("11900000001", "a@b.co")):
            with pytest.raises(InvalidInput):
                leads.suppress_entry(session, importer.tenant_id, entry, actor=None)


def test_variables_say_how_many_people_lack_them(importer: Importer) -> None:
    first = importer.send(csv_of("Ana;11900000001;Gold", ";11900000002;", header="nome;telefone;Plano Atual"))
    second = importer.send(csv_of("Ana;11900000001;x", header="nome;telefone;bairro"), list_name="VIP")
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        found = leads.variables_of_lists(session, importer.tenant_id, [first.list_id or 0, second.list_id or 0])
    assert found["nome"] == {"filled": 1, "total": 2}
    assert found["telefone"] == {"filled": 2, "total": 2}
    assert found["plano_atual"] == {"filled": 1, "total": 2}
    assert found["bairro"] == {"filled": 1, "total": 2}


def test_an_export_imported_again_is_the_same_people(importer: Importer, make_tenant) -> None:
    found = importer.send(thousand_rows())
    importer.send(
        csv_of("=1+1;11900000001;-2;(+351) 912345678", header="nome;telefone;saldo;outro"), list_id=found.list_id
    )
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.suppress(session, importer.tenant_id, "11900000001", "opt_out", "inbox")
        extras = leads.extra_names(session, importer.tenant_id, found.list_id or 0)
    rows = lambda: leads.export_rows(importer.factory, importer.tenant_id, found.list_id or 0, extras)  # noqa: E731
    text = "".join(leads.as_csv(rows())).encode()
    other = Importer(importer.factory, make_tenant().id)
    again = other.send(text)
    assert (again.created, again.not_selected) == (1000, 1), "who must not be written to has status 0"
    mine, theirs = importer.leads(), other.leads()
    for phone, lead in theirs.items():
        assert (lead.name, lead.email, lead.city, lead.extra) == (
            mine[phone].name, mine[phone].email, mine[phone].city, mine[phone].extra,
        )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(b"".join(leads.as_xlsx(rows()))))
    sheet = [[cell or "" for cell in row] for row in book.active.iter_rows(values_only=True)]
    assert sheet == list(csv.reader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    assert sheet[-1][0] == "'=1+1"
