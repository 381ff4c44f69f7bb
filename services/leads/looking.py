"""A first look at an opened file: its columns, some values of each, and what each column probably is.

The file's own reading stays what it is (`opening`, `table`); this opens it so that a person can be asked, which also
means: without refusing a file whose headers don't name the number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

from services.leads.choices import IGNORE, Choice, choices_of, fill_by_content, has_number, is_number, plan_with
from services.leads.columns import NoPhoneColumn
from services.leads.opening import open_table
from services.leads.table import OPEN_QUOTE, Row, Table
from services.leads.text import clean, one_line

LOOK_ROWS: Final = 200
SAMPLES: Final = 3
SAMPLE_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Look:
    """What a person is shown of a file. `choices` is our guess, one a column; `samples` some different values of each,
    cleaned and cut to SAMPLE_CHARS."""

    layout: dict[str, Any]
    choices: tuple[Choice, ...]
    samples: tuple[tuple[str, ...], ...]

    @property
    def headers(self) -> list[str]:
        """In the file's order; `Coluna 3` for one without a name."""
        return list(self.layout["headers"])

    @property
    def has_header(self) -> bool:
        """False for a bare list, whose columns have no names to be known by next time."""
        return bool(self.layout["header_row"])


def open_for_a_person(path: Path, mapping: Mapping[str, str], choices: Sequence[Choice] = ()) -> Table:
    """The table with the columns as they were chosen, or as far as they can be guessed: the plan may lack a number.
    FileRefused for what no choice of columns can mend; the caller closes `table.source`."""
    try:
        table = open_table(path, mapping)
    except NoPhoneColumn as unnamed:
        # Reading needs some column to go on with; what the columns are is settled by the plan.
        table = open_table(path, {"phone": unnamed.plan.headers[0]})
        table.plan = unnamed.plan
    if choices:
        table.plan = plan_with(table.plan, choices)
    return table


def look_at(table: Table) -> Look:
    """Look at the first rows, which stay in the table. NoPhoneColumn when neither a header nor any of their values
    is a number: there is nothing to ask about."""
    first = list(islice(table.rows, LOOK_ROWS))
    table.rows = chain(first, table.rows)
    columns = [_values(first, at) for at in range(table.plan.width)]
    choices = fill_by_content(choices_of(table.plan), columns)
    if not has_number(choices) and not any(is_number(value) for values in columns for value in values):
        raise NoPhoneColumn(table.plan)
    layout = table.layout
    samples = (_different(values) if one.kind != IGNORE else () for one, values in zip(choices, columns, strict=True))
    return Look(layout, choices, tuple(samples))


def _different(values: Sequence[str]) -> tuple[str, ...]:
    """The first SAMPLES different values, cut."""
    return tuple(islice(dict.fromkeys(value[:SAMPLE_CHARS] for value in values if value), SAMPLES))


def _values(rows: Sequence[Row], at: int) -> list[str]:
    return [one_line(clean(row[at])) for _number, row in rows if row[0] is not OPEN_QUOTE and at < len(row)]
