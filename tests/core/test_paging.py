"""Key-set pages: every row once, whatever the size; a bad cursor is a sentence, never a stack."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import InvalidInput
from core.paging import decode_cursor, encode_cursor, fetch_page
from models.audit import AuditEvent
from services.audit import record_audit
from tests.support.world import TenantHandle

values = st.one_of(st.integers(), st.text(), st.datetimes(timezones=st.just(UTC)))


@given(st.lists(values, min_size=1, max_size=4))
def test_a_cursor_gives_back_what_went_in(held: list[object]) -> None:
    assert decode_cursor(encode_cursor(held), len(held)) == held


@pytest.mark.parametrize("cursor", ["x", "é", "bnVsbA", encode_cursor([1, 2]), "W1tdXQ", "W3siYSI6MX1d", "W251bGxd"])
def test_a_cursor_that_is_not_ours_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode_cursor(cursor, 1)
    assert "cursor" in refused.value.fields


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("limit", [1, 3, 7, 50])
def test_pages_hold_every_row_once_and_in_order(
    limit: int, newest_first: bool, session: Session, tenant: TenantHandle
) -> None:
    for number in range(7):
        record_audit(session, tenant.id, f"test.{number}")
    session.flush()
    statement = select(AuditEvent).where(AuditEvent.tenant_id == tenant.id)
    seen, cursor = [], None
    while True:
        page = fetch_page(
            session,
            statement,
            [AuditEvent.created_at, AuditEvent.id],
            limit=limit,
            cursor=cursor,
            newest_first=newest_first,
        )
        seen += [event.id for event in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=newest_first)
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("value", ["abc", 2**63, 1.5, datetime(2026, 6, 1, tzinfo=UTC)])
def test_another_lists_cursor_is_refused_before_the_database_sees_it(
    value: object, session: Session, tenant: TenantHandle
) -> None:
    statement = select(AuditEvent).where(AuditEvent.tenant_id == tenant.id)
    with pytest.raises(InvalidInput):
        fetch_page(session, statement, [AuditEvent.id], cursor=encode_cursor([value]))


def test_times_keep_their_zone() -> None:
    moment = datetime(2026, 6, 1, 12, 30, 0, 123456, tzinfo=UTC)
    assert decode_cursor(encode_cursor([moment, 7]), 2) == [moment, 7]
