"""Apify API v2 as far as the Google Maps actor needs it: runs that take their time, datasets, webhooks at the end.

Any token is somebody's, except one that begins with `invalid`. Runs of another token are not there.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
from typing import Any, ClassVar

from aiohttp import web

from sandbox import wire
from sandbox.clock import now_ms
from sandbox.courier import Delivery
from sandbox.dialect import ENTRY, Dialect, Refused, Route
from sandbox.maps import board
from sandbox.maps.runs import Run, iso

TYPES = {
    400: "invalid-input", 401: "user-or-token-not-found", 402: "not-enough-usage-to-run-paid-actor",
    403: "insufficient-permissions", 404: "record-not-found", 429: "rate-limit-exceeded",
}  # fmt: skip
MOST_RUNS = 2_000
MONTH_USD = 5
NO_RUN = "There is no such run."


class Apify(Dialect):
    """The dialect: runs by number, newest last."""

    name: ClassVar[str] = "apify"
    title: ClassVar[str] = "Apify (Google Maps)"
    prefix: ClassVar[str] = "/apify/v2"
    switches: ClassVar[frozenset[str]] = frozenset(
        {"latency_ms", "fail", "throttle", "throttle_bare", "drop", "hang", "silent", "hang_ms", "duplicate", "copies",
         "run_ms", "no_credit", "actor_fails", "times_out", "no_places", "lost_webhook", "seed"}
    )  # fmt: skip

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.runs: list[Run] = []
        self._timers: set[asyncio.TimerHandle] = set()

    def routes(self) -> list[Route]:
        """The calls; `acts` is the older name of `actors`."""
        found = [
            Route("GET", "/users/me", self._me),
            Route("GET", "/users/me/limits", self._limits),
            Route("GET", "/actor-runs/{run}", self._get),
            Route("POST", "/actor-runs/{run}/abort", self._abort),
            Route("GET", "/datasets/{dataset}/items", self._items),
            Route("GET", "/key-value-stores/{store}/records/INPUT", self._input),
        ]
        for actors in ("actors", "acts"):
            found.append(Route("POST", f"/{actors}/{{actor}}/runs", self._start))
            found.append(Route("GET", f"/{actors}/{{actor}}/runs", self._list))
        return found

    def pages(self) -> list[web.RouteDef]:
        """The list of runs."""
        return board.pages(self)

    def refuse(self, status: int, message: str) -> web.Response:
        """Apify's own shape."""
        kind = TYPES.get(status, "internal-error")
        return web.json_response({"error": {"type": kind, "message": message}}, status=status)

    async def start(self) -> None:
        """Go on with what was running when the sandbox stopped."""
        for run in self.runs:
            self._watch(run)

    async def stop(self) -> None:
        """Leave the timers."""
        for timer in self._timers:
            timer.cancel()

    def reset(self, *, forget_accounts: bool) -> None:
        """Forget every run; webhooks that wait are not sent."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self.runs.clear()

    def snapshot(self) -> Any:
        """The runs."""
        return [run.as_json() for run in self.runs]

    def restore(self, snapshot: Any) -> None:
        """Take the runs back."""
        self.runs = [Run(**item) for item in snapshot]

    async def _me(self, request: web.Request) -> web.Response:
        token = _token(request)
        name = "sandbox-" + hashlib.sha256(token.encode()).hexdigest()[:6]
        return _data({"id": "UserSandbox000001", "username": name, "plan": {"id": "SANDBOX"}})

    async def _limits(self, request: web.Request) -> web.Response:
        token, now = _token(request), now_ms()
        used = sum(run.cost_usd(now) for run in self.runs if run.token == token)
        return _data({"limits": {"maxMonthlyUsageUsd": MONTH_USD}, "current": {"monthlyUsageUsd": round(used, 6)}})

    async def _start(self, request: web.Request) -> web.StreamResponse:
        token, search = _token(request), await _search(request)
        behaviour = self.world.behaviour
        is_refused = behaviour.hits(self.name, "no_credit", purpose="starts")
        run = None if is_refused else self._new_run(request, token, search)
        request[ENTRY] = self.world.ledger.append(
            self.name,
            to=str(search.get("locationQuery") or ""),
            text=", ".join(str(one) for one in search["searchStringsArray"]),
            run=run.id if run else "",
            payload=search,
            accepted=not is_refused,
            answered=False,
            outcome="402" if is_refused else "201",
        )
        if run is None:
            return self.refuse(402, "Not enough usage to run this actor (sandbox).")
        if behaviour.hits(self.name, "silent", purpose="starts"):
            return await wire.hold(request, behaviour.of(self.name).hang_ms)
        return _data(run.as_apify(run.began_ms), status=201)

    def _new_run(self, request: web.Request, token: str, search: dict[str, Any]) -> Run:
        ends, share = self._ending()
        number = self.runs[-1].number + 1 if self.runs else 1
        began = now_ms()
        run = Run(
            number=number,
            id=hashlib.sha256(f"{token}|{number}|{began}".encode()).hexdigest()[:17],
            actor=request.match_info["actor"],
            token=token,
            search=search,
            began_ms=began,
            run_ms=self.world.behaviour.of(self.name).run_ms,
            ends=ends,
            share=share,
            webhooks=_webhooks(request.query.get("webhooks", "")),
            most_usd=_number(request.query.get("maxTotalChargeUsd", "")),
        )
        self.runs.append(run)
        del self.runs[:-MOST_RUNS]
        self._watch(run)
        self.world.remember()
        return run

    def _ending(self) -> tuple[str, float]:
        behaviour = self.world.behaviour
        if behaviour.hits(self.name, "actor_fails", purpose="runs"):
            return "FAILED", 0.0
        if behaviour.hits(self.name, "times_out", purpose="runs"):
            return "TIMED-OUT", 0.5
        return "SUCCEEDED", 0.0 if behaviour.hits(self.name, "no_places", purpose="runs") else 1.0

    async def _list(self, request: web.Request) -> web.Response:
        token, now = _token(request), now_ms()
        mine = [run for run in self.runs if run.token == token and run.actor == request.match_info["actor"]]
        if request.query.get("desc") in ("true", "1"):
            mine.reverse()
        limit = int(_number(request.query.get("limit", "")) or 1000)
        items = [run.as_apify(now) for run in mine[:limit]]
        return _data({"total": len(mine), "offset": 0, "limit": limit, "count": len(items), "items": items})

    async def _get(self, request: web.Request) -> web.Response:
        return _data(self._run_of(request).as_apify(now_ms()))

    async def _abort(self, request: web.Request) -> web.Response:
        run, now = self._run_of(request), now_ms()
        self.abort(run)
        return _data(run.as_apify(now))

    def abort(self, run: Run) -> None:
        """Stop a run now; without effect on one that has ended."""
        now = now_ms()
        if now < run.ended_ms:
            run.aborted_ms = now
            self.tell(run)
            self.world.remember()

    async def _items(self, request: web.Request) -> web.Response:
        token = _token(request)
        run = next((one for one in self.runs if one.dataset_id == request.match_info["dataset"]), None)
        if run is None or run.token != token:
            raise Refused(404, "There is no such dataset.")
        found = run.items(now_ms())
        offset = int(_number(request.query.get("offset", "")) or 0)
        limit = int(_number(request.query.get("limit", "")) or len(found) or 1)
        names = [name for name in request.query.get("fields", "").split(",") if name]
        page = [{k: v for k, v in item.items() if not names or k in names} for item in found[offset : offset + limit]]
        paging = {"Total": len(found), "Offset": offset, "Limit": limit, "Count": len(page)}
        headers = {f"X-Apify-Pagination-{name}": str(value) for name, value in paging.items()}
        return web.json_response(page, headers=headers)

    async def _input(self, request: web.Request) -> web.Response:
        token = _token(request)
        run = next((one for one in self.runs if one.store_id == request.match_info["store"]), None)
        if run is None or run.token != token:
            raise Refused(404, "There is no such record.")
        return web.json_response(run.search)

    def _run_of(self, request: web.Request) -> Run:
        token = _token(request)
        run = next((one for one in self.runs if one.id == request.match_info["run"]), None)
        if run is None or run.token != token:
            raise Refused(404, NO_RUN)
        return run

    def _watch(self, run: Run) -> None:
        """Call back once the run has ended."""
        if not run.is_told:
            wait = max(0.0, (run.ended_ms - now_ms()) / 1000)
            self._timers.add(asyncio.get_running_loop().call_later(wait, self.tell, run))

    def tell(self, run: Run, *, again: bool = False) -> None:
        """Send the run's webhooks, once; `again` for a person who wants to see them come twice."""
        if run.is_told and not again:
            return
        run.is_told = True
        self.world.remember()
        behaviour = self.world.behaviour
        if behaviour.hits(self.name, "lost_webhook", purpose="webhooks") and not again:
            return
        is_double = behaviour.hits(self.name, "duplicate", purpose="webhooks")
        event = "ACTOR.RUN." + run.status(now_ms()).replace("-", "_")
        for hook in run.webhooks:
            if event in hook.get("eventTypes", ()):
                for _ in range(behaviour.of(self.name).copies if is_double else 1):
                    self._post(run, event, str(hook.get("requestUrl") or ""))

    def _post(self, run: Run, event: str, url: str) -> None:
        now = now_ms()
        payload = {
            "userId": "UserSandbox000001",
            "createdAt": iso(now),
            "eventType": event,
            "eventData": {"actorId": "nwua9Gu5YrADL7ZDj", "actorRunId": run.id},
            "resource": run.as_apify(now),
        }
        headers = {"X-Apify-Webhook": "true", "X-Apify-Webhook-Dispatch-Id": f"{run.id}-{now}"}
        self.world.courier.post(Delivery(self.name, url, payload, event, run.id, lambda _body: headers))


def _data(data: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.json_response({"data": data}, status=status)


def _token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token or token.startswith("invalid"):
        raise Refused(401, "User was not found or authentication token is not valid (sandbox).")
    return token


async def _search(request: web.Request) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        found = await request.json()
        if isinstance(found, dict) and found.get("searchStringsArray") and found.get("locationQuery"):
            return found
    raise Refused(400, "Input is not valid: searchStringsArray and locationQuery are needed (sandbox).")


def _webhooks(encoded: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(base64.b64decode(encoded))
    except ValueError:
        found = [] if not encoded else None
    if not isinstance(found, list):
        raise Refused(400, "webhooks must be a Base64 encoded JSON array (sandbox).")
    return [one for one in found if isinstance(one, dict)]


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise Refused(400, f"{text!r} is no number (sandbox).") from None
