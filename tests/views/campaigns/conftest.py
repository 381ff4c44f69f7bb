"""A tenant with a list, a number and whoever looks at its pages."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle

Work = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def work(factory: sessionmaker[Session], tenant: TenantHandle) -> Work:
    """`with work() as session:` a committed transaction of the tenant."""

    @contextmanager
    def working() -> Iterator[Session]:
        with tenant_scope(tenant.id), factory.begin() as session:
            yield session

    return working


@pytest.fixture
def owner(sign_in: Callable[..., PageClient], tenant: TenantHandle) -> PageClient:
    """The owner, signed in."""
    return sign_in(tenant)


@pytest.fixture
def viewer(sign_in: Callable[..., PageClient], make_user: Callable[..., Any], tenant: TenantHandle) -> PageClient:
    """A colleague who may only read."""
    return sign_in(make_user(tenant, role="viewer"))


@pytest.fixture
def operator(sign_in: Callable[..., PageClient], make_user: Callable[..., Any], tenant: TenantHandle) -> PageClient:
    """A colleague who works with campaigns and deletes nothing."""
    return sign_in(make_user(tenant, role="operator"))


@pytest.fixture
def stranger(sign_in: Callable[..., PageClient], make_tenant: Callable[..., TenantHandle]) -> PageClient:
    """The owner of another account."""
    return sign_in(make_tenant())
