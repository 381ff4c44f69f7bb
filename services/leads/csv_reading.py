"""Delimited text, as people and their programs really write it.

The csv module reads 1.5 million rows a second in 22 MB (design benchmarks, section 5). What it doesn't do stands
here: guess the delimiter and the encoding, give a row its number, and survive a quote that never closes. Such a quote
would swallow the rows behind it into one cell; the line it opens on is refused instead and the others are read again.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Final

from services.leads.columns import known_names
from services.leads.limits import MAX_CSV_FIELD_CHARS
from services.leads.refusals import FileRefused
from services.leads.sniffing import encoding_of
from services.leads.table import OPEN_QUOTE, Row, Source

DELIMITERS: Final = (";", ",", "\t", "|")
SNIFF_LINES: Final = 60
MAX_RECORD_LINES: Final = 50
MAX_OPEN_QUOTES: Final = 1_000
_END: Final = "\x1e\n"
"""Read behind the last line: when it doesn't come back as a row of its own, a quote is open."""


class _QuoteIsOpen(Exception):
    """A record has grown beyond any sensible size."""


def open_csv(path: Path) -> Source:
    """The rows of a delimited text file. FileRefused when it has no lines."""
    encoding = encoding_of(path)
    sample = _sample_lines(path, encoding)
    delimiter, skipped = _delimiter_of(sample)
    raw = path.open("rb")
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline="")
    for _line in range(skipped):
        stream.readline()
    size = path.stat().st_size

    def expected_rows(rows_done: int) -> int:
        consumed = raw.tell() if not raw.closed else size
        return max(rows_done, round(rows_done * size / consumed)) if consumed else 0

    details = {"format": "csv", "delimiter": delimiter, "encoding": encoding.removesuffix("-sig")}
    return Source(_records(stream, delimiter, skipped), details, expected_rows, stream.close)


def _records(stream: Iterable[str], delimiter: str, skipped: int) -> Iterator[Row]:
    return Records(stream, delimiter, first_number=skipped + 1).read()


class Records:
    """The records of a text, numbered as a spreadsheet would number them."""

    def __init__(self, lines: Iterable[str], delimiter: str, *, first_number: int = 1) -> None:
        self.lines = chain(lines, [_END])
        self.delimiter = delimiter
        self.number = first_number - 1
        self.pending: list[str] = []
        self.width = 0
        self.open_quotes = 0

    def read(self) -> Iterator[Row]:
        """Every record; one whose quote never closes is `[OPEN_QUOTE, its line]`."""
        while True:
            try:
                yield from self._until_trouble()
            except (_QuoteIsOpen, csv.Error):
                yield self._refused_line()
            else:
                return

    def _until_trouble(self) -> Iterator[Row]:
        pending = self.pending
        number = self.number
        reader = csv.reader(self._remembered(), delimiter=self.delimiter)
        for row in reader:
            if len(pending) > 1 and self._is_torn(row):
                raise _QuoteIsOpen
            if pending[-1] is _END:
                return
            pending.clear()
            self.number = number = number + 1
            self.width = self.width or len(row)
            yield number, row

    def _remembered(self) -> Iterator[str]:
        pending = self.pending
        for line in self.lines:
            pending.append(line)
            if len(pending) > MAX_RECORD_LINES:
                raise _QuoteIsOpen
            yield line

    def _is_torn(self, row: list[str]) -> bool:
        """Several lines in one record: fine for an address in quotes, not when the text ended inside, nor when the
        first line had its delimiters already and the record doesn't fit the header, or the quote that closes is
        another row's that opens (text follows it)."""
        if self.pending[-1] is _END:
            return True
        if self.pending[0].count(self.delimiter) < self.width - 1:
            return False
        return len(row) != self.width or not self._is_strict()

    def _is_strict(self) -> bool:
        try:
            return bool(list(csv.reader(self.pending, delimiter=self.delimiter, strict=True)))
        except csv.Error:
            return False

    def _refused_line(self) -> Row:
        self.open_quotes += 1
        self.number += 1
        if self.open_quotes > MAX_OPEN_QUOTES:
            raise FileRefused(
                f"Há aspas que abrem e não fecham em mais de {MAX_OPEN_QUOTES} linhas; a última é a {self.number}. "
                "Salve a planilha de novo como CSV e envie.",
                code="open_quotes",
            )
        line = self.pending[0] if self.pending else ""
        self.lines = chain(self.pending[1:], self.lines)
        self.pending = []
        return self.number, [OPEN_QUOTE, line[:MAX_CSV_FIELD_CHARS].rstrip("\r\n")]


def _sample_lines(path: Path, encoding: str) -> list[str]:
    with path.open("r", encoding=encoding, errors="replace", newline="") as stream:
        sample = stream.read(128 * 1024)
    lines = list(io.StringIO(sample, newline=""))
    if len(lines) == 1 and len(sample) == 128 * 1024:
        raise FileRefused(
            "Não achamos linhas neste arquivo: ele é um texto só. Salve a planilha como CSV e envie de novo.",
            code="no_lines",
        )
    return lines[:SNIFF_LINES]


def _delimiter_of(sample: list[str]) -> tuple[str, int]:
    """The delimiter and the lines to skip: Excel's own `sep=;` line says it, else the one that makes a header we
    know, rows of one width, and the most columns."""
    first = sample[0].strip().strip('\ufeff"') if sample else ""
    if first.lower().startswith("sep=") and first[4:] in DELIMITERS:
        return first[4:], 1
    if first.lower() == "sep=":
        return "\t", 1
    return max(DELIMITERS, key=lambda delimiter: _fit(sample, delimiter)), 0


def _fit(sample: list[str], delimiter: str) -> tuple[int, float, int, int]:
    rows = [row for row in islice(_quietly(sample, delimiter), SNIFF_LINES) if row]
    widths = Counter(len(row) for row in rows)
    width, count = widths.most_common(1)[0] if widths else (0, 0)
    known = max((known_names(row) for row in rows[:20]), default=0)
    share = round(count / len(rows), 1) if rows and width > 1 else 0.0
    return known if width > 1 else min(known, 1), share, width, -DELIMITERS.index(delimiter)


def _quietly(sample: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(sample, delimiter=delimiter)
    except csv.Error:
        return
