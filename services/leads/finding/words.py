"""What is looked for, as the search understands it: lower case, no accents, pieces of three letters. Pure.

The words of the leads are made bare by the database, by the same table.
"""

import re
from typing import Final

from core.phone import Phone, from_whatsapp_link, parse

ACCENTED: Final = "áàâãäéèêëíìîïóòôõöúùûüçñ"
"""Letter by letter beside PLAIN; what has no partner there (the separator of a block) is left out."""
BETWEEN_LEADS: Final = "\x1e"
PLAIN: Final = "aaaaaeeeeiiiiooooouuuucn"
MIN_DIGITS: Final = 3
MOST_CHARS: Final = 80
MOST_WORDS: Final = 6
GRAM: Final = 3
BLOCK_LEADS: Final = 32
SEGMENT_BLOCKS: Final = 1024
_TABLE: Final = str.maketrans(ACCENTED, PLAIN, "\x1e\x1f\x00")
_NOT_DIGIT: Final = re.compile(r"\D")
_SPARSE: Final = b"\x01"
_DENSE: Final = b"\x00"


def bare(text: str) -> str:
    """Lower case, without accents and separators."""
    return text.lower().translate(_TABLE)


def phone_in(query: str) -> Phone | None:
    """The whole number somebody typed, in any of its forms."""
    found = from_whatsapp_link(query) or (parse(query) if _is_number(query) else None)
    return found if isinstance(found, Phone) else None


def pieces_of(query: str) -> list[str]:
    """What each found person must contain: the words, or the digits of a part of a number."""
    if _is_number(query):
        return [_NOT_DIGIT.sub("", query)[:MOST_CHARS]]
    return bare(query[:MOST_CHARS]).split()[:MOST_WORDS]


def grams_of(pieces: list[str]) -> list[str]:
    """Every three letters in a row, and words of two; none for single letters, which are everywhere."""
    long = {piece[at : at + GRAM] for piece in pieces for at in range(len(piece) - GRAM + 1)}
    return sorted(long | {piece for piece in pieces if len(piece) == GRAM - 1})


def grams_of_body(body: str) -> set[str]:
    """Every two and three letters of a block, some of them across two people's words: too many do no harm."""
    found = {body[at : at + GRAM] for at in range(len(body) - GRAM + 1)}
    return found | {gram[:2] for gram in found} | {body[-2:]}


def packed(bits: int) -> bytes:
    """Blocks of a segment as bytes: two a block while they are few, else one bit a block."""
    if bits.bit_count() * 2 >= SEGMENT_BLOCKS // 8:
        return _DENSE + bits.to_bytes(SEGMENT_BLOCKS // 8, "little")
    return _SPARSE + b"".join(at.to_bytes(2, "little") for at in places_in(bits))


def unpacked(data: bytes) -> int:
    """The bits again."""
    if data[:1] == _DENSE:
        return int.from_bytes(data[1:], "little")
    bits = 0
    for at in range(1, len(data), 2):
        bits |= 1 << int.from_bytes(data[at : at + 2], "little")
    return bits


def places_in(bits: int) -> list[int]:
    """Which bits are set, upwards."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def _is_number(query: str) -> bool:
    return len(_NOT_DIGIT.sub("", query)) >= MIN_DIGITS and not any(c.isalpha() or c == "@" for c in query)
