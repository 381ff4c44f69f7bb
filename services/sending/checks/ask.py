"""The loop that asks. Commit points: 1. what is known is written and questions are reserved; 2. each answer."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from connectors.whatsapp import NumberCheck, Refused, Unclear, connector, connector_infos
from core.http_async import AsyncTransport
from models.campaigns import LogType, Severity
from services.instances import open_account
from services.sending.arrays import plain, texts
from services.sending.checks import sql
from services.sending.checks.remember import Known, address_of, remember
from services.sending.counters import Deltas
from services.sending.database import Database
from services.sending.logbook import write_logs
from services.sending.words import LogLine

AHEAD: Final = 100
"""So many rows of each zone's front are kept checked; the rest of the queue waits."""
REST_SECONDS: Final = 300.0
"""After a call that failed: it says nothing about the phone, and something about the number."""
NOT_ON_WHATSAPP: Final = "Este telefone não tem WhatsApp."


class Question(NamedTuple):
    """One phone, to be asked through one number."""

    tenant_id: int
    instance_id: int
    connector: str
    base_url: str
    instance_key: str
    sealed_credentials: str
    campaign_id: int
    contact_id: int
    phone: str
    phone_key: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How gently: seconds between two questions of one number, numbers asked through in one turn."""

    gap_seconds: float = 10.0
    most: int = 50


async def ask_checks(database: Database, transport: AsyncTransport, now: datetime, pace: Pace) -> int:
    """One turn -> how many questions were asked. Each goes through a different number."""
    questions = await database.run(partial(take_questions, now=now, pace=pace))
    await asyncio.gather(*(_ask(database, transport, one, now=now, pace=pace) for one in questions))
    return len(questions)


def take_questions(session: Session, now: datetime, pace: Pace) -> list[Question]:
    """Write what is known already, reserve what is to be asked."""
    asking = [info.name for info in connector_infos() if info.has_number_check and not info.is_official]
    values = {"connectors": plain(asking), "now": now, "most": pace.most}
    numbers = session.execute(sql.CHECKING_CAMPAIGNS, values).all()
    if not numbers:
        return []
    _write_known(session, {(row[0], campaign) for row in numbers for campaign in row[6]}, now)
    reserved = _reserve(session, [(row[0], row[1]) for row in numbers], now, pace)
    return _pair(session, [row for row in numbers if (row[0], row[1]) in reserved], now)


def apply_answer(session: Session, one: Question, found: NumberCheck | Refused | Unclear, now: datetime) -> None:
    """What the provider said: remembered, and written on the row while it waits. A failure says nothing of the
    phone; the number asks no more for a while."""
    if not isinstance(found, NumberCheck):
        who = {"tenant_id": one.tenant_id, "instance_id": one.instance_id}
        session.execute(sql.REST_CHECKS, who | {"now": now, "rest_seconds": REST_SECONDS})
        return
    address = address_of(found.recipient_id)
    remember(session, [Known(one.tenant_id, one.phone_key, found.exists, address)], now)
    columns = {
        "tenants": plain([one.tenant_id]),
        "campaigns": plain([one.campaign_id]),
        "phones": texts([one.phone]),
        "have": plain([found.exists]),
        "addresses": texts([address]),
        "expected": plain(["pending"]),
        "error": NOT_ON_WHATSAPP,
        "now": now,
    }
    _account(session, session.execute(sql.WRITE_ANSWERS, columns).all(), now)


async def _ask(database: Database, transport: AsyncTransport, one: Question, *, now: datetime, pace: Pace) -> None:
    provider = connector(one.connector)
    try:
        account = open_account(one.tenant_id, one.base_url, one.instance_key, one.sealed_credentials)
        request = provider.check_number(account, one.phone)
    except Exception:
        # Whatever is wrong with the stored account will be told by its first message.
        found: NumberCheck | Refused | Unclear = Unclear("not_asked")
    else:
        seconds = min(request.timeout_seconds, pace.gap_seconds)
        found = provider.read_check(await transport.send(replace(request, timeout_seconds=seconds)))
    await database.run(partial(apply_answer, one=one, found=found, now=now))


def _write_known(session: Session, campaigns: set[tuple[int, int]], now: datetime) -> None:
    listed = sorted(campaigns)
    columns = {
        "tenants": plain(key[0] for key in listed),
        "campaigns": plain(key[1] for key in listed),
        "ahead": AHEAD,
        "error": NOT_ON_WHATSAPP,
        "now": now,
    }
    _account(session, session.execute(sql.TAKE_KNOWN, columns).all(), now)


def _reserve(session: Session, numbers: Sequence[tuple[int, int]], now: datetime, pace: Pace) -> set[tuple[int, int]]:
    columns = {
        "tenants": plain(key[0] for key in numbers),
        "instances": plain(key[1] for key in numbers),
        "now": now,
        "gap_seconds": pace.gap_seconds,
    }
    return {(row[0], row[1]) for row in session.execute(sql.RESERVE_CHECKS, columns)}


def _pair(session: Session, numbers: Sequence[Any], now: datetime) -> list[Question]:
    """One unchecked row for each number, from a campaign of its own."""
    free: dict[tuple[int, int], list[Any]] = defaultdict(list)
    asked = _share_out(numbers, int(now.timestamp()))
    if not asked:
        return []
    columns = {
        "tenants": plain(key[0] for key in asked),
        "campaigns": plain(key[1] for key in asked),
        "wanted": plain(len(rows) for rows in asked.values()),
        "ahead": AHEAD,
        "now": now,
    }
    for row in session.execute(sql.TAKE_UNKNOWN, columns):
        free[row[0], row[1]].append(row)
    return [
        Question(*number[:6], *free[key].pop()[1:])
        for key, numbers_of in asked.items()
        for number in numbers_of
        if free[key]
    ]


def _share_out(numbers: Sequence[Any], turn: int) -> dict[tuple[int, int], list[Any]]:
    """Each number to one of its campaigns; a number's own campaigns take turns."""
    asked: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for place, row in enumerate(numbers):
        asked[row[0], row[6][(turn + place) % len(row[6])]].append(row)
    return asked


def _account(session: Session, rows: Sequence[Any], now: datetime) -> None:
    """Counters and one line for each row that has no WhatsApp."""
    gone = [row for row in rows if not row.has_whatsapp]
    deltas = Deltas()
    for row in gone:
        deltas.move((row.tenant_id, row.campaign_id), "pending", "invalid")
    deltas.write(session)
    details = {"reason": "not_on_whatsapp"}
    write_logs(
        session,
        [
            LogLine(row.tenant_id, row.campaign_id, now, LogType.CONTACT_REMOVED, Severity.INFO, NOT_ON_WHATSAPP,
                    details, contact_id=row.id)
            for row in gone
        ],
    )  # fmt: skip
