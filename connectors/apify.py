"""Apify API v2 and its Google Maps actor, read and written without I/O. Facts: messaging reference, section 6.

The token goes into the `Authorization` header: as `?token=` it would end up in logs. No call takes an idempotency
key, so a start that got no clear answer is looked for among the actor's newest runs (`list_runs`, `run_input`) before
it is tried again. Webhooks carry no signature: a call is only a hint to read the run with our own token.

Not confirmed by the vendor, and therefore read defensively: the HTTP status of "too many runs at once" (402 or 403; the
error's type decides), what a run ends as when `maxTotalChargeUsd` is reached, and every field of an item.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from connectors.apify_words import (
    DETAILS,
    STATUSES,
    TYPES,
    ApifyAccount,
    Items,
    Limits,
    Owner,
    Place,
    RefusalCode,
    Refused,
    Run,
    RunHint,
    RunStatus,
    Search,
    Unclear,
)
from connectors.reading import NOTHING, at, header, int_at, json_of, list_at, retry_after_seconds, storable, text_at
from core.http_messages import FailureKind, HttpAnswer, HttpFailure, HttpRequest

__all__ = [
    "BASE_URL",
    "DETAILS",
    "GOOGLE_MAPS_ACTOR",
    "ITEMS_A_PAGE",
    "RUN_SECONDS",
    "ApifyAccount",
    "Items",
    "Limits",
    "Owner",
    "Place",
    "RefusalCode",
    "Refused",
    "Run",
    "RunHint",
    "RunStatus",
    "Search",
    "Unclear",
    "abort_run",
    "account_limits",
    "dataset_items",
    "get_run",
    "is_input_of",
    "list_runs",
    "read_items",
    "read_limits",
    "read_owner",
    "read_run",
    "read_runs",
    "read_webhook",
    "run_input",
    "start_run",
    "verify_token",
]

BASE_URL: Final = "https://api.apify.com/v2"
GOOGLE_MAPS_ACTOR: Final = "compass~crawler-google-places"
RUN_SECONDS: Final = 3_600
"""What we let a run take; Apify stops it then (`TIMED-OUT`)."""
MEMORY_MB: Final = 4_096
"""What the vendor advises for Google Maps."""
ITEMS_A_PAGE: Final = 500
_PAGE_BYTES: Final = 32 * 1024 * 1024
_MOST_MICROS: Final = 10**15
_ENDINGS: Final = ("ACTOR.RUN.SUCCEEDED", "ACTOR.RUN.FAILED", "ACTOR.RUN.TIMED_OUT", "ACTOR.RUN.ABORTED")


def verify_token(account: ApifyAccount) -> HttpRequest:
    """Whose token is this?"""
    return _get(account, "users/me")


def account_limits(account: ApifyAccount) -> HttpRequest:
    """What the account has used this month and may use."""
    return _get(account, "users/me/limits")


def start_run(
    account: ApifyAccount, actor: str, search: Search, *, max_usd_micros: int, webhook_url: str = ""
) -> HttpRequest:
    """Start the actor. Never without `maxTotalChargeUsd`, which caps the cost on every pricing model."""
    query: dict[str, str | int] = {
        "memory": MEMORY_MB,
        "timeout": RUN_SECONDS,
        "maxTotalChargeUsd": f"{Decimal(max_usd_micros) / 10**6:f}",
    }
    if webhook_url:
        query["webhooks"] = _webhooks(webhook_url)
    body = json.dumps(search.as_input(), ensure_ascii=False).encode()
    headers = _headers(account) | {"Content-Type": "application/json"}
    url = f"{_base(account)}/actors/{_part(actor)}/runs?{urlencode(query)}"
    return HttpRequest("POST", url, headers, body, timeout_seconds=30)


def get_run(account: ApifyAccount, run_id: str) -> HttpRequest:
    """How a run is doing."""
    return _get(account, f"actor-runs/{_part(run_id)}")


def abort_run(account: ApifyAccount, run_id: str) -> HttpRequest:
    """Stop a run; without effect on one that has ended."""
    url = f"{_base(account)}/actor-runs/{_part(run_id)}/abort?gracefully=true"
    return HttpRequest("POST", url, _headers(account), timeout_seconds=30)


def list_runs(account: ApifyAccount, actor: str) -> HttpRequest:
    """The actor's newest runs."""
    return _get(account, f"actors/{_part(actor)}/runs", desc="true", limit="20")


def run_input(account: ApifyAccount, run: Run) -> HttpRequest:
    """What a run was started with."""
    return _get(account, f"key-value-stores/{_part(run.store_id)}/records/INPUT")


def dataset_items(account: ApifyAccount, dataset_id: str, *, offset: int = 0, limit: int = ITEMS_A_PAGE) -> HttpRequest:
    """A page of a dataset, only the fields we keep. `limit=1` is the cheap way to learn how many there are."""
    fields = ",".join(("title", "placeId", "phone", "phoneUnformatted", "categoryName", "city", "emails", *DETAILS))
    paging = {"offset": str(offset), "limit": str(limit)}
    return _get(account, f"datasets/{_part(dataset_id)}/items", format="json", clean="true", fields=fields, **paging)


def read_owner(answer: HttpAnswer) -> Owner | Refused | Unclear:
    """The answer of `verify_token`."""
    data = _data(answer)
    if not isinstance(data, dict):
        return _not_done(answer)
    name = text_at(data, "username") or text_at(data, "id")
    return Owner(name, text_at(data, "plan", "id")) if name else Unclear()


def read_limits(answer: HttpAnswer) -> Limits | Refused | Unclear:
    """The answer of `account_limits`."""
    data = _data(answer)
    if not isinstance(data, dict):
        return _not_done(answer)
    used, most = at(data, "current", "monthlyUsageUsd"), at(data, "limits", "maxMonthlyUsageUsd")
    return Limits(_micros(used), _micros(most))


def read_run(answer: HttpAnswer) -> Run | Refused | Unclear:
    """The answer of `start_run`, `get_run` and `abort_run`."""
    data = _data(answer)
    return (_run(data) or Unclear()) if isinstance(data, dict) else _not_done(answer)


def read_runs(answer: HttpAnswer) -> list[Run] | Refused | Unclear:
    """The answer of `list_runs`."""
    data = _data(answer)
    if not isinstance(data, dict):
        return _not_done(answer)
    return [run for one in list_at(data, "items") if isinstance(one, dict) and (run := _run(one))]


def is_input_of(answer: HttpAnswer, search: Search) -> bool:
    """Whether the answer of `run_input` is this search's."""
    if isinstance(answer, HttpFailure) or answer.status != 200:
        return False
    found = json_of(answer.body)
    return isinstance(found, dict) and all(found.get(name) == value for name, value in search.as_input().items())


def read_items(answer: HttpAnswer, *, offset: int, limit: int = ITEMS_A_PAGE) -> Items | Refused | Unclear:
    """The answer of `dataset_items` for the same offset and limit: a bare array, its length in the headers."""
    if isinstance(answer, HttpFailure) or answer.status != 200:
        return _not_done(answer)
    found = json_of(answer.body)
    if not isinstance(found, list):
        return Unclear()
    said = int_at([header(answer.headers, "x-apify-pagination-total")], 0)
    total = said if said is not None and said >= 0 else offset + len(found)
    following = offset + limit
    places = tuple(_place(one) for one in found if isinstance(one, dict))
    is_more = following < total if said is not None else len(found) == limit
    return Items(places, total, following if is_more else None)


def read_webhook(body: bytes) -> RunHint | None:
    """The run a webhook is about, None for a body that names none."""
    found = json_of(body)
    run_id = text_at(found, "eventData", "actorRunId") or text_at(found, "resource", "id")
    return RunHint(run_id[:64], text_at(found, "eventType")[:64]) if run_id else None


def _base(account: ApifyAccount) -> str:
    return account.base_url.rstrip("/")


def _part(text: str) -> str:
    return quote(text, safe="")


def _headers(account: ApifyAccount) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.token}", "Accept": "application/json"}


def _get(account: ApifyAccount, path: str, **query: str) -> HttpRequest:
    url = f"{_base(account)}/{path}" + (f"?{urlencode(query)}" if query else "")
    return HttpRequest("GET", url, _headers(account), timeout_seconds=30, max_response_bytes=_PAGE_BYTES)


def _webhooks(url: str) -> str:
    said = json.dumps([{"eventTypes": list(_ENDINGS), "requestUrl": url}])
    return base64.b64encode(said.encode()).decode()


def _data(answer: HttpAnswer) -> Any:
    """What stands under `data` of a good answer, NOTHING otherwise."""
    if isinstance(answer, HttpFailure) or not 200 <= answer.status < 300:
        return NOTHING
    return at(json_of(answer.body), "data")


def _not_done(answer: HttpAnswer) -> Refused | Unclear:
    if isinstance(answer, HttpFailure):
        return Refused(RefusalCode.UNREACHABLE) if answer.kind is FailureKind.NOT_SENT else Unclear()
    kind = text_at(json_of(answer.body), "error", "type")
    wait = retry_after_seconds(answer.headers)
    if kind in TYPES:
        return Refused(TYPES[kind], wait)
    if answer.status in STATUSES:
        return Refused(STATUSES[answer.status], wait)
    return Refused(RefusalCode.INVALID) if 400 <= answer.status < 500 and answer.status != 408 else Unclear()


def _run(data: Mapping[str, Any]) -> Run | None:
    run_id = text_at(data, "id")
    if not run_id:
        return None
    said = text_at(data, "status").upper().replace("_", "-")
    return Run(
        id=run_id[:64],
        status=RunStatus(said) if said in set(RunStatus) else RunStatus.UNKNOWN,
        dataset_id=text_at(data, "defaultDatasetId")[:64],
        store_id=text_at(data, "defaultKeyValueStoreId")[:64],
        started_at=_moment(text_at(data, "startedAt")),
        cost_usd_micros=_micros(at(data, "usageTotalUsd")),
    )


def _place(item: Mapping[str, Any]) -> Place:
    return Place(
        title=text_at(item, "title"),
        place_id=text_at(item, "placeId")[:300],
        phone=text_at(item, "phoneUnformatted") or text_at(item, "phone"),
        category=text_at(item, "categoryName"),
        city=text_at(item, "city"),
        email=text_at(item, "emails", 0),
        details=tuple(_shown(item.get(name)) for name in DETAILS),
    )


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 20 else ""
    return storable(value) if isinstance(value, str) else text_at([value], 0)


def _micros(value: Any) -> int | None:
    """Dollars -> millionths; None for what is no sane amount."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    # Checked before multiplying: 1e999999 would fill the memory with zeros.
    if not amount.is_finite() or amount.adjusted() > 12 or not 0 <= amount * 10**6 < _MOST_MICROS:
        return None
    return int((amount * 10**6).to_integral_value())


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
