"""`/api/campaigns` and the dashboard as programs use them (contract 3.3), and who may."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from core.clock import utcnow
from core.tenancy import system_scope, tenant_scope
from models.campaigns import Campaign, CampaignStatus, ContactStatus
from services import accounts, campaigns
from tests.support.campaigns import NOW, add_campaign, add_list, add_number, launched, move_contacts, phone
from tests.support.world import TenantHandle

Work = Callable[[], AbstractContextManager[Session]]
SUMMED = ("pending", "sending", "sent", "failed", "unconfirmed", "suppressed", "invalid", "cancelled", "expired")


class Program:
    """A client with a key."""

    def __init__(self, http: FlaskClient, key: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> TestResponse:
        given = {} if body is None else {"json": body}
        headers = self.headers | options.pop("headers", {})
        return self.http.open(f"/api{path}", method=method, headers=headers, **given, **options)

    def get(self, path: str) -> Any:
        answer = self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, *, status: int = 200) -> Any:
        answer = self.call("POST", path, body)
        assert answer.status_code == status, answer.text
        return answer.json


@pytest.fixture
def program(app: Flask, factory: sessionmaker[Session]) -> Callable[..., Program]:
    """`program(tenant)` or `program(human, scopes=[...])` -> a client with that person's key."""

    def made(somebody: Any, scopes: list[str] | None = None) -> Program:
        human = getattr(somebody, "owner", somebody)
        with system_scope("test"), factory.begin() as session:
            key = accounts.create_api_key(session, human.tenant_id, human.user_id, name="teste", scopes=scopes or ["*"])
        return Program(app.test_client(), key)

    return made


@pytest.fixture
def mine(program: Callable[..., Program], tenant: TenantHandle) -> Program:
    return program(tenant)


@pytest.fixture
def work(factory: sessionmaker[Session], tenant: TenantHandle) -> Work:
    @contextmanager
    def working() -> Iterator[Session]:
        with tenant_scope(tenant.id), factory.begin() as session:
            yield session

    return working


@pytest.fixture
def body(work: Work, tenant: TenantHandle) -> dict[str, Any]:
    """A campaign that could start."""
    with work() as session:
        people = add_list(session, tenant.id, 4)
        number = add_number(session, tenant.id, is_sandbox=True)
    return {
        "name": "Volta às aulas",
        "rotation_mode": "balanced",
        "lists": [people],
        "instances": [number],
        "messages": [{"content": "segunda {nome}", "order": 2}, {"content": "primeira {nome}", "order": 1}],
        "interval_min_ms": 0,
        "interval_max_ms": 0,
        "window": None,
    }


def test_a_campaign_is_made_started_steered_and_removed(mine: Program, body: dict[str, Any]) -> None:
    made = mine.post("/campaigns", body, status=201)
    address = f"/campaigns/{made['id']}"
    assert (made["status"], made["rotation_mode"], made["window"]) == ("draft", "balanced", None)
    assert [one["content"] for one in made["messages"]] == ["primeira {nome}", "segunda {nome}"]
    assert mine.get("/campaigns")["items"][0] == made
    assert mine.get(f"{address}/forecast")["recipients"] == 4
    started = mine.post(f"{address}/start")
    assert (started["status"], started["counts"]["total"], started["counts"]["pending"]) == ("running", 4, 4)
    assert started["counts"]["total"] == sum(started["counts"][name] for name in SUMMED)
    assert mine.post(f"{address}/pause")["status"] == "paused"
    assert mine.call("PATCH", address, {"name": "Outro"}).json["name"] == "Outro"
    assert mine.post(f"{address}/resume")["status"] == "running"
    assert mine.call("PATCH", address, {"name": "Outro"}).status_code == 409
    assert mine.call("DELETE", address).status_code == 409
    cancelled = mine.post(f"{address}/cancel")
    assert (cancelled["status"], cancelled["counts"]["cancelled"], cancelled["progress_percent"]) == (
        "cancelled",
        4,
        100,
    )
    assert mine.call("DELETE", address).status_code == 204
    assert mine.call("GET", address).status_code == 404


def test_what_is_left_out_takes_the_careful_defaults(mine: Program) -> None:
    made = mine.post("/campaigns", {"name": "Só o nome"}, status=201)
    assert made["window"]["rules"][0] == {"days": [1, 2, 3, 4, 5], "start": "09:00", "end": "21:00"}
    assert (made["exit_line"], made["rotation_mode"], made["daily_limit"]) == (True, "round_robin", None)
    assert made["counts"]["total"] == made["success_rate"] == made["conversion_rate"] == 0


def test_a_window_may_end_at_midnight(mine: Program) -> None:
    window = {"days": [1, 7], "start": "18:00", "end": "24:00", "timezone": "tenant", "holidays": "send"}
    assert mine.post("/campaigns", {"name": "Noite", "window": window}, status=201)["window"] == window


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "rotation_mode": "roleta"}, "rotation_mode"),
        ({"name": "x", "lists": [2**70]}, "lists"),
        ({"name": "x", "lists": [987654]}, "lists"),
        ({"name": "x", "instances": ["a"]}, "instances"),
        ({"name": "x", "messages": [{}]}, "messages"),
        ({"name": "x", "messages": [{"content": "Oi {nome"}]}, "messages"),
        ({"name": "x", "messages": [{"content": "Oi", "media_id": 1}]}, "messages"),
        ({"name": "x", "follow_ups": [{"after_days": 3}]}, "follow_ups"),
        ({"name": "x", "interval_min_ms": 10}, "interval_min_ms"),
        ({"name": "x", "interval_min_ms": 2**40}, "interval_min_ms"),
        ({"name": "x", "schedule_at": "2020-01-01T10:00:00-03:00"}, "schedule_at"),
        ({"name": "x", "schedule_at": "amanhã"}, "schedule_at"),
        ({"name": "x", "window": {"days": [9], "start": "09:00", "end": "21:00"}}, "window"),
        ({"name": "x", "window": []}, "window"),
        ({"name": "x", "nonsense": 1}, "nonsense"),
    ],
)
def test_bad_input_is_a_422_that_names_the_field(mine: Program, said: dict[str, Any], field: str) -> None:
    answer = mine.call("POST", "/campaigns", said)
    assert answer.status_code == 422, answer.text
    assert field in {name.partition(".")[0] for name in answer.json["error"]["fields"]}
    assert answer.json["error"]["message"]


def test_a_start_that_cant_be_says_why(mine: Program, body: dict[str, Any]) -> None:
    made = mine.post("/campaigns", body | {"messages": [{"content": "Oi {prosedimento}"}]}, status=201)
    answer = mine.call("POST", f"/campaigns/{made['id']}/start")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_variable")
    assert "{prosedimento}" in answer.json["error"]["fields"]["messages"][0]
    seen = mine.get(f"/campaigns/{made['id']}/forecast")
    assert seen["unknown_variables"] == ["prosedimento"]
    assert [one["code"] for one in seen["obstacles"]] == ["unknown_variable"]


def test_a_moment_in_the_future_schedules(mine: Program, body: dict[str, Any]) -> None:
    at = (utcnow() + timedelta(hours=2)).isoformat()
    made = mine.post("/campaigns", body | {"schedule_at": at}, status=201)
    assert mine.post(f"/campaigns/{made['id']}/start")["status"] == "scheduled"


def test_the_same_idempotency_key_makes_one_campaign(mine: Program, body: dict[str, Any]) -> None:
    key = {"Idempotency-Key": "uma-vez"}
    first = mine.call("POST", "/campaigns", body, headers=key)
    again = mine.call("POST", "/campaigns", body, headers=key)
    assert first.json["id"] == again.json["id"]
    assert len(mine.get("/campaigns")["items"]) == 1


def test_old_addresses_and_trailing_slashes_still_lead_here(mine: Program, body: dict[str, Any]) -> None:
    made = mine.post("/campaigns", body, status=201)
    moved = mine.call("GET", f"/campaigns/campaigns/{made['id']}/stats")
    assert (moved.status_code, moved.location) == (308, f"/api/campaigns/{made['id']}/stats")
    assert mine.call("GET", f"/campaigns/{made['id']}/").status_code == 200


def test_the_rates_are_those_of_the_contract(mine: Program, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, 10)])
        move_contacts(session, tenant.id, campaign_id, ContactStatus.READ, count=3, sent_at=NOW)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=2, sent_at=NOW)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=1)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.INVALID, count=1)
    deal = mine.post(f"/campaigns/{campaign_id}/deal", {"delta": 1})
    assert deal["closed_deals"] == 1
    stats = mine.get(f"/campaigns/{campaign_id}/stats")
    assert (stats["counts"]["sent"], stats["counts"]["delivered"], stats["counts"]["read"]) == (5, 3, 3)
    assert stats["success_rate"] == pytest.approx(5 / 7 * 100)
    assert stats["conversion_rate"] == pytest.approx(20)
    assert stats["progress_percent"] == pytest.approx(70)
    everything = mine.get("/campaigns/stats")
    assert (everything["sent"], everything["active"], everything["by_status"]) == (5, 1, {"running": 1})
    six = mine.get("/dashboard/overview")
    assert six == {
        "leads": 10,
        "messages_sent": 5,
        "success_rate": pytest.approx(5 / 7 * 100),
        "active_campaigns": 1,
        "closed_deals": 1,
        "conversion_rate": pytest.approx(20),
    }
    assert mine.get("/dashboard/overview?from=2020-01-01&to=2020-01-31")["leads"] == 0
    assert mine.call("GET", "/dashboard/overview?from=2020-02-01&to=2020-01-31").status_code == 422
    assert mine.call("GET", "/dashboard/overview?from=ontem").status_code == 422


def test_deals_never_go_below_zero(mine: Program, body: dict[str, Any]) -> None:
    made = mine.post("/campaigns", body, status=201)
    assert mine.call("POST", f"/campaigns/{made['id']}/deal", {"delta": -1}).status_code == 409
    assert mine.call("POST", f"/campaigns/{made['id']}/deal", {"delta": 2}).status_code == 422
    assert mine.get(f"/campaigns/{made['id']}")["closed_deals"] == 0


def test_the_preview_is_the_text_of_one_person(mine: Program, body: dict[str, Any]) -> None:
    made = mine.post("/campaigns", body, status=201)
    shown = mine.get(f"/campaigns/{made['id']}/preview?row=2")
    assert (shown["row"], shown["total"], shown["phone"]) == (2, 4, phone(2))
    assert "Pessoa 2" in shown["text"]
    assert {"text": "Pessoa 2", "is_filled": True} in shown["parts"]
    assert mine.call("GET", f"/campaigns/{made['id']}/preview?row=0").status_code == 422
    empty = mine.post("/campaigns", {"name": "Vazia"}, status=201)
    assert mine.call("GET", f"/campaigns/{empty['id']}/preview").status_code == 404


def test_contacts_and_logs_are_filtered_and_paged(mine: Program, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id, lists=[add_list(session, tenant.id, 5)])
        move_contacts(session, tenant.id, campaign_id, ContactStatus.SENT, count=2, sent_at=NOW)
    first = mine.get(f"/campaigns/{campaign_id}/contacts?limit=3")
    second = mine.get(f"/campaigns/{campaign_id}/contacts?limit=3&cursor={first['next_cursor']}")
    phones = [one["phone"] for one in first["items"] + second["items"]]
    assert phones == [phone(number) for number in range(1, 6)]
    assert second["next_cursor"] is None
    sent = mine.get(f"/campaigns/{campaign_id}/contacts?status=sent")["items"]
    assert [one["status"] for one in sent] == ["sent", "sent"]
    assert sent[0]["sent_at"].startswith("2026-11-23T15:00:00")
    assert mine.call("GET", f"/campaigns/{campaign_id}/contacts?status=lost").status_code == 422
    lines = mine.get(f"/campaigns/{campaign_id}/logs")["items"]
    assert [one["log_type"] for one in lines] == ["started", "contact_added", "created"]
    assert lines[1]["details"]["count"] == 5
    assert len(mine.get(f"/campaigns/{campaign_id}/logs?log_type=started&severity=info&limit=1")["items"]) == 1
    assert mine.call("GET", f"/campaigns/{campaign_id}/logs?severity=awful").status_code == 422


def test_resending_and_duplicating(mine: Program, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id)
        move_contacts(session, tenant.id, campaign_id, ContactStatus.FAILED, count=2)
        session.execute(
            update(Campaign)
            .where(Campaign.tenant_id == tenant.id, Campaign.id == campaign_id)
            .values(status=CampaignStatus.COMPLETED)
        )
    again = mine.post(f"/campaigns/{campaign_id}/resend", {"only": "failed"})
    assert (again["status"], again["counts"]["pending"]) == ("running", 3)
    assert mine.call("POST", f"/campaigns/{campaign_id}/resend", {"only": "unconfirmed"}).status_code == 409
    assert mine.call("POST", f"/campaigns/{campaign_id}/resend", {"only": "read"}).status_code == 422
    copy = mine.post(f"/campaigns/{campaign_id}/duplicate", status=201)
    assert (copy["status"], copy["name"]) == ("draft", "Volta às aulas (cópia)")


def test_the_analytics_have_all_their_parts(mine: Program, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id)
        message = campaigns.parts_of(session, tenant.id, campaign_id).messages[0].id
        move_contacts(session, tenant.id, campaign_id, ContactStatus.READ, count=2, sent_at=NOW, message_id=message)
    found = mine.get(f"/campaigns/{campaign_id}/analytics")
    assert set(found) == {
        "by_instance", "by_message", "best_message_id", "top_errors", "problems", "mean_duration_ms",
        "p95_duration_ms", "step", "timeline", "cost", "follow_ups",
    }  # fmt: skip
    assert found["by_message"][0]["read"] == 2


READS = ("", "/preview", "/forecast", "/contacts", "/logs", "/analytics", "/stats")
WRITES: dict[str, Any] = {"/start": None, "/pause": None, "/resume": None, "/cancel": None, "/duplicate": None,
                          "/resend": {"only": "failed"}, "/deal": {"delta": 1}}  # fmt: skip


def test_a_stranger_finds_nothing(
    program: Callable[..., Program], work: Work, tenant: TenantHandle, make_tenant: Callable[..., TenantHandle]
) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id)
    stranger = program(make_tenant())
    for path in READS:
        assert stranger.call("GET", f"/campaigns/{campaign_id}{path}").status_code == 404, path
    for path, said in WRITES.items():
        assert stranger.call("POST", f"/campaigns/{campaign_id}{path}", said).status_code == 404, path
    assert stranger.call("PATCH", f"/campaigns/{campaign_id}", {"name": "x"}).status_code == 404
    assert stranger.call("DELETE", f"/campaigns/{campaign_id}").status_code == 404
    assert stranger.get("/campaigns")["items"] == []
    assert stranger.get("/campaigns/stats")["campaigns"] == 0


def test_a_strangers_list_or_number_cant_be_used(
    program: Callable[..., Program], body: dict[str, Any], make_tenant: Callable[..., TenantHandle]
) -> None:
    answer = program(make_tenant()).call("POST", "/campaigns", body)
    assert answer.status_code == 422
    assert {"lists", "instances"} <= set(answer.json["error"]["fields"])


def test_a_viewer_and_a_narrow_key_read_and_change_nothing(
    program: Callable[..., Program], work: Work, tenant: TenantHandle, make_user: Callable[..., Any]
) -> None:
    with work() as session:
        campaign_id = launched(session, tenant.id)
    for reader in (program(make_user(tenant, role="viewer")), program(tenant, scopes=["campaigns.read"])):
        for path in READS:
            assert reader.call("GET", f"/campaigns/{campaign_id}{path}").status_code == 200, path
        for path, said in WRITES.items():
            assert reader.call("POST", f"/campaigns/{campaign_id}{path}", said).status_code == 403, path
        assert reader.call("POST", "/campaigns", {"name": "x"}).status_code == 403
        assert reader.call("DELETE", f"/campaigns/{campaign_id}").status_code == 403
    operator = program(make_user(tenant, role="operator"))
    assert operator.call("POST", f"/campaigns/{campaign_id}/pause").status_code == 200
    assert operator.call("DELETE", f"/campaigns/{campaign_id}").status_code == 403


def test_without_a_key_nothing_opens(app: Flask) -> None:
    nobody = Program(app.test_client(), "")
    for path in ("/campaigns", "/campaigns/1", "/campaigns/stats", "/dashboard/overview"):
        assert nobody.call("GET", path).status_code == 401, path


def test_every_route_is_described(mine: Program) -> None:
    paths = mine.get("/openapi.json")["paths"]
    for path in ("", "/stats", "/{campaign_id}", "/{campaign_id}/start", "/{campaign_id}/logs", "/{campaign_id}/deal"):
        assert f"/api/campaigns{path}" in paths
    assert "/api/dashboard/overview" in paths


def test_an_old_draft_is_listed_after_a_new_one(mine: Program, work: Work, tenant: TenantHandle) -> None:
    with work() as session:
        ids = [add_campaign(session, tenant.id, name=f"C{number}", lists=[], instances=[]).id for number in range(3)]
    first = mine.get("/campaigns?limit=2")
    rest = mine.get(f"/campaigns?limit=2&cursor={first['next_cursor']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == ids[::-1]
    assert [one["name"] for one in mine.get("/campaigns?q=c1&status=draft")["items"]] == ["C1"]
