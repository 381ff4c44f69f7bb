"""The import as a person walks through it: file, columns, verdict, writing; and walking away at any point."""

import io
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.storage import storage
from jobs.leads import run_import
from models.leads import ImportStatus
from tests.support.lead_files import HEADER, Importer, csv_of, thousand_rows, xlsx_of
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

SignIn = Callable[..., PageClient]
ANA = "Ana;(11) 90000-0001;ana@example.com;Campinas;Centro"


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    return Importer(factory, tenant.id)


class Walker:
    """Somebody at the wizard, and the worker beside them."""

    def __init__(self, client: PageClient, importer: Importer) -> None:
        self.client = client
        self.importer = importer
        self.import_id = 0

    def send(self, content: bytes | None = None, *, pasted: str = "", **said: str) -> Any:
        """The first page's form, with a file or with what was pasted."""
        self.client.get("/leads/import")
        fields: dict[str, Any] = {"list_name": "Clientes", "legal_basis": "customer", "pasted": pasted} | said
        if content is not None:
            fields["file"] = (io.BytesIO(content), "clientes.csv")
        answer = self.client.post("/leads/import", fields, content_type="multipart/form-data")
        if answer.status_code == 303:
            self.import_id = int(re.findall(r"/imports/(\d+)", answer.location)[0])
        return answer

    @property
    def columns_url(self) -> str:
        return f"/leads/imports/{self.import_id}/columns"

    def columns(self) -> str:
        return self.client.get(self.columns_url).text

    def choose(self, **changed: str) -> Any:
        """Send the columns page as it stands, with some answers changed (`column_2="email"`)."""
        page = self.columns()
        said = {name: chosen_of(page, name) for name in re.findall(r'<select[^>]*name="(column-\d+)"', page)}
        said |= dict(re.findall(r'name="(name-\d+)" value="([^"]*)"', page))
        changes = {name.replace("_", "-"): value for name, value in changed.items()}
        return self.client.post(self.columns_url, said | changes)

    def work(self) -> str:
        """Let the worker do its part -> the import's page."""
        run_import(self.importer.tenant_id, self.import_id)
        return self.show()

    def show(self) -> str:
        return self.client.get(f"/leads/imports/{self.import_id}").text

    def press(self, deed: str) -> Any:
        self.client.get("/leads/import")
        return self.client.post(f"/leads/imports/{self.import_id}/{deed}")

    @property
    def status(self) -> ImportStatus:
        return self.importer.result(self.import_id).status


def chosen_of(page: str, name: str) -> str:
    select = re.search(rf'<select[^>]*name="{name}".*?</select>', page, re.DOTALL)
    assert select, f"no {name}"
    return re.findall(r'<option value="(\w+)" selected', select.group())[0]


def figure(page: str, name: str) -> int:
    found = re.search(rf'data-figure="{name}" data-value="(\d+)"', page)
    assert found, f"no figure {name}"
    return int(found.group(1))


@pytest.fixture
def walker(sign_in: SignIn, tenant: TenantHandle, importer: Importer) -> Walker:
    return Walker(sign_in(tenant), importer)


def test_a_good_file_goes_through_every_stage_and_nothing_is_written_before_the_confirmation(walker: Walker) -> None:
    answer = walker.send(thousand_rows())
    assert answer.location.endswith(walker.columns_url)
    page = walker.columns()
    assert "João da Conceição 0" in page
    assert [chosen_of(page, f"column-{at}") for at in range(1, 6)] == ["name", "phone", "email", "city", "variable"]
    assert walker.choose().status_code == 303
    assert 'data-status="checking"' in walker.show()
    verdict = walker.work()
    assert (figure(verdict, "created"), figure(verdict, "total"), figure(verdict, "step")) == (1000, 1000, 3)
    assert "Importar 1000 pessoas" in verdict
    assert verdict.count("btn-primary") == 1
    assert walker.importer.leads() == {}
    walker.press("confirm")
    assert walker.status is ImportStatus.WRITING
    assert 'http-equiv="refresh"' in walker.show(), "without JavaScript the page loads itself again"
    done = walker.work()
    assert (figure(done, "created"), figure(done, "step"), walker.status) == (1000, 4, ImportStatus.FINISHED)
    assert 'http-equiv="refresh"' not in done
    assert len(walker.importer.leads()) == 1000
    assert walker.importer.result(walker.import_id).samples == [], "the samples were people's data"


def test_the_columns_are_what_the_person_says(walker: Walker) -> None:
    walker.send(csv_of("Ana;x;(11) 90000-0001;Centro;segredo", header="apelido;codigo;zapzap;regiao;obs"))
    assert 'data-status="no-phone"' not in walker.columns(), "the values of zapzap are phones"
    walker.choose(column_1="name", column_2="ignore", column_4="variable", name_4="Bairro de casa", column_5="ignore")
    walker.work()
    walker.press("confirm")
    walker.work()
    lead = walker.importer.leads()["5511900000001"]
    assert (lead.name, lead.extra) == ("Ana", {"bairro_de_casa": "Centro"})


def test_a_number_in_the_second_phone_is_used_where_the_first_is_none(walker: Walker) -> None:
    walker.send(csv_of("11900000001;11900000002", "-;11900000003", header="fone;recado"))
    walker.choose(column_2="phone2")
    assert figure(walker.work(), "created") == 2
    walker.press("confirm")
    walker.work()
    assert set(walker.importer.leads()) == {"5511900000001", "5511900000003"}


def test_columns_that_cannot_be_are_refused_beside_the_column_and_what_was_said_stays(walker: Walker) -> None:
    walker.send(csv_of(ANA))
    twice = walker.choose(column_3="name", column_5="variable", name_5="região")
    assert (twice.status_code, twice.text.count("Duas colunas não podem ser a mesma coisa")) == (422, 2)
    assert 'value="região"' in twice.text
    none = walker.choose(column_2="ignore")
    assert (none.status_code, "Diga em qual coluna está o telefone" in none.text) == (422, True)
    assert chosen_of(none.text, "column-2") == "ignore"
    assert walker.choose(column_5="variable", name_5="!!!").status_code == 422
    assert walker.choose(column_5="dinheiro").status_code == 422
    assert walker.status is ImportStatus.MAPPING


def test_a_file_without_a_phone_header_asks_for_it(walker: Walker) -> None:
    rows = ["Ana;x 11900000001", "Bia;11900000002", "Cau;sem"]
    walker.send(csv_of(*rows, header="quem;onde ligar"))
    assert 'data-status="no-phone"' in walker.columns()
    walker.choose(column_2="phone")
    assert figure(walker.work(), "created") >= 1


def test_the_next_file_with_the_same_headers_is_already_as_the_last_one_was_left(walker: Walker) -> None:
    walker.send(csv_of(ANA))
    assert 'data-status="remembered"' not in walker.columns()
    walker.choose(column_4="ignore", column_5="variable", name_5="regiao")
    walker.send(csv_of("Bia;11900000002;;;", header=HEADER.upper()))
    page = walker.columns()
    assert 'data-status="remembered"' in page
    assert (chosen_of(page, "column-4"), 'value="regiao"' in page) == ("ignore", True)
    walker.send(csv_of("Bia;11900000002;;;;x", header=HEADER + ";outra"))
    assert 'data-status="remembered"' not in walker.columns(), "other headers are another file"


def test_another_tenant_remembers_nothing_of_it(walker: Walker, sign_in: SignIn, make_tenant: Any) -> None:
    walker.send(csv_of(ANA))
    walker.choose(column_4="ignore")
    other = make_tenant(name="Pet Feliz")
    elsewhere = Walker(sign_in(other), Importer(walker.importer.factory, other.id))
    elsewhere.send(csv_of(ANA))
    assert 'data-status="remembered"' not in elsewhere.columns()


def test_rows_copied_from_a_spreadsheet_are_a_file_like_any_other(walker: Walker) -> None:
    walker.send(pasted='Nome\tCelular\tObs\r\nAna\t11 90000-0001\t"linha 1\nlinha 2"\r\nBia\t11900000002\t\r\n')
    assert "linha 1 linha 2" in walker.columns()
    walker.choose()
    assert figure(walker.work(), "created") == 2


def test_a_hopeless_paste_keeps_what_was_pasted(walker: Walker) -> None:
    answer = walker.send(pasted="oi tudo bem")
    assert answer.status_code == 422
    assert "oi tudo bem</textarea>" in answer.text
    assert 'id="f-pasted-error"' in answer.text
    assert '<details class="paste" open>' in answer.text


def test_a_large_paste_arrives(walker: Walker) -> None:
    rows = [f"Pessoa de nome comprido número {n}\t119{n:08d}\tRua das Laranjeiras, {n}" for n in range(15_000)]
    assert walker.send(pasted="\n".join(["nome\ttelefone\tendereço", *rows])).status_code == 303


def test_the_verdict_can_be_changed_by_changing_the_columns(walker: Walker) -> None:
    walker.send(csv_of("Ana;123;11900000001", "Bia;456;11900000002", header="nome;telefone;código"))
    walker.choose(column_3="ignore")
    hopeless = walker.work()
    assert "Nenhuma linha pôde ser aproveitada" in hopeless
    assert 'data-action="confirm"' not in hopeless
    assert figure(hopeless, "invalid") == 2
    assert walker.press("confirm").status_code == 303
    assert walker.status is ImportStatus.READY, "there is nobody to import"
    walker.choose(column_2="ignore", column_3="phone")
    better = walker.work()
    assert (figure(better, "created"), figure(better, "invalid")) == (2, 0)
    assert "Nenhuma linha pôde" not in better
    walker.press("confirm")
    walker.work()
    assert len(walker.importer.leads()) == 2


def test_what_was_said_of_the_permission_is_shown_on_the_import_and_kept_when_the_form_comes_back(
    walker: Walker,
) -> None:
    said = {"consent_source": "feira de maio", "consent_at": "2026-05-10", "consent_proof": "https://example.com/ata"}
    refused = walker.send(csv_of(ANA), **(said | {"consent_at": "ontem"}))
    assert refused.status_code == 422
    again = refused.get_data(as_text=True)
    assert "feira de maio" in again and "https://example.com/ata" in again
    assert 'id="f-consent_at-error"' in again
    walker.send(csv_of(ANA), **said)
    walker.choose()
    page = walker.work()
    assert 'data-figure="legal_basis" data-value="customer"' in page
    assert "feira de maio" in page
    assert 'href="https://example.com/ata"' in page


def test_problems_are_grouped_with_the_persons_own_row_numbers(walker: Walker) -> None:
    walker.send(csv_of(ANA, "Bia;123;;;", ANA, "Cau;;;;"))
    walker.choose()
    page = walker.work()
    assert (figure(page, "created"), figure(page, "duplicates"), figure(page, "invalid")) == (1, 1, 2)
    assert "linha 3, coluna Telefone: “123”" in page
    assert "linha 5" in page
    rejects = walker.client.http.get(f"/leads/imports/{walker.import_id}/rejects").get_data(as_text=True)
    assert len(rejects.splitlines()) == 3


def test_closing_the_page_loses_nothing(walker: Walker) -> None:
    walker.send(csv_of(ANA))
    first = walker.import_id
    walker.send(csv_of(ANA), list_name="VIP")
    walker.choose()
    walker.work()
    page = walker.client.get("/leads/import").text
    waiting = page[page.index('id="waiting"') :]
    assert f'<tr data-id="{first}"' in waiting
    assert f'href="/leads/imports/{first}/columns"' in waiting
    assert f'<tr data-id="{walker.import_id}"' in waiting
    assert f'href="/leads/imports/{walker.import_id}"' in waiting
    walker.press("confirm")
    walker.work()
    assert f'<tr data-id="{walker.import_id}"' not in walker.client.get("/leads/import").text


@pytest.mark.parametrize("is_checked", [False, True])
def test_a_discarded_import_leaves_no_trace_of_its_people(walker: Walker, is_checked: bool) -> None:
    walker.send(csv_of(ANA, "Bia;123;;;"))
    if is_checked:
        walker.choose()
        walker.work()
    path = storage().path(walker.importer.result(walker.import_id).file_key)
    assert path.exists()
    assert walker.press("discard").status_code == 303
    found = walker.importer.result(walker.import_id)
    assert (found.status, found.samples, found.problems) == (ImportStatus.DISCARDED, [], [])
    assert not path.exists()
    assert "foi descartada" in walker.show()
    assert 'id="waiting"' not in walker.client.get("/leads/import").text
    rejects = walker.client.http.get(f"/leads/imports/{walker.import_id}/rejects").get_data(as_text=True)
    assert len(rejects.splitlines()) <= 1
    walker.press("confirm")
    run_import(walker.importer.tenant_id, walker.import_id)
    assert (walker.status, walker.importer.leads()) == (ImportStatus.DISCARDED, {})


def test_what_is_written_cannot_be_discarded(walker: Walker) -> None:
    walker.send(csv_of(ANA))
    walker.choose()
    walker.work()
    walker.press("confirm")
    walker.press("discard")
    assert walker.status is ImportStatus.WRITING
    walker.work()
    assert set(walker.importer.leads()) == {"5511900000001"}


def test_a_second_press_of_each_button_does_nothing_more(walker: Walker) -> None:
    walker.send(csv_of(ANA))
    walker.choose()
    again = walker.client.post(walker.columns_url, {"column-1": "ignore"})
    assert again.status_code == 303
    walker.work()
    assert [walker.press("confirm").status_code for _ in range(2)] == [303, 303]
    walker.work()
    assert len(walker.importer.leads()) == 1
    assert walker.client.get(walker.columns_url).status_code == 303, "there is nothing to say any more"


def test_a_large_workbook_is_looked_at_by_the_worker(walker: Walker) -> None:
    noise = random.Random(7)
    rows = [[f"Ana {n}", f"119{n:08d}", noise.randbytes(50).hex()] for n in range(22_000)]
    content = xlsx_of([["Nome", "Celular", "Obs"], *rows])
    assert len(content) > 1024 * 1024, "a smaller one is looked at on the spot"
    answer = walker.send(content)
    assert answer.location.endswith(f"/leads/imports/{walker.import_id}")
    assert 'data-status="uploaded"' in walker.show()
    page = walker.work()
    assert 'data-status="mapping"' in page
    assert f'href="{walker.columns_url}"' in page
    walker.choose()
    assert figure(walker.work(), "created") == len(rows)


def test_strangers_find_no_columns_and_viewers_may_not_choose(
    walker: Walker, sign_in: SignIn, make_tenant: Any, make_user: Any, tenant: TenantHandle
) -> None:
    walker.send(csv_of(ANA))
    stranger, viewer = sign_in(make_tenant(name="Pet Feliz")), sign_in(make_user(tenant, role="viewer"))
    for client, status in ((stranger, 404), (viewer, 403)):
        client.get("/leads")
        assert client.get(walker.columns_url).status_code == status
        assert client.post(walker.columns_url, {"column-1": "phone"}).status_code == status
        assert client.post(f"/leads/imports/{walker.import_id}/discard").status_code == status
    page = viewer.get(f"/leads/imports/{walker.import_id}").text
    assert "data-action" not in page[page.index('id="import-') :], "a viewer sees where it stands and no buttons"
    assert walker.status is ImportStatus.MAPPING


def test_a_file_of_very_many_columns_asks_only_about_those_that_are_something(walker: Walker) -> None:
    many = [f"x{n}" for n in range(150)]
    walker.send(csv_of(";".join(["Ana", "11900000001", *many]), header=";".join(["nome", "telefone", *many])))
    assert walker.columns().count("<select") == 152
    walker.choose(**{f"column_{at}": "ignore" for at in range(4, 153)})
    walker.send(csv_of(";".join(["Ana", "11900000001", *many]), header=";".join(["nome", "telefone", *many])))
    page = walker.columns()
    assert page.count("<select") == 3
    assert "Mais 149 colunas" in page
    walker.choose()
    walker.work()
    walker.press("confirm")
    walker.work()
    assert walker.importer.leads()["5511900000001"].extra == {"x0": "x0"}
