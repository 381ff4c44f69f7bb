"""Who sees a file, and how a browser may treat it."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from tests.support import media as sample
from tests.support.page_client import PageClient
from tests.support.world import TenantHandle


@pytest.fixture
def kept(factory: sessionmaker[Session], tenant: TenantHandle) -> tuple[int, int]:
    """A picture and a document."""
    with tenant_scope(tenant.id), factory.begin() as session:
        return (
            sample.keep(session, tenant.id, sample.png(9), "fachada.png"),
            sample.keep(session, tenant.id, sample.PDF, "catálogo.pdf"),
        )


def test_the_owner_sees_a_picture_and_saves_a_document(
    sign_in: Callable[..., PageClient], tenant: TenantHandle, kept: tuple[int, int]
) -> None:
    owner = sign_in(tenant)
    picture, document = (owner.get(f"/media/{one}") for one in kept)
    assert (picture.status_code, picture.data, picture.mimetype) == (200, sample.png(9), "image/png")
    assert not picture.headers.get("Content-Disposition", "").startswith("attachment")
    assert (document.data, document.mimetype) == (sample.PDF, "application/pdf")
    assert document.headers["Content-Disposition"].startswith("attachment")
    for answer in (picture, document):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "private" in answer.headers["Cache-Control"]


def test_a_colleague_who_reads_sees_it_and_a_stranger_finds_nothing(
    sign_in: Callable[..., PageClient],
    tenant: TenantHandle,
    kept: tuple[int, int],
    make_user: Callable[..., object],
    make_tenant: Callable[..., TenantHandle],
) -> None:
    assert sign_in(make_user(tenant, role="viewer")).get(f"/media/{kept[0]}").status_code == 200
    assert sign_in(make_tenant()).get(f"/media/{kept[0]}").status_code == 404


def test_a_visitor_is_asked_to_sign_in(client: PageClient, kept: tuple[int, int]) -> None:
    assert client.get(f"/media/{kept[0]}").status_code == 303
