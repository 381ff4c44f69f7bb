"""Apify from bytes: the reference's samples, every code of the tables, and whatever else may come."""

from __future__ import annotations

import base64
import dataclasses
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import apify
from connectors.apify import ApifyAccount, RefusalCode, Refused, RunStatus, Search, Unclear
from core.http_messages import HttpRequest, HttpResponse
from tests.connectors.bytes import NOT_REACHED, TIMED_OUT, line, payload, response
from tests.connectors.test_never_raises import answers, assert_storable

ACCOUNT = ApifyAccount("https://api.apify.com/v2", "apify_api_segredo")
SEARCH = Search("dentistas", "Campinas, SP, Brasil", 200)
RUN = {
    "id": "RunExemplo0000001", "actId": "nwua9Gu5YrADL7ZDj", "startedAt": "2026-09-21T10:00:00.000Z",
    "finishedAt": None, "status": "READY", "defaultDatasetId": "DsExemplo00000001",
    "defaultKeyValueStoreId": "KvExemplo00000001", "usageTotalUsd": 0.4321,
}  # fmt: skip
ITEM = {
    "title": "Clínica Sorriso Exemplo", "categoryName": "Dentista", "city": "Campinas", "phone": "+55 19 90000-0001",
    "phoneUnformatted": "+5519900000001", "totalScore": 4.7, "reviewsCount": 132, "placeId": "ChIJexemplo0001",
    "website": None, "address": "R. das Flores, 100", "permanentlyClosed": False,
}  # fmt: skip


def query(request: HttpRequest) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


def test_a_start_caps_the_cost_and_asks_to_be_called() -> None:
    request = apify.start_run(
        ACCOUNT, "compass~crawler-google-places", SEARCH, max_usd_micros=1_250_000, webhook_url="https://x.example/w/t"
    )
    assert line(request).startswith("POST https://api.apify.com/v2/actors/compass~crawler-google-places/runs?")
    assert request.headers["Authorization"] == "Bearer apify_api_segredo"
    said = query(request)
    assert (said["maxTotalChargeUsd"], said["timeout"], said["memory"]) == (["1.25"], ["3600"], ["4096"])
    (hook,) = json.loads(base64.b64decode(said["webhooks"][0]))
    assert hook["requestUrl"] == "https://x.example/w/t"
    assert "ACTOR.RUN.TIMED_OUT" in hook["eventTypes"]
    assert "apify_api_segredo" not in request.url
    assert "segredo" not in repr(ACCOUNT)


def test_the_input_never_leaves_out_what_would_mean_all() -> None:
    body = payload(apify.start_run(ACCOUNT, "a~b", SEARCH, max_usd_micros=1))
    assert body["searchStringsArray"] == ["dentistas"]
    assert (body["locationQuery"], body["maxCrawledPlacesPerSearch"]) == ("Campinas, SP, Brasil", 200)
    assert [body[name] for name in ("maxReviews", "maxImages", "maximumLeadsEnrichmentRecords")] == [0, 0, 0]
    assert (body["scrapePlaceDetailPage"], body["scrapeContacts"], body["skipClosedPlaces"]) == (False, False, True)


def test_ids_can_not_leave_their_place_in_the_address() -> None:
    assert line(apify.get_run(ACCOUNT, "../users/me?x=1#")).endswith("/actor-runs/..%2Fusers%2Fme%3Fx%3D1%23")


def test_the_other_calls() -> None:
    run = apify.Run("R", RunStatus.READY, store_id="K")
    assert line(apify.verify_token(ACCOUNT)) == "GET https://api.apify.com/v2/users/me"
    assert line(apify.account_limits(ACCOUNT)).endswith("/users/me/limits")
    assert line(apify.abort_run(ACCOUNT, "R")) == "POST https://api.apify.com/v2/actor-runs/R/abort?gracefully=true"
    assert line(apify.list_runs(ACCOUNT, "a~b")).endswith("/actors/a~b/runs?desc=true&limit=20")
    assert line(apify.run_input(ACCOUNT, run)).endswith("/key-value-stores/K/records/INPUT")
    items = query(apify.dataset_items(ACCOUNT, "D", offset=500))
    assert (items["offset"], items["limit"], items["clean"]) == (["500"], ["500"], ["true"])


def test_a_run_is_read() -> None:
    run = apify.read_run(response(201, {"data": RUN}))
    assert run == apify.Run(
        "RunExemplo0000001", RunStatus.READY, "DsExemplo00000001", "KvExemplo00000001",
        datetime(2026, 9, 21, 10, tzinfo=UTC), 432_100,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "status", "is_final"),
    [
        ("READY", RunStatus.READY, False), ("RUNNING", RunStatus.RUNNING, False),
        ("TIMING-OUT", RunStatus.TIMING_OUT, False), ("ABORTING", RunStatus.ABORTING, False),
        ("SUCCEEDED", RunStatus.SUCCEEDED, True), ("FAILED", RunStatus.FAILED, True),
        ("TIMED-OUT", RunStatus.TIMED_OUT, True), ("TIMED_OUT", RunStatus.TIMED_OUT, True),
        ("ABORTED", RunStatus.ABORTED, True), ("PAUSED-IN-2027", RunStatus.UNKNOWN, False),
    ],
)  # fmt: skip
def test_every_status(said: str, status: RunStatus, is_final: bool) -> None:
    run = apify.read_run(response(200, {"data": RUN | {"status": said}}))
    assert isinstance(run, apify.Run)
    assert (run.status, run.status.is_final) == (status, is_final)


@pytest.mark.parametrize(
    ("status", "kind", "code", "is_permanent"),
    [
        (401, "user-or-token-not-found", RefusalCode.TOKEN, True),
        (401, "", RefusalCode.TOKEN, True),
        (402, "not-enough-usage-to-run-paid-actor", RefusalCode.CREDIT, True),
        (402, "something-of-2027", RefusalCode.CREDIT, True),
        (402, "actor-memory-limit-exceeded", RefusalCode.BUSY, False),
        (403, "concurrent-runs-limit-exceeded", RefusalCode.BUSY, False),
        (403, "insufficient-permissions", RefusalCode.FORBIDDEN, True),
        (404, "record-not-found", RefusalCode.NOT_FOUND, True),
        (429, "rate-limit-exceeded", RefusalCode.THROTTLED, False),
        (400, "invalid-input", RefusalCode.INVALID, True),
        (413, "request-too-large", RefusalCode.INVALID, True),
    ],
)
def test_every_refusal(status: int, kind: str, code: RefusalCode, is_permanent: bool) -> None:
    found = apify.read_run(response(status, {"error": {"type": kind, "message": "..."}}))
    assert found == Refused(code)
    assert isinstance(found, Refused)
    assert found.is_permanent is is_permanent
    assert found.message.endswith(".")


@pytest.mark.parametrize(
    "answer", [TIMED_OUT, response(500, {}), response(408, {}), response(200, b"<html>"), response(200, {"data": {}})]
)
def test_what_may_have_been_done_is_unclear(answer: Any) -> None:
    assert apify.read_run(answer) == Unclear()


def test_what_never_left_is_refused_for_now() -> None:
    assert apify.read_run(NOT_REACHED) == Refused(RefusalCode.UNREACHABLE)


def test_places_are_read_with_the_fuller_phone_first() -> None:
    page = apify.read_items(response(200, [ITEM], x_apify_pagination_total="1"), offset=0)
    assert isinstance(page, apify.Items)
    (place,) = page.places
    assert (place.title, place.phone, place.city) == ("Clínica Sorriso Exemplo", "+5519900000001", "Campinas")
    assert dict(zip(apify.DETAILS, place.details, strict=True)) == {
        "address": "R. das Flores, 100", "neighborhood": "", "state": "", "website": "", "totalScore": "4.7",
        "reviewsCount": "132", "url": "",
    }  # fmt: skip
    bare = apify.read_items(response(200, [{"title": "Só nome", "phone": "(19) 90000-0002"}, "lixo", {}]), offset=0)
    assert isinstance(bare, apify.Items)
    assert [one.phone for one in bare.places] == ["(19) 90000-0002", ""]


def test_a_short_page_is_not_the_last_while_the_total_says_more() -> None:
    first = apify.read_items(response(200, [ITEM], x_apify_pagination_total="900"), offset=0)
    last = apify.read_items(response(200, [ITEM] * 3, x_apify_pagination_total="900"), offset=500)
    assert isinstance(first, apify.Items)
    assert isinstance(last, apify.Items)
    assert (first.total, first.next_offset, last.next_offset) == (900, 500, None)


def test_without_a_total_a_full_page_asks_for_one_more() -> None:
    full = apify.read_items(response(200, [ITEM] * 2), offset=0, limit=2)
    short = apify.read_items(response(200, [ITEM]), offset=2, limit=2)
    assert isinstance(full, apify.Items)
    assert isinstance(short, apify.Items)
    assert (full.next_offset, short.next_offset) == (2, None)


def test_runs_owner_limits_and_input() -> None:
    runs = apify.read_runs(response(200, {"data": {"items": [RUN, {"no": "id"}, 7]}}))
    assert [one.id for one in runs] == ["RunExemplo0000001"] if isinstance(runs, list) else False
    assert apify.read_owner(response(200, {"data": {"username": "ana", "plan": {"id": "FREE"}}})) == apify.Owner(
        "ana", "FREE"
    )
    said = {"limits": {"maxMonthlyUsageUsd": 5}, "current": {"monthlyUsageUsd": 1.5}}
    assert apify.read_limits(response(200, {"data": said})) == apify.Limits(1_500_000, 5_000_000)
    assert apify.is_input_of(response(200, SEARCH.as_input() | {"more": 1}), SEARCH)
    assert not apify.is_input_of(response(200, SEARCH.as_input() | {"locationQuery": "Itu"}), SEARCH)
    assert not apify.is_input_of(response(404, {}), SEARCH)


def test_a_webhook_names_its_run() -> None:
    body = {"eventType": "ACTOR.RUN.SUCCEEDED", "eventData": {"actorRunId": "R1"}, "resource": {"id": "R1"}}
    assert apify.read_webhook(json.dumps(body).encode()) == apify.RunHint("R1", "ACTOR.RUN.SUCCEEDED")
    assert apify.read_webhook(json.dumps({"resource": {"id": "R2"}}).encode()) == apify.RunHint("R2", "")
    assert apify.read_webhook(b"{") is None


KEYS = ["data", "id", "status", "items", "usageTotalUsd", "startedAt", "error", "type", "title", "phone", "emails",
        "totalScore", "current", "limits", "monthlyUsageUsd", "plan", "username", "actorRunId"]  # fmt: skip
documents = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(["RUNNING", "\x00", "\ud800"])),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)),
    max_leaves=25,
)
likely = st.builds(
    HttpResponse, st.sampled_from([200, 201, 402, 404]), st.just({}), documents.map(lambda d: json.dumps(d).encode())
)
READERS = (apify.read_run, apify.read_runs, apify.read_owner, apify.read_limits)


@given(answer=st.one_of(answers, likely))
def test_no_answer_makes_a_reader_raise(answer: HttpResponse) -> None:
    for reader in READERS:
        found = reader(answer)
        assert_storable(found)
        assert found is not None
    assert_storable(apify.read_items(answer, offset=0))
    assert not apify.is_input_of(answer, SEARCH)
    hint = apify.read_webhook(answer.body)
    assert hint is None or dataclasses.is_dataclass(hint)


@pytest.mark.parametrize("amount", ["1e999999", "-1", "NaN", "true", '"5"', "1e13"])
def test_an_absurd_cost_is_no_cost(amount: str) -> None:
    body = f'{{"data": {{"id": "R", "usageTotalUsd": {amount}}}}}'.encode()
    run = apify.read_run(response(200, body))
    assert isinstance(run, apify.Run)
    assert run.cost_usd_micros is None
