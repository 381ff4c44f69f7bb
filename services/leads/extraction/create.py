"""Asking for an extraction, stopping one, trying again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Update, update
from sqlalchemy.orm import Session

from connectors.apify import GOOGLE_MAPS_ACTOR
from core.crypto import fingerprint, key_ring, new_secret
from core.errors import InvalidInput
from core.queue import enqueue_after_commit
from models.leads_extractions import Extraction, ExtractionStatus
from models.states import NotAllowedNow
from services.accounts import entitlement_of, register_in_directory, require_live_licence
from services.audit import record_audit
from services.leads.extraction.accounts import Platform, has_account, own_account
from services.leads.extraction.estimate import MICROS, SMALLEST_CAP, estimate_for
from services.leads.extraction.find import count_moving, extraction_of
from services.leads.extraction.words import MAX_ITEMS, MAX_WORDS, MOST_AT_ONCE, NoToken, TooManyExtractions
from services.leads.limits import MAX_LIST_NAME
from services.leads.lists import count_leads
from services.leads.merging import PlanIsFull

ADVANCE: Final = "jobs.leads_extractions.advance_extraction"
WEBHOOK: Final = "apify_webhook"
"""The directory's kind for the secrets in Apify's calls."""
MOST_USD: Final = 500


@dataclass(frozen=True, slots=True)
class NewExtraction:
    """What a person asks for: "dentistas" in "Campinas", at most so many. An empty list name is made of both;
    `max_cost_usd_micros` None = a quarter more than the estimate."""

    search: str
    location: str
    max_items: int
    list_name: str = ""
    max_cost_usd_micros: int | None = None


def create_extraction(
    session: Session, tenant_id: int, new: NewExtraction, *, platform: Platform, actor: int | None, now: datetime
) -> Extraction:
    """Put a search in the queue. InvalidInput names the fields; NoLiveLicence, NoToken, TooManyExtractions,
    PlanIsFull."""
    require_live_licence(session, tenant_id, now)
    asked = _checked(new)
    if not has_account(session, tenant_id, platform):
        raise NoToken
    if count_moving(session, tenant_id) >= MOST_AT_ONCE:
        raise TooManyExtractions
    if free_places(session, tenant_id, now) <= 0:
        raise PlanIsFull("Seu plano já guarda todos os leads que pode. Apague listas que não usa ou mude de plano.")
    token = new_secret()
    made = Extraction(
        tenant_id=tenant_id,
        search=asked.search,
        location=asked.location,
        max_items=asked.max_items,
        list_name=asked.list_name,
        actor=GOOGLE_MAPS_ACTOR,
        is_platform_token=own_account(session, tenant_id) is None,
        max_cost_usd_micros=asked.max_cost_usd_micros or _cap(session, tenant_id, asked.max_items, now),
        sealed_webhook_token=key_ring().seal(token, bound_to=bound_to(tenant_id)),
        next_check_at=now,
        created_by=actor,
    )
    session.add(made)
    session.flush()
    register_in_directory(session, WEBHOOK, fingerprint(token), tenant_id=tenant_id, target_id=made.id)
    record_audit(
        session, tenant_id, "leads.extract", actor_user_id=actor, target=("extraction", made.id), most=asked.max_items
    )
    advance_soon(session, tenant_id, made.id)
    return made


def free_places(session: Session, tenant_id: int, now: datetime) -> int:
    """How many leads the plan still has room for."""
    return entitlement_of(session, tenant_id, now).max_leads - count_leads(session, tenant_id)


def bound_to(tenant_id: int) -> str:
    """What a webhook's sealed secret is tied to."""
    return f"extractions:{tenant_id}:webhook"


def abort_extraction(
    session: Session, tenant_id: int, extraction_id: int, *, actor: int | None, now: datetime
) -> Extraction:
    """Stop one. What waits is stopped at once; a run is stopped at Apify by a worker, and what it had found (and cost)
    is saved. NotAllowedNow once it is being saved or has ended."""
    found = extraction_of(session, tenant_id, extraction_id)
    stopped = {"status": ExtractionStatus.ABORTED, "finished_at": now, "next_check_at": None, "abort_requested_at": now}
    is_stopped = _moved(session, found, ExtractionStatus.QUEUED, stopped)
    asked: dict[str, Any] = {"abort_requested_at": now}
    # While a start is under way its worker looks at the wish when the answer comes; a run is looked at now.
    if not is_stopped and not _moved(session, found, ExtractionStatus.STARTING, asked):
        if not _moved(session, found, ExtractionStatus.RUNNING, asked | {"next_check_at": now, "failures": 0}):
            raise NotAllowedNow("Esta extração já terminou ou está salvando os lugares; não há o que interromper.")
        enqueue_after_commit(session, ADVANCE, tenant_id, extraction_id)
    record_audit(
        session, tenant_id, "leads.abort_extraction", actor_user_id=actor, target=("extraction", extraction_id)
    )
    session.refresh(found)
    return found


def retry_extraction(
    session: Session, tenant_id: int, extraction_id: int, *, actor: int | None, now: datetime
) -> Extraction:
    """Fetch and save again what a run found, without a new search: after room was made in the plan, or when we had
    lost sight of it. NotAllowedNow where there is no run to go on with."""
    found = extraction_of(session, tenant_id, extraction_id)
    target = ExtractionStatus.SAVING if found.run_status else ExtractionStatus.RUNNING
    again = {"import_id": None, "failure": None, "failure_code": None, "failures": 0, "finished_at": None}
    values = {"status": target, "next_check_at": now} | again
    if not found.run_id or not _moved(session, found, ExtractionStatus.FAILED, values):
        raise NotAllowedNow("Não há o que salvar de novo. Repita a extração.")
    record_audit(
        session, tenant_id, "leads.retry_extraction", actor_user_id=actor, target=("extraction", extraction_id)
    )
    enqueue_after_commit(session, ADVANCE, tenant_id, extraction_id)
    session.refresh(found)
    return found


def _moved(session: Session, found: Extraction, expected: ExtractionStatus, values: dict[str, Any]) -> bool:
    moved = session.execute(
        _row(found).where(Extraction.status == expected).values(**values).returning(Extraction.id)
    ).scalar()
    return moved is not None


def _row(found: Extraction) -> Update:
    return update(Extraction).where(Extraction.tenant_id == found.tenant_id, Extraction.id == found.id)


def _cap(session: Session, tenant_id: int, max_items: int, now: datetime) -> int:
    expected = estimate_for(session, tenant_id, actor=GOOGLE_MAPS_ACTOR, max_items=max_items, today=now.date())
    return expected.cap_usd_micros


def _checked(new: NewExtraction) -> NewExtraction:
    search, location = " ".join(new.search.split()), " ".join(new.location.split())
    name = " ".join(new.list_name.split()) or f"{search} em {location}"[:MAX_LIST_NAME]
    problems: dict[str, list[str]] = {}
    if not 2 <= len(search) <= MAX_WORDS:
        problems["search"] = ["Escreva o que procurar, por exemplo dentistas."]
    if not 2 <= len(location) <= MAX_WORDS:
        problems["location"] = ["Escreva onde, por exemplo Campinas, SP."]
    if not 1 <= new.max_items <= MAX_ITEMS:
        problems["max_items"] = [f"Escolha de 1 a {MAX_ITEMS:,} lugares.".replace(",", ".")]
    if len(name) > MAX_LIST_NAME:
        problems["list_name"] = [f"Dê um nome à lista, com até {MAX_LIST_NAME} letras."]
    cap = new.max_cost_usd_micros
    if cap is not None and not SMALLEST_CAP <= cap <= MOST_USD * MICROS:
        problems["max_cost"] = [f"Escolha um gasto máximo de 0,50 a {MOST_USD} dólares."]
    if problems:
        raise InvalidInput(fields=problems)
    return NewExtraction(search, location, new.max_items, name, cap)


def advance_soon(session: Session, tenant_id: int, extraction_id: int) -> None:
    """Let a worker go on with it after the caller's commit."""
    enqueue_after_commit(session, ADVANCE, tenant_id, extraction_id)
