"""Spreadsheets of every program, with what people leave in them: hidden rows and sheets, merged cells, dates."""

import io
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services import leads
from services.leads.opening import inspect_file, open_table
from services.leads.table import Table
from tests.support.lead_files import Importer, xlsx_of
from tests.support.sheet_files import XlsSheet, cell_record, ods_cell, ods_of, ods_table, record, xls_of

HEAD = ["nome", "telefone", "cidade"]
ANA: list[str | float | None] = ["Ana", 11900000001.0, "Campinas"]
ROW = "<table:table-row{0}>{1}</table:table-row>"


def table_of(content: bytes, tmp_path: Path) -> Table:
    """The file as the door and the worker open it."""
    path = tmp_path / "arquivo"
    path.write_bytes(content)
    inspect_file(path, {})
    return open_table(path, {})


def read(content: bytes, tmp_path: Path) -> tuple[dict[str, Any], list[tuple[int, list[str]]]]:
    """How the file was understood, and its rows behind the header."""
    table = table_of(content, tmp_path)
    rows = list(table.rows)
    table.source.close()
    return table.layout, rows


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (xlsx_of([HEAD, ANA]), "xlsx"),
        (xls_of(XlsSheet("Clientes", [HEAD, ANA])), "xls"),
        (ods_of(ods_table("Clientes", [HEAD, ANA])), "ods"),
    ],
)
def test_the_same_table_reads_the_same_from_every_program(importer: Importer, content: bytes, kind: str) -> None:
    found = importer.send(content, filename="lista.bin")
    assert (found.layout["format"], found.created, found.failure) == (kind, 1, None)
    lead = importer.leads()["5511900000001"]
    assert (lead.name, lead.city) == ("Ana", "Campinas")


def hidden_first(book: openpyxl.Workbook) -> None:
    """A sheet nobody sees before the one with the people."""
    sheet = book.create_sheet("Rascunho", 0)
    sheet.append(["nome", "telefone"])
    sheet.append(["Fantasma", "11900000099"])
    sheet.sheet_state = "hidden"


def workbook(*rows: list[Any], edit: Any = None) -> bytes:
    """An XLSX, after `edit` has had it."""
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    if edit:
        edit(book)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        workbook(HEAD, ANA, edit=hidden_first),
        xls_of(XlsSheet("Rascunho", [HEAD, ["Fantasma", 1.0]], visibility=1), XlsSheet("Clientes", [HEAD, ANA])),
        xls_of(XlsSheet("Rascunho", [HEAD, ["Fantasma", 1.0]], visibility=2), XlsSheet("Clientes", [HEAD, ANA])),
        ods_of(ods_table("Rascunho", [HEAD, ["Fantasma", 1.0]], is_hidden=True), ods_table("Clientes", [HEAD, ANA])),
    ],
)
def test_a_hidden_sheet_is_never_read(content: bytes, tmp_path: Path) -> None:
    layout, rows = read(content, tmp_path)
    assert layout["sheet"] in {"Sheet", "Clientes"}
    assert layout["other_sheets"] == 0
    assert [row[0] for _number, row in rows] == ["Ana"]


def hide_rows(book: openpyxl.Workbook) -> None:
    for number in (3, 4):
        book.active.row_dimensions[number].hidden = True  # type: ignore[union-attr]
    book.create_sheet("Outra").append(["x"])


BIA: list[str | float | None] = ["Bia", 11900000002.0, "Santos"]
CAU: list[str | float | None] = ["Cau", 11900000003.0, "Santos"]


@pytest.mark.parametrize(
    "content",
    [
        workbook(HEAD, ANA, BIA, CAU, edit=hide_rows),
        xls_of(XlsSheet("Clientes", [HEAD, ANA, BIA, CAU], hidden=[2, 3]), XlsSheet("Outra", [["x"]])),
        ods_of(
            ods_table("Clientes", [HEAD, ANA]).replace(
                "</table:table>",
                ROW.format(' table:visibility="filter"', "".join(map(ods_cell, BIA)))
                + ROW.format(' table:visibility="collapse"', "".join(map(ods_cell, CAU)))
                + "</table:table>",
            ),
            ods_table("Outra", [["x"]]),
        ),
    ],
)
def test_hidden_rows_are_read_and_said_and_other_sheets_are_named(content: bytes, tmp_path: Path) -> None:
    layout, rows = read(content, tmp_path)
    assert [(number, row[0]) for number, row in rows] == [(2, "Ana"), (3, "Bia"), (4, "Cau")]
    assert [note["message"] for note in layout["notes"]] == [
        "Linhas ocultas na planilha, lidas como as outras: 2.",
        "Só a primeira aba com dados foi lida. Outras abas: “Outra”.",
    ]


@pytest.mark.parametrize(
    "content",
    [
        workbook(
            ["Clientes de 2026"], HEAD, ["Ana", "11900000001", "Campinas"],
            ["Bia", "11900000002"], ["Cau", "11900000003"],
            ["Davi", "11900000004", "Santos"],
            edit=lambda book: (book.active.merge_cells("A1:C1"), book.active.merge_cells("C3:C5")),
        ),
        xls_of(
            XlsSheet(
                "Clientes",
                [["Clientes de 2026"], HEAD, ANA, ["Bia", 11900000002.0, None], ["Cau", 11900000003.0, None],
                 ["Davi", 11900000004.0, "Santos"]],
                merged=[(0, 0, 0, 2), (2, 4, 2, 2)],
            )
        ),
    ],
)  # fmt: skip
def test_a_cell_merged_downwards_holds_for_each_of_its_rows(content: bytes, tmp_path: Path) -> None:
    layout, rows = read(content, tmp_path)
    assert layout["header_row"] == 2
    assert [(row[0], row[2]) for _number, row in rows] == [
        ("Ana", "Campinas"),
        ("Bia", "Campinas"),
        ("Cau", "Campinas"),
        ("Davi", "Santos"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        xlsx_of([["telefone", "desde", "valor", "ativo"], [11900000001.0, date(2026, 11, 25), 9.5, True]]),
        xls_of(XlsSheet("a", [["telefone", "desde", "valor", "ativo"], [11900000001.0, (46351, 1), 9.5, 1.0]])),
        ods_of(
            ods_table(
                "a",
                [
                    ["telefone", "desde", "valor", "ativo"],
                    [
                        11900000001.0,
                        '<table:table-cell office:value-type="date" office:date-value="2026-11-25"/>',
                        9.5,
                        '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>',
                    ],
                ],
            )
        ),
    ],
)
def test_numbers_dates_and_truths_read_as_people_write_them(content: bytes, tmp_path: Path) -> None:
    assert read(content, tmp_path)[1] == [(2, ["11900000001", "25/11/2026", "9.5", "1"])]


def test_rows_keep_the_numbers_the_spreadsheet_shows(tmp_path: Path) -> None:
    content = workbook([], [], HEAD, [], ["Ana", "11900000001", ""], [None, None], ["Bia", "1", ""])
    layout, rows = read(content, tmp_path)
    assert layout["header_row"] == 3
    assert [(number, row[0]) for number, row in rows] == [(5, "Ana"), (7, "Bia")]


def far_apart() -> bytes:
    """An XLS whose one sheet has a cell in A1 and one in IV65536: a gigabyte once laid out."""
    sheet = XlsSheet("a", [])
    cells = cell_record(0, 0, "telefone") + cell_record(65_535, 255, "x")
    sheet.body = sheet.body[:-4] + cells + record(0x000A, b"")
    return xls_of(sheet)


MANY_CELLS = ods_cell("x").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="9000"')
MANY_ROWS = ' table:number-rows-repeated="1000000"'
FULL = ods_table("a", []).replace("</table:table>", ROW.format(MANY_ROWS, MANY_CELLS) + "</table:table>")
CORNERS = ods_table("a", []).replace(
    "</table:table>",
    ROW.format("", MANY_CELLS) + ROW.format(MANY_ROWS, "") + ROW.format("", ods_cell("x")) + "</table:table>",
)


@pytest.mark.parametrize(
    "content", [far_apart(), ods_of(FULL), ods_of(CORNERS), ods_of(ods_table("a", [HEAD, ANA]), FULL)]
)
def test_a_sheet_that_unfolds_beyond_all_measure_is_refused_before_it_is_read(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(leads.FileRefused) as raised:
        table_of(content, tmp_path)
    assert raised.value.message == (
        "Descompactada, esta planilha fica grande demais para ler. Salve como CSV ou divida em partes e envie."
    )


def test_the_empty_rest_of_a_libreoffice_sheet_is_no_bomb(tmp_path: Path) -> None:
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    rest = ROW.format(' table:number-rows-repeated="1048570"', empty)
    table = ods_table("a", [HEAD, [*ANA, '<table:table-cell table:number-columns-repeated="16381"/>']])
    content = ods_of(table.replace("</table:table>", f"{rest}</table:table>"))
    assert len(read(content, tmp_path)[1]) == 1


@pytest.mark.parametrize("size", [513, 1_000, 2_048, 4_000])
def test_an_old_workbook_cut_off_is_refused(size: int, tmp_path: Path) -> None:
    content = xls_of(XlsSheet("a", [HEAD, ANA]))
    with pytest.raises(leads.FileRefused) as raised:
        table_of(content[:size], tmp_path)
    assert raised.value.code in {"damaged_file", "unsupported_file"}


def test_a_thousand_sheets_in_one_place_are_not_read_a_thousand_times(tmp_path: Path) -> None:
    people = [["telefone"], *([f"119{n:08d}"] for n in range(2_000))]
    content = xls_of(XlsSheet("a", people), *(XlsSheet(f"b{n}", []) for n in range(300)))
    names = content.index("b0".encode("utf-16-le")) - 8
    first = content[names - 10 - 4 :][:4]
    for n in range(300):
        at = content.index(f"b{n}".encode("utf-16-le")) - 8
        content = content[:at] + first + content[at + 4 :]
    with pytest.raises(leads.FileRefused, match="cortado ou danificado"):
        table_of(content, tmp_path)
