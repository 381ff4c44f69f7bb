"""A file on its way into a list: what becomes of each row, and that nothing is half done."""

from core.clock import utcnow
from core.tenancy import tenant_scope
from models.leads import ImportStatus, Lead
from services import leads
from tests.support.lead_files import HEADER, Importer, counts_of, csv_of, thousand_rows, xlsx_of

ANA = "Ana;(11) 90000-0001;ana@example.com;Campinas;Centro"
BIA = "Bia;11900000002;;Santos;"


def test_a_thousand_rows_of_windows_1252_become_a_list(importer: Importer) -> None:
    found = importer.send(thousand_rows())
    assert found.status is ImportStatus.FINISHED
    assert counts_of(found) == {
        "created": 1000, "updated": 0, "duplicates": 0, "invalid": 0, "not_selected": 0, "suppressed": 0,
    }  # fmt: skip
    assert found.layout["delimiter"] == ";"
    assert found.layout["encoding"] == "cp1252"
    lead = importer.leads()["5511900070007"]
    assert (lead.name, lead.city, lead.extra) == ("João da Conceição 7", "São Paulo", {"bairro": "Água Branca"})
    assert len(importer.members(found.list_id or 0)) == 1000


def test_each_row_counts_once_as_the_first_that_fits(importer: Importer) -> None:
    importer.send(csv_of("Velha;11900000009", header="Nome;Telefone"))
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.suppress(session, importer.tenant_id, "11 90000-0008", "opt_out", "inbox")
    found = importer.send(
        csv_of(
            "Nova;11900000001;1",
            "Fora;11900000002;0",
            "Fora e sem número;;",
            "Sem número;;1",
            "Errada;1190000;1.0",
            "De novo;011 90000-0001;1",
            "Velha;11900000009;1",
            "Saiu;5511900000008;1",
            header="nome;celular;status",
        )
    )
    assert counts_of(found) == {
        "created": 1, "updated": 1, "duplicates": 1, "invalid": 2, "not_selected": 2, "suppressed": 1,
    }  # fmt: skip
    assert found.total == 8
    assert {problem["code"]: problem["examples"] for problem in found.problems} == {
        "empty": [{"row": 5, "column": "celular", "value": ""}],
        "too_short": [{"row": 6, "column": "celular", "value": "1190000"}],
    }
    assert importer.leads()["5511900000008"].name == "Saiu", "suppressed people are saved, never sent to"


def test_both_forms_of_the_ninth_digit_are_one_person(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11 8765-4321", "Ana Maria;11 98765-4321", header="nome;fone"))
    assert counts_of(found)["created"] == 1
    assert counts_of(found)["duplicates"] == 1
    assert {lead.name for lead in importer.leads().values()} == {"Ana Maria"}


def test_repeated_rows_merge_and_empty_cells_take_nothing_away(importer: Importer) -> None:
    importer.send(csv_of(ANA, "Ana Paula;11900000001;;;Vila Nova", ";11900000001;;Valinhos;"))
    lead = importer.leads()["5511900000001"]
    assert (lead.name, lead.email, lead.city) == ("Ana Paula", "ana@example.com", "Valinhos")
    assert lead.extra == {"bairro": "Vila Nova"}


def test_a_second_file_fills_in_and_adds_variables(importer: Importer) -> None:
    importer.send(csv_of(ANA, BIA))
    found = importer.send(csv_of("Beatriz;11900000002;bia@example.com;Gold", header="nome;telefone;email;plano"))
    assert counts_of(found)["updated"] == 1
    bia = importer.leads()["5511900000002"]
    assert (bia.name, bia.email, bia.city, bia.extra) == ("Beatriz", "bia@example.com", "Santos", {"plano": "Gold"})


def test_importing_twice_is_importing_once(importer: Importer) -> None:
    first = importer.send(csv_of(ANA, BIA))
    before = {phone: (lead.id, lead.updated_at) for phone, lead in importer.leads().items()}
    again = importer.send(csv_of(ANA, BIA))
    assert counts_of(again) | {"updated": 2, "created": 0} == counts_of(again)
    assert {phone: (lead.id, lead.updated_at) for phone, lead in importer.leads().items()} == before
    assert importer.members(first.list_id or 0) == importer.members(again.list_id or 0)


def test_the_link_goes_before_the_phone_column(importer: Importer) -> None:
    importer.send(
        csv_of(
            "Ana;https://wa.me/5511900000001;11900000099",
            "Bia;https://api.whatsapp.com/send?phone=5511900000002&text=oi;",
            "Cau;https://web.whatsapp.com/send?phone=5511900000003;x",
            "Davi;sem link;11 90000-0004",
            header="nome;whatsapp_link;telefone",
        )
    )
    assert set(importer.leads()) == {"5511900000001", "5511900000002", "5511900000003", "5511900000004"}


def test_where_one_phone_column_is_empty_the_next_is_tried(importer: Importer) -> None:
    importer.send(csv_of("Ana;;1132345678", "Bia;11900000002;1132345679", header="nome;celular;telefone fixo"))
    assert set(importer.leads()) == {"551132345678", "5511900000002"}
    assert importer.leads()["5511900000002"].extra == {"telefone_fixo": "1132345679"}


def test_without_a_status_column_everybody_is_selected(importer: Importer) -> None:
    assert counts_of(importer.send(csv_of(ANA, BIA)))["not_selected"] == 0


def test_when_nobody_is_selected_the_sentence_says_so(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001;quente", header="nome;telefone;status"))
    assert found.status is ImportStatus.FAILED
    assert (found.failure_code, found.not_selected, found.total) == ("nothing_selected", 1, 1)
    assert "status" in (found.failure or "")
    assert found.list_id is None, "no empty list is left behind"


def test_a_file_whose_every_row_is_bad_keeps_its_rows_and_makes_no_list(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;123;;;", "Bia;;;;"))
    assert (found.status, found.failure_code, found.invalid) == (ImportStatus.FAILED, "nothing_usable", 2)
    rows = list(leads.reject_rows(importer.factory, importer.tenant_id, found.id))
    assert rows[0] == ["linha", "motivo", *HEADER.split(";")]
    assert rows[1][0] == "2"
    assert rows[1][2:] == ["Ana", "123", "", "", ""]
    with tenant_scope(importer.tenant_id), importer.factory() as session:
        assert not leads.all_lists(session, importer.tenant_id)


def test_a_workbook_with_numbers_as_floats_and_dates(importer: Importer) -> None:
    from datetime import date

    found = importer.send(
        xlsx_of(
            [
                ["Nome", "Celular", "Nascimento", "status"],
                ["Ana", 11900000001.0, date(1990, 5, 17), 1],
                ["Bia", 11900000002, None, 1.0],
                ["Cau", "11900000003", None, "1"],
                ["Davi", "11900000004", None, 0],
            ]
        ),
        filename="clientes.xlsx",
    )
    assert found.status is ImportStatus.FINISHED
    assert set(importer.leads()) == {"5511900000001", "5511900000002", "5511900000003"}
    assert importer.leads()["5511900000001"].extra == {"nascimento": "17/05/1990"}
    assert found.layout["format"] == "xlsx"


def test_a_named_column_beats_any_guess(importer: Importer) -> None:
    content = csv_of("11900000001;Ana;x", header="recado;quem;telefone")
    importer.send(content, mapping={"phone": "Recado", "name": "Quem"})
    assert importer.leads()["5511900000001"].name == "Ana"


def test_what_does_not_fit_the_plan_is_refused_before_anything_is_written(importer: Importer, make_tenant) -> None:
    small = Importer(importer.factory, make_tenant(plan="starter").id)
    rows = [f"P{n};119{n:08d}" for n in range(2001)]
    found = small.send(csv_of(*rows, header="nome;telefone"))
    assert (found.status, found.failure_code) == (ImportStatus.FAILED, "plan_limit_leads")
    assert "2.000" in (found.failure or "")
    assert "2.001" in (found.failure or "")
    assert small.leads() == {}
    assert small.send(csv_of(*rows[:2000], header="nome;telefone")).status is ImportStatus.FINISHED
    assert small.send(csv_of(*rows[:2000], header="nome;telefone")).updated == 2000, "the same people still fit"


def test_a_person_confirms_after_seeing_the_verdict(importer: Importer) -> None:
    held = importer.send(csv_of(ANA, "Bia;1;;;"), auto_confirm=False)
    assert (held.status, held.created, held.invalid) == (ImportStatus.READY, 1, 1)
    assert importer.leads() == {}
    with tenant_scope(importer.tenant_id), importer.factory.begin() as session:
        leads.confirm_import(session, importer.tenant_id, held.id, actor=None)
    from jobs.leads import run_import

    run_import(importer.tenant_id, held.id)
    done = importer.result(held.id)
    assert (done.status, done.created, done.invalid) == (ImportStatus.FINISHED, 1, 1)
    assert set(importer.leads()) == {"5511900000001"}


def test_a_finished_import_is_not_run_again(importer: Importer) -> None:
    from jobs.leads import run_import

    found = importer.send(csv_of(ANA))
    assert run_import(importer.tenant_id, found.id) is None


def test_a_worker_that_lost_its_claim_writes_nothing(importer: Importer) -> None:
    import_id = importer.upload(csv_of(ANA))
    with tenant_scope(importer.tenant_id):
        with importer.factory.begin() as session:
            first = leads.claim_import(session, importer.tenant_id, import_id, now=utcnow())
        assert first is not None
        with importer.factory.begin() as session:
            assert leads.claim_import(session, importer.tenant_id, import_id, now=utcnow()) is None, "still alive"
        from datetime import timedelta

        with importer.factory.begin() as session:
            later = utcnow() + timedelta(minutes=5)
            assert leads.claim_import(session, importer.tenant_id, import_id, now=later) is not None
        import pytest

        with pytest.raises(leads.ImportTakenOver), importer.factory.begin() as session:
            leads.note_progress(session, first, done=1, expected=1, status=first.status, now=utcnow())


def test_the_bytes_of_a_finished_file_are_forgotten(importer: Importer) -> None:
    from core.storage import storage

    found = importer.send(csv_of(ANA))
    assert not storage().path(found.file_key).exists()


def test_a_person_somebody_else_makes_meanwhile_is_used_and_not_made_twice(importer: Importer) -> None:
    import_id = importer.upload(csv_of(ANA, BIA))
    tenant_id, now = importer.tenant_id, utcnow()
    with tenant_scope(tenant_id):
        with importer.factory.begin() as session:
            task = leads.claim_import(session, tenant_id, import_id, now=now)
        assert task is not None
        table = leads.open_task(task)
        with importer.factory.begin() as session:
            verdict = leads.check_file(session, task, table, tick=lambda _done: None)
            with importer.factory.begin() as other:
                other.add(
                    Lead(tenant_id=tenant_id, phone="5511900000001", phone_key="5511900000001", legal_basis="consent")
                )
            leads.note_progress(session, task, done=0, expected=2, status=ImportStatus.WRITING, now=now)
            leads.write_leads(session, task, table, verdict, tick=lambda _done: None, now=now)
    found = importer.result(import_id)
    assert found.status is ImportStatus.FINISHED
    assert importer.members(found.list_id or 0) == {lead.id for lead in importer.leads().values()}
    assert len(importer.leads()) == 2
