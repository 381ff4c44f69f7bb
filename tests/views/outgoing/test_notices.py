"""The bell and its page: the tenant's own, for everybody in it, read when somebody says so."""

import re
from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

from core.tenancy import tenant_scope
from models.outgoing import NoticeKind
from services.outgoing import News, tell_people
from tests.support.page_client import PageClient
from tests.support.world import Human, TenantHandle


def told(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        news = News(tenant.id, NoticeKind.CAMPAIGN_FINISHED, "campaign_finished:1", "Natal terminou", link="/campaigns")
        tell_people(session, [news])


def test_without_news_the_page_says_what_would_come(sign_in: Callable[..., PageClient], tenant: TenantHandle) -> None:
    page = sign_in(tenant).get("/notices").text
    assert "Nenhum aviso" in page
    assert 'data-figure="unread_notices"' not in page


def test_the_bell_counts_until_they_are_read(
    sign_in: Callable[..., PageClient], factory: sessionmaker[Session], tenant: TenantHandle
) -> None:
    told(factory, tenant)
    visitor = sign_in(tenant)
    assert 'data-figure="unread_notices">1<' in visitor.get("/dashboard").text
    page = visitor.get("/notices").text
    assert "Natal terminou" in page
    assert 'data-status="unread"' in page
    (up_to,) = re.findall(r'name="up_to" value="([0-9]+)"', page)
    read = visitor.post("/notices/read", {"up_to": up_to})
    assert read.status_code == 303
    after = visitor.get("/notices").text
    assert 'data-status="unread"' not in after
    assert 'data-figure="unread_notices"' not in after


def test_a_colleague_sees_them_and_a_stranger_nothing(
    sign_in: Callable[..., PageClient],
    factory: sessionmaker[Session],
    tenant: TenantHandle,
    make_user: Callable[..., Human],
    make_tenant: Callable[..., TenantHandle],
) -> None:
    told(factory, tenant)
    assert "Natal terminou" in sign_in(make_user(tenant, role="viewer")).get("/notices").text
    assert "Natal terminou" not in sign_in(make_tenant()).get("/notices").text
