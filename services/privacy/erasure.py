"""Forgetting one person: what is theirs goes, what is counted stays, and they are left alone for good by a hash.

`request_erasure` writes down whom (sealed) and stops what still waits for them at once; `erase` does the work, in a
request when there is little to read through, else in a job. While a message to them is leaving, or a call about them
waits to be applied, the work waits too: either would write them down again. The clock takes up what waits. Done twice
it changes nothing more.
"""

import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, select
from sqlalchemy.orm import Session

from core.crypto import key_ring
from core.queue import enqueue_after_commit
from models.privacy import ErasureStatus, PrivacyErasure
from services.audit import record_audit
from services.leads import forget_for_good, lock_leads
from services.privacy import sql
from services.privacy.holdings import values_for
from services.privacy.person import Person, known_person

JOB: Final = "jobs.privacy.erase"
READ_IN_REQUEST: Final = 20_000
"""Bodies and refused rows a request may read through: about a second."""
REASON: Final = "privacy"


def request_erasure(session: Session, tenant_id: int, asked: Person, *, actor: int | None) -> PrivacyErasure:
    """Note that this person is to be forgotten, and write nothing more to them from now on."""
    person = known_person(session, tenant_id, asked)
    made = PrivacyErasure(tenant_id=tenant_id, created_by=actor)
    session.add(made)
    session.flush()
    told = json.dumps({"phone_keys": person.phone_keys, "emails": person.emails})
    made.sealed_person = key_ring().seal(told, bound_to=bound_to(tenant_id, made.id))
    _leave_alone(session, tenant_id, person)
    session.execute(sql.STOP_WAITING, values_for(session, tenant_id, person))
    record_audit(session, tenant_id, "privacy.request_erasure", actor_user_id=actor, target=("erasure", made.id))
    session.flush()
    return made


def erase_soon(session: Session, tenant_id: int, erasure: PrivacyErasure, now: datetime) -> bool:
    """Do it here, or leave it to a job when there is much to read through. True when it is done."""
    most = {"tenant": tenant_id, "most": READ_IN_REQUEST}
    if session.execute(sql.MUCH_TO_READ, most).scalar_one() < READ_IN_REQUEST and erase(
        session, tenant_id, erasure.id, now
    ):
        return True
    enqueue_after_commit(session, JOB, tenant_id, erasure.id)
    return False


def erase(session: Session, tenant_id: int, erasure_id: int, now: datetime) -> bool:
    """Forget the person, in the caller's transaction. False while something of theirs is under way."""
    erasure = session.execute(
        select(PrivacyErasure)
        .where(PrivacyErasure.tenant_id == tenant_id, PrivacyErasure.id == erasure_id)
        .with_for_update()
    ).scalar_one()
    if erasure.status is ErasureStatus.DONE or erasure.sealed_person is None:
        return True
    lock_leads(session, tenant_id)
    told = json.loads(key_ring().unseal(erasure.sealed_person, bound_to=bound_to(tenant_id, erasure_id)))
    person = known_person(session, tenant_id, Person(tuple(told["phone_keys"]), tuple(told["emails"])))
    values = values_for(session, tenant_id, person)
    session.execute(sql.STOP_WAITING, values)
    if session.execute(sql.UNDER_WAY, values).scalar_one():
        return False
    erasure.removed = _erase_everywhere(session, values)
    _leave_alone(session, tenant_id, person)
    erasure.status, erasure.sealed_person, erasure.finished_at = ErasureStatus.DONE, None, now
    record_audit(session, tenant_id, "privacy.erase", actor_user_id=erasure.created_by, target=("erasure", erasure_id))
    session.flush()
    return True


def erasures_waiting(session: Session) -> list[tuple[int, int]]:
    """-> (tenant, erasure). For the clock, in system scope."""
    rows = session.execute(
        select(PrivacyErasure.tenant_id, PrivacyErasure.id)
        .where(PrivacyErasure.status == ErasureStatus.WAITING)
        .order_by(PrivacyErasure.created_at)
    )
    return [(row.tenant_id, row.id) for row in rows]


def recent_erasures(session: Session, tenant_id: int, *, limit: int = 5) -> list[PrivacyErasure]:
    """The newest first."""
    mine = select(PrivacyErasure).where(PrivacyErasure.tenant_id == tenant_id)
    return list(session.scalars(mine.order_by(PrivacyErasure.id.desc()).limit(limit)))


def reseal(session: Session) -> int:
    """Whom erasures that wait are about, sealed with the ring's first key -> how many. In system scope."""
    waiting = session.scalars(select(PrivacyErasure).where(PrivacyErasure.sealed_person.is_not(None))).all()
    for one in waiting:
        assert one.sealed_person is not None
        told = key_ring().unseal(one.sealed_person, bound_to=bound_to(one.tenant_id, one.id))
        one.sealed_person = key_ring().seal(told, bound_to=bound_to(one.tenant_id, one.id))
    return len(waiting)


def bound_to(tenant_id: int, erasure_id: int) -> str:
    """Which row a sealed person belongs to."""
    return f"privacy_erasures:{tenant_id}:{erasure_id}"


def _erase_everywhere(session: Session, values: dict[str, Any]) -> dict[str, int]:
    removed = {}
    for table, statement in sql.ERASE.items():
        result = session.execute(statement, values)
        assert isinstance(result, CursorResult)
        removed[table] = int(result.rowcount)
    return {table: count for table, count in removed.items() if count > 0}


def _leave_alone(session: Session, tenant_id: int, person: Person) -> None:
    for key in person.phone_keys:
        forget_for_good(session, tenant_id, phone_key=key, reason=REASON)
    for email in person.emails:
        forget_for_good(session, tenant_id, email=email, reason=REASON)
