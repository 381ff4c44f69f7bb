"""What the tests of the leads room share."""

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.support.lead_files import Importer
from tests.support.world import TenantHandle


@pytest.fixture
def importer(factory: sessionmaker[Session], tenant: TenantHandle) -> Importer:
    """Sends files for `tenant`."""
    return Importer(factory, tenant.id)
