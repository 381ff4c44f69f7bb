"""From a run's dataset into a list: the places become a file of the import room, in Apify's own columns.

So an extraction is written like an upload of the same dataset, with the same judgement, counts, plan's limit, progress
and undo. The dataset stays at Apify for days: what could not be saved can be fetched again.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from connectors import apify
from connectors.apify import Items, Place, Refused
from core.http_messages import HttpAnswer, HttpRequest
from models.leads import ImportStatus, LeadImport, LegalBasis
from models.leads_extractions import ExtractionStatus
from services.leads.consent import Permission
from services.leads.extraction.accounts import Platform
from services.leads.extraction.run import (
    COST_SETTLES,
    LEASE,
    ExtractionTask,
    account_for,
    change_mine,
    fail_extraction,
    look_again,
    move,
)
from services.leads.extraction.words import ending_of
from services.leads.imports import NewImport, create_import, import_of
from services.leads.merging import PlanIsFull
from services.leads.uploads import StoredUpload, discard_upload, receive_upload

SOURCE: Final = "extraction"
MAPPING: Final = {
    "phone": "phone",
    "name": "title",
    "category": "categoryName",
    "city": "city",
    "email": "email",
}
COLUMNS: Final = ("title", "phone", "categoryName", "city", "email", "placeId", *apify.DETAILS)
ASK_AGAIN_SECONDS: Final = 3
SAVED_ENDINGS: Final = frozenset({ImportStatus.FINISHED, ImportStatus.UNDONE})
NO_ROOM: Final = (
    "Os lugares encontrados não cabem no seu plano, então nada foi gravado. Apague listas que não usa ou mude de plano "
    "e salve de novo: a busca já foi feita."
)
USELESS: Final = "nothing_usable"


@dataclass(slots=True)
class Places:
    """What was fetched so far, each place once: Google's id is the key, name and phone where there is none."""

    by_key: dict[tuple[str, ...], Place] = field(default_factory=dict)

    def add(self, places: Iterable[Place]) -> None:
        """Take a page in; of a place that comes twice the first counts."""
        for place in places:
            key = (place.place_id,) if place.place_id else (place.title, place.phone)
            if place.place_id or place.title or place.phone:
                self.by_key.setdefault(key, place)

    def __len__(self) -> int:
        return len(self.by_key)

    def as_csv(self) -> bytes:
        """In Apify's own columns, as an export of the dataset has them."""
        sheet = io.StringIO()
        writer = csv.writer(sheet)
        writer.writerow(COLUMNS)
        for one in self.by_key.values():
            writer.writerow((one.title, one.phone, one.category, one.city, one.email, one.place_id, *one.details))
        return sheet.getvalue().encode("utf-8-sig", "replace")


def prepare_items(session: Session, task: ExtractionTask, platform: Platform, *, offset: int) -> HttpRequest:
    """The next page of the dataset; the lease starts anew."""
    return apify.dataset_items(account_for(session, task, platform), task.dataset_id, offset=offset)


def apply_items(
    session: Session, task: ExtractionTask, answer: HttpAnswer, *, offset: int, now: datetime
) -> Items | None:
    """The page; None when Apify didn't give it: the extraction waits, or ends when it never will."""
    outcome = apify.read_items(answer, offset=offset)
    if isinstance(outcome, Items):
        change_mine(session, task, {"next_check_at": now + LEASE, "failures": 0})
        return outcome
    if isinstance(outcome, Refused) and outcome.is_permanent:
        fail_extraction(session, task, code=str(outcome.code), message=outcome.message, now=now)
    else:
        look_again(session, task, now=now)
    return None


def store_places(task: ExtractionTask, places: Places) -> StoredUpload:
    """The places as a stored file. Whoever takes it into an import discards it when that fails."""
    name = f"Google Maps - {task.search.words} em {task.search.location}.csv"
    return receive_upload(io.BytesIO(places.as_csv()), name, tenant_id=task.tenant_id, mapping=MAPPING)


def begin_import(
    session: Session, task: ExtractionTask, upload: StoredUpload, *, found: int, now: datetime
) -> int | None:
    """Hand the places to an import of their own -> its id; None when somebody else has taken the extraction."""
    # First, so that the row is ours until the commit: an import nobody waits for would be written all the same.
    if not change_mine(session, task, {"found": found, "next_check_at": now + LEASE}):
        return None
    new = NewImport(
        upload=upload,
        legal_basis=LegalBasis.LEGITIMATE_INTEREST,
        list_name=task.list_name,
        mapping=MAPPING,
        source=SOURCE,
        permission=Permission(source="Google Maps (Apify)", at=now),
    )
    made = create_import(session, task.tenant_id, new, actor=task.created_by, now=now)
    change_mine(session, task, {"import_id": made.id})
    return made.id


def forget_places(upload: StoredUpload) -> None:
    """Discard a stored file that no import took."""
    discard_upload(upload.file_key)


def finish_empty(session: Session, task: ExtractionTask, *, now: datetime) -> None:
    """Nothing was found: say so."""
    _end(session, task, found=0, saved=0, without_phone=0, now=now)


def settle_import(session: Session, task: ExtractionTask, import_id: int, *, now: datetime) -> bool:
    """End the extraction as its import ended -> whether it had. One that was refused (a full plan, say) can be saved
    again once there is room."""
    found = import_of(session, task.tenant_id, import_id)
    if found.status in SAVED_ENDINGS or found.failure_code == USELESS:
        people = found.created + found.updated + found.suppressed
        _end(session, task, found=found.total, saved=people, without_phone=_without_phone(found), now=now)
        return True
    if found.status is ImportStatus.FAILED:
        message = NO_ROOM if found.failure_code == PlanIsFull.code else found.failure or ""
        fail_extraction(session, task, code=found.failure_code or "import_failed", message=message, now=now)
        return True
    change_mine(session, task, {"next_check_at": now + timedelta(seconds=ASK_AGAIN_SECONDS)})
    return False


def _end(session: Session, task: ExtractionTask, *, found: int, saved: int, without_phone: int, now: datetime) -> None:
    ending = ending_of(task.run_status, found, saved=saved, is_abort_ours=task.is_abort_wanted)
    values = {
        "found": found,
        "saved": saved,
        "without_phone": without_phone,
        "failure": ending.message or None,
        "failure_code": ending.code or None,
        "finished_at": now,
        "next_check_at": now + COST_SETTLES,
    }
    move(session, task, ExtractionStatus(ending.status), values)


def _without_phone(found: LeadImport) -> int:
    return sum(int(one["count"]) for one in found.problems if one["code"] == "empty")
