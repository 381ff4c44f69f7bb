"""XLSX through calamine (300,000 rows a second; openpyxl 34,000), behind a guard against bombs.

calamine unpacks whole parts and lays a sheet out as one dense block, so a file of a few kilobytes could ask for
all memory there is: by unpacking to gigabytes, or by one cell in A1 and one in XFD1048576. Both are looked for
first, by unpacking every part ourselves in chunks and counting what really comes out (the directory's own figures
may lie) and by reading the cells' addresses.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import python_calamine

from services.leads.limits import MAX_ARCHIVE_PARTS, MAX_SHEET_CELLS, MAX_UNPACKED_BYTES
from services.leads.refusals import FileRefused
from services.leads.table import Row, Source

CHUNK_BYTES: Final = 1024 * 1024
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_ENCRYPTED: Final = 0x1
# Searches with a literal start run at 1 GB a second; looking at each address costs 0.4 s for 200,000 rows of 8.
_WIDE: Final = re.compile(rb'="[A-Za-z]{2,3}[0-9]')
_TALL: Final = re.compile(rb'="[A-Za-z]{1,3}[0-9]{6}')
_ROW: Final = re.compile(rb'="[A-Za-z]{1,3}([0-9]{1,9})"')
_COLUMN: Final = re.compile(rb'="([A-Za-z]{1,3})[0-9]{1,9}"')
_BEYOND: Final = [re.compile(rb'="[%c-Z%c-z][0-9]' % (ord("A") + at, ord("a") + at)) for at in range(26)]
_ODD_QUOTES: Final = re.compile(rb"\s*=\s*[\"']([A-Za-z]{1,3}[0-9]{1,9})[\"']")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_TAIL_BYTES: Final = 64


class _Bomb(FileRefused):
    def __init__(self) -> None:
        super().__init__(
            "Descompactada, esta planilha fica grande demais para ler. Salve como CSV ou divida em partes e envie.",
            code="unpacks_too_large",
        )


def open_xlsx(path: Path) -> Source:
    """The rows of the first visible sheet that holds something. FileRefused for damage and passwords; the caller has
    called `refuse_bombs`."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        name, sheet = _first_sheet(workbook)
    except python_calamine.PasswordError as problem:
        raise FileRefused("A planilha tem senha. Salve-a sem senha e envie de novo.", code="password") from problem
    except (FileRefused, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # a Rust panic is no Exception
        raise damaged() from problem
    visible = [sheet.name for sheet in workbook.sheets_metadata if _is_visible(sheet)]
    details = {"format": "xlsx", "sheet": name, "other_sheets": len(visible) - 1}
    height = sheet.total_height
    return Source(_rows(sheet), details, lambda rows_done: max(rows_done, height - 1), workbook.close)


def damaged() -> FileRefused:
    """What a person can do about a workbook that can't be read."""
    return FileRefused(
        "O arquivo está cortado ou danificado. Abra-o no Excel, salve de novo como XLSX e envie.", code="damaged_file"
    )


def _first_sheet(workbook: python_calamine.CalamineWorkbook) -> tuple[str, python_calamine.CalamineSheet]:
    for about in workbook.sheets_metadata:
        if _is_visible(about):
            sheet = workbook.get_sheet_by_name(about.name)
            if sheet.height:
                return about.name, sheet
    raise FileRefused("A planilha está vazia. Confira se salvou e envie de novo.", code="empty_file")


def _is_visible(about: python_calamine.SheetMetadata) -> bool:
    return (
        about.visible == python_calamine.SheetVisibleEnum.Visible
        and about.typ == python_calamine.SheetTypeEnum.WorkSheet
    )


def _rows(sheet: python_calamine.CalamineSheet) -> Iterator[Row]:
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, [cell if type(cell) is str else cell_text(cell) for cell in row]


def cell_text(cell: Any) -> str:
    """A cell as a person reads it: 11987654321.0 is 11987654321, a date is 21/11/2026, true is 1."""
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%d/%m/%Y" if cell.time() == time() else "%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    if isinstance(cell, time):
        return cell.strftime("%H:%M")
    if isinstance(cell, timedelta):
        minutes = round(cell.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    return str(cell)


def refuse_bombs(path: Path) -> None:
    """FileRefused when the archive is damaged, or would take more memory than a worker has."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as problem:
        raise damaged() from problem
    if len(parts) > MAX_ARCHIVE_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise _Bomb
    left = MAX_UNPACKED_BYTES
    with path.open("rb") as stream:
        for part in parts:
            if part.flag_bits & _ENCRYPTED or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise damaged()
            left -= _inspect_part(stream, part, left)


def _inspect_part(stream: BinaryIO, part: zipfile.ZipInfo, left: int) -> int:
    """The bytes a part really holds; FileRefused beyond `left` or when its cells lie too far apart."""
    size, is_wide, is_tall = 0, False, False
    for text in _texts(_unpacked(stream, part)):
        size += len(text)
        if size > left + _TAIL_BYTES:
            raise _Bomb
        is_wide = is_wide or _WIDE.search(text) is not None
        is_tall = is_tall or _TALL.search(text) is not None
    # Short and narrow can't be large: 99,999 rows of 26 columns fit.
    if is_wide or is_tall:
        _refuse_large_area(_texts(_unpacked(stream, part)), is_wide=is_wide)
    return size


def _refuse_large_area(texts: Iterator[bytes], *, is_wide: bool) -> None:
    """The block from A1 to the outermost address, empty cells with a colour included: what is not looked at can't
    be hidden behind an odd attribute."""
    rows, columns = 0, 0
    for text in texts:
        rows = max(rows, max(map(int, set(_ROW.findall(text))), default=0))
        columns = max(columns, _widest(text) if is_wide else _widest_letter(text, columns))
        if rows * columns > MAX_SHEET_CELLS:
            raise _Bomb


def _widest(text: bytes) -> int:
    return max(map(_column_number, set(_COLUMN.findall(text))), default=0)


def _widest_letter(text: bytes, known: int) -> int:
    """The outermost of the columns A to Z, by one fast search for anything beyond what is known."""
    while known < len(_BEYOND) and _BEYOND[known].search(text):
        known += 1
    return known


def _texts(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Chunks that share an end, so that no address is cut, with addresses written the usual way."""
    tail = b""
    for chunk in chunks:
        if not tail and chunk.startswith(_UTF16_MARKS):
            raise damaged()
        text = tail + chunk
        if b"='" in text or b"= " in text or b' ="' in text:
            text = _ODD_QUOTES.sub(rb'="\1"', text)
        yield text
        tail = chunk[-_TAIL_BYTES:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _unpacked(stream: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part in chunks, by what its bytes say and not by the sizes the directory claims."""
    stream.seek(part.header_offset)
    header = stream.read(_LOCAL_HEADER.size)
    if len(header) < _LOCAL_HEADER.size:
        raise damaged()
    _signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    stream.seek(name_length + extra_length, 1)
    left = part.compress_size
    inflater = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0 and (packed := stream.read(min(left, 64 * 1024))):
        left -= len(packed)
        yield from _inflate(inflater, packed) if inflater else (packed,)


def _inflate(inflater: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    try:
        while packed:
            yield inflater.decompress(packed, CHUNK_BYTES)
            packed = inflater.unconsumed_tail
    except zlib.error as problem:
        raise damaged() from problem
