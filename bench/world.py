"""Real PostgreSQL and Redis of the benchmarks' own, and rows to work on."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, sessionmaker

from core.config import get_settings
from core.crypto import key_ring
from core.db import make_engine, make_session_factory
from core.embedded import EmbeddedServices
from core.tenancy import system_scope

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "bench_template"


@dataclass(frozen=True)
class World:
    """Running services; `environment` is what a process of ours needs to work on them."""

    services: EmbeddedServices
    home: Path
    redis_url: str

    def environment(self, database_url: str) -> dict[str, str]:
        return os.environ | {
            "LEADS_ENV": "development",
            "LEADS_HOME": str(self.home),
            "DATABASE_URL": database_url,
            "REDIS_URL": self.redis_url,
            "ALLOW_PRIVATE_HOSTS": "1",
            "SECRET_KEY": "bench-" + "k" * 40,
            "ENCRYPTION_KEYS": "k1:" + "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
            "HOTMART_HOTTOK": "bench",
            "BASE_URL": "http://localhost",
        }

    @contextmanager
    def database(self) -> Iterator[str]:
        """A migrated database, gone afterwards."""
        name = f"bench_{os.urandom(4).hex()}"
        url = self.services.create_database(name, template=TEMPLATE)
        try:
            yield url
        finally:
            self.services.drop_database(name)


@contextmanager
def running_world() -> Iterator[World]:
    """Start PostgreSQL and Redis, migrate a template; stop and remove everything at the end."""
    home = Path(tempfile.mkdtemp(prefix="leads-bench-"))
    home.chmod(0o755)
    services = EmbeddedServices(home)
    addresses = services.start()
    world = World(services, home, addresses.redis_url)
    try:
        environment = world.environment(services.create_database(TEMPLATE))
        os.environ.update(environment)
        get_settings.cache_clear()
        command = [sys.executable, "-m", "flask", "--app", "app", "db", "upgrade"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
        yield world
    finally:
        services.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def session_on(database_url: str) -> Iterator[Session]:
    """A committed piece of set-up work in the system scope."""
    engine: Engine = make_engine(database_url)
    try:
        with system_scope("bench"), sessionmaker(engine)() as session:
            yield session
            session.commit()
    finally:
        engine.dispose()


def add_tenant(session: Session, *, daily_messages: int = 10_000_000) -> int:
    """A tenant with a licence for a plan without a noticeable limit."""
    session.execute(
        text(
            "INSERT INTO plans (slug, name, daily_messages, max_instances, max_leads, pace_floor_ms,"
            " ai_usd_micros_per_month, price_centavos) VALUES ('bench', 'Bench', :most, 100000, 100000000, 0, 0, 0)"
            " ON CONFLICT (slug) DO NOTHING"
        ),
        {"most": daily_messages},
    )
    tenant_id: int = session.execute(
        text("INSERT INTO tenants (name, email) VALUES ('Bench', 'bench@example.com') RETURNING id")
    ).scalar_one()
    session.execute(
        text(
            "INSERT INTO licences (tenant_id, source, external_key, plan_slug, starts_at, has_no_end)"
            " VALUES (:tenant_id, 'manual', 'bench', 'bench', now() - interval '1 day', true)"
        ),
        {"tenant_id": tenant_id},
    )
    return tenant_id


def add_numbers(session: Session, tenant_id: int, base_url: str, count: int) -> None:
    """Connected sandbox numbers without a gap."""
    sealed = key_ring().seal(json.dumps({"token": "t"}), bound_to=f"instances:{tenant_id}:bench")
    session.execute(
        text(
            "INSERT INTO instances (tenant_id, name, connector, base_url, instance_key, sealed_credentials,"
            " webhook_token_hash, sealed_webhook_token, status, min_interval_ms, max_interval_ms, is_sandbox)"
            " SELECT :tenant_id, 'n' || i, 'mega_api', :url, 'bench', :sealed, md5(i::text), '-', 'connected', 0, 0,"
            " true FROM generate_series(1, :count) i"
        ),
        {"tenant_id": tenant_id, "url": base_url, "sealed": sealed, "count": count},
    )


def add_campaign(session: Session, tenant_id: int, recipients: int) -> int:
    """A running campaign over all the tenant's numbers, with three variations and a name in each."""
    campaign_id: int = session.execute(
        text(
            "INSERT INTO campaigns (tenant_id, name, status, started_at)"
            " VALUES (:tenant_id, 'Bench', 'running', now()) RETURNING id"
        ),
        {"tenant_id": tenant_id},
    ).scalar_one()
    who = {"tenant_id": tenant_id, "campaign_id": campaign_id, "count": recipients}
    for statement in (
        "INSERT INTO campaign_counts (tenant_id, campaign_id, total, pending)"
        " VALUES (:tenant_id, :campaign_id, :count, :count)",
        "INSERT INTO campaign_messages (tenant_id, campaign_id, position, content)"
        " SELECT :tenant_id, :campaign_id, i, 'Olá {nome}, esta é a variação ' || i || ' da nossa mensagem de teste,"
        " com um texto de tamanho comum.' FROM generate_series(1, 3) i",
        "INSERT INTO campaign_instances (tenant_id, campaign_id, instance_id)"
        " SELECT tenant_id, :campaign_id, id FROM instances WHERE tenant_id = :tenant_id",
        "INSERT INTO campaign_contacts (tenant_id, campaign_id, phone, phone_key, name, variables)"
        " SELECT :tenant_id, :campaign_id, p, p, 'Pessoa ' || right(p, 4), '{\"cidade\": \"Santos\"}'"
        " FROM (SELECT (5511900000000 + i)::text AS p FROM generate_series(1, :count) i) q",
    ):
        session.execute(text(statement), who)
    return campaign_id


def factory_on(database_url: str) -> sessionmaker[Session]:
    """Sessions for a benchmark that works in this process."""
    return make_session_factory(make_engine(database_url, pool_size=6))
