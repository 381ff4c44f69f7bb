"""`flask doctor`: is everything there, and what to do where it isn't."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import click
from flask import current_app
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from cli.common import command_work, with_refusals
from core.clock import utcnow
from core.config import Settings
from core.db import database_revision, db, refuse_unsafe_role
from core.queue import QUEUES, redis_connection
from core.smtp import NoSmtpAddress, parse_smtp_url
from core.startup import newest_revision
from models.accounts import HotmartEvent, HotmartEventStatus, PlanMapping
from models.sending import ProcessBeat

STALE: Final = timedelta(seconds=60)
CLOCK_SKEW: Final = timedelta(seconds=5)
CROWDED: Final = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: `remedy` is empty where all is well."""

    what: str
    state: str
    remedy: str = ""


Check = Callable[[Settings], Iterator[Finding]]


@click.command()
@click.pass_context
@with_refusals
def doctor(context: click.Context) -> None:
    """Check settings, services, migrations, queues and clock; 1 with the remedies when something is wrong."""
    settings: Settings = current_app.config["SETTINGS"]
    findings = [finding for check in CHECKS for finding in _run(check, settings)]
    for finding in findings:
        click.echo(f"{'ok  ' if not finding.remedy else 'FALHA'} {finding.what}: {finding.state}")
        if finding.remedy:
            click.echo(f"      -> {finding.remedy}")
    if any(finding.remedy for finding in findings):
        context.exit(1)


def check_settings(settings: Settings) -> Iterator[Finding]:
    """The configuration was readable, or we would not be here; what is left is what it lacks."""
    yield Finding("ambiente", settings.environment)
    try:
        parse_smtp_url(settings.smtp_url)
        yield Finding("e-mail", "SMTP_URL configurado")
    except NoSmtpAddress:
        yield Finding("e-mail", "sem servidor", "defina SMTP_URL, por exemplo smtps://usuario:senha@smtp.exemplo.com")
    is_set = bool(settings.hotmart_hottok)
    yield Finding(
        "Hotmart", "hottok configurado" if is_set else "sem hottok", "" if is_set else "defina HOTMART_HOTTOK"
    )


def check_database(_settings: Settings) -> Iterator[Finding]:
    """Reachable, with a role that row-level security binds, at the newest migration, with a clock like ours."""
    refuse_unsafe_role(db.engine)
    found, wanted = database_revision(db.engine), newest_revision()
    yield Finding("migrações", str(found), "" if found == wanted else f"rode flask db upgrade (falta {wanted})")
    with command_work() as session:
        database_now: datetime = session.scalars(select(func.clock_timestamp())).one()
    skew = abs(database_now - utcnow())
    remedy = "" if skew <= CLOCK_SKEW else "acerte o relógio das máquinas (NTP)"
    yield Finding("relógio", f"diferença de {skew.total_seconds():.1f} s para o banco", remedy)


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Reachable, and nobody is drowning in jobs."""
    connection = redis_connection(settings.redis_url)
    for name in QUEUES:
        waiting = Queue(name, connection=connection).count
        remedy = "" if waiting < CROWDED else "inicie mais processos: python worker.py"
        yield Finding(f"fila {name}", f"{waiting} esperando", remedy)


def check_processes(_settings: Settings) -> Iterator[Finding]:
    """Sender, worker and clock gave a sign of life in the last minute."""
    commands = {"sender": "python worker_sender.py", "worker": "python worker.py", "clock": "python worker.py --clock"}
    with command_work() as session:
        newest = select(ProcessBeat.kind, func.max(ProcessBeat.beat_at)).group_by(ProcessBeat.kind)
        beats = {row[0]: row[1] for row in session.execute(newest)}
    for kind, command in commands.items():
        is_alive = kind in beats and utcnow() - beats[kind] < STALE
        yield Finding(kind, "vivo" if is_alive else "sem sinal de vida", "" if is_alive else f"inicie: {command}")


def check_purchases(_settings: Settings) -> Iterator[Finding]:
    """Products are mapped to plans, and no purchase waits for it."""
    with command_work() as session:
        mapped = session.scalars(select(func.count()).select_from(PlanMapping)).one()
        waiting = session.scalars(
            select(func.count()).select_from(HotmartEvent).where(HotmartEvent.status == HotmartEventStatus.UNMAPPED)
        ).one()
    remedy = "" if mapped and not waiting else "rode flask plans map PRODUTO PLANO ('*' = qualquer produto)"
    yield Finding("produtos da Hotmart", f"{mapped} ligados a planos, {waiting} compras esperando", remedy)


CHECKS: Final[tuple[Check, ...]] = (check_settings, check_database, check_redis, check_processes, check_purchases)


def _run(check: Check, settings: Settings) -> list[Finding]:
    """A check that can't run is a finding, too."""
    try:
        return list(check(settings))
    except (SQLAlchemyError, RedisError, RuntimeError) as problem:
        first = str(problem).splitlines()[0]
        return [Finding(check.__name__.removeprefix("check_"), "fora do ar", f"{type(problem).__name__}: {first}")]
