"""`/api/leads/extractions` and Apify's webhook."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from rq import Queue
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.config import Settings
from core.crypto import key_ring
from core.tenancy import tenant_scope
from jobs.leads_extractions import sweep_extractions
from models.leads_extractions import Extraction, ExtractionCall, ExtractionStatus
from services import accounts
from tests.support.extractions import Extractor
from tests.support.sandbox_process import SandboxProcess
from tests.support.world import TenantHandle

URL = "/api/leads/extractions"
SAID = {"source": "google_maps", "search": "dentistas", "location": "Campinas, SP", "max_items": 40}
Call = Callable[..., Any]


@pytest.fixture
def extractor(factory: sessionmaker[Session], tenant: TenantHandle, sandbox: SandboxProcess) -> Extractor:
    sandbox.control("apify", run_ms=0)
    return Extractor(factory, tenant.id, sandbox)


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client(use_cookies=False)


@pytest.fixture
def call(http: FlaskClient, factory: sessionmaker[Session]) -> Call:
    """`call(tenant, "GET", path, json=...)` with a key of the tenant's."""

    def made(somebody: TenantHandle, method: str, path: str, *, scope: str = "*", **options: Any) -> Any:
        with tenant_scope(somebody.id), factory.begin() as session:
            key = accounts.create_api_key(session, somebody.id, somebody.owner_id, name="t", scopes=(scope,))
        return http.open(path, method=method, headers={"Authorization": f"Bearer {key}"}, **options)

    return made


def test_an_extraction_from_the_question_to_the_leads(tenant: TenantHandle, call: Call, extractor: Extractor) -> None:
    asked = call(tenant, "POST", URL, json=SAID)
    assert asked.status_code == 202
    made = asked.json
    assert (made["status"], made["found"], made["list_id"], made["cost_usd_micros"]) == ("queued", 0, None, None)
    done = extractor.finish(made["id"])
    shown = call(tenant, "GET", f"{URL}/{made['id']}").json
    assert (shown["status"], shown["found"], shown["saved"]) == ("finished", 40, done.saved)
    assert (shown["without_phone"], shown["problem"], shown["cost_usd_micros"]) == (4, None, 40_000)
    people = call(tenant, "GET", f"/api/leads/lists/{shown['list_id']}/leads?limit=100").json["items"]
    assert len(people) == done.saved
    assert {one["source"] for one in people} == {"extraction"}
    assert [one["id"] for one in call(tenant, "GET", URL).json["items"]] == [made["id"]]


def test_abort_and_delete(tenant: TenantHandle, call: Call, extractor: Extractor) -> None:
    made = call(tenant, "POST", URL, json=SAID).json
    assert call(tenant, "DELETE", f"{URL}/{made['id']}").status_code == 409
    assert call(tenant, "POST", f"{URL}/{made['id']}/abort").json["status"] == "aborted"
    again = call(tenant, "POST", f"{URL}/{made['id']}/abort")
    assert (again.status_code, again.json["error"]["code"]) == (409, "not_allowed_now")
    assert call(tenant, "POST", f"{URL}/{made['id']}/retry").status_code == 409
    assert call(tenant, "DELETE", f"{URL}/{made['id']}").status_code == 204
    assert call(tenant, "GET", f"{URL}/{made['id']}").status_code == 404
    done = extractor.extract()
    assert call(tenant, "DELETE", f"{URL}/{done.id}?with_leads=true").status_code == 204
    assert extractor.leads() == {}


@pytest.mark.parametrize(
    "said", [{"source": "bing"}, {"max_items": 0}, {"max_items": "x"}, {"search": ""}, {"surprise": 1}]
)
def test_nonsense_is_a_422_naming_the_field(
    tenant: TenantHandle, call: Call, extractor: Extractor, said: dict[str, Any]
) -> None:
    answer = call(tenant, "POST", URL, json=SAID | said)
    assert answer.status_code == 422
    assert list(answer.json["error"]["fields"]) == list(said)


def test_a_stranger_and_a_narrow_key_are_refused(
    tenant: TenantHandle, call: Call, extractor: Extractor, make_tenant: Callable[..., TenantHandle]
) -> None:
    extraction_id, other = extractor.ask(), make_tenant(name="Pet Feliz")
    for method, path in (("GET", ""), ("POST", "/abort"), ("POST", "/retry"), ("DELETE", "")):
        assert call(other, method, f"{URL}/{extraction_id}{path}").status_code == 404
    assert call(other, "GET", URL).json["items"] == []
    assert call(tenant, "POST", URL, json=SAID, scope="leads.read").status_code == 403
    assert extractor.look(extraction_id).status is ExtractionStatus.QUEUED


def token_of(extractor: Extractor, extraction_id: int) -> str:
    sealed = extractor.look(extraction_id).sealed_webhook_token
    return key_ring().unseal(sealed, bound_to=f"extractions:{extractor.tenant_id}:webhook")


def calls(extractor: Extractor) -> list[ExtractionCall]:
    with tenant_scope(extractor.tenant_id), extractor.factory() as session:
        found = session.scalars(select(ExtractionCall).where(ExtractionCall.tenant_id == extractor.tenant_id))
        return list(found)


def test_apify_is_given_an_address_of_the_extractions_own(extractor: Extractor, sandbox: SandboxProcess) -> None:
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    log = sandbox.get("/sandbox/ledger").text
    assert token_of(extractor, extraction_id) not in log


def test_a_call_is_stored_and_the_run_is_looked_at_at_once(
    http: FlaskClient, extractor: Extractor, sandbox: SandboxProcess, settings: Settings
) -> None:
    sandbox.control("apify", run_ms=300)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    queue = Queue("default", connection=Redis.from_url(settings.redis_url))
    queue.empty()
    body = {"eventType": "ACTOR.RUN.SUCCEEDED", "eventData": {"actorRunId": extractor.look(extraction_id).run_id}}
    answers = [http.post(f"/webhooks/apify/{token_of(extractor, extraction_id)}", json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    due = extractor.look(extraction_id).next_check_at
    assert due is not None
    assert due <= utcnow()
    assert [(one.event, one.is_readable) for one in calls(extractor)] == [("ACTOR.RUN.SUCCEEDED", True)] * 2
    assert {(job.func_name, job.args) for job in queue.jobs} == {
        ("jobs.leads_extractions.advance_extraction", (extractor.tenant_id, extraction_id))
    }
    done = extractor.finish(extraction_id)
    assert (done.status, done.found) == (ExtractionStatus.FINISHED, 40)
    late = http.post(f"/webhooks/apify/{token_of(extractor, extraction_id)}", json=body)
    assert late.status_code == 200
    extractor.advance(extraction_id)
    assert extractor.look(extraction_id).saved == done.saved


def test_a_lying_call_ends_nothing(http: FlaskClient, extractor: Extractor, sandbox: SandboxProcess) -> None:
    sandbox.control("apify", run_ms=60_000)
    extraction_id = extractor.ask()
    extractor.advance(extraction_id)
    body = {"eventType": "ACTOR.RUN.FAILED", "resource": {"id": "another", "status": "FAILED"}}
    assert http.post(f"/webhooks/apify/{token_of(extractor, extraction_id)}", json=body).status_code == 200
    extractor.advance(extraction_id)
    assert extractor.look(extraction_id).status is ExtractionStatus.RUNNING


@pytest.mark.parametrize("broken", [b"{", b"", b"\x00\xff", b"null", b"[" * 5000])
def test_a_broken_body_is_stored_flagged_and_answered_200(
    http: FlaskClient, extractor: Extractor, broken: bytes
) -> None:
    token = token_of(extractor, extractor.ask())
    assert http.post(f"/webhooks/apify/{token}", data=broken).status_code == 200
    assert [(one.body, one.is_readable) for one in calls(extractor)] == [(broken, False)]


def test_a_wrong_secret_is_a_401_and_a_huge_body_a_413(http: FlaskClient, extractor: Extractor) -> None:
    token = token_of(extractor, extractor.ask())
    assert http.post("/webhooks/apify/" + "x" * 43, json={}).status_code == 401
    assert http.post(f"/webhooks/apify/{token}", data=io.BytesIO(b"x" * (1024 * 1024 + 1))).status_code == 413
    assert calls(extractor) == []


def test_a_deleted_extractions_address_is_nobodys(http: FlaskClient, extractor: Extractor) -> None:
    extraction_id = extractor.ask()
    token = token_of(extractor, extraction_id)
    extractor.abort(extraction_id)
    extractor.delete(extraction_id, with_leads=False)
    assert http.post(f"/webhooks/apify/{token}", json={}).status_code == 401


def test_the_clock_finds_what_is_due_and_nothing_else(
    extractor: Extractor, settings: Settings, factory: sessionmaker[Session]
) -> None:
    due, done = extractor.ask(), extractor.extract("pet shops")
    queue = Queue("default", connection=Redis.from_url(settings.redis_url))
    queue.empty()
    extractor.make_due(due)
    sweep_extractions()
    mine = {job.args[1] for job in queue.jobs if job.args and job.args[0] == extractor.tenant_id}
    assert mine == {due}
    with tenant_scope(extractor.tenant_id), factory() as session:
        row = session.scalars(
            select(Extraction).where(Extraction.tenant_id == extractor.tenant_id, Extraction.id == done.id)
        ).one()
    assert row.next_check_at is not None
