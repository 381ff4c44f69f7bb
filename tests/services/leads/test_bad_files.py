"""Files that lie, break off or try to harm: each gets a sentence that says what to do, and nothing is kept."""

import io
import random
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from core.errors import AppError
from core.storage import storage
from models.leads import ImportStatus
from services import leads
from services.leads.limits import MAX_SHEET_CELLS
from services.leads.xlsx_guard import refuse_bombs
from tests.support.lead_files import Importer, csv_of, xlsx_of
from tests.support.sheet_files import compound

GOOD = "Ana;11900000001"
HEAD = "nome;telefone"


def refusal(importer: Importer, content: bytes, filename: str = "lista.csv") -> AppError:
    """What the door answers; no file stays behind."""
    folder = storage().root / "tenant" / str(importer.tenant_id) / "imports"
    with pytest.raises(AppError) as raised:
        importer.upload(content, filename=filename)
    assert not folder.exists() or not list(folder.iterdir())
    return raised.value


EMPTY = "O arquivo está vazio. Confira se salvou a planilha e envie de novo."
ONLY_HEADER = "O arquivo só tem o cabeçalho (linha {0}). Acrescente uma linha por pessoa e envie de novo."
NO_PHONE = (
    "Não achamos a coluna do telefone. Colunas encontradas: {0}. Chame uma delas de “telefone”, “celular” ou "
    "“whatsapp” e envie de novo."
)
OTHER = "Este arquivo {0}. Exporte a planilha como CSV ou XLSX e envie de novo."
DAMAGED = "O arquivo está cortado ou danificado. Abra-o no Excel, salve de novo como XLSX e envie."
WIDE = "A linha 1 tem {0} colunas; o limite é 1000. Apague as que não usa e envie de novo."
BOOK = xlsx_of([["nome", "telefone"], ["Ana", "11900000001"]])
TEN_THOUSAND = [f"c{n}" for n in range(10_000)]
UNPACKS = "Descompactada, esta planilha fica grande demais para ler. Salve como CSV ou divida em partes e envie."


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        (b"", "empty_file", EMPTY),
        (b"\n\n  \r\n", "empty_file", EMPTY),
        (b"\xef\xbb\xbf", "empty_file", EMPTY),
        (xlsx_of([]), "empty_file", "A planilha está vazia. Confira se salvou e envie de novo."),
        (b"nome;telefone\n", "header_only", ONLY_HEADER.format(1)),
        (b"Clientes\n\nnome;telefone\n;\n \n", "header_only", ONLY_HEADER.format(3)),
        (xlsx_of([["nome", "telefone"]]), "header_only", ONLY_HEADER.format(1)),
        (b"nome;endereco\nAna;Rua A\n", "no_phone_column", NO_PHONE.format("“nome”, “endereco”")),
        (xlsx_of([["nome", "rua"], ["Ana", "A"]]), "no_phone_column", NO_PHONE.format("“nome”, “rua”")),
        (b"%PDF-1.7\n%\xe2\xe3", "unsupported_file", OTHER.format("é um PDF")),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "unsupported_file", OTHER.format("é uma imagem")),
        (b"\x1f\x8b\x08" + bytes(50), "unsupported_file", OTHER.format("está compactado (gzip)")),
        (
            b"<html><table><tr><td>nome</td></tr></table>",
            "unsupported_file",
            OTHER.format("é uma página da web (HTML), mesmo que o nome diga outra coisa"),
        ),
        (b'[{"nome": "Ana", "telefone": "11900000001"}]', "unsupported_file", OTHER.format("está em JSON")),
        (bytes(range(256)) * 40, "unsupported_file", OTHER.format("não é uma planilha: o conteúdo não é texto")),
        (
            random.Random(4).randbytes(400_000),
            "unsupported_file",
            OTHER.format("não é uma planilha: o conteúdo não é texto"),
        ),
        (compound(b"", "WordDocument"), "unsupported_file", OTHER.format("é de outro programa, não do Excel")),
        (compound(b"", "EncryptedPackage"), "password", "A planilha tem senha. Salve-a sem senha e envie de novo."),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged_file", DAMAGED),
        (b"PK\x03\x04 cut off in the middle", "damaged_file", DAMAGED),
        (BOOK[: len(BOOK) // 2], "damaged_file", DAMAGED),
        (BOOK[:-1_500], "damaged_file", DAMAGED),
        (
            b"x" * 300_000,
            "no_lines",
            "Não achamos linhas neste arquivo: ele é um texto só. Salve a planilha como CSV e envie de novo.",
        ),
        ((";".join(TEN_THOUSAND) + "\n1\n").encode(), "too_many_columns", WIDE.format(10_000)),
        (xlsx_of([TEN_THOUSAND, ["1"]]), "too_many_columns", WIDE.format(10_000)),
    ],
)
def test_a_hopeless_file_is_refused_with_what_to_do(
    importer: Importer, content: bytes, code: str, sentence: str
) -> None:
    refused = refusal(importer, content)
    assert (refused.code, refused.message) == (code, sentence)


class Endless(io.RawIOBase):
    """A file of two gigabytes that nobody has to store."""

    def __init__(self) -> None:
        self.left = 2 * 1024**3
        self.taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = min(self.left, size if size > 0 else self.left)
        self.left -= size
        self.taken += size
        return bytes(size)


def test_two_gigabytes_are_refused_while_they_arrive(importer: Importer) -> None:
    stream = Endless()
    with pytest.raises(leads.FileTooBig) as raised:
        leads.receive_upload(stream, "x.csv", tenant_id=importer.tenant_id, mapping={})  # type: ignore[arg-type]
    limit = leads.MAX_FILE_BYTES
    assert raised.value.message == "O arquivo passa de 50 MB. Divida-o em partes e envie uma de cada vez."
    assert limit < stream.taken < limit + 2 * 1024**2
    folder = storage().root / "tenant" / str(importer.tenant_id) / "imports"
    assert not folder.exists() or not list(folder.iterdir())


def test_a_file_over_the_limit_is_refused_while_it_arrives(importer: Importer) -> None:
    with pytest.raises(leads.FileTooBig, match="passa de 1 MB"):
        leads.receive_upload(
            io.BytesIO(bytes(2 * 1024 * 1024)), "x.csv", tenant_id=importer.tenant_id, mapping={}, max_bytes=1024 * 1024
        )


def test_other_archives_are_called_what_they_are(importer: Importer) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("foto.jpg", b"x")
    assert "ZIP" in refusal(importer, target.getvalue(), "lista.xlsx").message


def test_names_that_lie_are_no_matter(importer: Importer) -> None:
    book = xlsx_of([["nome", "telefone"], ["Ana", "11900000001"]])
    assert importer.send(book, filename="lista.csv").layout["format"] == "xlsx"
    assert importer.send(csv_of(GOOD, header=HEAD), filename="lista.xlsx").layout["format"] == "csv"


def test_a_workbook_with_broken_insides_is_refused(importer: Importer) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<workbook><sheets>")
    assert refusal(importer, target.getvalue()).code == "damaged_file"


def bomb(part: bytes, *, claimed: int | None = None) -> bytes:
    """An archive with one part; `claimed` is the size its directory gives instead of the true one."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", part)
    made = target.getvalue()
    if claimed is not None:
        made = made.replace(struct.pack("<L", len(part)), struct.pack("<L", claimed))
        made = made.replace(struct.pack("<L", zlib.crc32(part)), struct.pack("<L", zlib.crc32(part[:claimed])))
    return made


def test_a_bomb_is_refused_by_its_directory(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.leads.xlsx_guard.MAX_UNPACKED_BYTES", 1_000_000)
    assert refusal(importer, bomb(b" " * 2_000_000)).message == UNPACKS


def test_a_bomb_that_lies_about_its_size_is_refused_by_counting(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.leads.xlsx_guard.MAX_UNPACKED_BYTES", 1_000_000)
    assert refusal(importer, bomb(b" " * 2_000_000, claimed=1_000)).message == UNPACKS


@pytest.mark.parametrize(
    "cells",
    [
        '<c r="A1"/><c r="XFD1048576"><v>1</v></c>',
        "<c r='A1'/><c r='XFD1048576'/>",
        '<c r = "AAA9999"/><c s="1" r="ZZZ1"/>',
        '<c r="Z999999"/>',
    ],
)
def test_cells_far_apart_are_a_bomb_too(cells: str, tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    path.write_bytes(bomb(f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>".encode()))
    with pytest.raises(leads.FileRefused) as raised:
        refuse_bombs(path)
    assert raised.value.code == "unpacks_too_large"


def test_a_tall_and_narrow_sheet_is_no_bomb(tmp_path: Path) -> None:
    path = tmp_path / "tall.xlsx"
    rows = MAX_SHEET_CELLS // 10
    path.write_bytes(bomb(f'<worksheet><c r="A1"/><c r="H{rows}"/></worksheet>'.encode()))
    refuse_bombs(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_every_delimiter_in_every_encoding_reads_the_same(importer: Importer, delimiter: str, encoding: str) -> None:
    rows = [delimiter.join(row) for row in (["nome", "telefone", "cidade"], ["Zoé", "11900000001", "São Luís"])]
    importer.send("\r\n".join(rows).encode(encoding))
    lead = importer.leads()["5511900000001"]
    assert (lead.name, lead.city) == ("Zoé", "São Luís")


def test_odd_characters_are_cleaned_and_emoji_stay(importer: Importer) -> None:
    importer.send(
        csv_of(
            "A\x00na\x07 \u202e👩‍👩‍👧 Flor\u200b\xa0🌻;11900000001;linha um\x0b",
            '"Duas\nlinhas";11900000002;"linha um\nlinha dois"',
            "Back\\slash\\N;11900000003;\\.",
            header="nome;telefone;recado",
        )
    )
    found = importer.leads()
    assert found["5511900000001"].name == "Ana 👩‍👩‍👧 Flor 🌻"
    assert found["5511900000001"].extra == {"recado": "linha um"}
    assert (found["5511900000002"].name, found["5511900000002"].extra["recado"]) == (
        "Duas linhas",
        "linha um\nlinha dois",
    )
    assert (found["5511900000003"].name, found["5511900000003"].extra["recado"]) == ("Back\\slash\\N", "\\.")


def test_a_formula_is_a_text_like_any_other(importer: Importer) -> None:
    importer.send(csv_of('"=HYPERLINK(""http://example.com"")";=11900000001', header=HEAD))
    assert importer.leads()["5511900000001"].name == '=HYPERLINK("http://example.com")'


def test_a_quote_that_never_closes_costs_only_its_own_row(importer: Importer) -> None:
    found = importer.send(
        csv_of("Ana;11900000001;a", '"Bia;11900000002;b', "Cau;11900000003;c", "Davi;11900000004;d", header=HEAD + ";x")
    )
    assert (found.created, found.invalid) == (3, 1)
    assert found.problems[0]["code"] == "open_quote"
    assert found.problems[0]["examples"] == [{"row": 3, "column": "", "value": '"Bia;11900000002;b'}]


def test_a_row_longer_than_the_header_is_refused_with_its_place(importer: Importer) -> None:
    found = importer.send(csv_of(GOOD + ";;", "Bia;11900000002;sobra", header=HEAD))
    assert (found.created, found.invalid) == (1, 1)
    assert found.problems[0]["code"] == "too_many_cells"
    assert found.problems[0]["examples"] == [{"row": 3, "column": "3", "value": "sobra"}]


def test_short_and_blank_rows_are_fine_and_keep_the_numbering(importer: Importer) -> None:
    found = importer.send(csv_of("Ana;11900000001", "", ";;", "Bia;1", header="nome;telefone;cidade"))
    assert (found.total, found.created, found.invalid) == (2, 1, 1)
    assert found.problems[0]["examples"][0]["row"] == 5


def test_a_title_above_the_header_is_stepped_over(importer: Importer) -> None:
    found = importer.send(csv_of("", HEAD, GOOD, "Bia;1", header="Relatório de clientes"))
    assert (found.layout["header_row"], found.created) == (3, 1)
    assert found.problems[0]["examples"][0]["row"] == 5


def test_a_bare_list_of_numbers_needs_no_header(importer: Importer) -> None:
    found = importer.send(b"11900000001\n11 90000-0002\n(11) 90000-0003\n")
    assert (found.layout["header_row"], found.created) == (0, 3)
    importer.send(b"Ana,11900000004\nBia,11900000005\n")
    assert importer.leads()["5511900000004"].name == "Ana"


def test_documents_are_not_taken_for_phones(importer: Importer) -> None:
    assert refusal(importer, b"Ana;52998224725\nBia;15350946056\n").code == "no_phone_column"


def test_a_long_text_is_cut_and_a_thousand_columns_are_fine(importer: Importer) -> None:
    columns = ";".join(f"c{n}" for n in range(998))
    cells = ";".join("x" for _ in range(998))
    importer.send(csv_of(f"{'N' * 500};11900000001;{cells}", header=f"nome;telefone;{columns}"))
    lead = importer.leads()["5511900000001"]
    assert (len(lead.name), len(lead.extra)) == (200, 998)


def test_more_rows_than_the_plan_takes_are_refused(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.leads.imports.rows_allowed", lambda _most: 3)
    found = importer.send(csv_of(*[f"P;1190000000{n}" for n in range(5)], header=HEAD))
    assert (found.status, found.failure_code) == (ImportStatus.FAILED, "too_many_rows")
    assert importer.leads() == {}


def test_a_file_that_vanished_says_so(importer: Importer) -> None:
    from jobs.leads import run_import

    import_id = importer.upload(csv_of(GOOD, header=HEAD))
    storage().delete(importer.result(import_id).file_key)
    run_import(importer.tenant_id, import_id)
    assert importer.result(import_id).failure_code == "file_gone"
