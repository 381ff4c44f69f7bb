"""Files as people send them, and the whole way of one through the worker's job."""

import io
from collections.abc import Sequence
from typing import Any

import openpyxl
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.tenancy import tenant_scope
from jobs.leads import run_import
from models.leads import Lead, LeadImport, LeadListMember
from services import leads

HEADER = "Nome;Telefone;E-mail;Cidade;Bairro"


def thousand_rows() -> bytes:
    """A 1,000-row `;`-separated Windows-1252 file with accents, all good."""
    rows = [f"João da Conceição {n};(11) 9{n:04d}-{n:04d};p{n}@example.com;São Paulo;Água Branca" for n in range(1000)]
    return "\r\n".join([HEADER, *rows, ""]).encode("cp1252")


def csv_of(*rows: str, header: str = HEADER, encoding: str = "utf-8") -> bytes:
    """Lines as a file."""
    return "\n".join([header, *rows, ""]).encode(encoding)


def xlsx_of(rows: Sequence[Sequence[Any]], **options: Any) -> bytes:
    """Rows as a workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


class Importer:
    """Sends files for one tenant, as the door and the worker do together."""

    def __init__(self, factory: sessionmaker[Session], tenant_id: int) -> None:
        self.factory = factory
        self.tenant_id = tenant_id

    def upload(
        self, content: bytes, *, filename: str = "clientes.csv", mapping: dict[str, str] | None = None, **said: Any
    ) -> int:
        """The door's half: receive and note -> the import's id."""
        mapping = mapping or {}
        options = {"list_name": "Clientes", "legal_basis": "customer"} | said
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            upload = leads.receive_upload(io.BytesIO(content), filename, tenant_id=self.tenant_id, mapping=mapping)
            new = leads.NewImport(upload=upload, mapping=mapping, **options)
            return leads.create_import(session, self.tenant_id, new, actor=None, now=utcnow()).id

    def upload_guided(self, content: bytes, *, filename: str = "clientes.csv", **said: Any) -> int:
        """The page's half: receive a file whose columns a person will be asked for -> the import's id."""
        options = {"list_name": "Clientes", "legal_basis": "customer"} | said
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            upload = leads.receive_guided(io.BytesIO(content), filename, tenant_id=self.tenant_id)
            new = leads.NewImport(upload=upload, is_guided=True, **options)
            return leads.create_import(session, self.tenant_id, new, actor=None, now=utcnow()).id

    def choose(self, import_id: int, *choices: leads.Choice) -> None:
        """Say what the columns are; none = as they were guessed."""
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            found = leads.import_of(session, self.tenant_id, import_id)
            leads.choose_columns(session, found, list(choices) or {}, actor=None, now=utcnow())

    def confirm(self, import_id: int) -> None:
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            leads.confirm_import(session, self.tenant_id, import_id, actor=None)

    def discard(self, import_id: int) -> None:
        """As the door does: the file goes after the commit."""
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            file_key = leads.discard_import(session, self.tenant_id, import_id, actor=None)
        leads.discard_upload(file_key)

    def work(self, import_id: int) -> LeadImport:
        """The worker's next part."""
        run_import(self.tenant_id, import_id)
        return self.result(import_id)

    def send(self, content: bytes, **said: Any) -> LeadImport:
        """Upload and let the worker's job run to its end."""
        import_id = self.upload(content, **said)
        run_import(self.tenant_id, import_id)
        return self.result(import_id)

    def result(self, import_id: int) -> LeadImport:
        with tenant_scope(self.tenant_id), self.factory() as session:
            return leads.import_of(session, self.tenant_id, import_id)

    def leads(self) -> dict[str, Lead]:
        """Every lead of the tenant by phone."""
        with tenant_scope(self.tenant_id), self.factory() as session:
            found = session.scalars(select(Lead).where(Lead.tenant_id == self.tenant_id))
            return {lead.phone: lead for lead in found}

    def members(self, list_id: int) -> set[int]:
        with tenant_scope(self.tenant_id), self.factory() as session:
            return set(
                session.scalars(
                    select(LeadListMember.lead_id).where(
                        LeadListMember.tenant_id == self.tenant_id, LeadListMember.list_id == list_id
                    )
                )
            )


def counts_of(found: LeadImport) -> dict[str, int]:
    """The six counts of contract 3.1."""
    names = ("created", "updated", "duplicates", "invalid", "not_selected", "suppressed")
    return {name: getattr(found, name) for name in names}
