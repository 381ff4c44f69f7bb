"""What a file is, by its content: names lie. Pure but for reading the file."""

import codecs
import re
import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Final

from services.leads.refusals import FileRefused, UnsupportedFile, damaged


class Kind(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    ODS = "ods"


SAMPLE_BYTES: Final = 256 * 1024
_OTHERS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "é um PDF"),
    (b"\x89PNG", "é uma imagem"),
    (b"\xff\xd8\xff", "é uma imagem"),
    (b"GIF8", "é uma imagem"),
    (b"RIFF", "é um áudio, vídeo ou imagem"),
    (b"\x1f\x8b", "está compactado (gzip)"),
    (b"Rar!", "está compactado (RAR)"),
    (b"7z\xbc\xaf", "está compactado (7z)"),
    (b"MZ", "é um programa"),
    (b"\x7fELF", "é um programa"),
    (b"SQLite format", "é um banco de dados"),
    (b"{\\rtf", "é um documento de texto (RTF)"),
)
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKUP: Final = re.compile(rb"\s*<(?:!doctype|html|table|\?xml|head|meta)", re.IGNORECASE)
_JSON: Final = re.compile(rb"\s*[\[{]\s*[{\"\[]")
_CONTROL: Final = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MULTIBYTE: Final = re.compile(rb"[\xc3-\xf4][\x80-\xbf]+")
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
BINARY_SHARE: Final = 0.06
"""Of control bytes; random bytes have 0.11."""


def kind_of(path: Path) -> Kind:
    """Text or one of the workbooks; UnsupportedFile or FileRefused with a sentence for anything else."""
    head = _head(path)
    if not head.strip(b"\x00 \r\n\t\xef\xbb\xbf"):
        raise FileRefused("O arquivo está vazio. Confira se salvou a planilha e envie de novo.", code="empty_file")
    if head.startswith(b"PK"):
        return _archive_kind(path)
    if head.startswith(_OLE):
        return Kind.XLS
    _refuse_other(head)
    return Kind.CSV


def encoding_of(path: Path) -> str:
    """The encoding of a text file: by its mark, else UTF-8 where all of it is valid, else Windows-1252.

    A UTF-8 file with a few broken bytes (cut in the middle, pasted together) is still read as UTF-8.
    """
    head = _head(path)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if _looks_utf16(head):
        return "utf-16-le" if head[1::2].count(0) > head[0::2].count(0) else "utf-16-be"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1024 * 1024):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        valid = len(_MULTIBYTE.findall(head))
        broken = head.decode("utf-8", "replace").count("\ufffd")
        return "utf-8" if valid > 4 * broken and valid > 4 else "cp1252"
    return "utf-8"


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(SAMPLE_BYTES)


def _looks_utf16(head: bytes) -> bool:
    return len(head) >= 4 and (head[1::2].count(0) > len(head) * 0.3 or head[0::2].count(0) > len(head) * 0.3)


def _refuse_other(head: bytes) -> None:
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise UnsupportedFile(what)
    if _MARKUP.match(head):
        raise UnsupportedFile("é uma página da web (HTML), mesmo que o nome diga outra coisa")
    if _JSON.match(head):
        raise UnsupportedFile("está em JSON")
    is_marked = any(head.startswith(mark) for mark, _name in _BOMS)
    if is_marked or _looks_utf16(head):
        return
    # A stray NUL or control character is cleaned away; a file full of them is no text.
    if len(_CONTROL.findall(head)) + head.count(0) > len(head) * BINARY_SHARE + 32:
        raise UnsupportedFile("não é uma planilha: o conteúdo não é texto")


def _archive_kind(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as problem:
        raise damaged() from problem
    if "xl/workbook.xml" in names or "xl/workbook.bin" in names:
        if "xl/workbook.bin" in names:
            raise UnsupportedFile("é uma planilha binária (XLSB)")
        return Kind.XLSX
    if "mimetype" in names and "content.xml" in names:
        return Kind.ODS
    raise UnsupportedFile("está compactado (ZIP) ou é de outro programa")
