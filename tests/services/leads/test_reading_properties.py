"""What holds for any table, however it was written: the same cells, the person's own row numbers, nothing lost."""

import codecs
import csv
import io
import tempfile
from itertools import product
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from services.leads.opening import inspect_file, open_table
from services.leads.rows import RowWriter
from services.leads.table import OPEN_QUOTE, Row
from services.leads.text import clean
from tests.support.sheet_files import XlsSheet, ods_of, ods_table, xls_of

HEADER = ["nome", "telefone", "cidade", "recado"]
LETTERS = "abcçéãõüABC 0123456789.;,|'-_()"
"""All of it stands in Windows-1252 too; the delimiters are among it."""
WORDS = st.text(LETTERS, max_size=14).map(str.strip)
SAFE_WORDS = st.text("abcçéABC 0123456789._()", max_size=14).map(str.strip)
MESSAGES = st.lists(WORDS, min_size=1, max_size=3).map("\n".join).map(str.strip)
PHONES = st.sampled_from(["11900000001", "(11) 90000-0002", "+55 11 90000-0003", "1132345678", "123", "", "sem"])
ROWS = st.lists(st.tuples(WORDS, PHONES, WORDS, MESSAGES).map(list), min_size=1, max_size=25)
PLAIN_ROWS = st.lists(st.tuples(SAFE_WORDS, PHONES, SAFE_WORDS, SAFE_WORDS).map(list), min_size=1, max_size=25)
SETTINGS = settings(max_examples=60, deadline=None)


class Dialect(NamedTuple):
    """A way to write a table as text."""

    delimiter: str
    encoding: str
    end: str
    quoting: int


ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be")
DIALECTS = [
    Dialect(*one) for one in product(";,\t|", ENCODINGS, ("\n", "\r\n", "\r"), (csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
]


def line(row: list[str], delimiter: str, end: str, quoting: int = csv.QUOTE_MINIMAL) -> str:
    """One row; the csv module alone would leave a line feed bare in a file whose lines end in a carriage return."""
    target = io.StringIO()
    if any("\n" in cell for cell in row):
        quoting = csv.QUOTE_ALL
    csv.writer(target, delimiter=delimiter, lineterminator=end, quoting=quoting).writerow(row)
    return target.getvalue()


def written(rows: list[list[str]], dialect: Dialect) -> bytes:
    """The table as a program with this dialect saves it."""
    content = "".join(line(row, dialect.delimiter, dialect.end, dialect.quoting) for row in [HEADER, *rows])
    marked = dialect.encoding in {"utf-16-le", "utf-16-be"} and len(rows) % 2
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}[dialect.encoding] if marked else b""
    return mark + content.encode(dialect.encoding)


def read(content: bytes) -> list[Row]:
    """The rows behind the header, each cell as it is stored."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arquivo"
        path.write_bytes(content)
        inspect_file(path, {})
        table = open_table(path, {})
        try:
            assert list(table.plan.headers) == HEADER
            return [(number, [clean(cell) for cell in row]) for number, row in table.rows]
        finally:
            table.source.close()


def expected(rows: list[list[str]]) -> list[Row]:
    """Every row with something in it, by its own number: the header's is 1."""
    return [(number, [clean(cell) for cell in row]) for number, row in enumerate(rows, 2) if any(row)]


@SETTINGS
@given(rows=ROWS.filter(lambda rows: any(map(any, rows))), dialect=st.sampled_from(DIALECTS))
def test_a_table_reads_the_same_in_any_dialect(rows: list[list[str]], dialect: Dialect) -> None:
    assert read(written(rows, dialect)) == expected(rows)


@SETTINGS
@given(
    rows=ROWS.filter(lambda rows: any(map(any, rows))),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=1, max_size=7),
    delimiter=st.sampled_from(";,\t|"),
)
def test_line_ends_of_every_kind_may_stand_in_one_file(rows: list[list[str]], ends: list[str], delimiter: str) -> None:
    lines = [line(row, delimiter, ends[at % len(ends)]) for at, row in enumerate([HEADER, *rows])]
    assert read("".join(lines).encode()) == expected(rows)


def as_xlsx(rows: list[list[str]]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"strings_to_numbers": False})
    sheet = book.add_worksheet()
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(at, column, cell)
    book.close()
    return target.getvalue()


@settings(max_examples=30, deadline=None)
@given(rows=PLAIN_ROWS.filter(lambda rows: any(map(any, rows))))
def test_every_kind_of_workbook_reads_as_the_text_does(rows: list[list[str]]) -> None:
    table = [HEADER, *rows]
    as_text = read(written(rows, Dialect(";", "utf-8", "\n", csv.QUOTE_MINIMAL)))
    assert as_text == expected(rows)
    assert read(as_xlsx(table)) == as_text
    assert read(xls_of(XlsSheet("a", table))) == as_text
    assert read(ods_of(ods_table("a", [[cell or None for cell in row] for row in table]))) == as_text


def pasted(rows: list[list[str]]) -> bytes:
    """What a spreadsheet puts on the clipboard: tabs, and quotes only around a cell with a line break."""
    quoted = ['"' + cell.replace('"', '""') + '"' if "\n" in cell else cell for row in [HEADER, *rows] for cell in row]
    lines = ["\t".join(quoted[at : at + len(HEADER)]) for at in range(0, len(quoted), len(HEADER))]
    return "\r\n".join(lines).encode()


@SETTINGS
@given(rows=ROWS.filter(lambda rows: any(map(any, rows))))
def test_what_was_pasted_from_a_spreadsheet_reads_as_the_spreadsheet(rows: list[list[str]]) -> None:
    assert read(pasted(rows)) == expected(rows)


MESSY = st.lists(
    st.one_of(
        st.text('ab;"\n\r\t 0123456789', max_size=30),
        st.sampled_from(
            ["Ana;11900000001;x;y", ";;;", '"Bia;119', 'Cau;"11900000003";x;"y\nz"', "a;b;c;d;e", "\x00;\x1e"]
        ),
    ),
    max_size=30,
)


@SETTINGS
@given(lines=MESSY)
def test_every_row_is_counted_once_and_numbers_only_grow(lines: list[str]) -> None:
    content = "\n".join([";".join(HEADER), *lines, "Fim;11900000009;x;y", ""]).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arquivo"
        path.write_bytes(content)
        table = open_table(path, {})
        writer = RowWriter(table.plan, table.tally)
        made = list(writer.lines(table.rows))
        table.source.close()
    numbers = [int(line.split("\t", 1)[0]) for line in made]
    assert writer.rows_read == len(made) + writer.not_selected
    assert numbers == sorted(set(numbers))
    assert all(line.count("\t") == 9 and line.count("\n") == 1 for line in made)
    assert OPEN_QUOTE not in "".join(made)


@SETTINGS
@given(good=st.lists(WORDS.filter(bool), min_size=1, max_size=20), at=st.integers(0, 19))
def test_a_quote_that_never_closes_costs_one_row_wherever_it_stands(good: list[str], at: int) -> None:
    at = min(at, len(good))
    rows = [f'"{word}";11900000001;x;y' for word in good]
    rows.insert(at, '"Torta;11900000002;x;y')
    found = read("\n".join([";".join(HEADER), *rows, ""]).encode())
    assert [number for number, row in found] == list(range(2, len(rows) + 2))
    assert [number for number, row in found if len(row) != len(HEADER)] == [at + 2]
