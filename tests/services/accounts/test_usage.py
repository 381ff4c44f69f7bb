"""What `/account` says is used."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from models.instances import Instance
from services.accounts import usage_of
from tests.support.campaigns import add_number
from tests.support.world import TenantHandle

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


def test_a_removed_number_is_not_counted(session: Session, tenant: TenantHandle) -> None:
    add_number(session, tenant.id)
    removed = session.get_one(Instance, (tenant.id, add_number(session, tenant.id)))
    removed.deleted_at = NOW
    session.flush()

    assert usage_of(session, tenant.id, NOW).instances == 1
