"""Nobody is kept longer than their account says."""

from datetime import datetime

import pytest
from sqlalchemy import select, update

from core.clock import utcnow
from core.errors import InvalidInput
from core.tenancy import tenant_scope
from jobs.privacy import sweep_stale_leads
from models.inbox import Conversation
from models.leads import Lead, LeadList, Suppression
from services import leads, privacy
from services.privacy import retention
from tests.services.privacy.conftest import KEY, OTHER, Held, long_ago


def people(held: Held) -> list[str]:
    with tenant_scope(held.tenant.id), held.factory() as session:
        return list(session.scalars(select(Lead.phone_key).where(Lead.tenant_id == held.tenant.id)))


def age(held: Held, *keys: str, heard: datetime | None = None) -> None:
    """As if nothing had happened with these people for more than a year (but a conversation at `heard`)."""
    with tenant_scope(held.tenant.id), held.factory.begin() as session:
        mine = (Lead.tenant_id == held.tenant.id, Lead.phone_key.in_(keys))
        session.execute(update(Lead).where(*mine).values(created_at=long_ago(), updated_at=long_ago()))
        from models.campaigns import CampaignContact, ContactStatus

        rows = (CampaignContact.tenant_id == held.tenant.id, CampaignContact.phone_key.in_(keys))
        session.execute(
            update(CampaignContact).where(*rows).values(status=ContactStatus.CANCELLED, claimed_at=long_ago())
        )
        talks = (Conversation.tenant_id == held.tenant.id, Conversation.phone_key.in_(keys))
        session.execute(update(Conversation).where(*talks).values(last_message_at=heard or long_ago()))


def keep(held: Held, months: int | None) -> None:
    with tenant_scope(held.tenant.id), held.factory.begin() as session:
        privacy.keep_for(session, held.tenant.id, months, actor=None)


def stale(held: Held, months: int = 12) -> int:
    with tenant_scope(held.tenant.id), held.factory() as session:
        return privacy.count_stale(session, held.tenant.id, months, utcnow())


def test_off_by_default(held: Held) -> None:
    age(held, KEY, OTHER)
    assert stale(held) == 2
    sweep_stale_leads()
    assert sorted(people(held)) == [KEY, OTHER]


def test_who_is_due_goes_and_others_stay(held: Held) -> None:
    age(held, KEY)
    assert stale(held) == 1
    keep(held, 12)
    sweep_stale_leads()
    assert people(held) == [OTHER]
    with tenant_scope(held.tenant.id), held.factory() as session:
        assert session.scalars(select(LeadList.lead_count).where(LeadList.tenant_id == held.tenant.id)).all() == [1]
        (kept,) = session.scalars(select(Suppression).where(Suppression.tenant_id == held.tenant.id))
        assert (kept.is_hashed, kept.reason) == (True, "opt_out"), "who left stays left alone, by hash"
        assert leads.is_suppressed(session, held.tenant.id, KEY)


def test_an_answer_is_contact(held: Held) -> None:
    age(held, KEY, OTHER, heard=utcnow())
    keep(held, 12)
    sweep_stale_leads()
    assert sorted(people(held)) == [KEY, OTHER]


def test_a_shorter_time_than_theirs_leaves_them(held: Held) -> None:
    age(held, KEY, OTHER)
    assert stale(held, 24) == 0


def test_many_go_in_pieces(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PEOPLE_A_PIECE", 1)
    age(held, KEY, OTHER)
    keep(held, 12)
    sweep_stale_leads()
    assert people(held) == []


@pytest.mark.parametrize("months", [0, 2, 121])
def test_a_time_out_of_bounds_is_refused(held: Held, months: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        keep(held, months)
    assert list(refused.value.fields) == ["retention_months"]
