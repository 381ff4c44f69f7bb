"""How large the sheets of a LibreOffice file (ODS) become, found before calamine unfolds them.

A cell or a row may say that it stands there a million times, and calamine writes each of them out.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.parsers import expat

from services.leads.limits import MAX_UNPACKED_BYTES
from services.leads.refusals import HasPassword, UnpacksTooLarge, damaged
from services.leads.sheet_size import SheetSize
from services.leads.xlsx_guard import unpacked

_CELLS: Final = frozenset({"table:table-cell", "table:covered-table-cell"})
_MOST_COLUMNS: Final = 16_384


def measure_ods(path: Path) -> list[SheetSize]:
    """Every sheet, hidden ones too: calamine reads them all. FileRefused for damage and passwords."""
    measure = _Measure()
    parser = expat.ParserCreate()
    parser.StartElementHandler = measure.start
    parser.EndElementHandler = measure.end
    parser.StartDoctypeDeclHandler = measure.refuse
    size = 0
    try:
        with zipfile.ZipFile(path) as archive:
            part = archive.getinfo("content.xml")
            if b"encryption-data" in archive.read("META-INF/manifest.xml"):
                raise HasPassword
        with path.open("rb") as stream:
            for chunk in unpacked(stream, part):
                size += len(chunk)
                if size > MAX_UNPACKED_BYTES:
                    raise UnpacksTooLarge
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, zipfile.BadZipFile, KeyError, ValueError, OSError) as problem:
        raise damaged() from problem
    return measure.sheets


class _Measure:
    """Follows the tags of a content part."""

    def __init__(self) -> None:
        self.sheets: list[SheetSize] = []
        self.row = 0
        self.repeats = 1
        self.column = 0
        self.width = 0
        self.cell_repeats = 1
        self.is_hidden = False

    def start(self, tag: str, said: Mapping[str, str]) -> None:
        if tag in _CELLS:
            self.cell_repeats = _number(said.get("table:number-columns-repeated"))
            self.column += self.cell_repeats
            if "office:value-type" in said or "table:formula" in said:
                self.width = self.column
        elif tag == "text:p":
            self.width = self.column
        elif tag == "table:table-row":
            self.repeats = _number(said.get("table:number-rows-repeated"))
            self.column = self.width = 0
            self.is_hidden = said.get("table:visibility", "visible") != "visible"
        elif tag == "table:table":
            self.sheets.append(SheetSize(said.get("table:name", "")))
            self.row = 0

    def end(self, tag: str) -> None:
        if tag != "table:table-row" or not self.sheets:
            return
        self.row += self.repeats
        if self.width:
            sheet = self.sheets[-1]
            sheet.rows = self.row
            sheet.columns = max(sheet.columns, min(self.width, _MOST_COLUMNS))
            sheet.hidden_rows += self.repeats if self.is_hidden else 0

    def refuse(self, *_said: object) -> None:
        raise damaged()


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 1
