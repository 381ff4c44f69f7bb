"""How large the sheets of an old Excel file (XLS) become, found before calamine lays them out.

A compound file is a small file system: sectors chained by a table. Its stream `Workbook` is a run of records, each a
kind, a length and that many bytes; a cell's begin with its row and column. One in A1 and one in IV65536 make a
sheet of a gigabyte.
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.leads.refusals import HasPassword, UnsupportedFile, damaged
from services.leads.sheet_size import SheetSize

_FOLDER_BYTES: Final = 128
_STREAM: Final = 2
_LAST_SECTOR: Final = 0xFFFFFFFA
_NAMES: Final = ("Workbook", "Book")
_CELL_KINDS: Final = frozenset({0x0006, 0x00BD, 0x00D6, 0x00FD, 0x0203, 0x0204, 0x0205, 0x027E, 0x0406, 0x0206})
_BOUND_SHEET, _PASSWORD, _BEGIN, _END, _ROW, _MANY = 0x0085, 0x002F, 0x0809, 0x000A, 0x0208, 0x00BD
_HIDDEN: Final = 0x20
_MOST_READINGS: Final = 2
"""Sheets stand one behind the other. Where a thousand begin at one place, each reading is a reading of the file."""


def measure_xls(path: Path) -> list[SheetSize]:
    """Every sheet, hidden ones too: calamine reads them all. FileRefused for damage, passwords and other programs'
    compound files."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            return _measure(_workbook(whole))
    except (struct.error, ValueError, IndexError, OSError) as problem:
        raise damaged() from problem


def _workbook(whole: mmap.mmap) -> bytes:
    """The bytes of the workbook's stream."""
    sector = 1 << struct.unpack_from("<H", whole, 30)[0]
    if sector not in {512, 4096}:
        raise damaged()
    tables, first_folder = struct.unpack_from("<4xI", whole, 40)[0], struct.unpack_from("<I", whole, 48)[0]
    chain = _chain_table(whole, sector, tables)
    folders = b"".join(_sectors(whole, sector, chain, first_folder))
    names = {}
    for at in range(0, len(folders) - _FOLDER_BYTES + 1, _FOLDER_BYTES):
        size, kind = struct.unpack_from("<HB", folders, at + 64)
        if kind == _STREAM:
            names[folders[at : at + max(size - 2, 0)].decode("utf-16-le", "replace")] = at
    if "EncryptedPackage" in names:
        raise HasPassword
    found = next((names[name] for name in _NAMES if name in names), None)
    if found is None:
        raise UnsupportedFile("é de outro programa, não do Excel")
    start, length = struct.unpack_from("<II", folders, found + 116)
    return b"".join(_sectors(whole, sector, chain, start))[:length]


def _chain_table(whole: mmap.mmap, sector: int, tables: int) -> list[int]:
    """Which sector follows which. The table's own sectors are listed in the header, further ones in a chain."""
    places = list(struct.unpack_from("<109I", whole, 76))
    more, per_sector = struct.unpack_from("<I", whole, 68)[0], sector // 4
    while more < _LAST_SECTOR and len(places) < tables + per_sector:
        listed = struct.unpack_from(f"<{per_sector}I", whole, (more + 1) * sector)
        places += listed[:-1]
        more = listed[-1]
    chain: list[int] = []
    for place in places[:tables]:
        if place < _LAST_SECTOR:
            chain += struct.unpack_from(f"<{per_sector}I", whole, (place + 1) * sector)
    return chain


def _sectors(whole: mmap.mmap, sector: int, chain: list[int], start: int) -> Iterator[bytes]:
    """A stream's sectors in order; one that runs in a circle is damaged."""
    left = len(whole) // sector + 1
    while start < _LAST_SECTOR:
        left -= 1
        if left < 0:
            raise damaged()
        yield whole[(start + 1) * sector : (start + 2) * sector]
        start = chain[start]


def _measure(stream: bytes) -> list[SheetSize]:
    """Reads the records of every sheet the workbook names, where it says the sheet begins."""
    sheets: list[SheetSize] = []
    left = _MOST_READINGS * len(stream)
    for kind, at, size in _records(stream, 0):
        if kind == _PASSWORD:
            raise HasPassword
        if kind == _BOUND_SHEET:
            begins, length, is_wide = struct.unpack_from("<I2xBB", stream, at)
            text = stream[at + 8 : at + size][: length * (1 + (is_wide & 1))]
            name = text.decode("utf-16-le" if is_wide & 1 else "latin-1", "replace")
            found = SheetSize(name)
            left -= _sheet(stream, begins, found)
            if left < 0:
                raise damaged()
            sheets.append(found)
    return sheets


def _sheet(stream: bytes, begins: int, found: SheetSize) -> int:
    """Fills in what one sheet holds -> the bytes it took."""
    row_and_column = struct.Struct("<HH").unpack_from
    rows, columns, hidden, at, size = -1, -1, 0, begins, 0
    for kind, at, size in _records(stream, begins):
        if kind in _CELL_KINDS and size >= 4:
            row, column = row_and_column(stream, at)
            if kind == _MANY:
                column = row_and_column(stream, at + size - 4)[1]
            rows, columns = max(rows, row), max(columns, column)
        elif kind == _ROW and size >= 16:
            hidden += bool(stream[at + 12] & _HIDDEN)
    found.rows, found.columns, found.hidden_rows = rows + 1, columns + 1, hidden
    return at + size - begins


def _records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """(kind, where its bytes begin, how many) up to the part's end; parts within (charts) are stepped through."""
    header = struct.Struct("<HH").unpack_from
    depth, end = 0, len(stream) - 4
    while at <= end:
        kind, size = header(stream, at)
        at += 4
        yield kind, at, size
        at += size
        depth += (kind == _BEGIN) - (kind == _END)
        if depth <= 0:
            return
