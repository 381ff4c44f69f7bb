"""Old Excel (XLS) and LibreOffice (ODS) files, written byte by byte: nothing we ship writes them."""

import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
DATE_STYLE = 1
"""Cells of this style are dates (number format 14)."""

_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest'
    ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)
Cell = str | float | tuple[float, int] | None
"""A number with a style is a pair."""


class XlsSheet:
    """One sheet of an XLS file. `visibility` 1 is hidden, 2 very hidden; `merged` holds (first row, last row, first
    column, last column); `hidden` row numbers, all from 0."""

    def __init__(
        self,
        name: str,
        rows: Iterable[Sequence[Cell]],
        *,
        visibility: int = 0,
        merged: Sequence[tuple[int, int, int, int]] = (),
        hidden: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.visibility = visibility
        cells = [
            (at, column, cell) for at, row in enumerate(rows) for column, cell in enumerate(row) if cell is not None
        ]
        body = b"".join(record(0x0208, struct.pack("<HHHHHHHH", at, 0, 9, 255, 0, 0, 0x20, 15)) for at in hidden)
        body += b"".join(cell_record(*cell) for cell in cells)
        if merged:
            ranges = b"".join(struct.pack("<HHHH", *one) for one in merged)
            body += record(0x00E5, struct.pack("<H", len(merged)) + ranges)
        self.body = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + body + record(0x000A, b"")


def record(kind: int, data: bytes) -> bytes:
    """One BIFF record."""
    return struct.pack("<HH", kind, len(data)) + data


def cell_record(row: int, column: int, cell: Cell) -> bytes:
    """A text or a number at its place."""
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
    number, style = cell if isinstance(cell, tuple) else (cell, 0)
    return record(0x0203, struct.pack("<HHHd", row, column, style, float(number or 0)))


def xls_of(*sheets: XlsSheet) -> bytes:
    """The sheets as a workbook of Excel 97-2003."""
    styles = b"".join(record(0x00E0, struct.pack("<HH16x", 0, number_format)) for number_format in (0, 14))
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0)) + record(0x0042, b"\xb0\x04") + styles
    names = [sheet.name.encode("utf-16-le") for sheet in sheets]
    start = len(head) + sum(12 + len(name) for name in names) + 4
    for sheet, name in zip(sheets, names, strict=True):
        about = struct.pack("<IBBBB", start, sheet.visibility, 0, len(name) // 2, 1) + name
        head += record(0x0085, about)
        start += len(sheet.body)
    return compound(head + record(0x000A, b"") + b"".join(sheet.body for sheet in sheets))


def compound(stream: bytes, name: str = "Workbook") -> bytes:
    """A compound file with one stream."""
    stream = stream.ljust(4096, b"\0")
    used = -(-len(stream) // SECTOR)
    tables = next(n for n in range(1, 110) if n * 128 >= n + 1 + used)
    first = tables + 1
    chain = [FAT] * tables + [END] + [first + at + 1 for at in range(used - 1)] + [END]
    chain += [FREE] * (tables * 128 - len(chain))
    places = list(range(tables)) + [FREE] * (109 - tables)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, tables, 0, 4096, END, 0, END, 0)
    header += struct.pack("<109I", *places)
    folders = _folder("Root Entry", 5, child=1, start=END, size=0) + _folder(name, 2, FREE, first, len(stream))
    return (
        header
        + struct.pack(f"<{len(chain)}I", *chain)
        + folders.ljust(SECTOR, b"\0")
        + stream.ljust(used * SECTOR, b"\0")
    )


def _folder(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )


def ods_of(*tables: str) -> bytes:
    """Tables (`ods_table`) as a LibreOffice spreadsheet."""
    display = '<style:table-properties table:display="false"/>'
    hidden = f'<style:style style:name="out" style:family="table">{display}</style:style>'
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
        f"<office:automatic-styles>{hidden}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    return target.getvalue()


def ods_table(name: str, rows: Iterable[Sequence[str | float | None]], *, is_hidden: bool = False) -> str:
    """One sheet. A text that begins with `<` is XML as it stands."""
    style = ' table:style-name="out"' if is_hidden else ""
    body = "".join(f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows)
    return f"<table:table table:name={quoteattr(name)}{style}>{body}</table:table>"


def ods_cell(cell: str | float | None) -> str:
    """A cell as LibreOffice writes it."""
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, str) and cell.startswith("<"):
        return cell
    if isinstance(cell, str):
        return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
    return (
        f'<table:table-cell office:value-type="float" office:value="{cell}"><text:p>{cell}</text:p></table:table-cell>'
    )
