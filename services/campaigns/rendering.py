"""What a recipient reads: variables filled in, the variation chosen, the exit line put on. Pure.

A variable stands in braces, `{nome}`, and is named like a column; case, accents and the signs between words don't
matter, so `{Data da Consulta}` is `{data_da_consulta}`. `{nome|tudo bem}` carries its own fallback, an empty one
(`{nome|}`) says that nothing is fine too. Braces of a template never reach a phone: what can't be filled is left out.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zlib import crc32

from core.phone import display

EXIT_LINE: Final = "\n\nResponda SAIR para não receber mais mensagens."
NAME: Final = "nome"
FIRST_NAME: Final = "primeiro nome"
PHONE: Final = "telefone"
EMAIL: Final = "email"
CITY: Final = "cidade"
CATEGORY: Final = "categoria"
BUILT_IN: Final = (NAME, FIRST_NAME, PHONE, EMAIL, CITY, CATEGORY)
"""Variables every lead has a column for; all others are columns of the imported files."""

_ALIASES: Final = {
    "name": NAME,
    "first name": FIRST_NAME,
    "phone": PHONE,
    "celular": PHONE,
    "whatsapp": PHONE,
    "e mail": EMAIL,
    "city": CITY,
    "category": CATEGORY,
}
# Begins at the first brace of a run only: tried from each of them, 16,000 braces took 10 s.
_PLACEHOLDER: Final = re.compile(r"(?<!\{)\{++([^{}|]*)(?:\|([^{}]*))?\}+")
_TEMPLATE_FIELD: Final = re.compile(r"\{\{\s*(\w{1,60})\s*\}\}")
_BRACES: Final = str.maketrans("", "", "{}")
_BETWEEN_WORDS: Final = re.compile(r"[\W_]+")

Piece = tuple[str, bool]
"""A piece of the rendered text, and whether a variable filled it."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A variable where it stands in a template: its canonical name, how it was written, its own fallback or None."""

    name: str
    written: str
    fallback: str | None


@lru_cache(maxsize=4096)
def canonical(name: str) -> str:
    """The one spelling of a variable's or column's name: no case, no accents, one space between words."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    words = _BETWEEN_WORDS.sub(" ", plain.casefold()).strip()
    return _ALIASES.get(words, words)


def render(template: str, values: Mapping[str, str], fallbacks: Mapping[str, str]) -> str:
    """The template with its variables filled in: the value, else the variable's own fallback, else `fallbacks`,
    else nothing. Values are put in as they are and never looked at for variables."""
    if "{" not in template and "}" not in template:
        return template
    return "".join([text for text, _ in _fill(template, values, fallbacks)])


def pieces(template: str, values: Mapping[str, str], fallbacks: Mapping[str, str]) -> list[Piece]:
    """The same text in pieces, each with whether a variable filled it, for the bubble that marks them."""
    return [piece for piece in _fill(template, values, fallbacks) if piece[0]]


def variables_in(template: str) -> list[str]:
    """Canonical names of the variables used, each once, in order of appearance."""
    return list(dict.fromkeys(placeholder.name for placeholder in placeholders(template)))


def unknown_in(template: str, known: Iterable[str]) -> list[str]:
    """Variables that are no column of anybody, as they were written."""
    columns = {canonical(name) for name in known}
    return list(dict.fromkeys(found.written for found in placeholders(template) if found.name not in columns))


def unfilled_in(template: str, values: Mapping[str, str], fallbacks: Mapping[str, str]) -> list[str]:
    """Canonical names of the variables that would print nothing, though nobody said that nothing is fine."""
    spare = _folded(fallbacks)
    return list(
        dict.fromkeys(
            found.name
            for found in placeholders(template)
            if found.fallback is None and not _value(values, found.name) and not spare.get(found.name)
        )
    )


def placeholders(template: str) -> list[Placeholder]:
    """Every variable where it stands."""
    return [part for part in _parsed(template) if isinstance(part, Placeholder)]


def has_stray_brace(template: str) -> bool:
    """True for a brace without its pair or braces around nothing: most likely a variable written wrong."""
    rest = _PLACEHOLDER.sub(lambda found: found[0] if not canonical(found[1]) else "", template)
    return "{" in rest or "}" in rest


def recipient_values(name: str, phone: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The values of one recipient from its ledger row: name and phone have columns, the rest is the frozen JSON."""
    name = name.strip()
    return {NAME: name, FIRST_NAME: name.partition(" ")[0], PHONE: display(phone), **variables}


def variation_of(campaign_id: int, phone: str, count: int) -> int:
    """Which of `count` variations a person gets: the same at every attempt and in every process."""
    return crc32(f"{campaign_id}:{phone}".encode()) % count


def whole_text(template: str, values: Mapping[str, str], fallbacks: Mapping[str, str], *, has_exit_line: bool) -> str:
    """What is sent: the filled template, with the exit line at its end where the campaign has one."""
    text = render(template, values, fallbacks)
    if not has_exit_line:
        return text
    return text + EXIT_LINE if text else EXIT_LINE.strip()


def fill_template(
    variables: Mapping[str, str], values: Mapping[str, str], fallbacks: Mapping[str, str]
) -> dict[str, str]:
    """An approved template's fields for one person. Meta refuses line breaks, tabs and runs of spaces in them."""
    return {field: " ".join(render(text, values, fallbacks).split()) for field, text in variables.items()}


def read_body(body: str, filled: Mapping[str, str]) -> str:
    """The template's text as the person reads it; a field that was not filled stays as it is written."""
    return _TEMPLATE_FIELD.sub(lambda found: filled.get(found[1], found[0]), body)


def _fill(template: str, values: Mapping[str, str], fallbacks: Mapping[str, str]) -> Iterator[Piece]:
    for part in _parsed(template):
        if isinstance(part, str):
            yield part, False
        else:
            own = _value(fallbacks, part.name) if part.fallback is None else part.fallback
            yield _value(values, part.name) or own, True


@lru_cache(maxsize=1024)
def _parsed(template: str) -> Sequence[str | Placeholder]:
    """A template is read once and filled thousands of times: 16 us to parse one of 180 characters, 3 us to fill."""
    parts: list[str | Placeholder] = []
    last = 0
    for found in _PLACEHOLDER.finditer(template):
        parts.append(template[last : found.start()].translate(_BRACES))
        last = found.end()
        name = canonical(found[1])
        if name:
            own = found[2].strip() if found[2] is not None else None
            parts.append(Placeholder(name, found[1].strip(), own))
    parts.append(template[last:].translate(_BRACES))
    return tuple(part for part in parts if part != "")


def _value(values: Mapping[str, str], name: str) -> str:
    """The value under a canonical name; keys in another spelling are found too, only slower."""
    direct = (values.get(name) or "").strip()
    return direct or _folded(values).get(name, "")


def _folded(values: Mapping[str, str]) -> dict[str, str]:
    """By canonical name; of two spellings of one name the first that says something."""
    found: dict[str, str] = {}
    for key, value in values.items():
        text = (value or "").strip()
        if text:
            found.setdefault(canonical(key), text)
    return found
