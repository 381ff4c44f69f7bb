"""Finding something before its tenant is known."""

import secrets
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from services.accounts import (
    AlreadyTaken,
    DirectoryEntry,
    find_in_directory,
    register_in_directory,
    remove_from_directory,
)
from tests.support.world import TenantHandle


def test_a_key_leads_to_its_tenant_from_any_scope(
    factory: sessionmaker[Session], make_tenant: Callable[..., TenantHandle]
) -> None:
    ours, theirs = make_tenant(), make_tenant()
    key = secrets.token_hex(8)
    with tenant_scope(ours.id), factory.begin() as session:
        register_in_directory(session, "instance", key, tenant_id=ours.id, target_id=7)
    with factory() as session:
        assert find_in_directory(session, "instance", key) == DirectoryEntry(ours.id, 7)
    with tenant_scope(theirs.id), factory() as session:
        assert find_in_directory(session, "instance", key) == DirectoryEntry(ours.id, 7)
        with pytest.raises(AlreadyTaken):
            register_in_directory(session, "instance", key, tenant_id=theirs.id, target_id=7)


def test_registering_the_same_again_is_fine_and_removing_forgets_it(session: Session, tenant: TenantHandle) -> None:
    key = secrets.token_hex(8)
    register_in_directory(session, "instance", key, tenant_id=tenant.id, target_id=1)
    session.commit()
    register_in_directory(session, "instance", key, tenant_id=tenant.id, target_id=1)
    remove_from_directory(session, "instance", tenant_id=tenant.id, target_id=1)
    session.commit()
    assert find_in_directory(session, "instance", key) is None
