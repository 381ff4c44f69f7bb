"""What is wrong inside a file, told with its row and column; and that no file takes more memory or time than it may."""

import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from models.leads import ImportStatus
from services.leads.csv_reading import MAX_OPEN_QUOTES
from services.leads.opening import open_table
from services.leads.rows import RowWriter
from tests.support.lead_files import Importer, csv_of

HEAD = "nome;telefone"


def notes(found: Any) -> dict[str, str]:
    """What the person is told, by code."""
    return {note["code"]: note["message"] for note in found.layout["notes"]}


def test_of_two_phone_columns_the_one_with_mobiles_is_used_and_the_other_is_the_second_number(
    importer: Importer,
) -> None:
    found = importer.send(
        csv_of("Ana;1132345678;11900000001", "Bia;1132345679;11900000002", "Cau;1132345670;", header="nome;Fone;Fone 2")
    )
    assert notes(found)["phone_columns"] == (
        "Mais de uma coluna tem telefone: usamos “Fone 2”. Onde ela está vazia ou errada, vale “Fone”, que também fica "
        "guardada como segundo número."
    )
    people = importer.leads()
    assert set(people) == {"5511900000001", "5511900000002", "551132345670"}
    assert people["5511900000001"].extra == {"fone": "1132345678"}
    assert notes(found)["landlines"] == "Telefones fixos, que podem não ter WhatsApp: 1."


def test_between_two_columns_alike_the_more_telling_name_wins(importer: Importer) -> None:
    importer.send(csv_of("Ana;11900000001;11900000002", header="nome;telefone;whatsapp"))
    assert importer.leads()["5511900000002"].extra == {"telefone_2": "11900000001"}


def test_what_a_person_said_of_the_columns_is_not_outvoted(importer: Importer) -> None:
    content = csv_of("Ana;1132345678;11900000001", header="nome;fixo;celular")
    importer.send(content, mapping={"phone": "fixo"})
    assert set(importer.leads()) == {"551132345678"}


def test_further_numbers_of_a_cell_become_a_variable(importer: Importer) -> None:
    found = importer.send(
        csv_of(
            "Ana;(11) 90000-0001 / (11) 3234-5678",
            '"Bia";"11 90000-0002\n21 90000-0003 ou +351 912 345 678"',
            "Cau;11 90000-0004 ramal 21",
            header=HEAD,
        )
    )
    people = importer.leads()
    assert people["5511900000001"].extra == {"telefone_2": "(11) 3234-5678"}
    assert people["5511900000002"].extra == {"telefone_2": "(21) 90000-0003, +351 912 345 678"}
    assert people["5511900000004"].extra == {}
    assert notes(found)["second_numbers"] == "Pessoas com mais de um telefone na célula; os outros ficam guardados: 2."


def test_beside_a_link_the_phone_column_is_the_second_number(importer: Importer) -> None:
    importer.send(
        csv_of(
            "Ana;https://wa.me/5511900000001;11900000099",
            "Bia;https://wa.me/5511900000002;11 90000-0002",
            header="nome;whatsapp_link;telefone",
        )
    )
    assert importer.leads()["5511900000001"].extra == {"telefone_2": "(11) 90000-0099"}
    assert importer.leads()["5511900000002"].extra == {}


def test_an_area_code_in_a_column_of_its_own_is_put_before_the_number(importer: Importer) -> None:
    importer.send(csv_of("Ana;11;90000-0001", "Bia;(021);90000-0002", "Cau;;11 90000-0003", header="nome;DDD;telefone"))
    assert set(importer.leads()) == {"5511900000001", "5521900000002", "5511900000003"}


def test_a_file_whose_every_row_is_bad_says_what_to_repair_where(importer: Importer) -> None:
    found = importer.send(
        csv_of("Ana;123", "Bia;", "Cau;1,1987E+10", "Davi;08007001234", "Eva;20900000001", header=HEAD)
    )
    assert (found.status, found.invalid, found.total) == (ImportStatus.FAILED, 5, 5)
    assert found.failure == "Nenhuma linha pôde ser aproveitada. Veja abaixo o que corrigir e envie o arquivo de novo."
    assert {problem["message"]: problem["examples"] for problem in found.problems} == {
        "Faltam dígitos no telefone: escreva o DDD e o número completo.": [place(2, "123")],
        "Linhas sem telefone: preencha a coluna do número.": [place(3, "")],
        "Telefones que a planilha arredondou (1,1987E+10): formate a coluna como texto e escreva-os de novo.": [
            place(4, "1,1987E+10")
        ],
        "Números de serviço (0800, 0300, 4003...): não recebem WhatsApp, troque por um celular.": [
            place(5, "08007001234")
        ],
        "DDD que não existe: corrija ou, se for de outro país, comece com + e o código do país.": [
            place(6, "20900000001")
        ],
    }


def place(row: int, value: str, column: str = "telefone") -> dict[str, Any]:
    return {"row": row, "column": column, "value": value}


def test_rows_longer_than_the_header_and_open_quotes_are_told_with_their_place(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001;sobra", 'Bia;"11900000002', "Cau;11900000003", header=HEAD))
    assert {problem["message"]: problem["examples"] for problem in found.problems} == {
        "Linhas com mais células que o cabeçalho: ponha entre aspas o texto que tem o separador.": [
            place(2, "sobra", "3")
        ],
        "Aspas que abrem e não fecham: apague a aspa ou feche-a no fim da célula.": [place(3, 'Bia;"11900000002', "")],
    }
    assert set(importer.leads()) == {"5511900000003"}


def test_a_file_full_of_open_quotes_gives_up_with_the_last_place(importer: Importer) -> None:
    lines = [f'"Ana {n};11900000001' for n in range(MAX_OPEN_QUOTES + 60)]
    found = importer.send(csv_of(*lines, header=HEAD))
    assert found.failure == (
        "Há aspas que abrem e não fecham em mais de 1000 linhas; a última é a 1002. Salve a planilha de novo como CSV "
        "e envie."
    )
    assert importer.leads() == {}


def test_characters_nobody_sees_change_nobody(importer: Importer) -> None:
    found = importer.send(
        csv_of(
            "\u202eAna\u202c\u200b;\u200e11\u00a090000\u20110001\u200f",
            "\ufeffBia;\u2066１１９００００\u20690002",
            header="\ufeffno\u200bme;\u202atelefone\u202c",
        )
    )
    assert {phone: lead.name for phone, lead in importer.leads().items()} == {
        "5511900000001": "Ana",
        "5511900000002": "Bia",
    }
    assert found.layout["headers"] == ["nome", "telefone"]


def test_a_formula_is_read_by_what_it_shows(importer: Importer, tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["nome", "telefone"])
    sheet.write_formula(1, 0, '=CONCAT("A","na")', value="Ana")
    sheet.write_formula(1, 1, "=11900000000+1", value=11900000001)
    sheet.write(2, 0, "Bia")
    sheet.write_formula(2, 1, "=1/0", value="#DIV/0!")
    book.close()
    found = importer.send(path.read_bytes(), filename="formulas.xlsx")
    assert {phone: lead.name for phone, lead in importer.leads().items()} == {"5511900000001": "Ana"}
    assert [(p["code"], p["examples"]) for p in found.problems] == [("empty", [place(3, "")])]


WORST = {
    "quotes": HEAD + "\n" + '"Ana;11900000001\n' * 900 + "Bia;11900000002\n" * 20_000,
    "one long cell": HEAD + "\n" + "Ana;" + "9" * 5_000_000 + "\nBia;11900000002\n" * 20_000,
    "wide": ";".join(["telefone", *(f"c{n}" for n in range(999))]) + "\n" + ("11900000001" + ";x" * 999 + "\n") * 500,
    "digits": "telefone\n" + ("1 " * 100 + "\n") * 1_000,
    "blank": HEAD + "\n" + ";\n" * 100_000 + "Bia;11900000002\n",
}


@pytest.mark.parametrize("case", WORST)
def test_no_text_file_takes_more_memory_or_time_than_its_size_is_worth(case: str, tmp_path: Path) -> None:
    path = tmp_path / "pior.csv"
    path.write_text(WORST[case])
    tracemalloc.start()
    began = time.process_time()
    try:
        table = open_table(path, {})
        for _line in RowWriter(table.plan).lines(table.rows):
            pass
        table.source.close()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 20, "tracing itself makes it several times slower"
    assert peak < 40 * 1024**2
