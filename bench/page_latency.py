"""How long the pages people look at all day take: list, one campaign, dashboard, over HTTP from gunicorn, beside a
bare Flask page with one query served the same way. The visits take turns, so that a busy moment hits both alike."""

import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.measure import Measure
from bench.world import ROOT, World, add_campaign, add_numbers, add_tenant, running_world, session_on
from models.accounts import Role
from services import accounts

CAMPAIGNS: Final = 200
CONTACTS: Final = 100_000
FULL_CONTACTS: Final = 1_000_000
BIGGEST_SHARE: Final = 2
"""One campaign holds half of all recipients: the page of a small one would prove nothing."""

VISITS: Final = 150
WARM_UP: Final = 15
MOST_TIMES_THE_YARDSTICK: Final = 15.0
EMAIL: Final = "bench-owner@example.com"
PASSWORD: Final = "uma senha de medir 7"
TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')


def run(*, full: bool = False) -> list[Measure]:
    """p95 of three pages and of the live block of a running campaign, in milliseconds."""
    with running_world() as world, world.database() as url:
        biggest = _fill(url, FULL_CONTACTS if full else CONTACTS)
        with _served(world, url, "app:app") as ours, _served(world, url, "bench.bare_page:app") as bare:
            cookie = _sign_in(ours)
            pages = {
                "page p95: /campaigns": "/campaigns",
                "page p95: /campaigns/{id}": f"/campaigns/{biggest}",
                "page p95: /campaigns/{id}/contacts": f"/campaigns/{biggest}/contacts",
                "page p95: /dashboard": "/dashboard",
                "page p95: live block": f"/campaigns/{biggest}/live",
            }
            return _measure(ours, bare, cookie, pages)


def _measure(ours: int, bare: int, cookie: str, pages: dict[str, str]) -> list[Measure]:
    visits = {name: _Visitor(ours, path, cookie) for name, path in pages.items()}
    yardstick = _Visitor(bare, "/", "")
    for number in range(WARM_UP + VISITS):
        for visitor in (yardstick, *visits.values()):
            visitor.visit(counts=number >= WARM_UP)
    base = yardstick.p95
    return [
        Measure(
            name,
            visitor.p95,
            "ms",
            f"bare Flask page with one query: {base:.1f} ms",
            visitor.p95 / base,
            MOST_TIMES_THE_YARDSTICK,
            is_at_most=True,
        )
        for name, visitor in visits.items()
    ]


class _Visitor:
    """One keep-alive connection that fetches one page again and again."""

    def __init__(self, port: int, path: str, cookie: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.path = path
        self.headers = {"Cookie": cookie} if cookie else {}
        self.seconds: list[float] = []

    def visit(self, *, counts: bool) -> None:
        began = time.perf_counter()
        self.connection.request("GET", self.path, headers=self.headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 200, f"{self.path} answered {answer.status}"
        if counts:
            self.seconds.append(time.perf_counter() - began)

    @property
    def p95(self) -> float:
        """In milliseconds."""
        return statistics.quantiles(self.seconds, n=20)[-1] * 1000


def _fill(url: str, contacts: int) -> int:
    """A tenant with its owner, campaigns in every state, recipients half way through -> the biggest campaign's id."""
    with session_on(url) as session:
        tenant_id = add_tenant(session)
        accounts.create_user(session, tenant_id, name="Dona da Medida", email=EMAIL, role=Role.OWNER, password=PASSWORD)
        add_numbers(session, tenant_id, "http://127.0.0.1:9", 5)
        small = contacts // BIGGEST_SHARE // (CAMPAIGNS - 1)
        for _ in range(CAMPAIGNS - 1):
            add_campaign(session, tenant_id, small)
        biggest = add_campaign(session, tenant_id, contacts // BIGGEST_SHARE)
        _send_half(session, tenant_id)
    with session_on(url) as session:
        session.execute(text("ANALYZE"))
    return biggest


def _send_half(session: Session, tenant_id: int) -> None:
    """Half of each campaign read, most campaigns done, leads behind all of them."""
    statements = (
        "INSERT INTO leads (tenant_id, phone, phone_key, name, legal_basis) SELECT DISTINCT ON (phone_key) tenant_id,"
        " phone, phone_key, name, 'customer' FROM campaign_contacts WHERE tenant_id = :tenant_id",
        "UPDATE campaign_contacts SET status = 'read', sent_at = now(), claimed_at = now() - interval '1 second',"
        " delivered_at = now(), read_at = now() WHERE tenant_id = :tenant_id AND id % 2 = 0",
        "UPDATE campaign_counts k SET pending = total - n, sent = n, delivered = n, read = n FROM (SELECT campaign_id,"
        " count(*) FILTER (WHERE status = 'read') AS n FROM campaign_contacts WHERE tenant_id = :tenant_id GROUP BY 1)"
        " c WHERE k.tenant_id = :tenant_id AND k.campaign_id = c.campaign_id",
        "UPDATE campaigns SET status = 'paused' WHERE tenant_id = :tenant_id AND id % 10 <> 0",
    )
    for statement in statements:
        session.execute(text(statement), {"tenant_id": tenant_id})


@contextmanager
def _served(world: World, url: str, app: str) -> Iterator[int]:
    """gunicorn with one worker on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", app, "--workers", "1", "--threads", "4", "--log-level", "error"]
    environment = world.environment(url) | {"PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "--bind", f"127.0.0.1:{port}"], cwd=ROOT, env=environment,
                               stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        _wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        assert process.poll() is None, "gunicorn didn't start"
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("gunicorn didn't open its port")


def _sign_in(port: int) -> str:
    """Through the sign-in page -> the session's cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/login")
    answer = connection.getresponse()
    cookie = answer.getheader("Set-Cookie", "").partition(";")[0]
    token = TOKEN.search(answer.read().decode())
    assert token, "the sign-in page has no token"
    body = urlencode({"csrf_token": token[1], "email": EMAIL, "password": PASSWORD})
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", body, headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 303, f"sign-in answered {answer.status}"
    return answer.getheader("Set-Cookie", "").partition(";")[0]


if __name__ == "__main__":
    assert os.environ.get("DATABASE_URL") is None, "the benchmark brings its own database"
    for found in run():
        print(f"{found.name:<40} {found.value:8.1f} {found.unit}  x{found.ratio:.1f}  {found.yardstick}")
