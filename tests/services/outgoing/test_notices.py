"""Notices: told once each, counted by the bell, gathered into one e-mail; licences that end are news in time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from core.clock import utcnow
from core.tenancy import system_scope, tenant_scope
from models.accounts import Role
from models.outgoing import Notice, NoticeKind, OutgoingEmail
from services.accounts import Entitlement, LicenceReason, PlanLimits
from services.outgoing import (
    News,
    ending_news,
    mark_notices_read,
    notices_of,
    tell_people,
    tenants_to_write_to,
    unread_notices,
    warn_of_endings,
    write_notices_email,
)
from tests.support.world import Human, TenantHandle

NOW = datetime(2026, 11, 25, 15, tzinfo=UTC)
PLAN = PlanLimits("pro", "Pro", 1, 2000, 5, 50_000, 45_000, 0)


def down(tenant_id: int, number: int = 1) -> News:
    key = f"number_down:{number}:2026-11-25"
    return News(tenant_id, NoticeKind.NUMBER_DOWN, key, f"O número {number} caiu", "Conecte de novo.", "/instances")


def entitled(
    until: datetime | None, reason: LicenceReason = LicenceReason.ACTIVE, *, is_live: bool = True
) -> Entitlement:
    return Entitlement(7, PLAN, is_live, reason, until, until)


def test_the_same_occasion_is_told_once(session: Session, tenant: TenantHandle) -> None:
    tell_people(session, [down(tenant.id), down(tenant.id, 2)])
    tell_people(session, [down(tenant.id)])
    assert [one.title for one in notices_of(session, tenant.id).items] == ["O número 2 caiu", "O número 1 caiu"]
    assert unread_notices(session, tenant.id) == 2


def test_reading_marks_what_was_seen_and_nothing_newer(session: Session, tenant: TenantHandle) -> None:
    tell_people(session, [down(tenant.id)])
    seen = notices_of(session, tenant.id).items[0].id
    tell_people(session, [down(tenant.id, 2)])
    assert mark_notices_read(session, tenant.id, seen, utcnow()) == 1
    assert unread_notices(session, tenant.id) == 1


def test_all_that_is_new_goes_to_the_owners_in_one_letter_and_once(
    session: Session, tenant: TenantHandle, make_user: Callable[..., Human]
) -> None:
    make_user(tenant, role=Role.VIEWER)
    tell_people(session, [down(tenant.id), down(tenant.id, 2)])
    assert write_notices_email(session, tenant.id, utcnow(), base_url="https://app.example.com") == 2
    assert write_notices_email(session, tenant.id, utcnow(), base_url="https://app.example.com") == 0
    (letter,) = session.scalars(select(OutgoingEmail).where(OutgoingEmail.tenant_id == tenant.id))
    assert letter.recipient == tenant.email
    assert letter.subject == "2 avisos da sua conta"
    assert "O número 2 caiu" in letter.text_body
    assert "https://app.example.com/instances" in letter.html_body


def test_a_single_notice_is_the_subject_itself(session: Session, tenant: TenantHandle) -> None:
    tell_people(session, [down(tenant.id)])
    write_notices_email(session, tenant.id, utcnow(), base_url="https://app.example.com")
    (letter,) = session.scalars(select(OutgoingEmail).where(OutgoingEmail.tenant_id == tenant.id))
    assert letter.subject == "O número 1 caiu"


def test_yesterdays_news_is_not_written_about(session: Session, tenant: TenantHandle) -> None:
    tell_people(session, [down(tenant.id)])
    later = utcnow() + timedelta(days=1, minutes=1)
    assert write_notices_email(session, tenant.id, later, base_url="https://app.example.com") == 0


def test_the_clock_finds_who_waits_for_a_letter(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    with tenant_scope(tenant.id), factory.begin() as session:
        tell_people(session, [down(tenant.id)])
    with system_scope("test"), factory() as session:
        assert tenant.id in tenants_to_write_to(session, utcnow())
    with tenant_scope(tenant.id), factory.begin() as session:
        write_notices_email(session, tenant.id, utcnow(), base_url="https://app.example.com")
    with system_scope("test"), factory() as session:
        assert tenant.id not in tenants_to_write_to(session, utcnow())


@pytest.mark.parametrize(
    ("days", "told"), [(0.5, 1), (1, 1), (2, 3), (3, 3), (6.9, 7), (7.1, None), (30, None)]
)  # fmt: skip
def test_an_ending_is_said_seven_three_and_one_days_ahead(days: float, told: int | None) -> None:
    news = ending_news(entitled(NOW + timedelta(days=days)), "America/Sao_Paulo", NOW)
    assert (news.key.rpartition(":")[2] if news else None) == (str(told) if told else None)


def test_nothing_is_said_of_what_has_no_end_or_is_over() -> None:
    assert ending_news(entitled(None), "America/Sao_Paulo", NOW) is None
    assert ending_news(entitled(NOW, is_live=False), "America/Sao_Paulo", NOW) is None


def test_a_late_payment_is_named() -> None:
    news = ending_news(entitled(NOW + timedelta(days=2), LicenceReason.GRACE), "America/Sao_Paulo", NOW)
    assert news is not None
    assert news.title == "Sua licença termina em 27/11"
    assert "pagamento" in news.body


def test_a_subscription_that_renews_by_itself_is_no_news(factory: sessionmaker[Session], tenant: TenantHandle) -> None:
    def endings() -> list[str]:
        with system_scope("test"), factory.begin() as session:
            warn_of_endings(session, utcnow())
            rows = select(Notice.title).where(Notice.tenant_id == tenant.id)
            return list(session.scalars(rows))

    change = (
        "UPDATE licences SET has_no_end = false, paid_until = now() + interval '2 days', source = 'hotmart',"
        " is_cancelled = :cancelled WHERE tenant_id = :tenant_id"
    )
    for cancelled, count in ((False, 0), (True, 1), (True, 1)):
        with system_scope("test"), factory.begin() as session:
            session.execute(text(change), {"tenant_id": tenant.id, "cancelled": cancelled})
        assert len(endings()) == count
