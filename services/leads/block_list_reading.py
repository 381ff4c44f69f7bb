"""Whom a block list names: phones, phones split into DDD and number ("Não Me Ligue"), e-mails, with or without a
header. Pure.

Which column is what is decided once for the file and never cell by cell: a document number reads as a phone one time
in fourteen, and a stranger would then be left alone for no reason.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

from core.phone import DDDS, Phone, from_whatsapp_link, parse
from services.leads.columns import GUESS_SHARE, HEADER_SEARCH_ROWS, KNOWN
from services.leads.refusals import FileRefused
from services.leads.table import Row, Source, is_blank
from services.leads.text import is_email, plain

SAMPLE_ROWS: Final = 200
AREAS: Final = ("ddd", "codigodearea", "codigoarea", "areacode", "prefixo")
NUMBERS: Final = ("numero", "num", "linha", "terminal", "assinante", "numerodalinha", "number")
"""Beside a DDD these are the rest of a phone; alone they may be anything."""
_NOT_DIGIT: Final = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Blocked:
    """Somebody a list names: the canonical phone with its key, or an e-mail in small letters."""

    phone: str = ""
    phone_key: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class _Places:
    """Where to look in a row: whole phones, pairs of DDD and number, e-mails."""

    phones: tuple[int, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    emails: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.phones or self.pairs or self.emails)


def blocked_in(source: Source) -> Iterator[list[Blocked]]:
    """For every row but the header whom it names, [] when nobody can be made out. FileRefused for an empty file and one
    without a column of phones or e-mails."""
    first = [row for _number, row in islice(source.rows, SAMPLE_ROWS) if not is_blank(row)]
    if not first:
        raise FileRefused("O arquivo está vazio. Confira se salvou a lista e envie de novo.", code="empty_file")
    places, start = _understood(first)
    rest: Iterator[Sequence[str]] = chain(first[start:], _cells(source.rows))
    return (_named(row, places) for row in rest)


def _cells(rows: Iterator[Row]) -> Iterator[list[str]]:
    return (row for _number, row in rows if not is_blank(row))


def _understood(first: Sequence[Sequence[str]]) -> tuple[_Places, int]:
    for at, row in enumerate(first[:HEADER_SEARCH_ROWS]):
        if places := _by_header(row):
            return places, at + 1
    if places := _by_content(first):
        return places, 0
    shown = ", ".join(f"“{cell.strip()[:40]}”" for cell in first[0][:15])
    raise FileRefused(
        f"Não achamos telefones nem e-mails neste arquivo. A primeira linha diz: {shown}. Deixe uma coluna de telefone "
        "(ou uma de DDD e uma de número) ou uma de e-mail e envie de novo.",
        code="no_phone_column",
    )


def _by_header(row: Sequence[str]) -> _Places:
    names = [plain(cell).replace("_", "") for cell in row]
    areas = [at for at, name in enumerate(names) if name in AREAS]
    phones = [at for at, name in enumerate(names) if name in KNOWN["phone"] or name in KNOWN["whatsapp_link"]]
    emails = tuple(at for at, name in enumerate(names) if name in KNOWN["email"])
    if not areas:
        return _Places(tuple(phones), (), emails)
    numbers = phones or [at for at, name in enumerate(names) if name in NUMBERS]
    return _Places((), tuple((areas[min(n, len(areas) - 1)], at) for n, at in enumerate(numbers)), emails)


def _by_content(first: Sequence[Sequence[str]]) -> _Places:
    width = max(map(len, first))
    columns = [[row[at].strip() if at < len(row) else "" for row in first] for at in range(width)]
    phones = tuple(at for at, cells in enumerate(columns) if _share(cells, lambda one: bool(_phone(one))))[:1]
    emails = tuple(at for at, cells in enumerate(columns) if _share(cells, is_email))
    pairs = () if phones else tuple(
        (at, at + 1)
        for at in range(width - 1)
        if _share(columns[at], lambda one: _NOT_DIGIT.sub("", one).lstrip("0") in DDDS)
        and _share([f"{area}{number}" for area, number in zip(columns[at], columns[at + 1], strict=True)],
                   lambda one: bool(_phone(one)))
    )[:1]  # fmt: skip
    return _Places(phones, pairs, emails)


def _share(cells: Sequence[str], fits: Callable[[str], bool]) -> bool:
    filled = [one for one in cells if one]
    return bool(filled) and sum(map(fits, filled)) >= GUESS_SHARE * len(filled)


def _named(row: Sequence[str], places: _Places) -> list[Blocked]:
    texts = [_cell(row, at) for at in places.phones]
    texts += [f"{_NOT_DIGIT.sub('', _cell(row, area)).lstrip('0')}{_cell(row, at)}" for area, at in places.pairs]
    found = [Blocked(phone.digits, phone.key) for phone in map(_phone, filter(None, texts)) if phone]
    mails = (_cell(row, at).lower() for at in places.emails)
    return found + [Blocked(email=one) for one in mails if is_email(one)]


def _cell(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _phone(text: str) -> Phone | None:
    found = parse(text)
    return found if isinstance(found, Phone) else from_whatsapp_link(text)
