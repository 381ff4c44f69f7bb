"""One tenant's extractions, from the form's half to the worker's, with Apify played by the sandbox."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.http import configure
from core.tenancy import tenant_scope
from jobs.leads_extractions import advance_extraction
from models.leads import LeadImport
from models.leads_extractions import Extraction
from services import leads
from services.leads import extraction as room
from tests.support.lead_files import Importer
from tests.support.sandbox_process import SandboxProcess
from tests.support.webhook_receiver import eventually


class Extractor(Importer):
    """Asks, waits and looks; `advance` is the worker."""

    def __init__(self, factory: sessionmaker[Session], tenant_id: int, sandbox: SandboxProcess) -> None:
        super().__init__(factory, tenant_id)
        configure(allow_private_hosts=True)
        self.sandbox = sandbox
        self.platform = room.Platform("", sandbox.url, "http://127.0.0.1:9", may_choose_address=True)
        self.use_token(f"apify_api_{tenant_id}")

    def use_token(self, token: str) -> None:
        address = self.platform.sandbox_address
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            room.save_account(
                session, self.tenant_id, token=token, base_url=address, platform=self.platform, actor=None
            )

    def ask(self, search: str = "dentistas", location: str = "Campinas, SP", max_items: int = 40, **said: Any) -> int:
        """The door's half -> the extraction's id."""
        new = room.NewExtraction(search, location, max_items, **said)
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            made = room.create_extraction(
                session, self.tenant_id, new, platform=self.platform, actor=None, now=utcnow()
            )
            return made.id

    def advance(self, extraction_id: int) -> str:
        """The worker's job, once."""
        return advance_extraction(self.tenant_id, extraction_id)

    def make_due(self, extraction_id: int, **values: Any) -> None:
        """As if the time to look again had come."""
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            session.execute(
                update(Extraction)
                .where(Extraction.tenant_id == self.tenant_id, Extraction.id == extraction_id)
                .values(next_check_at=utcnow(), **values)
            )

    def look(self, extraction_id: int) -> Extraction:
        with tenant_scope(self.tenant_id), self.factory() as session:
            return room.extraction_of(session, self.tenant_id, extraction_id)

    def step(self, extraction_id: int) -> Extraction:
        """Look now, whatever the timetable says."""
        self.make_due(extraction_id)
        self.advance(extraction_id)
        return self.look(extraction_id)

    def finish(self, extraction_id: int) -> Extraction:
        """Look again and again until it has ended."""
        self.advance(extraction_id)
        eventually(lambda: not room.is_moving(self.look(extraction_id)) or not room.is_moving(self.step(extraction_id)))
        return self.look(extraction_id)

    def extract(self, search: str = "dentistas", location: str = "Campinas, SP", **said: Any) -> Extraction:
        """The whole way."""
        return self.finish(self.ask(search, location, **said))

    def abort(self, extraction_id: int) -> Extraction:
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            return room.abort_extraction(session, self.tenant_id, extraction_id, actor=None, now=utcnow())

    def retry(self, extraction_id: int) -> Extraction:
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            return room.retry_extraction(session, self.tenant_id, extraction_id, actor=None, now=utcnow())

    def delete(self, extraction_id: int, *, with_leads: bool) -> leads.Undone | None:
        with tenant_scope(self.tenant_id), self.factory.begin() as session:
            return room.delete_extraction(session, self.tenant_id, extraction_id, with_leads=with_leads, actor=None)

    def imported(self, found: Extraction) -> LeadImport:
        assert found.import_id is not None
        return self.result(found.import_id)

    def runs(self) -> Sequence[dict[str, Any]]:
        """What Apify was asked to begin."""
        return [entry for entry in self.sandbox.ledger("apify") if entry["accepted"]]

    def past(self, extraction_id: int, moment: datetime) -> None:
        """As if it had begun then."""
        self.make_due(extraction_id, started_at=moment)
