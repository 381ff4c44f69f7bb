"""Leads as a file: read in pages of its own short transactions, so that a slow download holds no connection and a
million leads take no more memory than a thousand."""

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import xlsxwriter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.db import SessionFactory
from core.phone import display
from core.tenancy import tenant_scope
from models.leads import Lead, LeadImport, LeadImportReject
from services.leads.columns import PERMISSION_COLUMNS
from services.leads.finding import LeadFilter, ids_of_people
from services.leads.keeping import stopped_among
from services.leads.lists import list_of
from services.leads.people import leads_by_id, leads_in_list
from services.leads.refusals import ROW_REASONS
from services.leads.text import harmless

PAGE_ROWS: Final = 2_000
OWN_COLUMNS: Final = (
    "nome",
    "telefone",
    "whatsapp_link",
    "email",
    "cidade",
    "categoria",
    "status",
    *PERMISSION_COLUMNS,
)
CSV_BOM: Final = "\ufeff"
"""Excel takes a file without it for Windows-1252 and breaks every accent."""
SHEET_ROWS: Final = 1_048_575
XLSX_CHUNK_BYTES: Final = 256 * 1024


def extra_names(session: Session, tenant_id: int, list_id: int | None = None) -> list[str]:
    """The further columns of a list's people (of all of them without a list), by name."""
    people = select(Lead).where(Lead.tenant_id == tenant_id)
    if list_id is not None:
        list_of(session, tenant_id, list_id)
        people = leads_in_list(tenant_id, list_id)
    keys = people.with_only_columns(func.jsonb_object_keys(Lead.extra).label("name")).distinct().subquery()
    return list(session.scalars(select(keys.c.name).order_by(keys.c.name)))


def export_rows(factory: SessionFactory, tenant_id: int, list_id: int, extras: Sequence[str]) -> Iterator[list[str]]:
    """A list's people as `export_people` writes them."""
    return export_people(factory, tenant_id, LeadFilter(list_id=list_id), extras)


def export_people(
    factory: SessionFactory, tenant_id: int, asked: LeadFilter, extras: Sequence[str]
) -> Iterator[list[str]]:
    """Header, then a row a lead in the order they came. `status` is 1, and 0 for who must not be written to, so that
    the file can be imported again, here or elsewhere. The link holds the whole number; the phone is for reading."""
    yield [*OWN_COLUMNS, *extras]
    after = 0
    while True:
        with tenant_scope(tenant_id), factory() as session:
            ids = ids_of_people(session, tenant_id, asked, after=after, most=PAGE_ROWS)
            leads = leads_by_id(session, tenant_id, ids)
            stopped = stopped_among(session, tenant_id, leads)
        for lead in leads:
            yield _lead_row(lead, extras, is_suppressed=lead.id in stopped)
        if len(ids) < PAGE_ROWS:
            return
        after = ids[-1]


def reject_rows(factory: SessionFactory, tenant_id: int, import_id: int) -> Iterator[list[str]]:
    """The refused rows as they came, with their number and what to repair; corrected, the file can be sent again."""
    with tenant_scope(tenant_id), factory() as session:
        layout = session.scalar(
            select(LeadImport.layout).where(LeadImport.tenant_id == tenant_id, LeadImport.id == import_id)
        )
    yield ["linha", "motivo", *(layout or {}).get("headers", [])]
    after = -1
    while True:
        with tenant_scope(tenant_id), factory() as session:
            rows = session.scalars(
                select(LeadImportReject)
                .where(
                    LeadImportReject.tenant_id == tenant_id,
                    LeadImportReject.import_id == import_id,
                    LeadImportReject.row_number > after,
                )
                .order_by(LeadImportReject.row_number)
                .limit(PAGE_ROWS)
            ).all()
        for row in rows:
            yield [str(row.row_number), ROW_REASONS.get(row.reason, row.reason), *row.cells]
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1].row_number


def as_csv(rows: Iterator[list[str]]) -> Iterator[str]:
    """`;` and a mark, as Excel in Brazil opens it; no cell runs as a formula."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";")
    target.write(CSV_BOM)
    for number, row in enumerate(rows):
        writer.writerow([harmless(cell) for cell in row])
        if number % 500 == 0:
            yield _taken(target)
    yield _taken(target)


def as_xlsx(rows: Iterator[list[str]]) -> Iterator[bytes]:
    """Built in a temporary file in constant memory (its directory comes last, so it can't be sent while it grows),
    then sent in chunks. More rows than a sheet takes go on in the next sheet."""
    with tempfile.TemporaryDirectory(prefix="leads-export-") as folder:
        path = Path(folder) / "leads.xlsx"
        _write_workbook(path, rows)
        with path.open("rb") as stream:
            while chunk := stream.read(XLSX_CHUNK_BYTES):
                yield chunk


def _write_workbook(path: Path, rows: Iterator[list[str]]) -> None:
    workbook = xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False})
    header = next(rows)
    sheet, line = None, SHEET_ROWS + 1
    for row in rows:
        if line > SHEET_ROWS:
            sheet, line = workbook.add_worksheet(), 1
            _write_cells(sheet, 0, header)
        _write_cells(sheet, line, row)
        line += 1
    if sheet is None:
        _write_cells(workbook.add_worksheet(), 0, header)
    workbook.close()


def _write_cells(sheet: "xlsxwriter.worksheet.Worksheet", line: int, row: Sequence[str]) -> None:
    for at, cell in enumerate(row):
        sheet.write_string(line, at, harmless(cell))


def _lead_row(lead: Lead, extras: Sequence[str], *, is_suppressed: bool) -> list[str]:
    own = [
        lead.name,
        display(lead.phone),
        f"https://wa.me/{lead.phone}",
        lead.email,
        lead.city,
        lead.category,
        "0" if is_suppressed else "1",
        str(lead.legal_basis),
        lead.consent_source,
        lead.consent_at.date().isoformat() if lead.consent_at else "",
        lead.consent_proof,
    ]
    return own + [str(lead.extra.get(name, "")) for name in extras]


def _taken(target: io.StringIO) -> str:
    text = target.getvalue()
    target.seek(0)
    target.truncate()
    return text
