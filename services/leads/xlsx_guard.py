"""What an archive (XLSX, ODS) would take to read, found before calamine does.

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
from pathlib import Path
from typing import BinaryIO, Final
from xml.etree import ElementTree

from services.leads.limits import MAX_ARCHIVE_PARTS, MAX_SHEET_CELLS, MAX_UNPACKED_BYTES
from services.leads.refusals import UnpacksTooLarge, damaged

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
_BOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
_RELATION_ID: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_HIDDEN_ROW: Final = re.compile(rb'<row [^>]{0,200}?\bhidden="(?:1|true)"')


def refuse_bombs(path: Path) -> int:
    """The bytes an archive unpacks to. UnpacksTooLarge when that is more than a worker can hold, FileRefused
    when the archive is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as problem:
        raise damaged() from problem
    if len(parts) > MAX_ARCHIVE_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise UnpacksTooLarge
    left = MAX_UNPACKED_BYTES
    with path.open("rb") as stream:
        for part in parts:
            if part.flag_bits & _ENCRYPTED or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise damaged()
            left -= _inspect_part(stream, part, left)
    return MAX_UNPACKED_BYTES - left


def _inspect_part(stream: BinaryIO, part: zipfile.ZipInfo, left: int) -> int:
    """The bytes a part really holds; FileRefused beyond `left` or when its cells lie too far apart."""
    size, is_wide, is_tall = 0, False, False
    for text in _texts(unpacked(stream, part)):
        size += len(text)
        if size > left + _TAIL_BYTES:
            raise UnpacksTooLarge
        is_wide = is_wide or _WIDE.search(text) is not None
        is_tall = is_tall or _TALL.search(text) is not None
    # Short and narrow can't be large: 99,999 rows of 26 columns fit.
    if is_wide or is_tall:
        _refuse_large_area(_texts(unpacked(stream, part)), is_wide=is_wide)
    return size


def _refuse_large_area(texts: Iterator[bytes], *, is_wide: bool) -> None:
    """The block from A1 to the outermost address, empty cells with a colour included: what is not looked at can't
    be hidden behind an odd attribute."""
    rows, columns = 0, 0
    for text in texts:
        rows = max(rows, max(map(int, set(_ROW.findall(text))), default=0))
        columns = max(columns, _widest(text) if is_wide else _widest_letter(text, columns))
        if rows * columns > MAX_SHEET_CELLS:
            raise UnpacksTooLarge


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


def unpacked(stream: BinaryIO, part: zipfile.ZipInfo) -> Iterator[bytes]:
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


def hidden_rows_of(path: Path, sheet: str) -> int:
    """How many rows of a sheet nobody sees, by a filter or by hand. 0 for a workbook that is put together oddly."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
        try:
            part = archive.getinfo(_part_of(archive, sheet))
        except (KeyError, ElementTree.ParseError):
            return 0
        found, rest = 0, b""
        for chunk in unpacked(stream, part):
            text, _end, rest = (rest + chunk).rpartition(b">")
            found += len(_HIDDEN_ROW.findall(text)) if b' hidden="' in text else 0
        return found


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The part a sheet stands in, as the workbook and its relations say. KeyError when they don't."""
    book, relations = archive.read(_BOOK), archive.read(_RELATIONS)
    if len(book) + len(relations) > CHUNK_BYTES:
        raise KeyError(sheet)
    named = {
        one.get("name"): one.get(_RELATION_ID) for one in ElementTree.fromstring(book).iter() if one.get("sheetId")
    }
    target = {one.get("Id"): one.get("Target", "") for one in ElementTree.fromstring(relations)}[named[sheet]]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
