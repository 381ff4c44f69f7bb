"""How long the page of a tenant's people takes, with any filter or search, over HTTP from gunicorn, beside a bare Flask
page with one query. The tenant holds a million leads when asked for the full size, else 200,000 (filling a million and
making the search's copy of them takes minutes); as many again belong to nine others."""

import os
import sys
import time
from typing import Final
from urllib.parse import urlencode
from urllib.request import urlopen

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.measure import Measure
from bench.page_latency import EMAIL, PASSWORD, _served, _sign_in, _Visitor
from bench.world import add_tenant, factory_on, running_world, session_on
from core.db import unit_of_work
from core.paging import encode_cursor
from core.tenancy import tenant_scope
from models.accounts import Role
from services import accounts, leads

LEADS: Final = 200_000
FULL_LEADS: Final = 1_000_000
VISITS: Final = 40
WARM_UP: Final = 3
MOST_MS: Final = 100.0
FIRST: Final = "{Ana,João,Conceição,Márcia,Pedro,Luiz,Zuleide,Antônio,Beatriz,Caio,Débora,Edu,Fátima,Gil,Helena,Íris}"
LAST: Final = "{da Silva,Souza,Conceição,Oliveira,Araújo,Pereira,Costa,Almeida,Lima,Gonçalves,Ribeiro,Barbosa,Prado}"
KINDS: Final = "{dentista,padaria,advogado,pet shop,academia,restaurante,salão de beleza,oficina,clínica,escola}"

ASKED: Final[dict[str, dict[str, str]]] = {
    "everybody": {},
    "a common name": {"q": "joão"},
    "two names": {"q": "zuleide barbosa"},
    "two names and a number": {"q": "zuleide barbosa 77"},
    "part of a word": {"q": "eiçã"},
    "two letters": {"q": "zu"},
    "nobody": {"q": "wxyz"},
    "an e-mail": {"q": "p12345@example.com"},
    "a phone": {"q": "(11) 90001-2345"},
    "part of a phone": {"q": "00123"},
    "a large city": {"city": "cidade 1"},
    "a small city": {"city": "CIDADE 199"},
    "city and category": {"city": "Cidade 150", "category": "escola"},
    "a name in a city": {"q": "caio", "city": "Cidade 3"},
    "a large list": {"list_id": "1"},
    "a small list": {"list_id": "2"},
    "a name in a large list": {"list_id": "1", "q": "helena prado"},
    "added by hand": {"source": "manual"},
    "legal basis": {"legal_basis": "consent"},
    "a tag": {"tag": "quente"},
    "reachable": {"status": "reachable"},
    "suppressed": {"status": "suppressed"},
    "without WhatsApp": {"status": "invalid"},
    "contacted": {"contacted": "yes"},
    "never contacted": {"contacted": "no"},
    "replied": {"replied": "yes"},
    "contacted, never replied, a city": {"contacted": "yes", "replied": "no", "city": "Cidade 7"},
    "not contacted with a name": {"contacted": "no", "q": "márcia"},
}


def run(*, full: bool = False) -> list[Measure]:
    """p95 of the page for each way of asking, and of a page deep inside, in milliseconds."""
    size = FULL_LEADS if full else LEADS
    with running_world() as world, world.database() as url:
        tenant_id = _fill(url, size)
        _make_copy(url, tenant_id)
        with _served(world, url, "app:app") as ours, _served(world, url, "bench.bare_page:app") as bare:
            _wait_for_answers(ours)
            cookie = _sign_in(ours)
            paths = {name: f"/leads/people?{urlencode(said)}" for name, said in ASKED.items()}
            paths["half-way down"] = f"/leads/people?cursor={_half_way(url, tenant_id)}"
            return _measure(ours, bare, cookie, paths)


def _measure(ours: int, bare: int, cookie: str, paths: dict[str, str]) -> list[Measure]:
    yardstick = _Visitor(bare, "/", "")
    visits = {name: _Visitor(ours, path, cookie) for name, path in paths.items()}
    for number in range(WARM_UP + VISITS):
        for visitor in (yardstick, *visits.values()):
            visitor.visit(counts=number >= WARM_UP)
    beside = f"bare page {yardstick.p95:.1f} ms"
    return [
        Measure(f"people p95: {name}", one.p95, "ms", f"p50 {_p50(one):.1f}; {beside}", None, MOST_MS, is_at_most=True)
        for name, one in visits.items()
    ]


def _wait_for_answers(port: int) -> None:
    """The port is open before the application is there, which takes a busy machine its time."""
    for _ in range(60):
        try:
            with urlopen(f"http://127.0.0.1:{port}/login", timeout=10) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError("the application didn't answer")


def _p50(visitor: _Visitor) -> float:
    return sorted(visitor.seconds)[len(visitor.seconds) // 2] * 1000


def _fill(url: str, size: int) -> int:
    """One tenant of this size among others, in a handful of statements."""
    with session_on(url) as session:
        tenant_id = add_tenant(session)
        accounts.create_user(session, tenant_id, name="Dona da Medida", email=EMAIL, role=Role.OWNER, password=PASSWORD)
        session.execute(
            text("INSERT INTO tenants (name, email) SELECT 'O' || i, 'o' || i || '@x.co' FROM generate_series(1, 9) i")
        )
        who = {"tenant": tenant_id, "size": size, "first": FIRST, "last": LAST, "kinds": KINDS}
        for statement in _STATEMENTS:
            session.execute(text(statement), who)
    with session_on(url) as session:
        session.execute(text("ANALYZE"))
    _vacuum(url)
    return tenant_id


_STATEMENTS: Final = (
    "INSERT INTO leads (tenant_id, phone, phone_key, name, email, city, category, legal_basis, source)"
    " SELECT CASE WHEN i <= :size THEN :tenant ELSE :tenant + 1 + i % 9 END, p, p,"
    " f[1 + i % 16] || ' ' || l[1 + (i / 16) % 13] || ' ' || i, 'p' || i || '@example.com',"
    " 'Cidade ' || 1 + floor(200 * power(random(), 3)), k[1 + floor(10 * power(random(), 2))::int],"
    " (array['customer', 'customer', 'legitimate_interest', 'consent'])[1 + i % 4],"
    " CASE WHEN i % 1000 = 0 THEN 'manual' ELSE 'import' END"
    " FROM (SELECT CAST(:first AS text[]) f, CAST(:last AS text[]) l, CAST(:kinds AS text[]) k) w,"
    " (SELECT i, (5511900000000 + i)::text p FROM generate_series(1, 2 * :size) i) q",
    "INSERT INTO lead_lists (tenant_id, id, name, lead_count) SELECT :tenant, n, 'Lista ' || n, :size / n FROM"
    " generate_series(1, 2) n",
    "INSERT INTO lead_list_members (tenant_id, list_id, lead_id) SELECT :tenant, 1, id FROM leads"
    " WHERE tenant_id = :tenant AND id % 10 <> 0 ORDER BY id",
    "INSERT INTO lead_list_members (tenant_id, list_id, lead_id) SELECT :tenant, 2, id FROM leads"
    " WHERE tenant_id = :tenant AND id % 500 = 0 ORDER BY id",
    "INSERT INTO lead_tags (tenant_id, tag, lead_id) SELECT :tenant, 'quente', id FROM leads"
    " WHERE tenant_id = :tenant AND id % 50 = 0 ORDER BY id",
    "INSERT INTO suppressions (tenant_id, phone_key, phone, reason) SELECT :tenant, phone_key, phone, 'opt_out'"
    " FROM leads WHERE tenant_id = :tenant AND id % 200 = 7",
    "INSERT INTO number_checks (tenant_id, phone_key, has_whatsapp) SELECT :tenant, phone_key, id % 40 <> 0"
    " FROM leads WHERE tenant_id = :tenant AND id % 4 = 0",
    "INSERT INTO campaigns (tenant_id, name, status, started_at) VALUES (:tenant, 'Bench', 'completed', now())",
    "INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, lead_id, status, sent_at, replied_at)"
    " SELECT :tenant, c.id, l.phone, l.phone_key, l.id, 'read', now(), CASE WHEN l.id % 100 = 0 THEN now() END"
    " FROM leads l, campaigns c WHERE l.tenant_id = :tenant AND c.tenant_id = :tenant AND l.id % 10 = 0",
)


def _vacuum(url: str) -> None:
    """What autovacuum would have done by the time somebody looks."""
    engine = factory_on(url).kw["bind"]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM leads, lead_list_members, campaign_contacts"))
    engine.dispose()


def _make_copy(url: str, tenant_id: int) -> None:
    """The search's copy, as the worker makes it after an import."""
    factory, began, segments = factory_on(url), time.perf_counter(), 0
    has_more = True
    while has_more:
        with tenant_scope(tenant_id), unit_of_work(factory) as session:
            has_more = leads.refresh_search(session, tenant_id)
        segments += has_more
    print(f"search copy: {segments} segments in {time.perf_counter() - began:.1f} s")
    factory.kw["bind"].dispose()


def _half_way(url: str, tenant_id: int) -> str:
    """A cursor in the middle of all leads."""
    with session_on(url) as session:
        return encode_cursor(["n", _middle(session, tenant_id)])


def _middle(session: Session, tenant_id: int) -> int:
    found = session.execute(
        text("SELECT (min(id) + max(id)) / 2 FROM leads WHERE tenant_id = :tenant"), {"tenant": tenant_id}
    )
    return int(found.scalar_one())


if __name__ == "__main__":
    assert os.environ.get("DATABASE_URL") is None, "the benchmark brings its own database"
    for found in run(full="--full" in sys.argv):
        print(f"{found.name:<50} {found.value:8.1f} {found.unit}  {'' if found.ok else 'MISSED  '}{found.yardstick}")
