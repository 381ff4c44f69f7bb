"""Cells as texts: cleaned on the way in, made harmless for spreadsheets on the way out. Pure."""

import re
import unicodedata
from typing import Final

from services.leads.limits import MAX_CELL_CHARS

_JOINER: Final = "\u200d"
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_SPACES: Final = re.compile(r"[\s\u00a0\u2028\u2029]+")
# Excel and LibreOffice run what begins so; full-width forms too in East Asian locales.
_FORMULA: Final = re.compile(r"[\s]*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_GUARDED: Final = re.compile(r"'(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
_EMAIL: Final = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]+\.[^\s@<>,;]+")
MAX_EMAIL_CHARS: Final = 254
"""RFC 5321."""
_NOT_WORD: Final = re.compile(r"[^a-z0-9]+")


def is_email(text: str) -> bool:
    """Whether this looks like one e-mail address."""
    return len(text) <= MAX_EMAIL_CHARS and _EMAIL.fullmatch(text) is not None


def clean(cell: str) -> str:
    """Without control, zero-width and direction characters (a joiner inside an emoji stays), unpaired surrogates or
    the guard our own export puts before a formula; at most MAX_CELL_CHARS long. Line breaks inside stay."""
    text = cell if cell.isprintable() else _visible(cell)
    text = text.strip()
    if text[:1] == "'" and _GUARDED.match(text):
        text = text[1:]
    return text[:MAX_CELL_CHARS]


def one_line(text: str) -> str:
    """A cleaned text with every run of white space made one blank."""
    return text if text.isprintable() and "  " not in text else _SPACES.sub(" ", text).strip()


def _visible(cell: str) -> str:
    text = _INVISIBLE.sub("", cell.replace("\u00a0", " "))
    if _JOINER in text:
        text = _keep_emoji_joiners(text)
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in text) else text


def _keep_emoji_joiners(text: str) -> str:
    kept = [
        c
        for at, c in enumerate(text)
        if c != _JOINER or (0 < at < len(text) - 1 and ord(text[at + 1]) > 0x2000 and ord(text[at - 1]) > 0x2000)
    ]
    return "".join(kept)


def harmless(cell: str) -> str:
    """A cell no spreadsheet runs as a formula: an apostrophe goes before what would be one. `clean` takes it off."""
    return "'" + cell if _FORMULA.match(cell) else cell


def plain(text: str) -> str:
    """Lower case, no accents, words joined by `_`: `Data de Nascimento` -> `data_de_nascimento`."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return _NOT_WORD.sub("_", "".join(c for c in bare if not unicodedata.combining(c))).strip("_")


def variable_name(header: str, position: int) -> str:
    """The name a column has in a message, `{bairro}`: a letter first, at most 40 characters."""
    name = plain(header)[:40].strip("_")
    if not name:
        return f"coluna_{position}"
    return name if name[0].isalpha() else f"c_{name}"[:40]
