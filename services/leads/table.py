"""What every kind of file is turned into: numbered rows of texts, one after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final

from services.leads.apify_columns import MOST_COLUMNS, is_places, place_notes, plan_places
from services.leads.columns import (
    HEADER_SEARCH_ROWS,
    ColumnPlan,
    has_number_column,
    plan_columns,
    plan_without_header,
)
from services.leads.limits import MAX_COLUMNS
from services.leads.phone_columns import best_phone_first, phone_notes
from services.leads.refusals import FileRefused

Row = tuple[int, list[str]]
"""The person's own row number (the header included, as their spreadsheet shows it) and the cells."""
OPEN_QUOTE: Final = "\x00quote"
"""First cell of a row whose quote never closes; the second holds the line."""
SAMPLE_ROWS: Final = 50


@dataclass(slots=True)
class Source:
    """An opened file: its rows, once, and how far they are. `expected_rows` guesses better the further it is."""

    rows: Iterator[Row]
    details: dict[str, Any]
    expected_rows: Callable[[int], int]
    close: Callable[[], None] = field(default=lambda: None)


@dataclass(slots=True)
class Tally:
    """What is worth telling about the people read so far."""

    landlines: int = 0
    second_numbers: int = 0

    def notes(self) -> list[dict[str, str]]:
        """In words, for what there is."""
        said = {
            "landlines": (self.landlines, "Telefones fixos, que podem não ter WhatsApp"),
            "second_numbers": (
                self.second_numbers,
                "Pessoas com mais de um telefone na célula; os outros ficam guardados",
            ),
        }
        return [{"code": code, "message": f"{words}: {count}."} for code, (count, words) in said.items() if count]


@dataclass(slots=True)
class Table:
    """A file whose columns are understood; `rows` goes on behind the header. `tally` is counted by who reads them."""

    plan: ColumnPlan
    rows: Iterator[Row]
    source: Source
    tally: Tally = field(default_factory=Tally)

    @property
    def layout(self) -> dict[str, Any]:
        """How the file was read, for the page and for the file of refused rows."""
        understood = {"headers": list(self.plan.headers), "header_row": self.plan.header_row}
        return self.source.details | understood | {"mapping": self.plan.as_mapping(), "notes": self._notes()}

    def _notes(self) -> list[dict[str, str]]:
        """What a person should know before saying yes: `{code, message}` each."""
        told = self.source.details.get("notes", [])
        return [*told, *place_notes(self.plan), *phone_notes(self.plan), *self.tally.notes()]


def understand(source: Source, mapping: Mapping[str, str] | None = None) -> Table:
    """Find the header among the first rows and plan the columns. FileRefused for an empty file, a header alone,
    too many columns, or no column with a number."""
    first = list(islice(source.rows, SAMPLE_ROWS))
    filled = [(number, row) for number, row in first if not is_blank(row)]
    if not filled:
        raise FileRefused("O arquivo está vazio. Confira se salvou a planilha e envie de novo.", code="empty_file")
    _refuse_too_wide(filled)
    header_at = _header_position(filled)
    plan = None if has_number_column(filled[header_at][1]) or mapping else plan_without_header([r for _, r in filled])
    if plan is None:
        number, headers = filled[header_at]
        filled = filled[header_at + 1 :]
        plan = _planned(_trimmed(headers), number, mapping or {}, [row for _number, row in filled])
    rest = _behind(filled, source.rows)
    following = next(rest, None)
    if following is None:
        raise FileRefused(
            f"O arquivo só tem o cabeçalho (linha {plan.header_row}). Acrescente uma linha por pessoa e envie de novo.",
            code="header_only",
        )
    return Table(plan, chain([following], rest), source)


def _planned(
    headers: list[str], header_row: int, mapping: Mapping[str, str], sample: Sequence[Sequence[str]]
) -> ColumnPlan:
    plan = plan_columns(headers, header_row, mapping)
    if not mapping and is_places(headers):
        return plan_places(plan)
    return plan if "phone" in mapping else best_phone_first(plan, sample)


def is_blank(row: Sequence[str]) -> bool:
    """True for a row nobody wrote in."""
    return not any(cell and not cell.isspace() for cell in row)


def _behind(filled: list[Row], rows: Iterator[Row]) -> Iterator[Row]:
    yield from filled
    for row in rows:
        cells = row[1]
        if (cells and cells[0].strip()) or not is_blank(cells):
            yield row


def _header_position(filled: Sequence[Row]) -> int:
    """The first row that names a number column (exports put titles above), else the first row."""
    for at, (_number, row) in enumerate(filled[:HEADER_SEARCH_ROWS]):
        if has_number_column(row):
            return at
    return 0


def _trimmed(headers: Sequence[str]) -> list[str]:
    """Without the nameless columns at the end, which separators at the end of a line make."""
    last = max((at for at, header in enumerate(headers) if header.strip()), default=-1)
    return list(headers[: last + 1])


def _refuse_too_wide(filled: Sequence[Row]) -> None:
    number, widest = max(filled, key=lambda one: len(_trimmed(one[1])))
    width = len(_trimmed(widest))
    if width > (MOST_COLUMNS if is_places(filled[0][1]) else MAX_COLUMNS):
        raise FileRefused(
            f"A linha {number} tem {width} colunas; o limite é {MAX_COLUMNS}. Apague as que não usa e envie de novo.",
            code="too_many_columns",
        )
