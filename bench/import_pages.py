"""How long other tenants' pages take while somebody imports a large file: the same visits first with nothing going on,
then beside the worker, over HTTP from gunicorn."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.import_rows import make_people, write_csv
from bench.measure import Measure
from bench.page_latency import EMAIL, PASSWORD, _served, _sign_in, _Visitor
from bench.world import ROOT, World, add_tenant, running_world, session_on
from core.clock import utcnow
from core.db import make_engine
from core.tenancy import tenant_scope
from models.accounts import Role
from services import accounts, leads

ROWS: Final = 200_000
FULL_ROWS: Final = 1_000_000
OTHERS_LEADS: Final = 50_000
QUIET_VISITS: Final = 60
MOST_MS: Final = 300.0
PAGES: Final = {"/dashboard": "dashboard", "/leads": "leads", "/leads/import": "import page", "/leads/lists/1": "list"}


def run(*, full: bool = False) -> list[Measure]:
    """p95 in milliseconds of a neighbour's pages during an import, the quiet p95 beside it."""
    with tempfile.TemporaryDirectory(prefix="leads-bench-") as folder, running_world() as world:
        path = Path(folder) / "leads.csv"
        write_csv(path, list(make_people(FULL_ROWS if full else ROWS)))
        with world.database() as url, _served(world, url, "app:app") as port:
            importing = _fill(url)
            cookie = _sign_in(port)
            quiet = _visit(port, cookie, go_on=lambda rounds: rounds < QUIET_VISITS)
            with _import(world, url, importing, path) as worker:
                busy = _visit(port, cookie, go_on=lambda _rounds: worker.poll() is None)
                outcome = json.loads(worker.communicate()[0].splitlines()[-1])
            assert outcome["outcome"] == "finished", outcome
    return [
        Measure(
            f"page p95 during an import: {name}",
            _p95(busy[page]),
            "ms",
            f"{_p95(quiet[page]):.0f} ms quiet; {len(busy[page])} visits in {outcome['seconds']:.0f} s",
            target=MOST_MS,
            is_at_most=True,
        )
        for page, name in PAGES.items()
    ]


def _visit(port: int, cookie: str, *, go_on: Callable[[int], bool]) -> dict[str, list[float]]:
    """Page after page until told to stop -> seconds of each visit."""
    visitors = {page: _Visitor(port, page, cookie) for page in PAGES}
    for visitor in visitors.values():
        visitor.visit(counts=False)
    rounds = 0
    while go_on(rounds):
        for visitor in visitors.values():
            visitor.visit(counts=True)
        rounds += 1
        time.sleep(0.02)  # a person reads; without it the visits themselves are the load
    return {page: visitor.seconds for page, visitor in visitors.items()}


def _p95(seconds: list[float]) -> float:
    assert len(seconds) >= 20, "the import was over before it could be felt"
    return statistics.quantiles(seconds, n=20)[-1] * 1000


@contextmanager
def _import(world: World, url: str, tenant: int, path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The worker's job in a process of its own, begun."""
    engine = make_engine(url)
    try:
        with tenant_scope(tenant), Session(engine) as session, path.open("rb") as stream:
            upload = leads.receive_upload(stream, path.name, tenant_id=tenant, mapping={}, max_bytes=10**9)
            new = leads.NewImport(upload=upload, legal_basis="customer", list_name="Bench")
            import_id = leads.create_import(session, tenant, new, actor=None, now=utcnow()).id
            session.commit()
    finally:
        engine.dispose()
    worker = subprocess.Popen(
        [sys.executable, "-m", "bench.import_child", str(tenant), str(import_id)],
        cwd=ROOT,
        env=world.environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()


def _fill(url: str) -> int:
    """A neighbour with an owner, a list and leads in it -> the tenant that will import."""
    with session_on(url) as session:
        neighbour, importing = add_tenant(session), add_tenant(session)
        accounts.create_user(session, neighbour, name="Dona da Medida", email=EMAIL, role=Role.OWNER, password=PASSWORD)
        who = {"tenant": neighbour, "count": OTHERS_LEADS}
        for statement in (
            "INSERT INTO lead_lists (tenant_id, id, name, lead_count) OVERRIDING SYSTEM VALUE"
            " VALUES (:tenant, 1, 'Clientes', :count)",
            "INSERT INTO leads (tenant_id, phone, phone_key, name, legal_basis) SELECT :tenant, n, n, 'Ana ' || n,"
            " 'customer' FROM (SELECT (551191000000 + i)::text AS n FROM generate_series(1, :count) i) q",
            "INSERT INTO lead_list_members (tenant_id, list_id, lead_id) SELECT tenant_id, 1, id FROM leads"
            " WHERE tenant_id = :tenant",
        ):
            session.execute(text(statement), who)
    with session_on(url) as session:
        session.execute(text("ANALYZE"))
    return importing


if __name__ == "__main__":
    for found in run():
        print(f"{found.name:<44} {found.value:8.1f} {found.unit}  {found.yardstick}  ok={found.ok}")
