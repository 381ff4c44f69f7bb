"""Workbooks through calamine (300,000 rows a second; openpyxl 34,000): XLSX, Excel's old XLS, LibreOffice's ODS.

The first visible sheet that holds something is read; hidden sheets never. Hidden rows are read like any other, and
the person is told how many there are: a filter forgotten in a spreadsheet must neither lose people nor bring in some
unseen. A cell merged downwards holds for each of its rows; one merged sideways stands in its first column alone.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import python_calamine

from services.leads.limits import MAX_SHEET_CELLS
from services.leads.ods_guard import measure_ods
from services.leads.refusals import FileRefused, HasPassword, UnpacksTooLarge, damaged
from services.leads.sniffing import Kind
from services.leads.table import Row, Source
from services.leads.xls_guard import measure_xls
from services.leads.xlsx_guard import hidden_rows_of

MAX_MERGES: Final = 5_000
"""Beyond it a sheet is a drawing and no table; its merged cells stay where they are."""
Merge = tuple[tuple[int, int], tuple[int, int]]


def open_workbook(path: Path, kind: Kind) -> Source:
    """The rows of the first visible sheet that holds something. FileRefused for damage, passwords and sheets beyond
    all measure; for an archive the caller has called `refuse_bombs`."""
    if kind is Kind.XLSX:
        hidden: dict[str, int] | None = None
    else:
        measured = measure_ods(path) if kind is Kind.ODS else measure_xls(path)
        if sum(sheet.cells for sheet in measured) > MAX_SHEET_CELLS:
            raise UnpacksTooLarge
        hidden = {sheet.name: sheet.hidden_rows for sheet in measured}
    try:
        workbook = python_calamine.CalamineWorkbook.from_path(path)
        name, sheet = _first_sheet(workbook)
        merges = _downwards(sheet.merged_cell_ranges or [])
    except python_calamine.PasswordError as problem:
        raise HasPassword from problem
    except (FileRefused, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # a Rust panic is no Exception
        raise damaged() from problem
    visible = [about.name for about in workbook.sheets_metadata if _is_visible(about)]
    unseen = hidden_rows_of(path, name) if hidden is None else hidden.get(name, 0)
    details = {"format": str(kind), "sheet": name, "other_sheets": len(visible) - 1, "notes": _notes(unseen, visible)}
    height = sheet.total_height
    rows = _filled_down(_rows(sheet), merges) if merges else _rows(sheet)
    return Source(rows, details, lambda rows_done: max(rows_done, height - 1), workbook.close)


def _notes(hidden_rows: int, visible: Sequence[str]) -> list[dict[str, str]]:
    notes = []
    if hidden_rows:
        notes.append(
            {"code": "hidden_rows", "message": f"Linhas ocultas na planilha, lidas como as outras: {hidden_rows}."}
        )
    if len(visible) > 1:
        others = ", ".join(f"“{name[:40]}”" for name in visible[1:6])
        notes.append(
            {"code": "other_sheets", "message": f"Só a primeira aba com dados foi lida. Outras abas: {others}."}
        )
    return notes


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


def _downwards(merges: Sequence[Merge]) -> list[Merge]:
    """Those over more than one row, by their first one."""
    tall = sorted(merge for merge in merges if merge[1][0] > merge[0][0])
    return tall if len(tall) <= MAX_MERGES else []


def _filled_down(rows: Iterator[Row], merges: list[Merge]) -> Iterator[Row]:
    """Rows whose merged cells say in each row what they say in their first."""
    waiting = iter(merges)
    coming = next(waiting, None)
    held: dict[int, tuple[int, str]] = {}
    for number, row in rows:
        for column, (last, text) in held.items():
            if number <= last and not row[column]:
                row[column] = text
        while coming is not None and coming[0][0] < number:
            (first, column), (last, _right) = coming
            if first + 1 == number and column < len(row) and row[column]:
                held[column] = (last + 1, row[column])
            coming = next(waiting, None)
        yield number, row


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
