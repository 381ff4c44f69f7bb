"""Follow-ups, costs, deals of one person and one person's story through the API (contract 3.3)."""

from collections.abc import Callable
from typing import Any

from core.clock import utcnow
from models.campaigns import CampaignLog, ContactStatus, LogType
from services import campaigns
from services.campaigns import FollowUpInput
from tests.api.test_campaigns_api import Program, Work, body, mine, program, work  # noqa: F401
from tests.support.campaigns import NOW, add_campaign, add_number, give_template, launched, move_contacts
from tests.support.world import TenantHandle

STEP = {"after_days": 3, "messages": [{"content": "E aí, {nome}?"}]}


def test_follow_ups_are_said_and_read_back(mine: Program, body: dict[str, Any]) -> None:  # noqa: F811
    later = {"after_days": 7, "messages": [{"content": "b", "order": 2}, {"content": "a", "order": 1}],
             "stop_on_reply": False}  # fmt: skip
    made = mine.post("/campaigns", body | {"follow_ups": [STEP, later]}, status=201)
    first, second = made["follow_ups"]
    assert (first["step"], first["after_days"], first["stop_on_reply"], first["status"]) == (1, 3, True, "draft")
    assert [one["content"] for one in second["messages"]] == ["a", "b"]
    assert (second["stop_on_reply"], second["counts"]["total"], second["next_day"]) == (False, 0, None)
    assert [one["id"] for one in mine.get("/campaigns")["items"]] == [made["id"]]
    address = f"/campaigns/{made['id']}"
    changed = mine.call("PATCH", address, {"follow_ups": [STEP | {"after_days": 5}]}).json["follow_ups"]
    assert [(one["campaign_id"], one["after_days"]) for one in changed] == [(first["campaign_id"], 5)]
    kept = mine.call("PATCH", address, {"name": "Outro"}).json["follow_ups"]
    assert [one["after_days"] for one in kept] == [5]
    assert [one["after_days"] for one in mine.post(f"{address}/duplicate", status=201)["follow_ups"]] == [5]
    assert mine.post(f"{address}/start")["follow_ups"][0]["status"] == "running"
    step = mine.get(f"/campaigns/{first['campaign_id']}")
    assert (step["parent_id"], step["step"]) == (made["id"], 1)
    assert mine.call("POST", f"/campaigns/{first['campaign_id']}/duplicate").status_code == 409
    assert mine.post(f"/campaigns/{first['campaign_id']}/pause")["status"] == "paused"
    assert mine.post(f"{address}/cancel")["follow_ups"][0]["status"] == "cancelled"


def test_a_step_that_cannot_be_is_told_by_its_field(mine: Program) -> None:  # noqa: F811
    for wrong in ({"after_days": 0}, {"messages": []}, {"messages": [{"content": "oi {"}]}, {"after_days": "x"}):
        answer = mine.call("POST", "/campaigns", {"name": "x", "follow_ups": [STEP | wrong]})
        assert answer.status_code == 422, wrong
        assert any(name.startswith("follow_ups") for name in answer.json["error"]["fields"]), wrong


def test_a_deal_of_one_person_is_counted_once(
    mine: Program, work: Work, tenant: TenantHandle  # noqa: F811
) -> None:  # fmt: skip
    with work() as session:
        campaign_id = launched(session, tenant.id, follow_ups=[FollowUpInput(3, ("oi",))])
        person = campaigns.contacts_of(session, tenant.id, campaign_id).items[0].id
    address, said = f"/campaigns/{campaign_id}", {"delta": 1, "contact_id": person}
    assert mine.post(f"{address}/deal", said)["closed_deals"] == 1
    again = mine.call("POST", f"{address}/deal", said)
    assert (again.status_code, again.json["error"]["code"]) == (409, "deal_counted_already")
    assert mine.get(f"{address}/contacts/{person}")["contact"]["deal_at"] is not None
    assert mine.post(f"{address}/deal", said | {"delta": -1})["closed_deals"] == 0
    assert mine.call("POST", f"{address}/deal", said | {"contact_id": person + 10**9}).status_code == 404


def test_one_persons_story_is_theirs_alone(
    mine: Program, program: Callable[..., Program], work: Work, tenant: TenantHandle,  # noqa: F811
    make_tenant: Callable[..., TenantHandle],
) -> None:  # fmt: skip
    with work() as session:
        campaign_id = launched(session, tenant.id)
        first, second, _ = campaigns.contacts_of(session, tenant.id, campaign_id).items
        for number, person in enumerate((first, second, first)):
            session.add(
                CampaignLog(tenant_id=tenant.id, campaign_id=campaign_id, log_type=LogType.MESSAGE_SENT,
                            message=f"linha {number}", contact_id=person.id, created_at=utcnow())
            )  # fmt: skip
        first_id = first.id
    found = mine.get(f"/campaigns/{campaign_id}/contacts/{first_id}")
    assert (found["contact"]["id"], [one["message"] for one in found["story"]]) == (first_id, ["linha 2", "linha 0"])
    assert mine.call("GET", f"/campaigns/{campaign_id}/contacts/{first_id + 10**9}").status_code == 404
    stranger = program(make_tenant())
    assert stranger.call("GET", f"/campaigns/{campaign_id}/contacts/{first_id}").status_code == 404


def test_forecast_and_analytics_tell_the_cost_and_what_has_no_price(
    mine: Program, work: Work, tenant: TenantHandle  # noqa: F811
) -> None:  # fmt: skip
    with work() as session:
        official = add_number(session, tenant.id, connector="cloud_api")
        campaign_id = add_campaign(session, tenant.id, instances=[official]).id
    address = f"/campaigns/{campaign_id}"
    cost = mine.get(f"{address}/forecast")["cost"]
    assert (cost["unpriced"], cost["totals_micros"], cost["charges"][0]["total_micros"]) == (3, {}, None)
    with work() as session:
        give_template(session, tenant.id, campaign_id)
        campaigns.launch_campaign(session, tenant.id, campaign_id, actor=None, now=NOW)
    found = mine.get(f"{address}/analytics")
    assert found["cost"] is None
    assert (found["best_message_id"], found["p95_duration_ms"], found["problems"]) == (None, None, [])


def test_analytics_have_intervals_problems_and_durations(
    mine: Program, work: Work, tenant: TenantHandle  # noqa: F811
) -> None:  # fmt: skip
    with work() as session:
        campaign_id = launched(session, tenant.id)
        message = campaigns.parts_of(session, tenant.id, campaign_id).messages[0].id
        claimed = NOW
        for ms, status in ((100, ContactStatus.SENT), (300, ContactStatus.READ)):
            sent = {"claimed_at": claimed, "sent_at": claimed.replace(microsecond=ms * 1000), "message_id": message}
            move_contacts(session, tenant.id, campaign_id, status, count=1, **sent)
        for text in ("O número parou.", "O número parou.", "A saúde caiu."):
            session.add(
                CampaignLog(tenant_id=tenant.id, campaign_id=campaign_id, log_type=LogType.INSTANCE_PAUSED,
                            severity="critical", message=text, created_at=utcnow())
            )  # fmt: skip
    found = mine.get(f"/campaigns/{campaign_id}/analytics")
    variation = found["by_message"][0]
    assert (variation["success_rate"], variation["sent"]) == (100, 2)
    low, high = variation["success_interval"]
    assert 30 < low < 40
    assert high == 100
    assert found["mean_duration_ms"] == 200
    assert 300 <= found["p95_duration_ms"] <= 316
    assert [(one["message"], one["count"]) for one in found["problems"]] == [
        ("O número parou.", 2), ("A saúde caiu.", 1),
    ]  # fmt: skip
