"""Rows -> lines for COPY. The hot loop of an import: about 3 microseconds a row.

A row is, in this order, not selected, refused (with its reason) or a person. Duplicates, suppressed and known people
are told apart afterwards in SQL, for all rows at once and in any amount of memory (`services.leads.sql`).
"""

import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Final

from core.phone import Phone, PhoneKind, PhoneProblem, display, from_whatsapp_link, normalise, numbers_in, parse
from services.leads.columns import ColumnPlan
from services.leads.limits import MAX_CELL_CHARS
from services.leads.phone_columns import second_number_name
from services.leads.table import OPEN_QUOTE, Row, Tally
from services.leads.text import clean, is_email, one_line, plain

SELECTED: Final = frozenset({"1", "1.0", "1,0", "1.00", "1,00"})
COPY_COLUMNS: Final = "row_number, reason, value, phone_key, phone, name, email, city, category, extra"
_MAX_REJECT_VALUE: Final = 200
_LONGEST_NUMBER: Final = 20
"""Characters of a single number as people write it: a longer cell may hold several."""
_LANDLINE: Final = PhoneKind.LANDLINE
_NAME_CHARS, _PLACE_CHARS = 200, 120


class RowWriter:
    """Turns a table's rows into COPY text lines, counting what it leaves out. `lines` may be used once."""

    def __init__(self, plan: ColumnPlan, tally: Tally | None = None) -> None:
        self.plan = plan
        self.tally = tally or Tally()
        self.rows_read = 0
        self.not_selected = 0
        missing = plan.width  # an empty cell is put there: an index costs less than asking each time
        places = (plan.name, plan.email, plan.city, plan.category)
        self._own = [missing if at is None else at for at in places]
        self._extras = [(encode_basestring(name) + ": ", at) for name, at in plan.extras]
        self._numbers = ([] if plan.link is None else [plan.link]) + list(plan.phones)
        self._only_phones_first = self._numbers[0] if plan.link is None else missing
        self._own_number = plan.phones[0] if plan.phones else missing
        self._most_chars = _LONGEST_NUMBER if plan.link is None else 0
        self._second = encode_basestring(second_number_name(plan)) + ": "
        self._ddd = next((at for at, header in enumerate(plan.headers) if plain(header) == "ddd"), None)

    def lines(self, rows: Iterable[Row]) -> Iterator[str]:
        """One line a selected row, refused ones included. Backslashes are doubled by the reader of the lines."""
        width, status = self.plan.width, self.plan.status
        person = self._person
        for number, row in rows:
            self.rows_read += 1
            if row[0] is OPEN_QUOTE:
                yield _refused(number, "open_quote", "", row[1], row[1:])
                continue
            fits = len(row) == width or _fits(row, width)
            if status is not None and row[status].strip() not in SELECTED:
                self.not_selected += 1
            elif fits:
                yield person(number, row)
            else:
                at = next(at for at in range(width, len(row)) if row[at].strip())
                yield _refused(number, "too_many_cells", f"{at + 1}", row[at], row)

    def _person(self, number: int, row: list[str]) -> str:
        whole = "".join(row)
        if len(whole) <= MAX_CELL_CHARS and whole.isprintable() and "'" not in whole and "  " not in whole:
            row = list(map(str.strip, row))
        else:
            row = self._cleaned(row)
        row.append("")
        found: Phone | PhoneProblem | tuple[str, str, str] = parse(row[self._only_phones_first])
        if type(found) is not Phone:
            found = self._number(row)
            if not isinstance(found, Phone):
                return _refused(number, *found, row[:-1])
        name, email, city, category = self._own
        pairs = [key + encode_basestring(cell) for key, at in self._extras if (cell := row[at])]
        if len(row[self._own_number]) > self._most_chars:
            pairs += self._further(row[self._own_number], found[2])
        if found[1] is _LANDLINE:
            self.tally.landlines += 1
        return (
            f"{number}\t\t\t{found[2]}\t{found[0]}\t{row[name][:_NAME_CHARS]}\t{_email(row[email])}\t"
            f"{row[city][:_PLACE_CHARS]}\t{row[category][:_PLACE_CHARS]}\t{{{', '.join(pairs)}}}\n"
        )

    def _cleaned(self, row: list[str]) -> list[str]:
        """The careful way, for the few rows with line breaks, odd characters or long texts in them."""
        row = [clean(cell) for cell in row]
        for at in self._own:
            if at < len(row):
                row[at] = one_line(row[at])
        return row

    def _further(self, cell: str, key: str) -> list[str]:
        """The other numbers of the phone's cell, as a variable."""
        found = numbers_in(cell) if len(cell) > _LONGEST_NUMBER else [parse(cell)]
        others = [display(one.digits) for one in found if isinstance(one, Phone) and one.key != key]
        self.tally.second_numbers += bool(others)
        return [self._second + encode_basestring(", ".join(others))] if others else []

    def _number(self, row: list[str]) -> Phone | tuple[str, str, str]:
        """The link's number, else the first good one of the phone columns, else why the likeliest isn't one, its
        column and what it says."""
        problem = (str(PhoneProblem.EMPTY), self.plan.headers[self._numbers[0]], "")
        for at in self._numbers:
            cell = row[at]
            if not cell:
                continue
            found = self._read(at, cell, row)
            if type(found) is Phone:
                return found
            reason = str(found or PhoneProblem.INVALID)
            if reason != PhoneProblem.EMPTY and problem[0] == PhoneProblem.EMPTY:
                problem = (reason, self.plan.headers[at], cell)
        return problem

    def _read(self, at: int, cell: str, row: list[str]) -> Phone | PhoneProblem | None:
        """A cell of a column with numbers or links; the area code may stand in a column of its own."""
        found = from_whatsapp_link(cell) if at == self.plan.link else parse(cell)
        if type(found) is not Phone and self._ddd is not None and row[self._ddd]:
            found = normalise(row[self._ddd] + cell) or found
        if type(found) is not Phone and "wa" in cell:
            found = from_whatsapp_link(cell) or found
        return found


def _fits(row: list[str], width: int) -> bool:
    """Make a short row as wide as the header; False when there is something beyond it."""
    if len(row) > width:
        if any(cell and not cell.isspace() for cell in row[width:]):
            return False
        del row[width:]
    else:
        row.extend([""] * (width - len(row)))
    return True


def _email(cell: str) -> str:
    """The address in lower case; what isn't one is left out."""
    if not cell:
        return ""
    address = cell.lower()
    return address if is_email(address) else ""


def _refused(number: int, reason: str, column: str, value: str, row: list[str]) -> str:
    """The column's name travels where a person's would: a refused row has none."""
    cells = json.dumps([clean(cell) for cell in row], ensure_ascii=False)
    shown = one_line(clean(value))[:_MAX_REJECT_VALUE]
    place = one_line(clean(column))[:_NAME_CHARS]
    return f"{number}\t{reason}\t{shown}\t\t\t{place}\t\t\t\t{cells}\n"
