"""The page of runs: what is being looked for, how far it is, and the buttons that end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.clock import now_ms
from sandbox.pages.render import Paging, render

if TYPE_CHECKING:
    from sandbox.maps.apify import Apify
    from sandbox.maps.runs import Run

RUNS_A_PAGE = 30


class Board:
    """Thin handlers around the dialect."""

    def __init__(self, apify: Apify) -> None:
        self.apify = apify

    async def runs(self, request: web.Request) -> web.Response:
        """Every run, newest first."""
        now = now_ms()
        newest = list(reversed(self.apify.runs))
        rows = [(run, run.status(now), len(run.items(now)), run.cost_usd(now)) for run in newest]
        return render(request, "runs.html", paging=Paging.of(request, rows, RUNS_A_PAGE))

    async def places(self, request: web.Request) -> web.Response:
        """What one run has found so far."""
        run, now = self._run_of(request), now_ms()
        return render(request, "places.html", run=run, state=run.status(now), places=run.items(now))

    async def abort(self, request: web.Request) -> web.Response:
        """End a run now."""
        self.apify.abort(self._run_of(request))
        raise web.HTTPSeeOther("/sandbox/maps")

    async def tell(self, request: web.Request) -> web.Response:
        """Send the webhook once more."""
        self.apify.tell(self._run_of(request), again=True)
        raise web.HTTPSeeOther("/sandbox/maps")

    def _run_of(self, request: web.Request) -> Run:
        number = int(request.match_info["number"])
        run = next((one for one in self.apify.runs if one.number == number), None)
        if run is None:
            raise web.HTTPNotFound(text=f"Não há busca número {number}.")
        return run


def pages(apify: Apify) -> list[web.RouteDef]:
    """Routes below `/sandbox`."""
    board = Board(apify)
    return [
        web.get("/maps", board.runs),
        web.get(r"/maps/{number:\d{1,9}}", board.places),
        web.post(r"/maps/{number:\d{1,9}}/abort", board.abort),
        web.post(r"/maps/{number:\d{1,9}}/webhook", board.tell),
    ]
